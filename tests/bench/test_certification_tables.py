"""docs/records.md has the current tables of the file of certificates, and no other field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from robustbert.bench.certification_record import CertificationRecord
from robustbert.bench.certification_tables import MODELS, update_tables
from robustbert.records import Record

DOCUMENT = (Path(__file__).parents[2] / "docs" / "records.md").read_text(encoding="utf-8")
COMMAND = "python -m robustbert.bench.certification_tables docs/records.md"


@pytest.mark.parametrize("name", MODELS)
def test_the_documented_fields_are_those_of_the_model(name: str) -> None:
    _, marker, rest = DOCUMENT.partition(f"<!-- table of {name} -->\n")
    assert marker, f"docs/records.md has no table of {name}"
    table = rest.partition("<!-- end of table -->")[0]
    assert re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", table, re.MULTILINE) == list(
        MODELS[name].model_fields
    )


def test_the_document_is_current() -> None:
    assert update_tables(DOCUMENT) == DOCUMENT, f"run: {COMMAND}"


@pytest.mark.parametrize("name", ["dataset", "model", "assets", "defenses", "environment"])
def test_fields_that_are_said_to_be_those_of_a_record_are(name: str) -> None:
    section = DOCUMENT[DOCUMENT.index("## Certificates") :].partition("<!--")[0]
    assert f"`{name}`" in section
    found, expected = (model.model_fields[name] for model in (CertificationRecord, Record))
    assert found.annotation == expected.annotation
