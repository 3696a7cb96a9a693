"""Format a comparison for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from robustbert.console import printable
from robustbert.gate.comparison.compared import Compared
from robustbert.gate.comparison.comparison_table import Block, blocks, cells, columns_of
from robustbert.gate.comparison.comparison_wording import (
    allowed_sentences,
    finding,
    measure_name,
    not_compared_sentences,
    notes,
    reason,
    verdict_word,
)
from robustbert.reports.render import column_blocks, short_names

_TWO_LINES = frozenset({"smallest drop", "p (Holm)"})


def comparison_text(comparison: Compared, width: int = 140) -> str:
    """Format a comparison for the terminal: verdict, failures, tables and notes.

    Tables that exceed the width continue in further blocks with the same first column.

    Args:
        comparison: the result of :func:`robustbert.gate.compare_runs`.
        width: of the terminal, in characters. A single column may be wider.
    """
    parts = [_head(comparison, width)]
    parts += [_block(block, comparison, width) for block in blocks(comparison)]
    if comparison.not_compared:
        parts.append(_list("Not compared:", not_compared_sentences(comparison), width))
    if sentences := notes(comparison):
        parts.append(_list("Notes:", sentences, width))
    return "\n\n".join(parts) + "\n"


def _head(comparison: Compared, width: int) -> str:
    verdict = f"{verdict_word(comparison)}: {reason(comparison)}"
    sides = (f"base: {comparison.base}", f"candidate: {comparison.candidate}")
    lines = [_filled(line, width) for line in (verdict, *sides)]
    if comparison.failures:
        lines += ["", *_items(map(finding, comparison.failures), width)]
    return "\n".join(lines)


def _block(block: Block, comparison: Compared, width: int) -> str:
    from tabulate import tabulate

    header, *rows = _cells(block, comparison)
    tables = [
        tabulate(
            [[row[column] for column in columns] for row in rows],
            headers=[header[column] for column in columns],
            tablefmt="simple",
            disable_numparse=True,
            colalign=[_alignment(header[column]) for column in columns],
        )
        for columns in column_blocks(header, rows, width)
    ]
    lines = [_filled(block.heading, width)]
    if block.caption:
        lines.append(_filled(block.caption, width))
    lines += ["", "\n\n".join(tables)]
    if allowed := allowed_sentences(block.measures):
        lines += ["", *_items(allowed, width)]
    return "\n".join(lines)


def _cells(block: Block, comparison: Compared) -> list[list[str]]:
    columns = columns_of(comparison)
    header = [name.replace(" ", "\n") if name in _TWO_LINES else name for name in columns]
    names = short_names([measure_name(measure) for measure in block.measures])
    rows = [
        [block.label(measure, name), *cells(measure, columns)]
        for measure, name in zip(block.measures, names, strict=True)
    ]
    return [["measure", *header], *rows]


def _alignment(column: str) -> str:
    return "left" if column in ("measure", "verdict") else "right"


def _list(title: str, sentences: Iterable[str], width: int) -> str:
    return "\n".join([title, *_items(sentences, width)])


def _items(sentences: Iterable[str], width: int) -> list[str]:
    return [
        textwrap.fill(
            printable(sentence),
            width,
            initial_indent="- ",
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
        for sentence in sentences
    ]


def _filled(text: str, width: int) -> str:
    return textwrap.fill(printable(text), width, break_on_hyphens=False)
