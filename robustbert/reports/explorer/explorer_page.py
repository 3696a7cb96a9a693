"""The page of ``robustbert explore``."""

from __future__ import annotations

from pathlib import Path

from robustbert.reports.explorer.explorer_data import choice_filters, explorer_data
from robustbert.reports.pages import render_page
from robustbert.reports.run_view import ALL, Selection, select_cells


def explore_page(
    run: Path, *, dataset: str | None = None, model: str | None = None, recipe: str | None = None
) -> str:
    """Make a self-contained HTML page of the outcomes of a run folder, with filters.

    The page holds the texts of the outcomes, shows them literally, and makes no request.

    Args:
        run: the output folder of ``bench`` or ``attack``.
        dataset: the name of a dataset; None includes all of them, as for the following.
        model: the label of a row of the table, or the name of a model.
        recipe: the name of a recipe.

    Raises:
        InputError: the run has no such dataset, model or recipe.
        RecordError: the folder cannot be read, or its outcomes have no texts.
    """
    selection = Selection(status=ALL, dataset=dataset, model=model, recipe=recipe)
    cells = select_cells(run, selection)
    return render_page(
        "explore.html",
        package=__package__,
        styles=["explore.css"],
        scripts=["explore.js"],
        title=f"Outcomes of {run.resolve().name}",
        num_outcomes=sum(len(cell.outcomes) for cell in cells),
        num_cells=len(cells),
        filters=choice_filters(cells),
        has_similarity=any(o.similarity is not None for cell in cells for o in cell.outcomes),
        data=explorer_data(cells),
    )
