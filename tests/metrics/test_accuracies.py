"""The metrics of a cell compared with pandas."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.metrics import (
    accuracy_under_attack,
    attack_success_rate,
    clean_accuracy,
    counts,
    queries_mean,
    similarity_mean,
    summarize,
    words_changed_share,
)
from robustbert.records import Outcome
from tests.records.builders import make_outcome, make_outcomes


@st.composite
def outcome_lists(draw: st.DrawFn) -> list[Outcome]:
    statuses = st.sampled_from(["skipped", "robust", "broken", "exhausted", "error"])
    outcomes = []
    for number, status in enumerate(draw(st.lists(statuses, max_size=30))):
        changes = {"queries": draw(st.integers(0, 5000)), "words": draw(st.integers(1, 400))}
        changes["textattack_queries"] = draw(st.none() | st.integers(0, 9000))
        if status == "broken":
            changes["words_changed"] = draw(st.integers(0, changes["words"]))
            changes["similarity"] = draw(st.none() | st.floats(-1, 1))
        if status == "robust":
            changes["retracted"] = draw(st.booleans())
        if status == "error":
            changes["clean_prediction"] = draw(st.sampled_from([None, 0, 1]))
        outcomes.append(make_outcome(f"e{number}", status, **changes))
    return outcomes


def _mean(column: pd.Series) -> float | None:
    mean = column.mean()
    return None if pd.isna(mean) else float(mean)


@given(outcome_lists())
def test_agrees_with_pandas(outcomes: list[Outcome]) -> None:
    table = pd.DataFrame([o.model_dump() for o in outcomes], columns=list(Outcome.model_fields))
    correct = (table.clean_prediction == table.label).astype(float)
    attacked = table[table.status.isin(["broken", "robust", "exhausted"])]
    broken = table[table.status == "broken"]
    metrics = summarize(outcomes)

    assert metrics.clean_accuracy.value == pytest.approx(_mean(correct))
    survived = table.status.isin(["robust", "exhausted"]).astype(float)
    assert metrics.accuracy_under_attack.value == pytest.approx(_mean(survived))
    success = (attacked.status == "broken").astype(float)
    assert metrics.attack_success_rate.value == pytest.approx(_mean(success))
    assert metrics.attack_success_rate.n == len(attacked)
    assert metrics.queries_mean == pytest.approx(_mean(attacked.queries))
    textattack_queries = attacked.textattack_queries.astype(float)
    assert metrics.textattack_queries_mean == pytest.approx(_mean(textattack_queries))
    assert metrics.queries_mean_broken == pytest.approx(_mean(broken.queries))
    assert metrics.words_changed_mean == pytest.approx(_mean(broken.words_changed.astype(float)))
    assert metrics.similarity_mean == pytest.approx(_mean(broken.similarity.astype(float)))
    if len(broken):
        share = broken.words_changed.sum() / broken.words.sum()
        assert words_changed_share(outcomes) == pytest.approx(share)

    frequencies = table.status.value_counts()
    for status in ("skipped", "robust", "broken", "exhausted", "error"):
        assert getattr(counts(outcomes), status) == frequencies.get(status, 0)
    assert counts(outcomes).retracted == table.retracted.sum()


def test_one_example_per_status() -> None:
    outcomes = make_outcomes(skipped=1, robust=1, broken=1, exhausted=1, error=1)
    assert clean_accuracy(outcomes).value == 3 / 5
    assert accuracy_under_attack(outcomes).value == 2 / 5
    assert attack_success_rate(outcomes).value == 1 / 3
    assert [clean_accuracy(outcomes).n, attack_success_rate(outcomes).n] == [5, 3]


def test_missing_is_not_zero() -> None:
    skipped = make_outcomes(skipped=2)
    assert clean_accuracy(skipped).value == 0
    assert attack_success_rate(skipped).value is None
    assert queries_mean(skipped) is None
    unbroken = make_outcomes(robust=2)
    assert attack_success_rate(unbroken).value == 0
    assert words_changed_share(unbroken) is None
    assert similarity_mean(unbroken) is None
    assert clean_accuracy(()).value is None


def test_retracted_counts_as_robust() -> None:
    outcomes = [make_outcome("e0", retracted=True), make_outcome("e1", "broken")]
    assert accuracy_under_attack(outcomes).value == 0.5
    assert words_changed_share(outcomes) == pytest.approx(1 / 3)


def test_truncated_count_is_kept() -> None:
    assert counts(make_outcomes(robust=3), truncated=2).truncated == 2
