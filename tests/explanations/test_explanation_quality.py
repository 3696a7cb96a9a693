"""Measuring a method on texts, and the records of the results."""

from __future__ import annotations

import json

import pytest

from robustbert.data.examples import Example
from robustbert.errors import RecordError
from robustbert.explanations.erasure import erase
from robustbert.explanations.explanation_quality import (
    measure_changes,
    measure_method,
    measure_random,
    timed_explanations,
)
from robustbert.explanations.network_quality import network_quality
from robustbert.explanations.quality_records import ExplanationQuality, read_quality
from tests.explanations.test_explainer import TEXTS, small
from tests.records.builders import make_outcome

EXAMPLES = [Example(f"e{number}", text, 0) for number, text in enumerate(TEXTS)]


def test_a_method_of_networks_has_all_measures(tiny):
    method = small("saliency")
    explanations = timed_explanations(method, tiny, TEXTS)
    assert explanations.attributions == tuple(method.explain(tiny, TEXTS))
    assert explanations.seconds > 0
    found = measure_method(method, tiny, EXAMPLES, explanations)
    assert (found.method, found.params) == ("saliency", {})
    erased = erase(tiny, explanations.attributions)
    networks = network_quality(method, tiny, explanations.attributions)
    for text, example, erasure, network in zip(
        found.texts, EXAMPLES, erased, networks, strict=True
    ):
        assert text.example_id == example.example_id
        assert text.comprehensiveness == erasure.mean_comprehensiveness
        assert text.sufficiency == erasure.mean_sufficiency
        assert text.infidelity == network.infidelity
        assert text.sensitivity == network.sensitivity


def test_other_methods_have_no_measures_of_networks(linear):
    method = small("occlusion")
    found = measure_method(method, linear, EXAMPLES, timed_explanations(method, linear, TEXTS))
    assert {(text.infidelity, text.sensitivity) for text in found.texts} == {(None, None)}
    assert found.params == {"mask": "", "output": "probability"}


def test_random_scores_are_seeded_and_depend_on_the_example_alone(linear):
    attributions = small("occlusion").explain(linear, TEXTS)
    found = measure_random(linear, EXAMPLES, attributions, seed=0)
    assert found.seconds is None
    assert found == measure_random(linear, EXAMPLES, attributions, seed=0)
    assert found.texts[1:] == measure_random(linear, EXAMPLES[1:], attributions[1:], seed=0).texts
    assert found.texts != measure_random(linear, EXAMPLES, attributions, seed=1).texts


def test_random_scores_of_a_network_have_an_infidelity(tiny):
    """Scores that are a method's, in place of random ones, would have that of the method."""
    method = small("saliency")
    attributions = method.explain(tiny, TEXTS)
    found = measure_random(tiny, EXAMPLES, attributions, seed=0)
    assert {text.sensitivity for text in found.texts} == {None}
    own = [one.infidelity for one in network_quality(method, tiny, attributions)]
    assert all(text.infidelity is not None and text.infidelity >= 0 for text in found.texts)
    assert [text.infidelity for text in found.texts] != pytest.approx(own)


def test_known_attributions_are_not_made_again(linear):
    method = small("occlusion")
    outcomes = [
        make_outcome(
            "e0", "broken", text="great fine film", adversarial_text="awful film", label=1
        ),
        make_outcome("e1", "broken", text="a fine film", adversarial_text="a bad film", label=1),
    ]
    known = method.explain(linear, ["great fine film", "a fine film"], [1, 0])
    explained = []

    class Counting:
        name = method.name

        def explain(self, classifier, texts, targets):
            explained.append([*zip(texts, targets, strict=True)])
            return method.explain(classifier, texts, targets)

    found = measure_changes(Counting(), linear, outcomes, known)
    assert found == measure_changes(method, linear, outcomes)
    assert explained == [[("a fine film", 1)], [("awful film", 1), ("a bad film", 1)]]


def test_changes_explain_the_true_class_of_both_texts(linear):
    """The weights are 2, 0.5 and 0.25; "great" becomes "awful", with -3."""
    outcome = make_outcome(
        "e0", "broken", text="great fine film a", adversarial_text="awful fine film a", label=1
    )
    (found,) = measure_changes(small("occlusion"), linear, [outcome])
    assert found.example_id == "e0"
    assert (found.num_words, found.num_changed, found.num_changed_in_top) == (4, 1, 1)
    # ranks 4 3 2 1 before, and 1 4 3 2 after
    assert found.rank_correlation == pytest.approx(1 - 6 * (9 + 1 + 1 + 1) / (4 * 15))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, None),
        ({"quality_version": 2}, "quality_version: 2, but this robustbert reads 1"),
        ({"more": 1}, "more: Extra inputs are not permitted"),
    ],
)
def test_records_are_checked_when_they_are_read(tmp_path, linear, change, message):
    method = small("occlusion")
    record = ExplanationQuality(
        quality_version=1,
        dataset="rotten_tomatoes",
        split="test",
        model="linear",
        model_sha256="a" * 64,
        seed=0,
        processor="a processor",
        threads=2,
        libraries=["captum==0.9.0"],
        network_quality={"radius": 0.1},
        methods=[
            measure_method(method, linear, EXAMPLES, timed_explanations(method, linear, TEXTS))
        ],
        agreements=[],
        changes=[],
    )
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record.model_dump() | change))
    if message is None:
        assert read_quality(path) == record
    else:
        with pytest.raises(RecordError, match=message):
            read_quality(path)
