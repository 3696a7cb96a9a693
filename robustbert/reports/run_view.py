"""The outcomes of a run folder, cell by cell, for ``robustbert show``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.console import printable
from robustbert.records import Outcome, Record, record_name
from robustbert.reports.outcome_text import outcomes_text
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_folder import check_texts, filtered, read_finished

#: The status that stands for every status.
ALL = "all"


@dataclass(frozen=True)
class Selection:
    """Which outcomes of a run to show; None selects everything.

    Args:
        status: a status, or :data:`ALL`.
        dataset: the name of a dataset.
        model: the label of a row as tables show it, or the name of a model, which also selects its
            defended versions unless a row has that label.
        recipe: the name of a recipe.
        limit: maximum number of outcomes per cell.
    """

    status: str = "broken"
    dataset: str | None = None
    model: str | None = None
    recipe: str | None = None
    limit: int | None = None


@dataclass(frozen=True)
class ShownCell:
    """A cell with the outcomes to show.

    Args:
        record: its record.
        outcomes: the selected outcomes, at most as many as the limit.
        num_selected: the number of selected outcomes without the limit.
    """

    record: Record
    outcomes: tuple[Outcome, ...]
    num_selected: int


def select_cells(run: Path, selection: Selection) -> tuple[ShownCell, ...]:
    """Read the selected cells of a run folder, in the order of their file names.

    Raises:
        InputError: the run has no such dataset, model or recipe; the message lists what it has.
        RecordError: the folder cannot be read, or a selected outcome has no text.
    """
    read = read_finished(run)
    records = select_records(
        read.records,
        run,
        dataset=selection.dataset,
        model=selection.model,
        recipe=selection.recipe,
    )
    cells = []
    for record in records:
        outcomes = read.outcomes[record_name(record)]
        selected = [o for o in outcomes if selection.status in (ALL, o.status)]
        shown = tuple(selected[: selection.limit])
        check_texts(run, record_name(record), shown)
        cells.append(ShownCell(record, shown, len(selected)))
    return tuple(cells)


def select_records(
    records: Sequence[Record],
    run: Path,
    *,
    dataset: str | None = None,
    model: str | None = None,
    recipe: str | None = None,
) -> Sequence[Record]:
    """The records of a dataset, model and recipe, named as in a :class:`Selection`.

    Args:
        records: the records of a run.
        run: the run folder, for error messages.
        dataset: the name of a dataset; None for all.
        model: the label of a row or the name of a model; None for all.
        recipe: the name of a recipe; None for all.

    Raises:
        InputError: there is no such dataset, model or recipe; the message lists what there is.
    """
    for kind, name, value in (
        ("dataset", dataset, lambda record: record.dataset.name),
        ("model", model, _row_of(model, records)),
        ("recipe", recipe, lambda record: record.recipe.name),
    ):
        records = filtered(records, kind, name, value, run)
    return records


def _row_of(model: str | None, records: Sequence[Record]) -> Callable[[Record], str]:
    """What to compare ``model`` with: the labels of rows, or the names of models."""
    labels = {record_label(record) for record in records}
    names = {record.model.name for record in records}
    return (lambda record: record.model.name) if model in names - labels else record_label


def render_cells(cells: Sequence[ShownCell], status: str, *, color: bool, width: int) -> str:
    """Format cells for the terminal: each has a heading, and cells without outcomes only that.

    Args:
        cells: the cells.
        status: the status that was selected, or :data:`ALL`.
        color: see :func:`~robustbert.reports.outcome_text.outcomes_text`.
        width: of the terminal, in characters.
    """
    return "\n".join(_cell(cell, status, color, width) for cell in cells)


def _cell(cell: ShownCell, status: str, color: bool, width: int) -> str:
    record = cell.record
    names = [record.dataset.name, record_label(record), f"{record.track} track", record.recipe.name]
    total = f"{cell.num_selected} of {record.protocol.n} examples"
    selected = total if status == ALL else f"status {status}: {total}"
    if len(cell.outcomes) < cell.num_selected:
        selected += f", {len(cell.outcomes)} shown"
    heading = f"=== {printable(', '.join(names))}: {selected}\n"
    if not cell.outcomes:
        return heading
    shown = outcomes_text(cell.outcomes, record.dataset.label_names, color=color, width=width)
    return f"{heading}\n{shown}"
