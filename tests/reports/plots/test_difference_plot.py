"""The plot of differences from a common row."""

from __future__ import annotations

import pytest

from robustbert.metrics import bootstrap_of_counts
from robustbert.reports.plots.difference_plot import (
    DifferencePanel,
    DifferenceRow,
    difference_figure,
)
from robustbert.reports.plots.plot_style import figure_bytes

BETTER, WORSE = bootstrap_of_counts(30, 2, 100, 0), bootstrap_of_counts(2, 5, 100, 0)
PANELS = (
    DifferencePanel(
        "first, n=100",
        (
            DifferenceRow("a $x$ row", (BETTER, WORSE), (True, False)),
            DifferenceRow("another", (WORSE, None), (False, False)),
        ),
    ),
    DifferencePanel("second, n=50", (DifferenceRow("another", (BETTER, BETTER), (True, True)),)),
)


def figure():
    return difference_figure("Differences", ("worst case", "clean"), PANELS, ["A note."])


def markers(axes):
    """The x, the y and whether it is filled of each marker."""
    return [
        (*(round(float(values[0]), 2) for values in line.get_data()), filled)
        for line in axes.lines
        if line.get_marker() not in ("None", None)
        for filled in [line.get_markerfacecolor() != "white"]
    ]


def test_points_are_differences_and_filled_if_significant():
    first, second = figure().axes
    assert markers(first) == [(28.0, -0.15, True), (-3.0, 0.15, False), (-3.0, 0.85, False)]
    # the second panel lacks the first row
    assert markers(second) == [(28.0, 0.85, True), (28.0, 1.15, True)]


def test_lines_are_intervals():
    first, _ = figure().axes
    segments = [list(one.get_segments()[0][:, 0]) for one in first.collections]
    assert segments[0] == pytest.approx([100 * BETTER.low, 100 * BETTER.high])
    assert segments[1] == pytest.approx([100 * WORSE.low, 100 * WORSE.high])
    low, high = first.get_xlim()
    assert -low == high > 100 * BETTER.high


def test_missing_differences_are_no_zeros():
    first, second = figure().axes
    assert [text.get_text() for text in first.texts] == [" n/a"]
    assert [text.get_text() for text in second.texts] == [" n/a", " n/a"]


def test_labels_title_and_notes_are_shown():
    drawn = figure_bytes(figure, "Differences", "svg").decode()
    assert all(f">{text}<" in drawn for text in ("a $x$ row", "another", "A note.", "worst case"))
    assert drawn.count(">another<") == 1
    assert "first, n=100" in drawn


def test_the_same_differences_give_the_same_bytes():
    assert figure_bytes(figure, "x", "png") == figure_bytes(figure, "x", "png")
