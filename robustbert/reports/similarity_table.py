"""Format a similarity report for the terminal and as JSON."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import Any

from robustbert.console import printable
from robustbert.metrics import MeanInterval
from robustbert.reports.escape import shorten
from robustbert.reports.similarity_report import Comparison, Differences, SimilarityReport

_MISSING = "n/a"
_MAX_LABEL_WIDTH = 40
_MAX_RECIPE_WIDTH = 24
_WIDTH = 100


def render_similarity(report: SimilarityReport) -> str:
    """Format a report as one table per dataset and track, followed by an explanation."""
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
    """Convert a report for JSON: numbers are unrounded, null if there are too few examples."""
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
        "not_compared": [asdict(attack) for attack in report.not_compared],
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
    """One row of the table, with two lines per cell: all shared examples, and ``equal_words``."""
    both = (comparison.shared, comparison.equal_words)
    row, other = (
        shorten(printable(label), _MAX_LABEL_WIDTH) for label in (comparison.row, comparison.other)
    )
    return [
        shorten(printable(comparison.attack.recipe), _MAX_RECIPE_WIDTH),
        f"{row}\nminus {other}",
        "broken in both\nsame number of words changed",
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
    what = (
        "the least similar changed part (15 to 29 words)" if report.by_stretch else "the whole text"
    )
    explanation = (
        f"Similarity: angular similarity between {what} before and after the attack. Differences "
        "are means over the examples, with 95% bootstrap intervals. Negative: the texts of the "
        "first row are less similar to their originals. The scales of the encoders differ: compare "
        "a difference with the encoder's standard deviation (SD), over all measured similarities."
    )
    notes = [
        f"{encoder.name}: {encoder.source}; SD {_unsigned(report.spread[encoder.name])}"
        for encoder in report.encoders
    ]
    notes += [
        f"not compared (fewer than two rows): {attack.recipe} on {attack.dataset} "
        f"({attack.track} track)"
        for attack in report.not_compared
    ]
    return [*textwrap.wrap(explanation, _WIDTH), *map(printable, notes)]


def _unsigned(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.3f}"
