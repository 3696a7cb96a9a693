"""Format a comparison as Markdown, for a pull-request comment or a step summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from robustbert.console import printable
from robustbert.gate.comparison.compared import Compared, ComparedMeasure
from robustbert.gate.comparison.comparison_notation import dataset_name, measure_name, short_name
from robustbert.gate.comparison.comparison_table import Block, blocks, cells, columns_of
from robustbert.gate.comparison.comparison_wording import (
    allowed_sentences,
    finding,
    not_compared_sentences,
    policy_sentences,
    reason,
    relation_sentences,
    unused_rule_sentences,
    verdict_word,
    warnings,
)
from robustbert.paths import report_path
from robustbert.reports.escape import comment, shorten

#: The most characters of a report; a comment on GitHub has at most 65,536.
MAX_LENGTH = 60_000
# The most characters of each part; together with the head they stay below the limit.
_FINDINGS, _TABLES, _POWER, _EXAMPLES, _NOT_COMPARED, _NOTES = 8000, 20000, 9000, 9000, 5000, 5000
_MAX_IDS = 20
_MAX_SENTENCE = 1000
_SYMBOLS = {"PASSED": "✅", "FAILED": "❌", "NOT COMPARABLE": "⚠️"}
_COMPACT = frozenset({"base", "candidate", "difference", "p (Holm)", "allowed", "verdict"})
_POWER_COLUMNS = ("lost", "gained", "allowed", "smallest drop", "needed")
# A list within a list, at the beginning of an item.
_LIST_MARKER, _ESCAPED = re.compile(r"^(\d*)([-+.)])"), r"\1\\\2"
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CUT = "are not shown here; the option --json writes all of them."


def comparison_markdown(comparison: Compared) -> str:
    """Format a comparison as GitHub-flavored Markdown of at most :data:`MAX_LENGTH` characters.

    Names are escaped and shown literally; they mention nobody. What does not fit is cut, and a
    sentence says how much that is.
    """
    verdict = verdict_word(comparison)
    parts = [f"### {_SYMBOLS[verdict]} robustbert: {verdict}", f"{_sentence(reason(comparison))}"]
    parts.append(
        f"Base: {comment(short_name(report_path(comparison.base)))}; candidate: "
        f"{comment(short_name(report_path(comparison.candidate)))}."
    )
    parts += map(_text, warnings(comparison))
    parts += _list(map(finding, comparison.failures), _FINDINGS, "failures")
    parts += _tables(comparison)
    if comparison.measures:
        parts.append(_details("Power", _power(comparison)))
        failed_first = sorted(comparison.measures, key=lambda measure: not measure.failed)
        flips = [_flips(measure) for measure in failed_first if measure.lost or measure.gained]
        if flips:
            lines = _list(flips, _EXAMPLES, "measures", escaped=True)
            parts.append(_details("Examples lost and gained", lines))
    if comparison.not_compared:
        lines = _list(not_compared_sentences(comparison), _NOT_COMPARED, "groups of cells")
        is_open = bool(comparison.refused)
        parts.append(_details(f"Not compared ({len(comparison.not_compared)})", lines, is_open))
    if notes := list(_notes(comparison)):
        parts.append(_details("Notes", _list(notes, _NOTES, "notes")))
    return "\n\n".join(parts) + "\n"


def _tables(comparison: Compared) -> list[str]:
    """The tables; if they are too long, measures that fail are kept rather than others."""
    columns = [name for name in columns_of(comparison) if name in _COMPACT]
    tables = blocks(comparison)
    heads = [_table_head(block, columns) for block in tables]
    rows = [
        (number, measure, _row([_label(block, measure), *_cells(measure, columns)]))
        for number, block in enumerate(tables)
        for measure in block.measures
    ]
    kept: dict[int, list[str]] = {}
    shown, used = set(), 0
    for number, measure, line in sorted(rows, key=lambda row: not row[1].failed):
        needed = len(line) + 1 + (0 if number in kept else len(heads[number]) + 4)
        if used + needed <= _TABLES:
            used += needed
            kept.setdefault(number, [])
            shown.add(id(measure))
    for number, measure, line in rows:
        if id(measure) in shown:
            kept[number].append(line)
    parts = ["\n".join([heads[number], *kept[number]]) for number in sorted(kept)]
    return [*parts, *_cut(len(rows) - len(shown), "measures")]


def _table_head(block: Block, columns: Sequence[str]) -> str:
    heading = f"**{comment(block.heading)}**"
    if block.caption:
        heading += f"<br>{comment(block.caption)}"
    ruler = ["---", *("---" if name == "verdict" else "---:" for name in columns)]
    return "\n".join([heading, "", _row(["measure", *columns]), _row(ruler)])


def _label(block: Block, measure: ComparedMeasure) -> str:
    return comment(block.label(measure))


def _cells(measure: ComparedMeasure, columns: Sequence[str]) -> list[str]:
    found = [comment(cell) for cell in cells(measure, columns)]
    if measure.failed:
        found[-1] = f"❌ **{found[-1]}**"
    return found


def _power(comparison: Compared) -> list[str]:
    header = ["measure", "examples", *_POWER_COLUMNS]
    rows = [
        _row([comment(_place(m)), str(m.n), *map(comment, cells(m, _POWER_COLUMNS))])
        for m in comparison.measures
    ]
    kept = _fitting(rows, _POWER)
    table = [_row(header), _row(["---", *("---:" for _ in header[1:])]), *kept]
    return ["\n".join(table), *_cut(len(rows) - len(kept), "measures")]


def _place(measure: ComparedMeasure) -> str:
    parts = (measure_name(measure), dataset_name(measure.dataset, measure.split), measure.track)
    return ", ".join(part for part in parts if part)


def _flips(measure: ComparedMeasure) -> str:
    flips = (("lost", measure.lost), ("gained", measure.gained))
    shown = [f"{title} {len(ids)}: {_ids(ids)}" for title, ids in flips if ids]
    return f"{comment(_place(measure))}: {'; '.join(shown)}"


def _ids(ids: Sequence[str]) -> str:
    shown = [f"`{i}`" if _PLAIN_ID.fullmatch(i) else _text(short_name(i)) for i in ids[:_MAX_IDS]]
    more = f" and {len(ids) - _MAX_IDS} more" if len(ids) > _MAX_IDS else ""
    return " ".join(shown) + more


def _notes(comparison: Compared) -> Iterator[str]:
    yield from relation_sentences(comparison)
    yield from allowed_sentences(comparison.measures)
    yield from comparison.notes
    yield from unused_rule_sentences(comparison)
    yield from policy_sentences(comparison)


def _details(title: str, lines: Sequence[str], is_open: bool = False) -> str:
    opening = "<details open>" if is_open else "<details>"
    return "\n\n".join([f"{opening}<summary>{title}</summary>", *lines, "</details>"])


def _list(sentences: Iterable[str], limit: int, noun: str, *, escaped: bool = False) -> list[str]:
    """A list of as many sentences as fit, and a sentence about the others."""
    texts = [text if escaped else _text(text) for text in sentences]
    items = [f"- {_LIST_MARKER.sub(_ESCAPED, text)}" for text in texts]
    kept = _fitting(items, limit)
    return [*(["\n".join(kept)] if kept else []), *_cut(len(items) - len(kept), noun)]


def _fitting(lines: Sequence[str], limit: int) -> list[str]:
    """The first lines that have at most ``limit`` characters together."""
    kept: list[str] = []
    for line in lines:
        limit -= len(line) + 1
        if limit < 0:
            break
        kept.append(line)
    return kept


def _cut(number: int, noun: str) -> list[str]:
    return [f"*{number:,} {noun} {_CUT}*"] if number else []


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _sentence(phrase: str) -> str:
    return f"{phrase[0].upper()}{_text(phrase[1:])}."


def _text(sentence: str) -> str:
    return comment(shorten(printable(shorten(sentence, _MAX_SENTENCE)), _MAX_SENTENCE))
