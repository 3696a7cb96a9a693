"""The schema rejects invalid records, and the committed JSON Schema is up to date."""

from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from robustbert.records import (
    BatchInvariance,
    Counts,
    DefenseRef,
    Environment,
    Metric,
    Outcome,
    Record,
    json_schema,
)
from tests.records.builders import make_outcome, make_outcomes, make_record

COMMITTED = Path(__file__).parents[2] / "docs" / "record.schema.json"
OUTCOMES = make_outcomes(skipped=1, robust=2, broken=3, exhausted=1, error=1)


def test_fields_are_those_of_the_protocol() -> None:
    assert " ".join(Outcome.model_fields) == (
        "example_id status retracted label clean_prediction adversarial_prediction text "
        "adversarial_text label_probability adversarial_label_probability queries "
        "textattack_queries gradient_queries words words_changed similarity seed seconds error"
    )
    assert " ".join(Record.model_fields) == (
        "schema_version robustbert_version created_at command suite dataset model defenses "
        "training_seed track recipe assets protocol counts metrics reliability timing engine "
        "environment"
    )


FAILED = {"name": "x", "passed": False, "measured": 0.5, "threshold": 0.1, "about": "a share"}


def test_models_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make_outcome().queries = 3


@pytest.mark.parametrize(
    "changes",
    [
        {"queries": "10"},
        {"queries": 10.0},
        {"queries": True},
        {"queries": -1},
        {"queries": 2**63},
        {"retracted": 1},
        {"seconds": math.nan},
        {"seconds": math.inf},
        {"seconds": -0.1},
        {"status": "survived"},
        {"textattack_queries": -1},
        {"gradient_queries": 0.5},
        {"label_probability": 1.1},
        {"adversarial_label_probability": -0.1},
        {"example_id": ""},
        {"text": 3},
        {"unknown": 1},
    ],
)
def test_wrong_values_are_rejected(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Outcome.model_validate({**make_outcome().model_dump(), **changes})


@pytest.mark.parametrize("field", list(Outcome.model_fields))
def test_every_field_of_an_outcome_is_required(field: str) -> None:
    content = make_outcome().model_dump()
    del content[field]
    with pytest.raises(ValidationError, match=field):
        Outcome.model_validate(content)


@pytest.mark.parametrize(
    ("status", "changes", "message"),
    [
        ("robust", {"error": "no"}, "error"),
        ("error", {"error": None}, "error"),
        ("broken", {"retracted": True}, "retracted"),
        ("robust", {"clean_prediction": 0}, "clean prediction"),
        ("exhausted", {"clean_prediction": None}, "clean prediction"),
        ("skipped", {"clean_prediction": 1}, "skipped"),
        ("skipped", {"clean_prediction": None}, "skipped"),
        ("broken", {"adversarial_prediction": 1}, "adversarial_prediction"),
        ("broken", {"adversarial_prediction": None}, "adversarial_prediction"),
        ("broken", {"words_changed": None}, "words_changed"),
        ("broken", {"adversarial_text": None}, "adversarial_text"),
        ("broken", {"text": None}, "the text is omitted"),
        ("robust", {"adversarial_text": "a fin film"}, "broken"),
        ("robust", {"words_changed": 0}, "broken"),
        ("broken", {"similarity": 1.5}, "similarity"),
    ],
)
def test_contradictions_are_rejected(status: str, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make_outcome("e", status, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "time", ["2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "٢٠٢٦-01-01T00:00:00Z"]
)
def test_times_that_do_not_exist_are_rejected(time: str) -> None:
    with pytest.raises(ValidationError, match="created_at"):
        make_record(OUTCOMES, created_at=time)


def test_optional_fields_accept_null() -> None:
    assert make_outcome("e", "broken", text=None, adversarial_text=None).text is None
    assert make_outcome("e", "broken", similarity=None).similarity is None
    assert make_outcome("e", "robust", retracted=True).adversarial_text == "a fin film"
    assert make_outcome("e", "error", clean_prediction=1).correct


@pytest.mark.parametrize(
    "numbers",
    [
        {"value": 0.5, "low": 0.6, "high": 0.7, "n": 4},
        {"value": 0.5, "low": 0.4, "high": None, "n": 4},
        {"value": None, "low": None, "high": None, "n": 4},
        {"value": 0.0, "low": 0.0, "high": 0.0, "n": 0},
        {"value": 1.1, "low": 1.0, "high": 1.2, "n": 4},
    ],
)
def test_impossible_metrics_are_rejected(numbers: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Metric.model_validate(numbers)


def test_totals_and_subset_counts() -> None:
    counts = make_record(OUTCOMES).counts
    assert (counts.total, counts.attacked) == (8, 6)
    with pytest.raises(ValidationError, match="retracted"):
        Counts.model_validate({**counts.model_dump(), "retracted": 3})
    with pytest.raises(ValidationError, match="truncated"):
        Counts.model_validate({**counts.model_dump(), "truncated": 9})


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("protocol.n", 9, "sum to 8"),
        ("dataset.n", 7, "more examples"),
        ("dataset.sha256", "xyz", "sha256"),
        ("counts.broken", 4, "sum to 9"),
        ("metrics.accuracy_under_attack.value", 0.4, "accuracy_under_attack"),
        ("metrics.attack_success_rate.value", 0.51, "attack_success_rate"),
        ("metrics.clean_accuracy.value", 0.5, "clean_accuracy"),
        ("metrics.queries_mean", None, "queries_mean"),
        ("metrics.words_changed_mean", None, "words_changed_mean"),
        ("schema_version", 1, "schema_version"),
        ("schema_version", 6, "schema_version"),
        ("created_at", "2026-11-24 12:00:00", "created_at"),
        ("created_at", "2026-11-24T12:00:00+00:00", "created_at"),
        ("command", "", "command"),
        ("training_seed", -1, "training_seed"),
        ("dataset.length", "medium", "length"),
        ("dataset.label_names", "neg", "label_names"),
        ("model.variant", "ABCDEF01", "variant"),
        ("protocol.revision", 0, "revision"),
        ("defenses", None, "defenses"),
        ("defenses", [{"name": "a", "params": {}}], "revision"),
        ("reliability", [FAILED | {"passed": True}], "above the threshold"),
        ("reliability", [FAILED, FAILED], "duplicate check name"),
        ("model.name", "lone \ud800", "name"),
        ("track", "my own", "track"),
        ("protocol.limits", {"words": math.inf}, "limits"),
    ],
)
def test_records_that_contradict_themselves_are_rejected(
    place: str, value: object, message: str
) -> None:
    content = make_record(OUTCOMES).model_dump()
    *parents, field = place.split(".")
    part = content
    for parent in parents:
        part = part[parent]
    part[field] = value
    with pytest.raises(ValidationError, match=message):
        Record.model_validate(content)


CHECKED = {
    "status": "verified",
    "ladder": {"plain 384x384 float32": [16, 32]},
    "answers_checked": 200,
    "answers_differing": 0,
    "answers_changed": 0,
    "encodings_checked": 3,
    "encodings_differing": 0,
}


def test_batch_invariance_results_of_two_runs_are_merged() -> None:
    first = BatchInvariance.model_validate(CHECKED)
    second = {"status": "not verified", "answers_checked": 5, "answers_differing": 1, "ladder": {}}
    found = first.joined(BatchInvariance.model_validate(CHECKED | second))
    assert found.status == "not verified"
    assert (found.answers_checked, found.answers_differing) == (205, 1)
    assert (found.encodings_checked, found.ladder) == (6, first.ladder)
    assert first.joined(first).status == "verified"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"answers_differing": 1}, "verified"),
        ({"status": "not verified", "answers_differing": 201}, "answers_differing"),
        ({"status": "not verified", "encodings_differing": 4}, "encodings_differing"),
        ({"status": "unknown"}, "status"),
        ({"ladder": {"plain 384x384 float32": [0]}}, "ladder"),
    ],
)
def test_batch_invariance_that_contradicts_itself_is_rejected(
    changes: dict[str, object], message: str
) -> None:
    assert BatchInvariance.model_validate(CHECKED).differing == 0
    with pytest.raises(ValidationError, match=message):
        BatchInvariance.model_validate(CHECKED | changes)


def test_no_defense_is_an_empty_list() -> None:
    with pytest.raises(ValidationError, match="an empty list"):
        DefenseRef(name="none", params={}, revision=1)


def test_scalars_keep_their_types() -> None:
    limits = make_record(OUTCOMES).protocol.limits
    assert [(v, type(v)) for v in limits.values()] == [
        (0.3, float),
        (50, int),
        (False, bool),
        (None, type(None)),
    ]


def test_a_cell_without_an_attacked_example_has_no_rate() -> None:
    metrics = make_record(make_outcomes(skipped=3)).metrics
    assert metrics.attack_success_rate == Metric(value=None, low=None, high=None, n=0)
    assert metrics.queries_mean is None
    assert metrics.textattack_queries_mean is None


def test_committed_json_schema_is_current() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == json_schema(), (
        "write it again: python -m robustbert.records > docs/record.schema.json"
    )


def test_json_schema_agrees_with_the_models() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(make_record(OUTCOMES, defense="x").model_dump(), schema)
    outcome_schema = {**schema, "$ref": "#/$defs/Outcome"}
    for outcome in OUTCOMES:
        jsonschema.validate(outcome.model_dump(), outcome_schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**OUTCOMES[0].model_dump(), "queries": "1"}, outcome_schema)
    for model in (Record, Environment, Outcome):
        assert set(schema["$defs"][model.__name__]["required"]) == set(model.model_fields)
