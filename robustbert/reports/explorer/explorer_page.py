"""The page of ``robustbert explore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from robustbert.errors import InputError
from robustbert.reports.attributions.run_attributions import (
    ExplainedOutcome,
    cells_of_model,
    explain_outcomes,
)
from robustbert.reports.explorer.explorer_data import choice_filters, explorer_data
from robustbert.reports.pages import render_page
from robustbert.reports.pages.page_assets import TINT_STYLE
from robustbert.reports.run_view import ALL, Selection, select_cells

if TYPE_CHECKING:
    from robustbert.explanations import Explainer
    from robustbert.models import Classifier


def explore_page(
    run: Path,
    *,
    dataset: str | None = None,
    model: str | None = None,
    recipe: str | None = None,
    explainer: Explainer | None = None,
    classifier: Classifier | None = None,
) -> str:
    """Make a self-contained HTML page of the outcomes of a run folder, with filters.

    The page holds the texts of the outcomes, shows them literally, and makes no request.

    Args:
        run: the output folder of ``bench`` or ``attack``.
        dataset: the name of a dataset; None includes all of them, as for the following.
        model: the label of a row of the table, or the name of a model.
        recipe: the name of a recipe.
        explainer: a method that explains the texts of broken examples of ``classifier``; None for
            no explanations.
        classifier: the model of the run, with the labels of its data; needed with ``explainer``.

    Raises:
        InputError: the run has no such dataset, model or recipe, no attack on ``classifier``, or
            only one of ``explainer`` and ``classifier`` is given.
        RecordError: the folder cannot be read, or its outcomes have no texts.
        ModelError: the method needs gradients, which the classifier does not have.
    """
    if (explainer is None) != (classifier is None):
        raise InputError("explainer and classifier belong together; give both or neither")
    selection = Selection(status=ALL, dataset=dataset, model=model, recipe=recipe)
    cells = select_cells(run, selection)
    explained: list[ExplainedOutcome] = []
    if explainer is not None and classifier is not None:
        explained = explain_outcomes(
            run, cells_of_model(run, cells, classifier), classifier, explainer
        )
    return render_page(
        "explore.html",
        package=__package__,
        styles=["explore.css", *([TINT_STYLE] if explained else [])],
        scripts=[*(["explore_attributions.js"] if explained else []), "explore.js"],
        explainer=explainer,
        title=f"Outcomes of {run.resolve().name}",
        num_outcomes=sum(len(cell.outcomes) for cell in cells),
        num_cells=len(cells),
        filters=choice_filters(cells),
        has_similarity=any(o.similarity is not None for cell in cells for o in cell.outcomes),
        data=explorer_data(cells, explained),
    )
