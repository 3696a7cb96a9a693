"""A :class:`~robustbert.reports.leaderboard.Table` for a terminal and as Markdown."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Sequence

from robustbert.metrics import Spread
from robustbert.reports.escape import markdown, printable, shorten
from robustbert.reports.leaderboard import Group, Table
from robustbert.reports.rows import Mean, Proportion, Row

_MISSING = "n/a"
_LONGEST_LABEL = 40
_GAP = 2
_LONG_HEADERS = frozenset({"clean accuracy", "worst case", "words changed"})
_HEADER_PADDING = 2  # tabulate makes a column at least this much wider than its header


def render_text(table: Table, width: int = 140) -> str:
    """The table for a terminal: a heading, a caption, the rows and the notes of each group.

    Columns that do not fit side by side go below, each part with the models again.

    Args:
        table: what :func:`~robustbert.reports.leaderboard.leaderboard_table` gives.
        width: of the terminal, in characters. A single column may be wider.
    """
    return "\n".join(_text_group(group, width) for group in table.groups)


def render_markdown(table: Table) -> str:
    """The table as GitHub-flavoured Markdown; names are escaped, so that they show as they are."""
    return "\n".join(_markdown_group(group) for group in table.groups)


def _text_group(group: Group, width: int) -> str:
    from tabulate import tabulate

    header, *rows = _cells(group, _folded(group), _short(group.recipes))
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
    lines = [printable(_heading(group)), textwrap.fill(printable(group.caption), width)]
    lines += ["", "\n\n".join(parts)]
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
    """Header and rows as strings, given labels and recipes fit for where they go.

    The core recipes come first, then what is over them, then the other recipes.
    """
    split = len(group.core)
    over_core = ["worst case", "queries", "words changed"] if group.core else []
    header = ["model", "clean accuracy", *recipes[:split], *over_core, *recipes[split:]]
    rows = [[label, *_row_cells(group, row)] for label, row in zip(labels, group.rows, strict=True)]
    return [header, *rows]


def _row_cells(group: Group, row: Row) -> list[str]:
    def under(recipe: str) -> str:
        cell = _percent(row.under(recipe), row.examples_of(recipe), group.n)
        return _marked(cell, row.marks_of(recipe))

    over_core = [
        _marked(_percent(row.worst_case, row.n, group.n), row.worst_case_marks(group.core)),
        _mean(row.queries, 1, ""),
        _mean(row.words_changed, 100, "%"),
    ]
    return [
        _percent(row.clean, row.n, group.n),
        *map(under, group.core),
        *(over_core if group.core else []),
        *map(under, group.others),
    ]


def _percent(number: Proportion | None, n: int | None, usual_n: int) -> str:
    """A proportion in per cent; ``n``, its number of examples, where it is not the usual one."""
    other = "" if n == usual_n else f" (n={n})"
    if isinstance(number, Spread):
        return f"{100 * number.mean:.1f} {_spread(number, 100)}{other}"
    if number is None or number.value is None or number.low is None or number.high is None:
        return _MISSING
    return f"{100 * number.value:.1f} [{100 * number.low:.1f}, {100 * number.high:.1f}]{other}"


def _mean(mean: Mean | None, scale: int, unit: str) -> str:
    if mean is None:
        return _MISSING
    if isinstance(mean, Spread):
        return f"{scale * mean.mean:.1f}{unit} {_spread(mean, scale)}"
    return f"{scale * mean:.1f}{unit}"


def _spread(spread: Spread, scale: int) -> str:
    deviation = _MISSING if spread.deviation is None else f"{scale * spread.deviation:.1f}"
    return f"± {deviation} (n={spread.n} {'seed' if spread.n == 1 else 'seeds'})"


def _marked(text: str, marks: str) -> str:
    return f"{text} {marks}" if marks else text


def _folded(group: Group) -> list[str]:
    """The labels for the terminal, distinct: defenses and what tells rows apart on lines below."""
    texts = [_label_lines(row, shorten) for row in group.rows]
    clashing = {text for text, times in Counter(texts).items() if times > 1}
    return [
        _label_lines(row, _wrapped) if text in clashing else text
        for row, text in zip(group.rows, texts, strict=True)
    ]


def _label_lines(row: Row, fit: Callable[[str, int], str]) -> str:
    parts = "\n+ ".join(fit(printable(part), _LONGEST_LABEL) for part in row.name.split(" + "))
    if row.apart:
        parts += "\n" + _wrapped(printable(f"[{row.apart}]"), _LONGEST_LABEL)
    return _marked(parts, row.marks)


def _short(names: Sequence[str]) -> list[str]:
    """Names for the terminal, shortened where that leaves them distinct."""
    whole = [printable(name) for name in names]
    short = [shorten(name, _LONGEST_LABEL) for name in whole]
    return short if len(set(short)) == len(set(whole)) else whole


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
