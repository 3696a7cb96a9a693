"""The results of detectors as text, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from robustbert.console import printable, wrapped
from robustbert.detector_evaluation.detection_record import (
    DetectionCell,
    DetectionRecord,
    Estimate,
    encode_detection,
)
from robustbert.records import Metric
from robustbert.reports.escape import markdown, spreadsheet
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.render import text_table
from robustbert.reports.wording import MISSING, counted, percent

HEADER = (
    *("fitted to", "judged on", "pairs", "AUROC", "TPR at 10% FPR", "TPR", "FPR", "F1"),
    *("failed attacks", "clean", "clean, rejecting", "attacked", "attacked, rejecting"),
)
_NOTES = (
    "In percent. AUROC, TPR at 10% FPR and F1 with 95% bootstrap intervals over examples, the "
    "others with 95% Wilson intervals. Pairs are the adversarial texts of the broken test examples "
    "and their originals.",
    "TPR at 10% FPR: read off the curve of the test pairs, as papers report it. TPR and FPR: at "
    "the threshold that has an FPR of at most 10% on validation pairs. F1: at the threshold with "
    "the highest F1 on validation pairs.",
    "Rejecting: flagged texts are rejected, which is wrong for a clean text, and right for a text "
    "that fools the model. The attacks did not know the detector; one that does may do more.",
)
_FAILED = (
    "Failed attacks: flagged texts with which attacks ended that did not fool the model, at the "
    "threshold of TPR and FPR."
)
_TRANSFER = "{one} → {other}: fitted to attacks by {one}, and judged on those by {other}."


def title(record: DetectionRecord) -> str:
    """What was detected: detector, victim, data and track."""
    data = record.dataset
    victim = "+".join([record.model.name, *(defense.name for defense in record.defenses)])
    return (
        f"{record.detector} on {victim}, {data.name} ({data.split}), {record.track} track, "
        f"{counted(record.validation_examples, 'validation example')} per recipe"
    )


def table_cells(cell: DetectionCell) -> list[str]:
    """The cells of a line of the table."""
    rejection = cell.rejection
    return [
        cell.fitted_on,
        cell.tested_on,
        str(cell.pairs),
        estimate_text(cell.auroc),
        estimate_text(cell.tpr_of_curve),
        percent(cell.tpr),
        percent(cell.fpr),
        estimate_text(cell.f1),
        percent(cell.failed),
        percent(rejection.clean),
        percent(rejection.clean_with_detector),
        percent(rejection.attacked),
        percent(rejection.attacked_with_detector),
    ]


def estimate_text(found: Estimate) -> str:
    """An estimate in percent, with its interval if there is one.

    >>> estimate_text(Estimate(value=0.5, low=0.404, high=0.596))
    '50.0 [40.4, 59.6]'
    """
    value = f"{100 * found.value:.1f}"
    if found.low is None or found.high is None:
        return value
    return f"{value} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def render_detection(records: Sequence[DetectionRecord], width: int) -> str:
    """The tables for the terminal, with what the columns mean."""
    parts = []
    for record in records:
        header, *rows = [*_without_missing([HEADER, *map(table_cells, record.cells)])]
        shown = [[printable(text) for text in _one_name(row)] for row in rows]
        table = text_table(["recipe", *header[2:]], shown, width)
        parts.append(f"{wrapped(title(record), width)}\n\n{table}")
    pairs = [(cell.fitted_on, cell.tested_on) for one in records for cell in one.cells]
    transfers = [_TRANSFER.format(one=one, other=other) for one, other in pairs if one != other]
    notes = [*transfers[:1], *notes_of(records)]
    return "\n\n".join([*parts, *(wrapped(note, width) for note in notes), ""])


def notes_of(records: Sequence[DetectionRecord]) -> list[str]:
    """What the columns mean."""
    failed = any(cell.failed is not None for one in records for cell in one.cells)
    return [*_NOTES, *([_FAILED] if failed else [])]


def _one_name(row: Sequence[str]) -> list[str]:
    """A line with both recipes in the first cell, which each part of a wide table repeats."""
    fitted, tested, *numbers = row
    return [fitted if fitted == tested else f"{fitted} → {tested}", *numbers]


def markdown_detection(records: Sequence[DetectionRecord]) -> str:
    """The tables as Markdown; names are escaped."""
    parts = []
    for record in records:
        header, *rows = [*_without_missing([HEADER, *map(table_cells, record.cells)])]
        shown = [[markdown(text) for text in row] for row in rows]
        lines = pipe_table(header, shown, left=2)
        parts.append("\n".join([f"### {markdown(title(record))}", "", *lines]))
    return "\n\n".join([*parts, "\n".join(f"- {markdown(note)}" for note in notes_of(records)), ""])


def csv_detection(records: Sequence[DetectionRecord]) -> str:
    """One line per pair of recipes, with unrounded numbers."""
    rows = flat_rows(records)
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {k: spreadsheet(v) if isinstance(v, str) else v for k, v in row.items()} for row in rows
    )
    return file.getvalue()


#: The formats by name; the text format needs the width of the terminal.
FORMATS: MappingProxyType[str, Callable[[Sequence[DetectionRecord]], str]] = MappingProxyType(
    {
        "text": lambda records: render_detection(records, 100),
        "markdown": markdown_detection,
        "json": encode_detection,
        "csv": csv_detection,
    }
)


def flat_rows(records: Sequence[DetectionRecord]) -> list[dict[str, Any]]:
    """One mapping per pair of recipes, from the names of columns to numbers."""
    rows = []
    for record in records:
        place = {
            "detector": record.detector,
            "dataset": record.dataset.name,
            "model": record.model.name,
            "defenses": " + ".join(defense.name for defense in record.defenses),
            "track": record.track,
        }
        for cell in record.cells:
            values = cell.model_dump(exclude={"scores", "chosen", "failed"})
            failed = cell.failed or Metric(value=None, low=None, high=None, n=0)
            values["failed"] = failed.model_dump()
            rows.append({**place, **dict(_flat(values))})
    return rows


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}_")
        else:
            yield f"{before}{name}", value


def _without_missing(lines: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """The lines of a table without the columns that have no number at all."""
    kept = [i for i, cells in enumerate(zip(*lines[1:], strict=True)) if {*cells} != {MISSING}]
    for line in lines:
        yield [line[i] for i in kept]
