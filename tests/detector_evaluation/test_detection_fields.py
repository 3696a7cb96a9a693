"""docs/records.md has the current tables of the records of detectors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from robustbert.detector_evaluation.detection_fields import MODELS, updated_fields
from robustbert.detector_evaluation.detection_record import DetectionRecord
from robustbert.records import Record

DOCUMENT = (Path(__file__).parents[2] / "docs" / "records.md").read_text(encoding="utf-8")
COMMAND = "python -m robustbert.detector_evaluation.detection_fields docs/records.md"


@pytest.mark.parametrize("name", MODELS)
def test_the_documented_fields_are_those_of_the_model(name: str) -> None:
    _, marker, rest = DOCUMENT.partition(f"<!-- detection fields of {name} -->\n")
    assert marker, f"docs/records.md has no table of {name}"
    table = rest.partition("<!-- end of detection fields -->")[0]
    found = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", table, re.MULTILINE)
    assert found == list(MODELS[name].model_fields)


def test_the_document_is_current() -> None:
    assert updated_fields(DOCUMENT) == DOCUMENT, f"run: {COMMAND}"


@pytest.mark.parametrize("name", ["dataset", "model", "defenses", "protocol", "environment"])
def test_fields_that_are_said_to_be_those_of_a_record_are(name: str) -> None:
    found, expected = (model.model_fields[name] for model in (DetectionRecord, Record))
    assert found.annotation == expected.annotation
