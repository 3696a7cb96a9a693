"""Notes on missing recipes, outcomes and aggregates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.records import record_name
from robustbert.reports.notes.noted_cells import Cell, list_cells, list_rows, replicate_label
from robustbert.reports.table_rows import Outcomes, Row
from robustbert.reports.wording import listed


def caption(core: Sequence[str]) -> str:
    """Name the recipes of the worst case, and the core recipes that were not run."""
    if not core:
        return f"There is no worst case: none of the core recipes ({listed(CORE_RECIPES)}) was run."
    aggregates = "Worst case, queries and words changed are computed over"
    missing = [recipe for recipe in CORE_RECIPES if recipe not in core]
    if not missing:
        return f"{aggregates} the core recipes {listed(core)}."
    not_run = f"recipe {missing[0]} was" if len(missing) == 1 else f"recipes {listed(missing)} were"
    return f"{aggregates} {listed(core)}; the core {not_run} not run."


def no_worst_case(rows: Sequence[Row], core: Sequence[str]) -> Iterator[str]:
    """Name the rows without a worst case, per reason."""
    if not core:
        return
    reasons: dict[str, list[str]] = {}
    for row in rows:
        for replicate in row.replicates:
            if reason := replicate.no_worst_case:
                reasons.setdefault(reason, []).append(replicate_label(row, replicate))
    for reason, labels in reasons.items():
        yield f"There is no worst case for {list_rows(labels, rows)}: {reason}."


def recipes_not_run(
    rows: Sequence[Row], core: Sequence[str], recipes: Sequence[str]
) -> Iterator[str]:
    """Name the rows for which a recipe outside the core was not run."""
    for recipe in recipes:
        labels = [row.label for row in rows if row.accuracy_under(recipe) is None]
        if labels and recipe not in core:
            yield f"{recipe} was not run for {list_rows(labels, rows)}."


def different_sizes(cells: Sequence[Cell]) -> Iterator[str]:
    """Name the recipes that ran on a different number of examples than their row."""
    recipes = [cell.recipe for cell in cells if cell.record.protocol.n != cell.row.n]
    if recipes:
        yield (
            f"For {listed(list(dict.fromkeys(recipes)))}, the number of examples differs from that "
            "of the other recipes; the cells show it as (n=...)."
        )


def missing_outcomes(cells: Sequence[Cell], outcomes: Outcomes) -> Iterator[str]:
    """Name the cells without outcomes."""
    without = [(cell, "") for cell in cells if record_name(cell.record) not in outcomes]
    if without:
        yield (
            "Outcomes are missing, so words changed and, for records of schema 1, the reliability "
            f"checks are unavailable: {list_cells(without)}."
        )
