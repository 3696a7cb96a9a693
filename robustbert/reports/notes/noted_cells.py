"""Lists of cells, rows and models for the text of a note."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from robustbert.records import Record, ReliabilityCheck
from robustbert.reports.table_rows import Replicate, Row
from robustbert.reports.wording import listed

_MAX_LISTED_CELLS = 6


@dataclass(frozen=True)
class Cell:
    """A record and its position in the table."""

    row: Row
    replicate: Replicate
    recipe: str
    record: Record

    @property
    def failed(self) -> tuple[ReliabilityCheck, ...]:
        """The reliability checks that the record fails."""
        return self.replicate.failed.get(self.recipe, ())


def cells_of(rows: Sequence[Row]) -> list[Cell]:
    """All cells of the rows."""
    return [
        Cell(row, replicate, recipe, record)
        for row in rows
        for replicate in row.replicates
        for recipe, record in replicate.records.items()
    ]


def first_record(row: Row) -> Record:
    """The first record of a row, for values that all its records share."""
    return next(iter(row.replicates[0].records.values()))


def replicate_label(row: Row, replicate: Replicate) -> str:
    """The label of a row, with the training seed if it has several replicates."""
    if len(row.replicates) == 1:
        return row.label
    return f"{row.label} (training seed {replicate.training_seed})"


def list_rows(labels: Sequence[str], rows: Sequence[Row]) -> str:
    """Row labels, or "all rows" if every one of several rows is listed."""
    is_complete = len(rows) > 1 and set(labels) == {row.label for row in rows}
    return "all rows" if is_complete else listed(labels)


def list_models(rows: Iterable[Row]) -> str:
    """The distinct names of the rows' models."""
    return listed(list(dict.fromkeys(first_record(row).model.name for row in rows)))


def list_cells(annotated: Sequence[tuple[Cell, str]], limit: int | None = _MAX_LISTED_CELLS) -> str:
    """Cells grouped by recipe, each with its annotation: ``iga (minilm 28.2%, tfidf-nb 13.9%)``.

    Args:
        annotated: cells and their annotations, which may be empty.
        limit: the maximum number of cells to list; None lists all.
    """
    by_recipe: dict[str, list[str]] = {}
    for cell, annotation in annotated[:limit]:
        text = " ".join(filter(None, (replicate_label(cell.row, cell.replicate), annotation)))
        by_recipe.setdefault(cell.recipe, []).append(text)
    omitted = len(annotated) - len(annotated[:limit])
    parts = [f"{recipe} ({', '.join(texts)})" for recipe, texts in by_recipe.items()]
    return ", ".join(parts) + (f" and {omitted} more" if omitted else "")


def list_of_rows(annotated: Sequence[tuple[Cell, str]]) -> str:
    """The models of cells, each with its distinct annotations: ``minilm 28.2%, tfidf-nb 13.9%``.

    Args:
        annotated: cells and their annotations.
    """
    by_model: dict[str, dict[str, None]] = {}
    for cell, annotation in annotated:
        label = replicate_label(cell.row, cell.replicate)
        by_model.setdefault(label, {})[annotation] = None
    return ", ".join(f"{label} {' and '.join(values)}" for label, values in by_model.items())
