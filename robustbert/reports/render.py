"""Format a :class:`~robustbert.reports.leaderboard.Table` for the terminal and as Markdown."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from robustbert.console import printable, wrapped
from robustbert.reports.escape import markdown, shorten
from robustbert.reports.table_cells import heading, marked, table_cells
from robustbert.reports.table_groups import Group, Groups
from robustbert.reports.table_rows import Row

_MAX_LABEL_WIDTH = 40
_COLUMN_GAP = 2
_LONG_HEADERS = frozenset({"clean accuracy", "worst case", "words changed"})
_HEADER_PADDING = 2  # tabulate makes columns at least this much wider than their headers


def render_text(table: Groups, width: int = 140) -> str:
    """Format a table for the terminal: heading, caption, rows and notes of each group.

    Columns that exceed the width wrap into further blocks; each block repeats the model column.

    Args:
        table: the result of :func:`~robustbert.reports.leaderboard.leaderboard_table`.
        width: of the terminal, in characters. A single column may be wider.
    """
    return "\n".join(_text_group(group, width) for group in table.groups)


def render_markdown(table: Groups) -> str:
    """Format a table as GitHub-flavored Markdown; names are escaped and shown literally."""
    return "\n".join(_markdown_group(group) for group in table.groups)


def _text_group(group: Group, width: int) -> str:
    header, *rows = table_cells(group, _terminal_labels(group), short_names(group.recipes))
    header = [name.replace(" ", "\n") if name in _LONG_HEADERS else name for name in header]
    lines = [printable(heading(group)), textwrap.fill(printable(group.caption), width)]
    lines += ["", text_table(header, rows, width)]
    if group.notes:
        lines += ["", *(wrapped(note, width, "  ", "    ") for note in group.notes)]
    return "\n".join(lines) + "\n"


def _markdown_group(group: Group) -> str:
    labels = [markdown(marked(row.label, row.marks)) for row in group.rows]
    header, *rows = table_cells(group, labels, [markdown(recipe) for recipe in group.recipes])
    ruler = ["---", *("---:" for _ in header[1:])]
    lines = [f"### {markdown(heading(group))}", "", markdown(group.caption), ""]
    lines += [f"| {' | '.join(row)} |" for row in (header, ruler, *rows)]
    if group.notes:
        lines += ["", *(f"- {markdown(note)}" for note in group.notes)]
    return "\n".join(lines) + "\n"


def _terminal_labels(group: Group) -> list[str]:
    """Unique row labels for the terminal; defenses and qualifiers go on extra lines."""
    labels = [_label_lines(row, shorten) for row in group.rows]
    duplicates = {label for label, times in Counter(labels).items() if times > 1}
    return [
        _label_lines(row, _in_lines) if label in duplicates else label
        for row, label in zip(group.rows, labels, strict=True)
    ]


def _label_lines(row: Row, fit: Callable[[str, int], str]) -> str:
    label = "\n+ ".join(fit(printable(part), _MAX_LABEL_WIDTH) for part in row.name.split(" + "))
    if row.qualifier:
        label += "\n" + _in_lines(printable(f"[{row.qualifier}]"), _MAX_LABEL_WIDTH)
    return marked(label, row.marks)


def short_names(names: Sequence[str]) -> list[str]:
    """Names for the terminal, shortened unless this makes different names equal."""
    full = [printable(name) for name in names]
    short = [shorten(name, _MAX_LABEL_WIDTH) for name in full]
    return short if len(set(short)) == len(set(full)) else full


def _in_lines(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width)) or text


def text_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    left: Collection[str] = (),
) -> str:
    """A table for the terminal; columns that exceed the width follow in further blocks.

    Args:
        header: the names of the columns.
        rows: the cells of each row.
        width: of the terminal, in characters; a single column may be wider.
        left: the names of columns that are aligned to the left, as the first one always is.
    """
    from tabulate import tabulate

    aligned = {header[0], *left}
    blocks = [
        tabulate(
            [[row[column] for column in columns] for row in rows],
            headers=[header[column] for column in columns],
            tablefmt="simple",
            disable_numparse=True,
            colalign=["left" if header[i] in aligned else "right" for i in columns],
        )
        for columns in _column_blocks(header, rows, width)
    ]
    return "\n\n".join(blocks)


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
