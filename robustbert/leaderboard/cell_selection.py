"""Choose cells of published results by row and recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from robustbert.errors import InputError
from robustbert.records import PublishedCell
from robustbert.reports.row_labels import record_label
from robustbert.reports.wording import listed


def select_published(
    cells: Sequence[PublishedCell],
    results: Path,
    *,
    row: str | None = None,
    recipe: str | None = None,
) -> tuple[PublishedCell, ...]:
    """The cells of a row and a recipe.

    Args:
        cells: the cells of a results folder.
        results: the results folder.
        row: a row folder, as a path or by its name, or the label of a row; None for all rows.
        recipe: the name of a recipe; None for all recipes.

    Raises:
        InputError: there is no such row or recipe; the message lists what there is.
    """
    chosen = [cell for cell in cells if row is None or row in _names(cell, results)]
    if not chosen:
        rows = sorted({cell.row_folder for cell in cells})
        raise InputError(f"{results} has no row {row!r}; it has {listed(rows)}")
    of_recipe = [cell for cell in chosen if recipe in (None, cell.record.recipe.name)]
    if not of_recipe:
        recipes = sorted({cell.record.recipe.name for cell in chosen})
        place = results if row is None else f"the row {row!r}"
        raise InputError(f"{place} has no recipe {recipe!r}; it has {listed(recipes)}")
    return tuple(of_recipe)


def one_per_row(cells: Sequence[PublishedCell]) -> tuple[PublishedCell, ...]:
    """One cell of each row folder: that with the fewest queries, which is recomputed fastest."""
    rows: dict[PurePosixPath, list[PublishedCell]] = {}
    for cell in cells:
        rows.setdefault(cell.path.parent, []).append(cell)
    return tuple(min(of_row, key=_queries) for of_row in rows.values())


def _names(cell: PublishedCell, results: Path) -> set[str]:
    """What a row can be called: its folder, the parts of its path, and its label."""
    folder = cell.path.parent
    return {
        folder.name,
        str(folder),
        str(PurePosixPath(results) / folder),
        record_label(cell.record),
    }


def _queries(cell: PublishedCell) -> float:
    return cell.record.metrics.queries_mean or 0.0
