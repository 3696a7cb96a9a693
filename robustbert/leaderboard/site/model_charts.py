"""The data of the charts of a model, and the tables beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from robustbert.leaderboard.site.site_models import Section
from robustbert.metrics import Curve, accuracy_by_queries, accuracy_by_words_changed
from robustbert.records import Metric, Outcome, Record
from robustbert.reports.wording import percent

# The budgets of the tables: those up to the first that no attack needs more than.
_QUERIES = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_SHARES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
_ROOM = 1.1  # an axis ends at the last step times this


@dataclass(frozen=True)
class CurveLine:
    """The accuracies under one recipe, for growing budgets.

    Args:
        recipe: the recipe.
        cells: accuracy with its interval, one per budget.
    """

    recipe: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class CurveTable:
    """Accuracies against what an attack may spend.

    Args:
        budgets: the heading of each column.
        lines: one per recipe.
        chart: the data of the chart: per recipe its name, the places of its steps, and the
            accuracy in % from each on.
    """

    budgets: tuple[str, ...]
    lines: tuple[CurveLine, ...]
    chart: list[dict[str, Any]]


def accuracy_bars(section: Section) -> list[dict[str, Any]]:
    """The bars of a section: without attack, the worst case, and one per recipe."""
    replicate, core = section.replicate, section.board.group.core
    bars = [_bar("no attack", "clean", replicate.clean)]
    bars += [_bar("worst case", "worst case", replicate.worst_case)]
    bars += [
        _bar(
            record.recipe.name,
            "core" if record.recipe.name in core else "other",
            record.metrics.accuracy_under_attack,
        )
        for record in section.records
    ]
    return [bar for bar in bars if bar is not None]


def query_curves(section: Section) -> CurveTable:
    """Accuracy under attack against the query budget per example."""
    curves = _curves(section, accuracy_by_queries)
    last = max((curve.steps[-1] for curve in curves.values() if curve.steps), default=1)
    first = min((curve.steps[0] for curve in curves.values() if curve.steps), default=2)
    start = 10.0 ** (math.ceil(math.log10(max(first, 2))) - 1)  # below the first step
    end = max(_ROOM * last, 10 * start)
    shown = _needed(_QUERIES, last)
    return _table(curves, shown, [f"{budget:,}" for budget in shown], start, end, 1)


def words_curves(section: Section) -> CurveTable:
    """Accuracy under attack against the share of words that it may change."""
    curves = _curves(section, accuracy_by_words_changed)
    last = max((curve.steps[-1] for curve in curves.values() if curve.steps), default=0)
    shown = _needed(_SHARES, last)
    headings = [f"{100 * share:g}%" for share in shown]
    return _table(curves, shown, headings, 0, max(_ROOM * last, 0.1), 100)


def _bar(label: str, kind: str, metric: Metric | None) -> dict[str, Any] | None:
    if metric is None or metric.value is None or metric.low is None or metric.high is None:
        return None
    numbers = {"value": metric.value, "low": metric.low, "high": metric.high}
    text = f"{percent(metric)}, n={metric.n}"
    return {
        "label": label,
        "kind": kind,
        **{name: round(100 * number, 2) for name, number in numbers.items()},
        "text": text,
        "about": f"{label}: {text}",
    }


def _curves(section: Section, curve: Callable[[Sequence[Outcome]], Curve]) -> dict[str, Curve]:
    def of_record(record: Record) -> Curve:
        return curve(section.board.cell_outcomes(record))

    return {record.recipe.name: of_record(record) for record in section.records}


def _needed(budgets: Sequence[float], last: float) -> Sequence[float]:
    """The budgets up to the first that is at least ``last``."""
    enough = next((i for i, budget in enumerate(budgets) if budget >= last), len(budgets) - 1)
    return budgets[: enough + 1]


def _table(
    curves: dict[str, Curve],
    budgets: Sequence[float],
    headings: Sequence[str],
    start: float,
    end: float,
    scale: int,
) -> CurveTable:
    return CurveTable(
        budgets=tuple(headings),
        lines=tuple(
            CurveLine(recipe, tuple(percent(curve.at(budget)) for budget in budgets))
            for recipe, curve in curves.items()
        ),
        chart=[_line(recipe, curve, start, end, scale) for recipe, curve in curves.items()],
    )


def _line(recipe: str, curve: Curve, start: float, end: float, scale: int) -> dict[str, Any]:
    """The steps of a curve, from the start to the end of the axis."""
    before = [
        alive for step, alive in zip(curve.steps, curve.survivors, strict=True) if step <= start
    ]
    steps = [(x, alive) for x, alive in zip(curve.steps, curve.survivors, strict=True) if x > start]
    first = before[-1] if before else curve.start
    places = [(start, first), *steps, (end, steps[-1][1] if steps else first)]
    return {
        "recipe": recipe,
        "x": [round(scale * x, 3) for x, _ in places],
        "accuracy": [round(100 * alive / curve.n, 2) for _, alive in places],
    }
