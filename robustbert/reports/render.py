"""Format a :class:`~robustbert.reports.results_table.Table` for the terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from robustbert.console import printable, wrapped
from robustbert.reports.escape import shorten
from robustbert.reports.table_cells import heading, marked, table_header, table_rows
from robustbert.reports.table_groups import Group, Groups
from robustbert.reports.table_rows import Row

_MAX_LABEL_WIDTH = 40
_COLUMN_GAP = 2
_TOGETHER = ("queries", "words\nchanged")
_LONG_HEADERS = frozenset({"clean accuracy", "worst case", "best known", "words changed"})


def render_text(table: Groups, width: int = 100) -> str:
    """Format a table for the terminal: heading, caption, rows and notes of each group.

    If the rows exceed the width, the intervals go below the numbers. Columns that still exceed it
    wrap into further blocks; each block repeats the model column.

    Args:
        table: the result of :func:`~robustbert.reports.results_table.leaderboard_table`.
        width: of the terminal, in characters. A single column may be wider.
    """
    return "\n".join(_text_group(group, width) for group in table.groups)


def _text_group(group: Group, width: int) -> str:
    names = table_header(group, short_names(group.recipes))
    header = [name.replace(" ", "\n") if name in _LONG_HEADERS else name for name in names]
    lines = [printable(heading(group)), textwrap.fill(printable(group.caption), width)]
    lines += ["", _table(group, header, width)]
    if group.notes:
        lines += ["", *(wrapped(note, width, "  ", "    ") for note in group.notes)]
    return "\n".join(lines) + "\n"


def _table(group: Group, header: Sequence[str], width: int) -> str:
    """The table with one line per number or, if that exceeds the width, with intervals below."""
    labels, cells = _terminal_labels(group), table_rows(group)
    wide = [[cell.inline for cell in row] for row in cells]
    narrow = [["\n".join(cell.stacked) for cell in row] for row in cells]
    rows = [[label, *row] for label, row in zip(labels, wide, strict=True)]
    if len(_column_blocks(list(zip(header, *rows, strict=True)), width)) > 1:
        rows = [[label, *row] for label, row in zip(labels, narrow, strict=True)]
    return text_table(header, rows, width, together=_TOGETHER)


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
    together: Collection[str] = (),
) -> str:
    """A table for the terminal; columns that exceed the width follow in further blocks.

    Args:
        header: the names of the columns.
        rows: the cells of each row.
        width: of the terminal, in characters; a single column may be wider.
        left: the names of columns that are aligned to the left, as the first one always is.
        together: the names of adjacent columns that stay in one block.
    """
    aligned = {header[0], *left}
    columns = [[name, *cells] for name, *cells in zip(header, *rows, strict=True)]
    blocks = [
        _block([columns[i] for i in block], [header[i] in aligned for i in block])
        for block in _column_blocks(columns, width, together)
    ]
    return "\n\n".join(blocks)


def _block(columns: Sequence[Sequence[str]], left: Sequence[bool]) -> str:
    """Some columns, whose first cells are their names, with a rule below the names."""
    from tabulate import tabulate

    # as rows without header, because tabulate makes columns wider than the names in a header
    lines = tabulate(
        list(zip(*columns, strict=True)),
        tablefmt="plain",
        disable_numparse=True,
        colalign=["left" if is_left else "right" for is_left in left],
    ).split("\n")
    rule = (" " * _COLUMN_GAP).join("-" * _column_width(column) for column in columns)
    num_header_lines = max(cells[0].count("\n") + 1 for cells in columns)
    lines.insert(num_header_lines, rule)
    return "\n".join(line.rstrip() for line in lines)


def _column_width(cells: Sequence[str]) -> int:
    return max(len(line) for cell in cells for line in cell.split("\n"))


def _column_blocks(
    columns: Sequence[Sequence[str]], width: int, together: Collection[str] = ()
) -> list[list[int]]:
    """Split columns into blocks of at most ``width`` characters, each starting with column 0."""
    units: list[list[int]] = []  # columns that share a block
    for index in range(1, len(columns)):
        if index > 1 and {columns[index - 1][0], columns[index][0]} <= set(together):
            units[-1].append(index)
        else:
            units.append([index])
    widths = [_column_width(cells) + _COLUMN_GAP for cells in columns]
    blocks: list[list[int]] = [[0]]
    for unit in units:
        used = sum(widths[i] for i in blocks[-1] + unit) - _COLUMN_GAP
        if len(blocks[-1]) > 1 and used > width:
            blocks.append([0])
        blocks[-1] += unit
    return blocks
