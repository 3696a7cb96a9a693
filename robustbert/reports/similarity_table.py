"""A :class:`~robustbert.reports.similarity_report.SimilarityReport` for a terminal and for JSON."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import Any

from robustbert.metrics import MeanInterval
from robustbert.reports.escape import printable, shorten
from robustbert.reports.similarity_report import Comparison, Differences, SimilarityReport

_MISSING = "n/a"
_LONGEST_LABEL = 40
_LONGEST_RECIPE = 24
_WIDTH = 100


def render_similarity(report: SimilarityReport) -> str:
    """The report as a table per dataset and track, and how to read it."""
    groups: dict[str, list[Comparison]] = {}
    for comparison in report.comparisons:
        attack = comparison.attack
        heading = f"{attack.dataset} ({attack.split}), {attack.track} track"
        groups.setdefault(heading, []).append(comparison)
    parts = [
        f"{printable(heading)}\n\n{_table(comparisons, report)}\n"
        for heading, comparisons in groups.items()
    ]
    return "\n".join([*parts, *_notes(report)])


def similarity_as_dict(report: SimilarityReport) -> dict[str, Any]:
    """The report fit for JSON: numbers unrounded, null where there are too few examples."""
    return {
        "encoders": [
            {"name": one.name, "source": one.source, "spread": report.spread[one.name]}
            for one in report.encoders
        ],
        "compared": "stretches" if report.by_stretch else "texts",
        "seed": report.seed,
        "comparisons": [
            {
                **asdict(one.attack),
                "row": one.row,
                "other": one.other,
                "shared": _as_dict(one.shared),
                "equal_words_changed": _as_dict(one.equal_words),
            }
            for one in report.comparisons
        ],
        "not_compared": [asdict(attack) for attack in report.alone],
    }


def _as_dict(differences: Differences) -> dict[str, Any]:
    return {
        "n": differences.n,
        "words_changed": _interval(differences.words_changed),
        "similarity": {name: _interval(mean) for name, mean in differences.similarity.items()},
    }


def _interval(mean: MeanInterval) -> dict[str, float | None]:
    return {"mean": mean.value, "low": mean.low, "high": mean.high}


def _table(comparisons: list[Comparison], report: SimilarityReport) -> str:
    from tabulate import tabulate

    names = [encoder.name for encoder in report.encoders]
    measures = ["n", "words\nchanged", *(f"similarity\nby {name}" for name in names)]
    table: str = tabulate(
        [_cells(comparison, names) for comparison in comparisons],
        headers=["recipe", "rows", "examples", *measures],
        tablefmt="simple",
        disable_numparse=True,
        colalign=("left", "left", "left", *("right" for _ in measures)),
    )
    return table


def _cells(comparison: Comparison, names: list[str]) -> list[str]:
    """One row of the table; each cell has two lines: all shared examples, and the equal ones."""
    both = (comparison.shared, comparison.equal_words)
    row, other = (
        shorten(printable(label), _LONGEST_LABEL) for label in (comparison.row, comparison.other)
    )
    return [
        shorten(printable(comparison.attack.recipe), _LONGEST_RECIPE),
        f"{row}\nminus {other}",
        "broken in both\nequal words changed",
        "\n".join(str(one.n) for one in both),
        "\n".join(_number(one.words_changed.value, 2) for one in both),
        *("\n".join(_with_interval(one.similarity[name]) for one in both) for name in names),
    ]


def _with_interval(mean: MeanInterval) -> str:
    if mean.low is None:
        return _number(mean.value, 3)
    return f"{_number(mean.value, 3)} [{_number(mean.low, 3)}, {_number(mean.high, 3)}]"


def _number(value: float | None, digits: int) -> str:
    return _MISSING if value is None else f"{value:+.{digits}f}"


def _notes(report: SimilarityReport) -> list[str]:
    what = "the least similar changed stretch" if report.by_stretch else "the whole text"
    explanation = (
        f"similarity: angular, of {what} before and after the attack. Differences are means over "
        "the examples, with 95% bootstrap intervals. Negative: the first row's texts are less "
        "similar to their originals. Each encoder has its own scale, the spread (standard "
        "deviation of all similarities measured here)."
    )
    notes = [
        f"{encoder.name}: {encoder.source}; spread {_plain(report.spread[encoder.name])}"
        for encoder in report.encoders
    ]
    notes += [
        f"not compared, for want of two rows: {attack.recipe} on {attack.dataset} "
        f"({attack.track} track)"
        for attack in report.alone
    ]
    return [*textwrap.wrap(explanation, _WIDTH), *map(printable, notes)]


def _plain(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.3f}"
