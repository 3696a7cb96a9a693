"""The report of a comparison as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from robustbert.gate import Comparison, Confirmation, GatePolicy, Rule
from robustbert.gate.comparison.comparison_fields import ComparisonFields
from robustbert.gate.comparison.comparison_json import comparison_json
from tests.gate.toy_comparisons import HOSTILE, toy_comparison


def parsed(comparison: Comparison) -> dict:
    """The report, read as strict JSON and checked against its fields."""

    def reject(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = comparison_json(comparison)
    ComparisonFields.model_validate_json(text)
    return json.loads(text, parse_constant=reject)


def test_everything_about_a_measure_is_there_unrounded():
    comparison = toy_comparison()
    [measure] = comparison.failures
    [fields] = [one for one in parsed(comparison)["measures"] if one["failed"]]
    assert fields["measure"] == "pwws"
    assert fields["track"] == "unified"
    assert fields["verdict"] == "regression"
    assert fields["base"] == measure.base.model_dump()
    assert fields["p_value"] == measure.p_value
    assert fields["adjusted_p"] == measure.adjusted_p
    assert fields["difference"] == {
        "value": measure.difference.value,
        "low": measure.difference.low,
        "high": measure.difference.high,
    }
    assert fields["lost"] == list(measure.lost)
    assert fields["power"]["examples_needed"] == measure.power.examples_needed
    assert fields["candidate_sha256"] == "d" * 64


def test_clean_accuracy_has_no_track():
    [clean] = [one for one in parsed(toy_comparison())["measures"] if one["measure"] == "clean"]
    assert clean["track"] is None
    assert clean["recipes"] == []


def test_verdict_and_policy():
    policy = GatePolicy(max_drop=0.03, strict=True, rules=(Rule(0.1, recipe="clean"),))
    fields = parsed(toy_comparison(policy))
    assert fields["comparison_version"] == 1
    assert fields["verdict"] == "failed"
    assert fields["exit_code"] == 1
    rule = {"max_drop": 0.1, "dataset": None, "track": None, "recipe": "clean"}
    assert fields["policy"] == {"max_drop": 0.03, "alpha": 0.05, "strict": True, "rules": [rule]}


def test_what_was_not_compared():
    fields = parsed(toy_comparison(seed=1))
    assert fields["verdict"] == "not comparable"
    assert fields["not_compared"][0] == {
        "row": "minilm",
        "dataset": "rotten_tomatoes",
        "split": "test",
        "track": "unified",
        "recipe": "pwws",
        "reason": "example seed 1 instead of 0",
        "allow": ["seed"],
    }


def test_a_number_that_does_not_exist_is_null():
    measures = parsed(toy_comparison(GatePolicy(max_drop=0)))["measures"]
    assert {one["power"]["examples_needed"] for one in measures} == {None}


def test_a_confirmation_has_the_measure_on_fresh_examples():
    comparison = toy_comparison()
    [failed] = comparison.failures
    confirmation = Confirmation(seed=7, fresh=failed, power=0.9, verdict="confirmed")
    confirmed = replace(failed, confirmation=confirmation)
    [fields] = parsed(replace(comparison, measures=(confirmed,)))["measures"]
    assert fields["confirmation"]["fresh"]["p_value"] == failed.p_value
    assert fields["confirmation"]["verdict"] == "confirmed"


@pytest.mark.parametrize("name", [HOSTILE, "\ud800"], ids=["hostile", "surrogate"])
def test_names_are_text(name):
    comparison = replace(toy_comparison(), base=name)
    expected = name if name == HOSTILE else r"\ud800"
    assert parsed(comparison)["base"] == expected


def test_the_same_comparison_is_always_the_same_text():
    assert comparison_json(toy_comparison()) == comparison_json(toy_comparison())
