from __future__ import annotations

from types import SimpleNamespace

import pytest

from robustbert.attacks.outcome_builder import ExampleResult, build_outcome
from robustbert.attacks.verification import Verdict

EXAMPLE = SimpleNamespace(example_id="e1", text="a fine, fine film", label=1)
QUERIES = SimpleNamespace(distinct=7, textattack=9, gradients=2)


def make_search(**changes):
    fields = {"last_label_probability": 0.4, "exhausted": False, "adversarial_text": "a bad film"}
    return SimpleNamespace(**{**fields, **changes})


def make_verdict(holds: bool) -> Verdict:
    return Verdict(
        prediction=0, label_probability=0.3, words_changed=2, similarity=0.9, holds=holds
    )


def build(clean_prediction: int = 1, **fields):
    result = ExampleResult(clean_prediction, 0.8, QUERIES, **fields)
    return build_outcome(EXAMPLE, result, seed=5, seconds=1.5)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (build(error="ValueError: no"), "error"),
        (build(clean_prediction=0, search=make_search(last_label_probability=None)), "skipped"),
        (build(search=make_search()), "robust"),
        (build(search=make_search(exhausted=True)), "exhausted"),
        (build(search=make_search(), verdict=make_verdict(True)), "broken"),
        (build(search=make_search(exhausted=True), verdict=make_verdict(True)), "broken"),
        (build(search=make_search(), verdict=make_verdict(False)), "robust"),
    ],
)
def test_the_status_follows_from_search_and_verdict(outcome, status: str):
    assert outcome.status == status
    assert (outcome.example_id, outcome.text, outcome.label) == ("e1", "a fine, fine film", 1)
    assert (outcome.words, outcome.seed, outcome.seconds) == (4, 5, 1.5)
    assert outcome.queries == 7
    assert outcome.textattack_queries == 9
    assert outcome.gradient_queries == 2
    assert outcome.label_probability == 0.8


def test_a_retracted_success_keeps_its_text_and_measurements():
    outcome = build(search=make_search(), verdict=make_verdict(False))
    assert outcome.retracted
    assert outcome.adversarial_text == "a bad film"
    assert outcome.adversarial_prediction == 0
    assert outcome.adversarial_label_probability == 0.3
    assert outcome.words_changed == 2
    assert outcome.similarity == 0.9


def test_an_unsuccessful_search_has_no_adversarial_text():
    outcome = build(search=make_search())
    assert not outcome.retracted
    assert outcome.adversarial_label_probability == 0.4
    assert outcome.adversarial_text is None
    assert outcome.words_changed is None


def test_an_error_says_what_was_raised():
    outcome = build(error="ValueError: no")
    assert outcome.error == "ValueError: no"
    assert outcome.adversarial_label_probability is None
