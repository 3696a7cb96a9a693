"""Write an audit: the files for raters, and the key that they do not get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.audit.audit_key import AUDIT_FOLDER, KEY_FILE, KEY_VERSION, AuditKey, key_bytes
from robustbert.audit.item_selection import DrawnItem, draw_items
from robustbert.audit.rating_sheet import (
    INSTRUCTIONS_FILE,
    PAGE_FILE,
    SHEET_FILE,
    instructions,
    rating_page,
    rating_sheet,
)
from robustbert.errors import InputError
from robustbert.io import atomic_folder, check_free, write_bytes, write_text
from robustbert.reports.outcome_view import class_name
from robustbert.reports.run_view import Selection, ShownCell, select_cells
from robustbert.reports.wording import listed
from robustbert.validation import check_at_least

#: The folder that raters get, in that of the audit.
RATERS_FOLDER = "raters"


@dataclass(frozen=True)
class Export:
    """What was exported.

    Args:
        folder: the folder of the audit.
        num_items: the number of items.
        recipes: the number of items of each recipe.
        num_broken: the number of broken examples from which the items were drawn.
    """

    folder: Path
    num_items: int
    recipes: Mapping[str, int]
    num_broken: int


def export_audit(
    run: Path,
    out: Path | None = None,
    *,
    n: int = 100,
    dataset: str | None = None,
    model: str | None = None,
    recipe: str | None = None,
    seed: int = 0,
) -> Export:
    """Draw broken examples of a run and write them for human raters.

    Args:
        run: the output folder of ``bench`` or ``attack``.
        out: the folder of the audit, which must not exist; None for ``audit`` in the run folder.
        n: maximum number of items; see :func:`~robustbert.audit.item_selection.draw_items`.
        dataset: the name of a dataset; needed if the run has several.
        model: the label of a row or the name of a model; None for all.
        recipe: the name of a recipe; None for all.
        seed: the seed that draws the items, the sides of their texts and their order.

    Raises:
        InputError: the run has no such dataset, model or recipe, no broken example, or several
            datasets and none is chosen.
        RecordError: the folder cannot be read, or its outcomes have no texts.
        OutputError: the folder exists or cannot be written.
    """
    check_at_least(1, n=n)
    check_at_least(0, seed=seed)
    folder = run / AUDIT_FOLDER if out is None else out
    check_free(folder)
    cells = select_cells(run, Selection(dataset=dataset, model=model, recipe=recipe))
    _check_dataset(run, cells)
    items = draw_items(cells, n, seed)
    if not items:
        raise InputError(f"{run} has no broken example; an audit needs at least one")
    _write(folder, items, cells, seed)
    return Export(
        folder=folder,
        num_items=len(items),
        recipes=Counter(drawn.item.recipe for drawn in items),
        num_broken=sum(len(cell.outcomes) for cell in cells),
    )


def _check_dataset(run: Path, cells: Sequence[ShownCell]) -> None:
    """Reject several datasets: raters would have to choose among labels of all of them."""
    names = list(dict.fromkeys(cell.record.dataset.name for cell in cells))
    if len(names) > 1:
        raise InputError(f"{run} has cells of {listed(names)}; choose one with --dataset")


def _write(folder: Path, items: Sequence[DrawnItem], cells: Sequence[ShownCell], seed: int) -> None:
    data = cells[0].record.dataset
    names = _label_names(cells)
    key = AuditKey(
        key_version=KEY_VERSION,
        dataset=data.name,
        split=data.split,
        label_names=names,
        seed=seed,
        items=[drawn.item for drawn in items],
    )
    with atomic_folder(folder) as partial:
        write_bytes(partial / KEY_FILE, key_bytes(key))
        raters = partial / RATERS_FOLDER
        write_text(raters / PAGE_FILE, rating_page(items, names))
        write_text(raters / SHEET_FILE, rating_sheet(items))
        write_text(raters / INSTRUCTIONS_FILE, instructions(names))


def _label_names(cells: Sequence[ShownCell]) -> list[str]:
    """The names of the classes; of a dataset without names, those that outcomes contain."""
    names = cells[0].record.dataset.label_names
    if names:
        return list(names)
    outcomes = [outcome for cell in cells for outcome in cell.outcomes]
    highest = max(max(one.label, one.adversarial_prediction or 0) for one in outcomes)
    return [class_name(label, None) for label in range(highest + 1)]
