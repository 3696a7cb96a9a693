"""All plots of a run as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from robustbert.errors import InputError
from robustbert.progress import progress_bar
from robustbert.records.names import file_name_part
from robustbert.reports.plots.bar_plot import bar_figure
from robustbert.reports.plots.curve_plot import query_budget_figure, words_changed_figure
from robustbert.reports.plots.plot_data import PlotData
from robustbert.reports.plots.plot_style import FORMATS, figure_bytes
from robustbert.reports.plots.query_plot import query_success_figure
from robustbert.reports.wording import listed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FIGURES: MappingProxyType[str, Callable[[PlotData], Figure]] = MappingProxyType(
    {
        "accuracy": bar_figure,
        "words-changed": words_changed_figure,
        "query-budget": query_budget_figure,
        "query-success": query_success_figure,
    }
)


def plot_names(parts: Sequence[PlotData], formats: Sequence[str]) -> list[str]:
    """The names of the files of :func:`plot_files`, in their order.

    Raises:
        InputError: a format is unknown.
    """
    return [
        f"{_stem(data)}--{kind}.{suffix}"
        for data in parts
        for kind in _FIGURES
        for suffix in _checked(formats)
    ]


def plot_files(parts: Sequence[PlotData], formats: Sequence[str] = FORMATS) -> dict[str, bytes]:
    """Draw the plots of a run: four figures per dataset, split and track, in each format.

    Args:
        parts: the result of :func:`~robustbert.reports.plots.plot_data.read_plot_data`.
        formats: ``svg`` and ``png``, or one of them.

    Returns:
        The content of each file, keyed by its name. The same input and version of matplotlib give
        the same bytes.

    Raises:
        InputError: a format is unknown.
    """
    files: dict[str, bytes] = {}
    names = plot_names(parts, formats)
    with progress_bar(len(names), "drawing plots", "file") as bar:
        for data in parts:
            for kind, figure in _FIGURES.items():
                for suffix in dict.fromkeys(formats):
                    title = f"{data.heading}: {kind}"
                    content = figure_bytes(lambda: figure(data), title, suffix)  # noqa: B023
                    files[f"{_stem(data)}--{kind}.{suffix}"] = content
                    bar.update()
    return files


def _checked(formats: Sequence[str]) -> list[str]:
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"{name!r} is not a format of plots; choose {listed(FORMATS)}")
    return list(dict.fromkeys(formats))


def _stem(data: PlotData) -> str:
    group = data.group
    return "--".join(map(file_name_part, (group.dataset, group.split, group.track)))
