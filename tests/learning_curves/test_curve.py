"""Curves whose trainings and attacks are a formula: points, folders, tables and plots."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from statsmodels.stats.proportion import proportion_confint

from robustbert.assets import using_profile
from robustbert.errors import InputError, OutputError, RecordError
from robustbert.io import file_lock
from robustbert.learning_curves import CurveOptions, read_curve
from robustbert.learning_curves.curve_figure import curve_figure
from robustbert.learning_curves.curve_options import GridPoint
from robustbert.learning_curves.curve_rows import curve_rows
from robustbert.learning_curves.curve_run import CURVE_FILE
from robustbert.learning_curves.curve_table import markdown_curve, render_curve
from robustbert.reports.plots.plot_style import figure_bytes
from tests.hostile import HOSTILE
from tests.learning_curves.conftest import MadeMeasure, made_curve, made_point, with_errors

SMALL = {"sizes": (0.5, 1.0), "noises": (0.0, 0.2), "seeds": (0, 1)}


def test_sizes_have_the_lowest_noise_and_noises_the_largest_size():
    options = {"sizes": (1.0, 0.25), "noises": (0.2, 0.0, 0.1), "seeds": (4, 2)}
    pairs = [(0.25, 0.0), (1.0, 0.0), (1.0, 0.1), (1.0, 0.2)]
    grid = CurveOptions(**options).grid()
    assert grid == tuple(GridPoint(*pair, seed) for seed in (4, 2) for pair in pairs)
    full = CurveOptions(**options, full_grid=True).grid()
    assert {(p.size, p.noise) for p in full} == {(s, n) for s in (0.25, 1.0) for n in (0, 0.1, 0.2)}


def test_an_interrupted_curve_is_resumed_point_by_point(measured, tmp_path):
    whole = MadeMeasure()
    expected = measured("whole", whole, **SMALL)
    with pytest.raises(KeyboardInterrupt):
        measured("resumed", MadeMeasure(interrupt_at=4), **SMALL)
    assert len(read_curve(tmp_path / "resumed" / CURVE_FILE).points) == 4
    rest, none = MadeMeasure(), MadeMeasure()
    assert measured("resumed", rest, **SMALL).points == expected.points
    assert rest.calls == whole.calls[4:]
    assert measured("resumed", none, **SMALL).points == expected.points
    assert none.calls == []


def test_a_curve_with_other_assets_is_not_resumed(measured):
    measured("out", MadeMeasure(), **SMALL)
    with using_profile("canonical"), pytest.raises(InputError, match="assets is null there"):
        measured("out", MadeMeasure(), **SMALL)


def test_points_with_failed_attacks_are_measured_again(measured):
    first, again = MadeMeasure(), MadeMeasure()
    failed = measured("out", lambda place: with_errors(first(place), int(place.seed == 1)), **SMALL)
    assert sum(point.errors for point in failed.points) == 3
    curve = measured("out", again, **SMALL)
    assert again.calls == first.calls[3:]
    assert sum(point.errors for point in curve.points) == 0
    assert [point.place for point in curve.points] == [point.place for point in failed.points]


def test_other_sizes_noises_and_seeds_add_points(measured, tmp_path):
    measured("out", **SMALL)
    more = MadeMeasure()
    curve = measured("out", more, sizes=(0.25, 1.0), noises=(0.0,), seeds=(1, 2))
    assert more.calls == [GridPoint(0.25, 0.0, 1), GridPoint(0.25, 0.0, 2), GridPoint(1.0, 0.0, 2)]
    assert len(curve.points) == 9
    assert read_curve(tmp_path / "out" / CURVE_FILE) == curve
    assert "The rows have 2 to 3 seeds" in render_curve(curve, 100)


def test_another_configuration_is_refused(measured):
    measured("out", **SMALL)
    for options, message in (
        ({"recipes": ("pwws",)}, 'recipes is ["deepwordbug", "pwws"] there, but ["pwws"] here'),
        ({"num_examples": 7}, "attacked examples is"),
        ({"split": "validation"}, "split is test there, but validation here"),
        ({"training": {"epochs": 3}}, "training is"),
    ):
        with pytest.raises(InputError, match="of another configuration") as error:
            measured("out", **SMALL | options)
        assert message in str(error.value)


def test_damaged_and_busy_folders_are_refused(measured, tmp_path):
    measured("out", **SMALL)
    path = tmp_path / "out" / CURVE_FILE
    text = path.read_text()
    for damaged, message in (
        (text[:-9], "not JSON in UTF-8"),
        (text.replace('"curve_version": 1', '"curve_version": 2'), "upgrade robustbert"),
        (text.replace('"noise": 0.2', '"noise": 1.2'), "noise"),
        (text.replace('"seed": 1', '"seed": 0'), "a point occurs twice"),
    ):
        path.write_text(damaged)
        with pytest.raises(RecordError, match=message):
            measured("out", **SMALL)
    with (
        file_lock(tmp_path / "busy" / ".lock", place="", advice=""),
        pytest.raises(OutputError, match="another command is writing to"),
    ):
        measured("busy", **SMALL)


@pytest.fixture
def curve():
    """Accuracies of 20 examples with two seeds; the first row has 9 and 12 correct ones."""
    places = [GridPoint(s, n, k) for k in (0, 1) for s, n in ((0.5, 0.0), (1.0, 0.0), (1.0, 0.2))]
    clean = [9, 15, 12, 12, 15, 12]
    points = [
        made_point(place, k, k - 5, k - 6, worst=k - 8)
        for place, k in zip(places, clean, strict=True)
    ]
    return made_curve(points)


def test_rows_have_means_ranges_and_intervals_over_examples(curve):
    first, second, noisy = curve_rows(curve)
    found = first.accuracies["clean"]
    assert (found.mean, found.least, found.greatest) == (10.5 / 20, 0.45, 0.6)
    expected = proportion_confint(10.5, 20, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected)
    assert first.accuracies["worst case"].mean == pytest.approx(2.5 / 20)
    assert (second.num_examples, second.num_changed) == (1000, 0)
    assert (noisy.num_examples, noisy.num_changed) == (1000, 200)


def test_tables_show_the_rows(curve):
    text = " ".join(render_curve(curve, 120).split())
    low, high = proportion_confint(10.5, 20, method="wilson")
    assert f"500 (50%) 52.5 [{100 * low:.1f}, {100 * high:.1f}]" in text
    assert "(45.0 to 60.0)" in text
    assert "200 wrong (20%)" in text
    table = markdown_curve(curve).splitlines()
    assert table[0].count("worst case") == 1
    assert table[2].startswith("| 50% | 500 | 0% | 0 | 52.5 [")
    assert table[4].startswith("| 100% | 1,000 | 20% | 200 | 60.0 [")
    assert any("Clean accuracy is that on all 20 test examples" in line for line in table)
    one = curve.model_copy(update={"points": curve.points[:3]})
    assert "over seeds" not in markdown_curve(one)


def svg_texts(figure) -> set[str]:
    content = figure_bytes(lambda: figure, "curve", "svg")
    return {
        "".join(e.itertext()) for e in ElementTree.fromstring(content).iter() if "text" in e.tag
    }


def test_the_plot_has_a_panel_per_varied_property(curve):
    figure = curve_figure(curve)
    texts = svg_texts(figure)
    assert {"by training size", "by label noise", "500", "1,000", "20"} <= texts
    assert {"clean", "deepwordbug", "pwws", "worst case"} <= texts
    assert [axes.get_xscale() for axes in figure.axes] == ["log", "linear"]
    sizes = curve.model_copy(update={"points": [p for p in curve.points if p.noise == 0]})
    assert [axes.get_title(loc="left") for axes in curve_figure(sizes).axes] == ["by training size"]


def test_names_are_data(curve):
    for text in HOSTILE.values():
        hostile = curve.model_copy(update={"dataset": text, "model": text})
        shown = render_curve(hostile, 100)
        assert all(line.isprintable() for line in shown.split("\n"))
    content = figure_bytes(lambda: curve_figure(hostile), text, "svg")
    assert not re.search(rb"<script|<b>", content)
