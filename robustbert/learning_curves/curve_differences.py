"""What training size and label noise change: paired differences between rows of a curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustbert.learning_curves.curve_record import CLEAN, CurvePoint, LearningCurve
from robustbert.learning_curves.curve_rows import WORST_CASE, CurveRow, curve_rows
from robustbert.metrics import SeedDifference, difference_over_seeds, holm

_BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class RowDifference:
    """One accuracy of a row minus that of the reference row.

    Args:
        difference: over seeds and examples, with its p-value.
        adjusted_p: the p-value with Holm's correction over the rows.
    """

    difference: SeedDifference
    adjusted_p: float


@dataclass(frozen=True)
class ComparedRow:
    """A row beside the reference row.

    Args:
        row: the row.
        differences: its differences from the reference row, keyed by ``clean`` and ``worst case``;
            without attacks, by ``clean`` alone.
    """

    row: CurveRow
    differences: Mapping[str, RowDifference]


def reference_row(curve: LearningCurve) -> CurveRow:
    """The row with the lowest noise, and of these with the largest size."""
    return min(curve_rows(curve), key=lambda row: (row.noise, -row.size))


def compared_rows(curve: LearningCurve) -> list[ComparedRow]:
    """All other rows, compared with :func:`reference_row` on the same examples."""
    reference = reference_row(curve)
    others = [row for row in curve_rows(curve) if row != reference]
    names = [CLEAN, *([WORST_CASE] if curve.recipes else [])]
    found: list[dict[str, RowDifference]] = [{} for _ in others]
    for name in names:
        base = _right(curve, reference, name)
        differences = [
            difference_over_seeds(_right(curve, row, name), base, _BOOTSTRAP_SEED) for row in others
        ]
        adjusted = holm([one.p_value for one in differences])
        for of_row, difference, p_value in zip(found, differences, adjusted, strict=True):
            of_row[name] = RowDifference(difference, p_value)
    return [ComparedRow(row, one) for row, one in zip(others, found, strict=True)]


def _right(curve: LearningCurve, row: CurveRow, name: str) -> list[dict[str, bool]]:
    """For each seed of a row, which examples are right, keyed by their place."""
    points = [one for one in curve.points if (one.size, one.noise) == (row.size, row.noise)]
    return [
        {str(place): right for place, right in enumerate(_of_point(point, name, curve.recipes))}
        for point in points
    ]


def _of_point(point: CurvePoint, name: str, recipes: Sequence[str]) -> list[bool]:
    if name == CLEAN:
        return [digit == "1" for digit in point.right[CLEAN]]
    of_recipes = (point.right[recipe] for recipe in recipes)
    return [set(digits) == {"1"} for digits in zip(*of_recipes, strict=True)]
