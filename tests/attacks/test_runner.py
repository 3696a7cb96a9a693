"""The runner: statuses, verification, errors and the order of outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from robustbert.attacks.runner import AttackRunner
from robustbert.attacks.tracks import UnifiedLimits
from robustbert.errors import AttackError, UnknownNameError
from tests.attacks.running import run


def test_misclassified_examples_are_skipped(textattack, victim, reviews):
    outcome = run(victim, "pwws", reviews).outcomes[-1]
    assert outcome.status == "skipped"
    assert outcome.queries == 1
    assert outcome.clean_prediction != outcome.label


@pytest.mark.parametrize("name", ["deepwordbug", "pruthi", "pwws", "textfooler"])
def test_broken_texts_fool_the_victim_within_the_limits(textattack, victim, reviews, name: str):
    from robustbert.attacks.word_changes import count_words_changed
    from robustbert.data.words import words_of

    outcomes = run(victim, name, reviews).outcomes
    broken = [outcome for outcome in outcomes if outcome.status == "broken"]
    assert broken
    for outcome in broken:
        answer = victim.predict_proba_exact([outcome.adversarial_text]).argmax()
        assert answer == outcome.adversarial_prediction != outcome.label
        before, after = words_of(outcome.text), words_of(outcome.adversarial_text)
        assert outcome.words == len(before)
        assert outcome.words_changed == count_words_changed(before, after)
        assert outcome.words_changed <= math.ceil(0.3 * len(before))
        assert outcome.queries <= 50 * len(before)
        if len(before) >= 15:
            assert outcome.similarity >= 0.84 - 1e-6


def test_the_last_texts_of_failed_searches_are_known(textattack, victim, reviews):
    found = run(victim, "deepwordbug", reviews, limits=UnifiedLimits(queries_per_word=2))
    by_id = {outcome.example_id: outcome for outcome in found.outcomes}
    assert found.final_texts
    for example_id, text in found.final_texts.items():
        outcome = by_id[example_id]
        assert outcome.status in ("robust", "exhausted")
        assert outcome.adversarial_text is None
        assert text != outcome.text
        [row] = victim.predict_proba([text])
        assert row.argmax() == outcome.label
        assert row[outcome.label] == pytest.approx(outcome.adversarial_label_probability)


def test_a_success_that_is_not_reproduced_is_retracted(textattack, victim, reviews):
    same = [review for review in reviews[:-1] if review.label == reviews[0].label]

    class Unstable(type(victim)):
        """It predicts the true label when it scores a text alone."""

        def predict_proba_exact(self, texts: Sequence[str]) -> np.ndarray:
            return np.eye(2, dtype=np.float32)[[same[0].label] * len(texts)]

    unstable = object.__new__(Unstable)
    unstable.__dict__.update(victim.__dict__)
    stable = run(victim, "pwws", same).outcomes
    retracted = run(unstable, "pwws", same).outcomes
    assert "broken" in [outcome.status for outcome in stable]
    for before, after in zip(stable, retracted, strict=True):
        assert after.retracted == (before.status == "broken")
        assert after.status == ("robust" if before.status == "broken" else before.status)
        assert after.adversarial_text == before.adversarial_text


def test_an_exhausted_budget_is_distinguished_from_a_failed_search(textattack, victim, reviews):
    from robustbert.attacks.tracks import UnifiedLimits

    outcomes = run(victim, "pwws", reviews, limits=UnifiedLimits(queries_per_word=2)).outcomes
    assert any(outcome.status == "exhausted" for outcome in outcomes)
    for outcome in outcomes:
        assert outcome.queries <= 2 * outcome.words
        assert (outcome.status == "exhausted") <= (outcome.queries == 2 * outcome.words)


def test_a_search_that_fails_is_an_error_with_its_reason(textattack, victim, reviews, monkeypatch):
    from textattack.search_methods import GreedyWordSwapWIR

    search = GreedyWordSwapWIR.perform_search

    def sometimes(self, initial_result):
        if "tedious" in initial_result.attacked_text.text:
            raise ZeroDivisionError("no words\nleft")
        return search(self, initial_result)

    monkeypatch.setattr(GreedyWordSwapWIR, "perform_search", sometimes)
    outcomes = run(victim, "deepwordbug", reviews).outcomes
    assert [outcome.status for outcome in outcomes].count("error") == 1
    message, _, place = outcomes[1].error.partition(" (")
    assert message == "ZeroDivisionError: no words left"
    assert place.startswith("in tests.attacks.test_runner.sometimes, line ")
    assert outcomes[1].clean_prediction == outcomes[1].label
    assert outcomes[1].queries == 1  # the original text


def test_a_check_that_fails_is_an_error_with_its_reason(textattack, victim, reviews, monkeypatch):
    from robustbert.attacks.verification import Verifier

    def fail(self, *_: object) -> None:
        raise KeyError("last_transformation")

    monkeypatch.setattr(Verifier, "check", fail)
    outcomes = run(victim, "deepwordbug", reviews).outcomes
    failed = [outcome for outcome in outcomes if outcome.status == "error"]
    assert failed
    assert {outcome.status for outcome in outcomes} <= {"error", "robust", "exhausted", "skipped"}
    for outcome in failed:
        assert outcome.error.startswith("KeyError: 'last_transformation' (in tests.")
        assert outcome.queries > 1


def test_hostile_texts_are_attacked_like_others(textattack, victim, reviews):
    texts = {
        "emoji": "\U0001f600 \U0001f3ac \U0001f37f \U0001f44d great film \U0001f600 really lovely",
        "right-to-left": "הסרט הזה היה \u202eטוב מאוד\u202c באמת",
        "control": "a \x07 bad \x1b[31m film \x00 with \x7f awful music and no plot",
        "no words": "!!! ??? ... --- *** &&&",
        "markup": "<b>great</b> | film | `x` [a](b) with <script>alert(1)</script>",
        "long": "the plot was dull " * 200,
    }
    items = []
    for key, text in texts.items():
        label = int(victim.predict_proba([text])[0].argmax())
        items.append(replace(reviews[0], example_id=key, text=text, label=label))
    for outcome in run(victim, "deepwordbug", items).outcomes:
        assert outcome.error is None, outcome
        assert outcome.text == texts[outcome.example_id]


def test_outcomes_are_reported_as_they_finish_and_returned_in_order(textattack, victim, reviews):
    reported = []
    runner = AttackRunner(victim, "deepwordbug", dtype="float32")
    found = runner.run(reviews, reported.append)
    assert sorted(o.example_id for o in reported) == [r.example_id for r in reviews]
    assert [o.example_id for o in found.outcomes] == [r.example_id for r in reviews]
    assert found.victim_queries > 0
    assert found.recipe.textattack_version == "0.3.11"
    assert set(runner.asset_hashes) == {
        "wordnet", "pos-tagger", "stopwords", "tagset", "sentence-encoder",
    }  # fmt: skip


def test_duplicate_examples_are_rejected(textattack, victim, reviews):
    with pytest.raises(AttackError, match="same id"):
        run(victim, "pwws", [reviews[0], reviews[0]])


def test_an_unknown_track_is_rejected(victim):
    with pytest.raises(UnknownNameError, match="published, unified, unified-li"):
        AttackRunner(victim, "pwws", track="strict")
