"""A plot of the trials of a search: accuracy by trial, or one accuracy against the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from robustbert.reports.plots.plot_page import Frame, PlotPage, framed_page
from robustbert.reports.plots.plot_style import GRID, line_style, marker_style
from robustbert.reports.wording import listed
from robustbert.tuning.trial_result import TrialResult, TuneResult
from robustbert.tuning.tune_table import defaults_note

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# In inches.
_WIDTH, _HEIGHT, _LEFT, _TOP, _BELOW, _RIGHT = 5.4, 2.7, 0.6, 0.05, 0.45, 0.15
_LABELS = {"clean": "validation accuracy (%)", "attacked": "accuracy under attack (%)"}


def tuning_figure(result: TuneResult) -> Figure:
    """Draw the trials: a history for one accuracy, the Pareto front for two."""
    if len(result.options.metrics) > 1:
        return _front_figure(result)
    return _history_figure(result)


def _history_figure(result: TuneResult) -> Figure:
    """The accuracy of each trial, and the best one so far."""
    from matplotlib.ticker import MaxNLocator

    (metric,) = result.options.metrics
    complete = [trial for trial in result.complete if trial.value(metric) is not None]
    is_clean = metric == "clean"
    pruned = [t for t in result.trials if is_clean and t.status == "pruned" and t.evaluations]
    labels = ["complete", "best so far", *(["pruned, at its last evaluation"] if pruned else [])]

    def draw(page: PlotPage) -> None:
        axes = _axes(page, "trial", _LABELS[metric])
        numbers = [trial.number for trial in complete]
        values = [100 * value for trial in complete for value in trial.values([metric])]
        best = [max(values[: end + 1]) for end in range(len(values))]
        axes.plot(numbers, best, drawstyle="steps-post", **_style(1))
        axes.plot(numbers, values, **_style(0))
        axes.plot(
            [trial.number for trial in pruned],
            [100 * trial.evaluations[-1] for trial in pruned],
            **_style(2),
        )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    title = f"{result.dataset}: {_LABELS[metric].removesuffix(' (%)')} by trial"
    return framed_page(_frame(result, title, labels), draw, _sample([0, 1, 2]))


def _front_figure(result: TuneResult) -> Figure:
    """The accuracy under attack against the clean accuracy."""
    front = sorted(result.front, key=lambda trial: trial.values(["clean", "attacked"]))
    first = [trial for trial in result.complete if trial.number <= len(result.options.models)]

    def draw(page: PlotPage) -> None:
        axes = _axes(page, _LABELS["clean"], _LABELS["attacked"])
        for number, trials in ((1, front), (0, result.complete), (2, first)):
            axes.plot(*_percentages(trials), **_style(number))

    title = f"{result.dataset}: accuracy under attack against accuracy, on the validation split"
    labels = ["trial", "Pareto front", "default settings"]
    return framed_page(_frame(result, title, labels), draw, _sample([0, 1, 2]))


def _percentages(trials: Sequence[TrialResult]) -> tuple[list[float], list[float]]:
    pairs = [trial.values(["clean", "attacked"]) for trial in trials]
    return [100 * clean for clean, _ in pairs], [100 * attacked for _, attacked in pairs]


def _frame(result: TuneResult, title: str, labels: Sequence[str]) -> Frame:
    notes = [defaults_note(result)]
    counts = Counter(trial.status for trial in result.trials)
    hidden = [f"{counts['failed']} that failed"] if counts["failed"] else []
    if counts["pruned"] and result.options.attacks:
        hidden.append(f"{counts['pruned']} that were pruned before an attack")
    if hidden:
        notes.append(f"Not shown: {listed(hidden)}.")
    return Frame(title, labels, notes, _WIDTH, _HEIGHT)


def _axes(page: PlotPage, x: str, y: str) -> Axes:
    height = _HEIGHT - _TOP - _BELOW
    axes = page.axes(_LEFT, _TOP + height, _WIDTH - _LEFT - _RIGHT, height)
    axes.grid(color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel(x, fontsize=7.5, labelpad=2)
    axes.set_ylabel(y, fontsize=7.5, labelpad=3)
    return axes


def _style(number: int) -> Mapping[str, Any]:
    """Points for numbers 0 and 2, a line for number 1."""
    if number == 1:
        return line_style(1)
    return {**marker_style(number), "linestyle": "none"}


def _sample(numbers: Sequence[int]) -> Any:
    from matplotlib.lines import Line2D

    def sample(number: int, left: float, right: float, y: float, _height: float) -> object:
        style = _style(numbers[number])
        points = [left, right] if numbers[number] == 1 else [(left + right) / 2]
        return Line2D(points, [y] * len(points), **style)

    return sample
