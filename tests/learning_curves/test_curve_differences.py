"""Differences between the rows of a curve, against counting by hand."""

from __future__ import annotations

import pytest

from robustbert.errors import RecordError
from robustbert.learning_curves import read_curve
from robustbert.learning_curves.curve_differences import compared_rows, reference_row
from robustbert.learning_curves.curve_options import GridPoint
from robustbert.learning_curves.curve_table import markdown_curve
from robustbert.metrics import difference_over_seeds, holm
from robustbert.records.strict_json import encode
from tests.learning_curves.conftest import made_curve, made_point

PLACES = ((1.0, 0.0), (0.5, 0.0), (1.0, 0.2))
#: The correct examples, and those that survive each recipe, of each place.
NUMBERS = ((18, 12, 9), (12, 8, 4), (17, 12, 9))


@pytest.fixture
def curve():
    return made_curve(
        [
            made_point(GridPoint(size, noise, seed), clean + seed, *attacked, worst=min(attacked))
            for (size, noise), (clean, *attacked) in zip(PLACES, NUMBERS, strict=True)
            for seed in (0, 1)
        ]
    )


def right(number: int) -> dict[str, bool]:
    return {str(place): place < number for place in range(20)}


def test_rows_are_compared_with_the_most_and_cleanest_data(curve):
    reference = reference_row(curve)
    assert (reference.size, reference.noise) == (1.0, 0.0)
    compared = compared_rows(curve)
    assert [(one.row.size, one.row.noise) for one in compared] == [(0.5, 0.0), (1.0, 0.2)]
    base = [right(18), right(19)]
    clean = [
        difference_over_seeds([right(number), right(number + 1)], base, 0) for number in (12, 17)
    ]
    adjusted = holm([one.p_value for one in clean])
    for one, difference, p_value in zip(compared, clean, adjusted, strict=True):
        assert one.differences["clean"].difference == difference
        assert one.differences["clean"].adjusted_p == p_value
    # the examples that survive both recipes are those that survive the second
    assert compared[0].differences["worst case"].difference.difference.value == pytest.approx(-0.25)
    assert compared[1].differences["worst case"].difference.difference.value == 0


def test_the_differences_are_in_the_document(curve):
    text = markdown_curve(curve)
    assert "Minus the row with 1,000 examples and 0% noise" in text
    assert "| 50% | 500 | 0% | 0 | -30.0 [" in text
    alone = made_curve([point for point in curve.points if point.place[:2] == (1.0, 0.0)])
    assert "Minus the row" not in markdown_curve(alone)


def test_accuracies_are_those_of_the_examples(curve, tmp_path):
    path = tmp_path / "curve.json"
    path.write_bytes(encode(curve))
    assert read_curve(path) == curve
    path.write_bytes(path.read_bytes().replace(b"1" * 18 + b"0" * 2, b"1" * 17 + b"0" * 3))
    with pytest.raises(RecordError, match="other accuracies than its examples"):
        read_curve(path)
