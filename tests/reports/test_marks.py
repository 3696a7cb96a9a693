"""Marks of reliability checks: symbols, footnotes, and their explanation in the protocol."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from robustbert.metrics.reliability import CHECK_NAMES, MEASURED_CHECK_NAMES, measured_check
from robustbert.records import ReliabilityCheck
from robustbert.reports.escape import latex
from robustbert.reports.marks import RANDOMISED, mark_of, symbols
from tests.records.builders import make_record
from tests.reports.tables import RUN, group_of

# batch invariance marks the row and has a section of its own
NAMES = sorted({*CHECK_NAMES, *MEASURED_CHECK_NAMES} - {"batch-invariance"})
PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")


def failed(name: str, measured: float = 0.5) -> ReliabilityCheck:
    return ReliabilityCheck(name=name, passed=False, measured=measured, threshold=0.1, about="it")


def test_every_mark_has_its_own_symbol_which_latex_can_print() -> None:
    found = [mark_of(failed(name)).symbol for name in NAMES]
    assert len(set(found)) == len(NAMES)
    assert "!" not in found
    assert all("u2" not in latex(symbol) for symbol in (*found, RANDOMISED))


@pytest.mark.parametrize("name", NAMES)
def test_every_check_has_a_section_in_the_protocol_with_its_mark(name: str) -> None:
    section = PROTOCOL[PROTOCOL.index("## Reliability checks") :]
    [marks] = re.findall(rf"^### {name} \((.+)\)$", section, re.MULTILINE)
    assert mark_of(failed(name)).symbol in marks.split()


def test_the_note_of_a_row_names_it_once() -> None:
    check = measured_check("zero-gradients", 0.34)
    records = [
        make_record(RUN, recipe=recipe, reliability=[check]) for recipe in ("pwws", "textbugger")
    ]
    group = group_of(records)
    [row] = group.rows
    assert [row.recipe_marks(recipe) for recipe in group.recipes] == ["∇", "∇"]
    [note] = [note for note in group.notes if note.startswith("∇")]
    assert note.endswith("may see nothing: minilm 34.0%.")
    assert "more than 5% of the attacked examples" in note


@pytest.mark.parametrize(("share", "mark"), [(0.1, ""), (0.11, "↔")])
def test_rows_of_randomised_models_are_always_marked(share: float, mark: str) -> None:
    record = make_record(RUN, reliability=[measured_check("randomised", share)])
    group = group_of([record])
    [row] = group.rows
    assert (row.marks, row.recipe_marks("pwws")) == (RANDOMISED, mark)
    [note] = [note for note in group.notes if note.startswith(RANDOMISED)]
    assert note.endswith(f"pwws (minilm {100 * share:.1f}%).")


def test_rows_without_the_check_are_not_marked() -> None:
    [row] = group_of([make_record(RUN)]).rows
    assert row.marks == ""


def test_a_half_width_is_in_points() -> None:
    check = ReliabilityCheck(
        name="too-few-attacked", passed=False, measured=0.3, threshold=0.2, about="few"
    )
    group = group_of([make_record(RUN, reliability=[check])])
    [note] = [note for note in group.notes if note.startswith("°")]
    assert note.startswith("° Fewer than 21 examples were attacked")
    assert note.endswith("wider than ±20 points: pwws (minilm 30.0 points).")
    assert symbols([check]) == "°"
