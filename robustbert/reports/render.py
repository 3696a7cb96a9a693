"""A :class:`~robustbert.reports.table.Table` for a terminal, as Markdown, and as CSV."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Callable, Sequence

from robustbert.records import Metric
from robustbert.reports.escape import markdown, printable, shorten, spreadsheet
from robustbert.reports.table import Group, Row, Table

_MISSING = "n/a"
_LONGEST_LABEL = 40
_GAP = 2
_LONG_HEADERS = frozenset({"clean accuracy", "worst case", "words changed"})
_HEADER_PADDING = 2  # tabulate makes a column at least this much wider than its header


def render_text(table: Table, width: int = 140) -> str:
    """The table for a terminal: a heading, the rows and the notes of each group.

    Columns that do not fit side by side go below, each part with the models again.

    Args:
        table: what :func:`~robustbert.reports.table.leaderboard_table` gives.
        width: of the terminal, in characters. A single column may be wider.
    """
    return "\n".join(_text_group(group, width) for group in table.groups)


def render_markdown(table: Table) -> str:
    """The table as GitHub-flavoured Markdown; names are escaped, so that they show as they are."""
    return "\n".join(_markdown_group(group) for group in table.groups)


def to_csv(table: Table) -> str:
    """The table as CSV, a line a row: every metric as value, low, high and n, all unrounded.

    Proportions are between 0 and 1; what is missing is empty. Recipes that a group lacks are empty
    in its lines.
    """
    recipes = tuple(dict.fromkeys(name for group in table.groups for name in group.recipes))
    metrics = ["clean_accuracy", *map(spreadsheet, recipes), "worst_case"]
    header = ["dataset", "split", "track", "model", "defense"]
    header += [f"{name}_{part}" for name in metrics for part in ("value", "low", "high", "n")]
    header += ["queries_mean", "words_changed_share", "batch_invariance"]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    for group in table.groups:
        writer.writerows(_csv_row(group, row, recipes) for row in group.rows)
    return file.getvalue()


def _text_group(group: Group, width: int) -> str:
    from tabulate import tabulate

    header, *rows = _cells(group, _folded)
    header = [name.replace(" ", "\n") if name in _LONG_HEADERS else name for name in header]
    parts = [
        tabulate(
            [[row[column] for column in columns] for row in rows],
            headers=[header[column] for column in columns],
            tablefmt="simple",
            disable_numparse=True,
            colalign=("left", *("right" for _ in columns[1:])),
        )
        for columns in _side_by_side(header, rows, width)
    ]
    lines = [printable(_heading(group)), "", "\n\n".join(parts)]
    if group.notes:
        lines += ["", *(_note(note, width) for note in group.notes)]
    return "\n".join(lines) + "\n"


def _markdown_group(group: Group) -> str:
    header, *rows = _cells(group, markdown)
    ruler = ["---", *("---:" for _ in header[1:])]
    lines = [f"### {markdown(_heading(group))}", ""]
    lines += [f"| {' | '.join(row)} |" for row in (header, ruler, *rows)]
    if group.notes:
        lines += ["", *(f"- {markdown(note)}" for note in group.notes)]
    return "\n".join(lines) + "\n"


def _heading(group: Group) -> str:
    return (
        f"{group.dataset} ({group.split}, n={group.n}), {group.track} track: "
        "accuracy in %, 95% intervals"
    )


def _cells(group: Group, show: Callable[[str], str]) -> list[list[str]]:
    """Header and rows as strings; ``show`` makes names fit for where they go."""
    header = ["model", "clean accuracy", *map(show, group.recipes), "worst case", "queries"]
    return [[*header, "words changed"], *(_row_cells(group, row, show) for row in group.rows)]


def _row_cells(group: Group, row: Row, show: Callable[[str], str]) -> list[str]:
    return [
        show(row.label),
        *(_percent(metric, group.n) for metric in (row.clean, *row.recipes, row.worst_case)),
        _MISSING if row.queries is None else f"{row.queries:.1f}",
        _MISSING if row.words_changed is None else f"{100 * row.words_changed:.1f}%",
    ]


def _percent(metric: Metric | None, usual_n: int) -> str:
    if metric is None or metric.value is None or metric.low is None or metric.high is None:
        return _MISSING
    number = f"{100 * metric.value:.1f} [{100 * metric.low:.1f}, {100 * metric.high:.1f}]"
    return number if metric.n == usual_n else f"{number} (n={metric.n})"


def _folded(name: str) -> str:
    """A name for the terminal, a defense on the line below its model."""
    parts = name.rsplit(" + ", 1)
    return "\n+ ".join(shorten(printable(part), _LONGEST_LABEL) for part in parts)


def _note(note: str, width: int) -> str:
    return textwrap.fill(
        printable(note),
        width,
        initial_indent="  ",
        subsequent_indent="    ",
        break_on_hyphens=False,
    )


def _side_by_side(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> list[list[int]]:
    """Which columns stand together: each part begins with column 0 and is at most ``width``."""

    def wide(cell: str) -> int:
        return max(map(len, cell.split("\n")))

    columns = zip(header, *rows, strict=True)
    widths = [
        max(wide(name) + _HEADER_PADDING, *map(wide, cells)) + _GAP for name, *cells in columns
    ]
    parts: list[list[int]] = [[0]]
    for column in range(1, len(widths)):
        used = sum(widths[i] for i in parts[-1]) - _GAP
        if len(parts[-1]) > 1 and used + widths[column] > width:
            parts.append([0])
        parts[-1].append(column)
    return parts


def _csv_row(group: Group, row: Row, recipes: Sequence[str]) -> list[str | float | None]:
    by_recipe = dict(zip(group.recipes, row.recipes, strict=True))
    names = (group.dataset, group.split, group.track, row.model, row.defense or "")
    cells: list[str | float | None] = [spreadsheet(name) for name in names]
    for metric in (row.clean, *(by_recipe.get(recipe) for recipe in recipes), row.worst_case):
        if metric is None:
            cells += [None] * 4
        else:
            cells += [metric.value, metric.low, metric.high, metric.n]
    return [*cells, row.queries, row.words_changed, row.batch_invariance]
