"""The plots of a run: what they draw, their files, and the command."""

from __future__ import annotations

import re
from importlib.metadata import version
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest

from robustbert.cli import main
from robustbert.reports import plot_files, read_plot_data
from robustbert.reports.plots.bar_plot import bar_figure
from robustbert.reports.plots.curve_plot import query_budget_figure, words_changed_figure
from robustbert.reports.plots.plot_data import PlotData
from robustbert.reports.plots.plot_style import bar_style, figure_bytes, line_style, marker_style
from robustbert.reports.plots.query_plot import query_success_figure
from tests.records.builders import add_cell, make_record
from tests.reports.plots.plotted_runs import NASTY, small_run, spending

ROOT = Path(__file__).parents[3]
KINDS = ("accuracy", "words-changed", "query-budget", "query-success")
FIGURES = (bar_figure, words_changed_figure, query_budget_figure, query_success_figure)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return small_run(tmp_path / "run")


def texts_of(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text"))]


def only_part(run: Path, **selection: str) -> PlotData:
    [part] = read_plot_data(run, **selection)
    return part


def test_bars_have_the_accuracies_and_a_missing_cell_is_not_zero(run):
    figure = bar_figure(only_part(run))
    [axes] = figure.axes
    # the order: clean, pwws, textfooler, worst case; a and b; b has no textfooler, so no worst case
    heights = [round(bar.get_height(), 6) for group in axes.containers for bar in group]
    assert heights == [90, 90, 30, 0, 60, 30]
    assert texts_of(figure).count("n/a") == 2
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        *("clean", "pwws", "textfooler"),
        "worst case",
    ]


def test_bars_have_intervals_marks_and_notes(run):
    figure = bar_figure(only_part(run))
    texts = texts_of(figure)
    assert {"§", "n/a", "a", "b"} <= set(texts)
    written = " ".join(texts)
    assert "rotten_tomatoes (test, n=10), unified track: accuracy with 95% intervals" in written
    assert "There is no worst case for b: textfooler was not run." in written
    assert "§ The query budget ran out for more than 10%" in written
    [axes] = figure.axes
    black = [lines for lines in axes.collections if lines.get_linewidth()[0] == 0.9]
    ends = [sorted(y for _, y in lines.get_segments()[0]) for lines in black]
    assert ends[3] == pytest.approx([0, 27.75], abs=0.01)  # Wilson: 0 of 10


@pytest.mark.parametrize("figure", [words_changed_figure, query_budget_figure])
def test_curves_begin_at_the_clean_accuracy_and_end_at_that_under_attack(run, figure):
    pwws, textfooler = figure(only_part(run)).axes
    ends = [
        [(line.get_ydata()[0], line.get_ydata()[-1]) for line in panel.lines[::2]]
        for panel in (pwws, textfooler)
    ]
    assert ends == [[(90, 30), (90, 0)], [(90, 60)]]


def test_curves_fall_where_examples_are_broken(run):
    [panel, _] = words_changed_figure(only_part(run)).axes
    line = panel.lines[0]
    assert line.get_xdata() == pytest.approx([0, *(n / 20 for n in range(1, 7)), 0.5])
    assert line.get_ydata() == pytest.approx([90, 80, 70, 60, 50, 40, 30, 30])
    assert line.get_drawstyle() == "steps-post"
    [panel, _] = query_budget_figure(only_part(run)).axes
    assert panel.get_xscale() == "log"
    assert panel.lines[0].get_xdata() == pytest.approx([10, 20, 30, 40, 50, 60, 70, 115])


def test_points_have_the_mean_queries_and_the_success_rate(run):
    figure = query_success_figure(only_part(run))
    points = [
        [(line.get_xdata()[0], round(line.get_ydata()[0], 6)) for line in panel.lines]
        for panel in figure.axes
    ]
    # 9 examples were attacked, with 20, 30, …, 100 queries
    assert points == [[(60, 66.666667), (60, 33.333333)], [(60, 100)]]
    assert "Not run: textfooler for b." in texts_of(figure)


def test_queries_of_protocol_revision_1_are_named(run):
    outcomes = spending(1, 2)
    protocol = make_record(outcomes).protocol.model_copy(update={"revision": 1})
    add_cell(run, outcomes, model="old", recipe="pwws", protocol=protocol)
    for figure in (query_budget_figure, query_success_figure):
        written = " ".join(texts_of(figure(only_part(run))))
        assert "Queries of old are TextAttack's own count (protocol revision 1)" in written
    assert "own count" not in " ".join(texts_of(words_changed_figure(only_part(run))))


def test_other_numbers_of_examples_are_in_the_titles(run):
    add_cell(run, spending(2, 1), model="a", recipe="iga")
    assert only_part(run).recipe_titles() == ["pwws", "textfooler", "iga (n=4)"]
    add_cell(run, spending(2, 2), model="b", model_sha256="c" * 64, recipe="iga")
    assert only_part(run).recipe_titles()[-1] == "iga (n=4 to 5)"


def test_replicates_are_one_row_with_a_deviation(tmp_path):
    run = tmp_path / "run"
    for seed, broken in enumerate((2, 4)):
        add_cell(
            run,
            spending(broken, 9 - broken),
            training={"epochs": 1},
            training_seed=seed,
            model_sha256=f"{seed}" * 64,
        )
    part = only_part(run)
    figures = [figure(part) for figure in FIGURES]
    assert len(part.group.rows) == 1
    assert "standard deviation over training seeds" in " ".join(texts_of(figures[0]))
    bar = figures[0].axes[0].containers[1][0]
    assert bar.get_height() == pytest.approx(60)  # 70% and 50%
    assert figures[1].axes[0].lines[0].get_ydata()[-1] == pytest.approx(60)
    assert not figures[1].axes[0].collections, "no band: the seeds share their examples"


def test_files_are_always_the_same_and_show_names_literally(tmp_path):
    run = tmp_path / "run"
    add_cell(run, spending(2, 2), model=NASTY, recipe=NASTY, dataset=NASTY)
    parts = read_plot_data(run)
    files = plot_files(parts)
    assert files == plot_files(parts)
    assert len(files) == 2 * len(KINDS)
    for name, content in files.items():
        assert re.fullmatch(r"[a-z0-9_.-]+", name)
        if name.endswith(".png"):
            assert content.startswith(b"\x89PNG")
            continue
        elements = list(ElementTree.fromstring(content).iter())
        written = " ".join(element.text or "" for element in elements)
        assert r"_<b>$x_1$& \x1b[31m\u202e漢 | **" in written, "neither markup nor a formula"
        assert "2026-" not in written.replace("2026-11-24", ""), "no time of writing"
        assert not any(element.tag.endswith(("script", "foreignObject")) for element in elements)


def test_long_names_stay_different_and_inside(tmp_path):
    run = tmp_path / "run"
    for number in range(2):
        name = f"models/{'x' * 40}{number}{'y' * 40}"
        add_cell(run, spending(2, 2), model=name, model_sha256=f"{number}" * 64, recipe="pwws")
    labels = only_part(run).labels
    assert len(set(labels)) == 2
    assert max(map(len, labels)) <= 43


@pytest.mark.parametrize(("rows", "recipes"), [(1, 1), (12, 14)])
def test_everything_is_inside_the_figure(tmp_path, rows, recipes):
    run = tmp_path / "run"
    for row, recipe in product(range(rows), range(recipes)):
        outcomes = spending(1 + (row + recipe) % 3, 3)
        add_cell(
            run,
            outcomes,
            model=f"a-model-with-a-name-{row}",
            model_sha256=f"{row:064x}",
            recipe=f"a-recipe-{recipe}" if recipe else "pwws",
        )
    part = only_part(run)
    for draw in FIGURES:
        drawn = []

        def keep(draw=draw, drawn=drawn):
            drawn.append(draw(part))
            return drawn[0]

        figure_bytes(keep, "a title", "svg")
        [figure] = drawn
        box = figure.get_tightbbox()
        assert box.x0 >= 0, draw
        assert box.y0 >= 0, draw
        assert box.x1 <= figure.get_figwidth(), draw
        assert box.y1 <= figure.get_figheight(), draw
        assert figure.get_figwidth() < 8.3, draw


def test_items_differ_without_colour():
    assert len({bar_style(number)["hatch"] for number in range(14)}) == 14
    assert len({marker_style(number)["marker"] for number in range(14)}) == 14
    pairs = {(line_style(i)["color"], line_style(i)["linestyle"]) for i in range(14)}
    assert len(pairs) == 14


def test_a_selection(run):
    part = only_part(run, recipe="pwws")
    assert part.recipes == ["pwws"]
    assert not part.has_worst_case
    assert "worst case" not in texts_of(bar_figure(part))
    assert only_part(run, model="b").labels == ["b"]
    add_cell(run, spending(5, 4), model="b", defense="adv", recipe="pwws")
    assert only_part(run, model="b").labels == ["b"]
    assert only_part(run, model="b + adv").labels == ["b + adv"]
    assert [part.labels for part in read_plot_data(run)] == [["a", "b", "b + adv"]]


def test_the_command_writes_the_files_and_lists_them(run, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["plot", "run", "--format", "svg"]) == 0
    names = [f"rotten_tomatoes--test--unified--{kind}.svg" for kind in KINDS]
    assert capsys.readouterr().out.splitlines() == [str(Path("plots") / name) for name in names]
    assert sorted(path.name for path in Path("plots").iterdir()) == sorted(names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--format", "svg,pdf"], "'pdf' is not a format of plots; choose svg and png"),
        (["run", "--dataset", "x"], "no cell with the dataset 'x'; it has rotten_tomatoes"),
        (["run", "--model", "x"], "no cell with the row 'x'; it has a and b"),
        (["run", "--recipe", "x"], "no cell with the recipe 'x'; it has pwws and textfooler"),
        (["run", "--recipe", "textfooler", "--model", "b"], "the row 'b'; it has a"),
        (["run", "--out", "a-file"], "--out: a-file is a file; give a folder"),
        (["run", "--out", "a-file/plots"], "cannot write"),
        (["run", "--out", "run/records"], "is an input"),
        (["empty"], "empty is not a run folder: it has no records"),
        (["nowhere"], "nowhere is not a run folder: it has no records"),
    ],
)
def test_bad_input_is_one_line(run, tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("a-file").write_text("mine")
    assert main(["plot", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("plots").exists()
    assert Path("a-file").read_text() == "mine"


def test_a_cell_without_outcomes_is_an_error(run, capsys):
    next((run / "outcomes").iterdir()).unlink()
    assert main(["plot", str(run)]) == 2
    assert "has no outcomes of" in capsys.readouterr().err


def test_the_picture_of_the_documentation_is_that_of_the_committed_results():
    pinned = re.search(r"^matplotlib==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    part = next(
        part
        for part in read_plot_data(ROOT / "results" / "rotten_tomatoes")
        if part.group.track == "unified"
    )
    picture = ROOT / "docs" / "plots" / "rotten_tomatoes--test--unified--accuracy.svg"
    drawn = figure_bytes(lambda: bar_figure(part), f"{part.heading}: accuracy", "svg")
    if version("matplotlib") == pinned.group(1):
        assert picture.read_bytes() == drawn
    else:
        assert texts_in(picture.read_bytes()) == texts_in(drawn)


def texts_in(svg: bytes) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter()]
