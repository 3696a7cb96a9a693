"""Reliability checks that query the victim again: its gradients and its random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import robustbert as rb
from robustbert.bench import run_plan
from robustbert.bench.victim_checks import FRESH_SEEDS, VANISHED, VictimChecks
from robustbert.models import load_model
from robustbert.models.classifier import TokenGradient
from robustbert.records import Outcome, ReliabilityCheck
from robustbert.reports import leaderboard_table, render_text
from tests.bench.toy_runs import options, plan
from tests.records.builders import make_outcome
from tests.tiny import toy_reviews
from tests.voting import MaskedVotes

TEXTS = {f"e{i}": text for i, text in enumerate(dict.fromkeys(toy_reviews(40)[0]))}


class WithGradients(MaskedVotes):
    """Gives each text the gradient of its number; it is not randomised."""

    has_gradients = True

    def __init__(self, norms: Sequence[float]) -> None:
        super().__init__()
        self.norms = dict(zip(TEXTS.values(), norms, strict=False))
        self.computed: list[str] = []

    def redrawn(self, seed: int, votes: int | None = None) -> MaskedVotes:
        return self

    def token_gradients(self, texts: Sequence[str]) -> list[TokenGradient]:
        self.computed += texts
        gradients = [np.array([[0.6, 0.0], [0.0, 0.8]]) * self.norms[text] for text in texts]
        return [TokenGradient(np.array([1, 2]), ("a", "b"), g) for g in gradients]


def checks(classifier: rb.Classifier, outcomes: Sequence[Outcome]) -> dict[str, ReliabilityCheck]:
    return {check.name: check for check in VictimChecks(classifier).of(outcomes, TEXTS)}


@pytest.mark.parametrize(("vanished", "passed"), [(0, True), (1, True), (2, False), (20, False)])
def test_zero_gradients_is_a_share_of_attacked_examples(vanished: int, passed: bool) -> None:
    norms = [VANISHED * (0.9 if i < vanished else 1.1) for i in range(20)]
    classifier = WithGradients([*norms, 0, 0])
    outcomes = [make_outcome(f"e{i}", ("robust", "broken", "exhausted")[i % 3]) for i in range(20)]
    others = [make_outcome("e20", "skipped"), make_outcome("e21", "error")]
    found = checks(classifier, [*outcomes, *others])
    assert [*found] == ["zero-gradients"]
    check = found["zero-gradients"]
    assert (check.measured, check.threshold, check.passed) == (vanished / 20, 0.05, passed)


def test_each_gradient_is_computed_once_for_all_cells_of_a_victim() -> None:
    classifier = WithGradients([0] * 4)
    of_victim = VictimChecks(classifier)
    first = of_victim.of([make_outcome(f"e{i}") for i in range(3)], TEXTS)
    second = of_victim.of([make_outcome(f"e{i}", "broken") for i in range(4)], TEXTS)
    assert [check.measured for check in (*first, *second)] == [1.0, 1.0]
    assert classifier.computed == [*TEXTS.values()][:4]


def test_the_gradients_of_a_saturated_network_vanish(bert: Path) -> None:
    network = load_model(bert, dtype="float32", device="cpu")
    outcomes = [make_outcome(f"e{i}") for i in range(6)]
    assert checks(network, outcomes)["zero-gradients"].measured == 0
    saturated = network.with_temperature(1e-4)
    assert (saturated.predict_proba([*TEXTS.values()][:6]).max(axis=1) == 1).all()
    assert checks(saturated, outcomes)["zero-gradients"].measured == 1


def test_without_attacked_examples_gradients_and_random_numbers_nothing_is_measured() -> None:
    assert checks(MaskedVotes(), [make_outcome("e0", "skipped")]) == {}
    plain = rb.CallableClassifier(
        lambda texts: np.full((len(texts), 2), 0.5), ["neg", "pos"], batch_size=1
    )
    assert checks(plain, [make_outcome("e0")]) == {}


def test_randomised_is_the_share_of_outcomes_that_fresh_seeds_change() -> None:
    """An oracle by hand: each seed and example on its own."""
    classifier = MaskedVotes(votes=1)
    ids = [*TEXTS][:20]
    outcomes = [
        make_outcome(i, "broken", adversarial_text=f"{TEXTS[i]} indeed", text=TEXTS[i])
        if k % 2
        else make_outcome(i)
        for k, i in enumerate(ids)
    ]
    flips = 0
    for seed in FRESH_SEEDS:
        for outcome in outcomes:
            text = outcome.adversarial_text or TEXTS[outcome.example_id]
            fooled = MaskedVotes(1, seed).predict_proba([text])[0].argmax() != 1
            flips += fooled != (outcome.status == "broken")
    check = checks(classifier, outcomes)["randomised"]
    assert check.measured == pytest.approx(flips / (5 * 20))
    assert 0 < check.measured < 1


def test_survivors_are_scored_again_where_their_search_ended() -> None:
    """The clean text counts only for an example whose search ended without another one."""
    classifier = MaskedVotes(votes=1)
    ids = [*TEXTS][:20]
    final_texts = {i: f"{TEXTS[i]} indeed" for i in ids[:10]}
    [check] = VictimChecks(classifier).of([make_outcome(i) for i in ids], TEXTS, final_texts)
    flips = [
        MaskedVotes(1, seed).predict_proba([{**TEXTS, **final_texts}[i]])[0].argmax() != 1
        for seed in FRESH_SEEDS
        for i in ids
    ]
    assert check.measured == pytest.approx(np.mean(flips))
    assert check != VictimChecks(classifier).of([make_outcome(i) for i in ids], TEXTS)[0]


@pytest.mark.usefixtures("own_cache")
@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_a_run_records_the_check_and_its_table_marks_the_row() -> None:
    texts, labels = toy_reviews(40)
    distinct = dict(zip(texts, labels, strict=True))
    given = {"track": "published", "dtype": "float32", "device": "cpu"}
    result = rb.attack(MaskedVotes(), "deepwordbug", [*distinct], [*distinct.values()], **given)
    [check] = [c for c in result.record.reliability if c.name == "randomised"]
    assert check.measured > 0
    text = render_text(leaderboard_table([result.record]))
    assert "votes ≈" in text
    assert f"deepwordbug (votes {100 * check.measured:.1f}%)" in " ".join(text.split())


@pytest.mark.usefixtures("own_cache")
@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_only_models_with_gradients_have_the_check(reviews, bert, svm, tmp_path) -> None:
    result = run_plan(plan(reviews, bert, svm, n=4), options(tmp_path / "out"))
    network, classical = ({c.name for c in record.reliability} for record in result.records)
    assert network - classical == {"zero-gradients"}
