"""The parts of a model card that say how the numbers were measured, and how to repeat it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from robustbert.records import Record
from robustbert.reports.card.card_blocks import bullets, shell_block
from robustbert.reports.card.card_selection import CardRow
from robustbert.reports.conditions import canonical, limits_of
from robustbert.reports.escape import markdown
from robustbert.reports.record_texts import (
    UNKNOWN,
    adaptive_text,
    commit_text,
    data_text,
    distinct_text,
    examples_text,
    limits_text,
)
from robustbert.reports.reproduction import reproduction
from robustbert.reports.table_provenance import dates

_ASSETS_WARNING = "offline (replacements of the original assets; see Caveats)"


def protocol_section(row: CardRow) -> str:
    """Data, limits, seeds, assets, versions and hardware."""
    facts = bullets(f"**{name}:** {text}" for name, text in _facts(row.records))
    return f"## Protocol\n\n{facts}"


def reproduction_section(row: CardRow) -> str:
    """The commands that made the records, or, if they ran from Python, equivalent ones."""
    found = reproduction(row.records)
    parts = ["## How to reproduce it"]
    if found.recorded:
        parts += [found.recorded_note, *map(shell_block, found.recorded)]
    if found.note:
        parts += [found.note, *map(shell_block, found.equivalent)]
    return "\n\n".join(parts)


def _facts(records: tuple[Record, ...]) -> Iterator[tuple[str, str]]:
    yield "Protocol revision", _distinct(records, lambda record: record.protocol.revision)
    yield "Data", "; ".join(dict.fromkeys(map(_data, records)))
    yield "Texts", markdown(examples_text(records))
    yield from _tracks(records)
    if any(map(adaptive_text, records)):
        yield "Knowledge of the defenses", _distinct(records, adaptive_text)
    yield "Assets", _distinct(records, _assets)
    yield "TextAttack", _distinct(records, lambda record: record.recipe.textattack_version)
    yield (
        "Versions",
        _distinct(
            records,
            lambda record: (
                f"robustbert {record.robustbert_version}, Python {record.environment.python}, "
                f"PyTorch {record.environment.torch or UNKNOWN}, "
                f"transformers {record.environment.transformers or UNKNOWN}"
            ),
        ),
    )
    yield "Code", _distinct(records, commit_text)
    yield (
        "Hardware",
        _distinct(
            records,
            lambda record: (
                f"{record.environment.processor}, device {record.environment.device}, "
                f"threads {record.environment.threads}"
            ),
        ),
    )
    yield "Date", dates(records) or UNKNOWN


def _distinct(records: Iterable[Record], value: Callable[[Record], Any]) -> str:
    """The distinct values, escaped."""
    return markdown(distinct_text(records, value))


def _data(record: Record) -> str:
    return f"{markdown(data_text(record.dataset))}, SHA-256 `{record.dataset.sha256}`"


def _tracks(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    """The limits of each track; several if they differ between records."""
    limits: dict[str, dict[str, str]] = {}
    for record in records:
        shown = markdown(limits_text(record))
        limits.setdefault(record.track, {})[canonical(limits_of(record))] = shown
    for track, texts in limits.items():
        yield f"Limits of the {track} track", "; ".join(texts.values())


def _assets(record: Record) -> str:
    return _ASSETS_WARNING if record.assets.profile == "offline" else record.assets.profile
