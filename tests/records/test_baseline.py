"""Baselines: what is written is read again, and a damaged file gives one line with the field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustbert.errors import RecordError
from robustbert.records import (
    Acceptance,
    Baseline,
    BatchInvariance,
    Outcome,
    Status,
    baseline_bytes,
    json_schema,
    make_baseline,
    parse_baseline,
    read_baseline,
    statuses_of,
    write_baseline,
)
from tests.records.builders import ENVIRONMENT, make_outcome, make_outcomes, make_record

TIME = "2026-11-24T12:00:00Z"
OUTCOMES = make_outcomes(skipped=1, robust=2, broken=3, exhausted=1, error=1)
ACCEPTANCE = Acceptance(created_at=TIME, reason="a smaller model", failures=["pwws: regression"])
SCHEMA_2 = Path(__file__).parent / "schema_2" / "record.json"


def baseline(*cells: tuple[tuple[Outcome, ...], dict[str, Any]]) -> Baseline:
    made = [(make_record(outcomes, **names), statuses_of(outcomes)) for outcomes, names in cells]
    return make_baseline(made, created_at=TIME, acceptances=[ACCEPTANCE])


def two_cells() -> Baseline:
    return baseline((OUTCOMES, {"recipe": "pwws"}), (OUTCOMES, {"recipe": "textfooler"}))


def content() -> dict[str, Any]:
    """The JSON of a baseline with two cells, to be damaged."""
    parsed: dict[str, Any] = json.loads(baseline_bytes(two_cells()))
    return parsed


def parse(parsed: Any) -> Baseline:
    return parse_baseline(json.dumps(parsed).encode(), "base.json")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "base.json"
    write_baseline(two_cells(), path)
    read = read_baseline(path)
    assert read == two_cells()
    assert read.statuses_of(read.cells[1]) == {o.example_id: o.status for o in OUTCOMES}
    assert list(read.statuses_of(read.cells[1])) == [o.example_id for o in OUTCOMES]
    assert path.read_bytes() == baseline_bytes(read)


def test_it_holds_no_texts_and_has_one_line_per_cell() -> None:
    text = baseline_bytes(two_cells()).decode()
    assert "a fine film" not in text
    assert sum('"statuses"' in line for line in text.splitlines()) == 2
    assert sum('"e0"' in line for line in text.splitlines()) == 1, "ids are shared"


def test_it_matches_the_published_schema() -> None:
    schema = {**json_schema(), "$ref": "#/$defs/Baseline"}
    jsonschema.validate(content(), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content(), "cells": []}, schema)


def test_the_row_counts_of_the_batch_invariance_check_are_left_out() -> None:
    checked = BatchInvariance(
        status="verified", ladder={"a layer": [8, 16]}, answers_checked=2, answers_differing=0,
        answers_changed=0, encodings_checked=0, encodings_differing=0,
    )  # fmt: skip
    environment = ENVIRONMENT.model_copy(update={"batch_invariance": checked})
    made = baseline((OUTCOMES, {"environment": environment}))
    kept = made.cells[0].record.environment.batch_invariance
    assert kept == checked.model_copy(update={"ladder": {}})


def test_a_record_of_an_earlier_schema_version_is_migrated() -> None:
    record = json.loads(SCHEMA_2.read_text(encoding="utf-8"))
    assert record["schema_version"] == 2
    ids = [f"e{i}" for i in range(record["protocol"]["n"])]
    counts = record["counts"]
    letters = {"skipped": "s", "robust": "r", "broken": "b", "exhausted": "x", "error": "e"}
    statuses = "".join(letter * counts[status] for status, letter in letters.items())
    cell = {"record": record, "examples": "all", "statuses": statuses}
    read = parse({**content(), "example_ids": {"all": ids}, "cells": [cell]})
    assert read.cells[0].record.schema_version == 5
    assert parse_baseline(baseline_bytes(read), "again") == read
    del record["recipe"]
    with pytest.raises(RecordError, match=r"^base\.json: cells\.0\.record: recipe: Field required"):
        parse({**content(), "example_ids": {"all": ids}, "cells": [cell]})


_CELL = ("cells", 0)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("baseline_version",), 2, "baseline_version: 2, but this robustbert reads 1; upgrade"),
        (("baseline_version",), True, "baseline_version: True, but this robustbert reads 1"),
        (("created_at",), "yesterday", "created_at: String should match pattern"),
        (("acceptances",), [{"reason": "x"}], "acceptances.0.created_at: Field required"),
        (("example_ids", "rotten_tomatoes-1", 0), "e1", "example_ids.rotten_tomatoes-1: an id"),
        (("example_ids", "rotten_tomatoes-1", 0), "", "example_ids.rotten_tomatoes-1.0: String"),
        (("example_ids", "rotten_tomatoes-1", 0), "\ud800", "example_ids.rotten_tomatoes-1.0: "),
        (("example_ids", "a\nb"), ["a", "a"], r"example_ids.a\nb: an id occurs twice"),
        (("example_ids",), {}, "cells.0.examples: there is no 'rotten_tomatoes-1'"),
        (("cells",), [], "cells: List should have at least 1 item"),
        (("cells",), {}, "cells: Input should be a valid list"),
        (_CELL, 1, "cells.0: Input should be"),
        ((*_CELL, "record"), None, "cells.0.record: Input should be"),
        ((*_CELL, "record", "schema_version"), 99, "cells.0.record: schema_version: 99, but"),
        ((*_CELL, "record", "protocol", "n"), "8", "cells.0.record: protocol.n: Input should"),
        ((*_CELL, "statuses"), "srrbbbxz", "cells.0: statuses: unknown letter 'z'"),
        ((*_CELL, "statuses"), "srrbbbx", "cells.0: statuses: 0 error, but the record counts 1"),
        ((*_CELL, "texts"), "no", "cells.0.texts: Extra inputs are not permitted"),
    ],
)
def test_a_damaged_file_is_one_line_with_the_field(
    place: tuple[str | int, ...], value: Any, message: str
) -> None:
    damaged = content()
    target: Any = damaged
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    with pytest.raises(RecordError) as raised:
        parse(damaged)
    text = str(raised.value)
    assert text.startswith(f"base.json: {message}")
    assert "\n" not in text


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"<<<<<<< HEAD", b'{"a": NaN}'])
def test_what_is_not_json_is_one_line(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    path.write_bytes(data)
    with pytest.raises(RecordError, match=r"base\.json: ") as raised:
        read_baseline(path)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        read_baseline(tmp_path / "none.json")


# Lone surrogates cannot be in a name; any other character can.
_IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_CELLS = st.dictionaries(_IDS, st.sampled_from(get_args(Status)), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(cells=st.lists(_CELLS, min_size=1, max_size=3), dataset=_IDS)
def test_any_ids_and_statuses_survive(cells: list[dict[str, Status]], dataset: str) -> None:
    made = baseline(
        *(
            (tuple(make_outcome(i, s) for i, s in cell.items()), {"dataset": dataset})
            for cell in cells
        )
    )
    data = baseline_bytes(made)
    read = parse_baseline(data, "place")
    assert [read.statuses_of(cell) for cell in read.cells] == cells
    assert [list(read.statuses_of(cell)) for cell in read.cells] == [list(c) for c in cells]
    assert baseline_bytes(read) == data
