"""Format a comparison for the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from robustbert.console import wrapped
from robustbert.gate.comparison.compared import Compared
from robustbert.gate.comparison.comparison_notation import measure_name
from robustbert.gate.comparison.comparison_table import Block, blocks, cells, columns_of
from robustbert.gate.comparison.comparison_wording import (
    allowed_sentences,
    finding,
    not_compared_sentences,
    notes,
    reason,
    verdict_word,
)
from robustbert.reports.render import short_names, text_table

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
    lines = [wrapped(line, width) for line in (verdict, *sides)]
    if comparison.failures:
        lines += ["", *_items(map(finding, comparison.failures), width)]
    return "\n".join(lines)


def _block(block: Block, comparison: Compared, width: int) -> str:
    header, *rows = _cells(block, comparison)
    lines = [wrapped(block.heading, width)]
    if block.caption:
        lines.append(wrapped(block.caption, width))
    lines += ["", text_table(header, rows, width, left=["verdict"])]
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


def _list(title: str, sentences: Iterable[str], width: int) -> str:
    return "\n".join([title, *_items(sentences, width)])


def _items(sentences: Iterable[str], width: int) -> list[str]:
    return [wrapped(sentence, width, "- ") for sentence in sentences]
