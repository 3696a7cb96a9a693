"""Format a :class:`~robustbert.reports.leaderboard.Table` for the terminal and as Markdown."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Sequence

from robustbert.metrics import MeanStd
from robustbert.reports.escape import markdown, printable, shorten
from robustbert.reports.leaderboard import Group, Table
from robustbert.reports.table_rows import Mean, Proportion, Row

_MISSING = "n/a"
_MAX_LABEL_WIDTH = 40
_COLUMN_GAP = 2
_LONG_HEADERS = frozenset({"clean accuracy", "worst case", "words changed"})
_HEADER_PADDING = 2  # tabulate makes columns at least this much wider than their headers


def render_text(table: Table, width: int = 140) -> str:
    """Format a table for the terminal: heading, caption, rows and notes of each group.

    Columns that exceed the width wrap into further blocks; each block repeats the model column.

    Args:
        table: the result of :func:`~robustbert.reports.leaderboard.leaderboard_table`.
        width: of the terminal, in characters. A single column may be wider.
    """
    return "\n".join(_text_group(group, width) for group in table.groups)


def render_markdown(table: Table) -> str:
    """Format a table as GitHub-flavored Markdown; names are escaped and shown literally."""
    return "\n".join(_markdown_group(group) for group in table.groups)


def _text_group(group: Group, width: int) -> str:
    from tabulate import tabulate

    header, *rows = _cells(group, _terminal_labels(group), _short(group.recipes))
    header = [name.replace(" ", "\n") if name in _LONG_HEADERS else name for name in header]
    blocks = [
        tabulate(
            [[row[column] for column in columns] for row in rows],
            headers=[header[column] for column in columns],
            tablefmt="simple",
            disable_numparse=True,
            colalign=("left", *("right" for _ in columns[1:])),
        )
        for columns in _column_blocks(header, rows, width)
    ]
    lines = [printable(_heading(group)), textwrap.fill(printable(group.caption), width)]
    lines += ["", "\n\n".join(blocks)]
    if group.notes:
        lines += ["", *(_note(note, width) for note in group.notes)]
    return "\n".join(lines) + "\n"


def _markdown_group(group: Group) -> str:
    labels = [markdown(_marked(row.label, row.marks)) for row in group.rows]
    header, *rows = _cells(group, labels, [markdown(recipe) for recipe in group.recipes])
    ruler = ["---", *("---:" for _ in header[1:])]
    lines = [f"### {markdown(_heading(group))}", "", markdown(group.caption), ""]
    lines += [f"| {' | '.join(row)} |" for row in (header, ruler, *rows)]
    if group.notes:
        lines += ["", *(f"- {markdown(note)}" for note in group.notes)]
    return "\n".join(lines) + "\n"


def _heading(group: Group) -> str:
    return (
        f"{group.dataset} ({group.split}, n={group.n}), {group.track} track: "
        "accuracy in %, 95% intervals"
    )


def _cells(group: Group, labels: Sequence[str], recipes: Sequence[str]) -> list[list[str]]:
    """Header and rows as strings, given labels and recipe names that are already escaped.

    Core recipes come first, then the aggregates over them, then the other recipes.
    """
    split = len(group.core)
    aggregates = ["worst case", "queries", "words changed"] if group.core else []
    header = ["model", "clean accuracy", *recipes[:split], *aggregates, *recipes[split:]]
    rows = [[label, *_row_cells(group, row)] for label, row in zip(labels, group.rows, strict=True)]
    return [header, *rows]


def _row_cells(group: Group, row: Row) -> list[str]:
    def accuracy_under(recipe: str) -> str:
        cell = _percent(row.accuracy_under(recipe), row.num_examples(recipe), group.n)
        return _marked(cell, row.recipe_marks(recipe))

    aggregates = [
        _marked(_percent(row.worst_case, row.n, group.n), row.worst_case_marks(group.core)),
        _mean(row.queries, 1, ""),
        _mean(row.words_changed, 100, "%"),
    ]
    return [
        _percent(row.clean, row.n, group.n),
        *map(accuracy_under, group.core),
        *(aggregates if group.core else []),
        *map(accuracy_under, group.others),
    ]


def _percent(number: Proportion | None, n: int | None, common_n: int) -> str:
    """A proportion in percent, followed by ``(n=...)`` if ``n`` differs from ``common_n``."""
    suffix = "" if n == common_n else f" (n={n})"
    if isinstance(number, MeanStd):
        return f"{100 * number.mean:.1f} {_deviation(number, 100)}{suffix}"
    if number is None or number.value is None or number.low is None or number.high is None:
        return _MISSING
    return f"{100 * number.value:.1f} [{100 * number.low:.1f}, {100 * number.high:.1f}]{suffix}"


def _mean(mean: Mean | None, scale: int, unit: str) -> str:
    if mean is None:
        return _MISSING
    if isinstance(mean, MeanStd):
        return f"{scale * mean.mean:.1f}{unit} {_deviation(mean, scale)}"
    return f"{scale * mean:.1f}{unit}"


def _deviation(mean: MeanStd, scale: int) -> str:
    deviation = _MISSING if mean.std is None else f"{scale * mean.std:.1f}"
    return f"± {deviation} (n={mean.n} {'seed' if mean.n == 1 else 'seeds'})"


def _marked(text: str, marks: str) -> str:
    return f"{text} {marks}" if marks else text


def _terminal_labels(group: Group) -> list[str]:
    """Unique row labels for the terminal; defenses and qualifiers go on extra lines."""
    labels = [_label_lines(row, shorten) for row in group.rows]
    duplicates = {label for label, times in Counter(labels).items() if times > 1}
    return [
        _label_lines(row, _wrapped) if label in duplicates else label
        for row, label in zip(group.rows, labels, strict=True)
    ]


def _label_lines(row: Row, fit: Callable[[str, int], str]) -> str:
    label = "\n+ ".join(fit(printable(part), _MAX_LABEL_WIDTH) for part in row.name.split(" + "))
    if row.qualifier:
        label += "\n" + _wrapped(printable(f"[{row.qualifier}]"), _MAX_LABEL_WIDTH)
    return _marked(label, row.marks)


def _short(names: Sequence[str]) -> list[str]:
    """Names for the terminal, shortened unless this makes different names equal."""
    full = [printable(name) for name in names]
    short = [shorten(name, _MAX_LABEL_WIDTH) for name in full]
    return short if len(set(short)) == len(set(full)) else full


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width)) or text


def _note(note: str, width: int) -> str:
    return textwrap.fill(
        printable(note),
        width,
        initial_indent="  ",
        subsequent_indent="    ",
        break_on_hyphens=False,
    )


def _column_blocks(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> list[list[int]]:
    """Split columns into blocks of at most ``width`` characters, each starting with column 0."""

    def cell_width(cell: str) -> int:
        return max(map(len, cell.split("\n")))

    columns = zip(header, *rows, strict=True)
    widths = [
        max(cell_width(name) + _HEADER_PADDING, *map(cell_width, cells)) + _COLUMN_GAP
        for name, *cells in columns
    ]
    blocks: list[list[int]] = [[0]]
    for column in range(1, len(widths)):
        used = sum(widths[i] for i in blocks[-1]) - _COLUMN_GAP
        if len(blocks[-1]) > 1 and used + widths[column] > width:
            blocks.append([0])
        blocks[-1].append(column)
    return blocks
