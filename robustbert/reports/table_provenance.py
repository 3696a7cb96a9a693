"""Where the numbers of a table come from: versions, seeds, dates and assets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from robustbert.records import Record
from robustbert.reports.offline_assets import OFFLINE, OFFLINE_WARNING
from robustbert.reports.table_groups import Group
from robustbert.reports.wording import listed


def provenance_lines(groups: Sequence[Group]) -> list[str]:
    """Two lines about the records of groups: how they were made, and their assets.

    The second warns of the offline assets. Without groups there are no lines.
    """
    records = [
        record
        for group in groups
        for row in group.rows
        for replicate in row.replicates
        for record in replicate.records.values()
    ]
    if not records:
        return []
    return [f"{'; '.join(_facts(records))}.", _assets(records)]


def dates(records: Iterable[Record]) -> str:
    """The days on which records were made: "2026-11-24 to 2026-11-26"; empty if not known."""
    days = sorted({record.created_at[:10] for record in records if record.created_at})
    return " to ".join(dict.fromkeys([days[0], days[-1]])) if days else ""


def _facts(records: Sequence[Record]) -> list[str]:
    facts = [
        f"robustbert {listed(_distinct(records, lambda record: record.robustbert_version))}",
        f"TextAttack {listed(_distinct(records, lambda record: record.recipe.textattack_version))}",
        _named("protocol revision", _distinct(records, lambda record: record.protocol.revision)),
        _named("example seed", _distinct(records, lambda record: record.protocol.seed)),
    ]
    trained = [record for record in records if record.training_seed is not None]
    if trained:
        seeds = _distinct(trained, lambda record: record.training_seed)
        facts.append(_named("training seed", seeds))
    return [*facts, dates(records) or "unknown date"]


def _assets(records: Iterable[Record]) -> str:
    profiles = sorted({record.assets.profile for record in records})
    warning = [OFFLINE_WARNING] if profiles == [OFFLINE] else []
    if OFFLINE in profiles and not warning:
        warning = [f"For rows with {OFFLINE} assets: {OFFLINE_WARNING}"]
    return " ".join([f"Assets profile: {listed(profiles)}.", *warning])


def _named(noun: str, values: Sequence[str]) -> str:
    return f"{noun}{'s' * (len(values) != 1)} {listed(values)}"


def _distinct(records: Iterable[Record], value: Callable[[Record], str | int | None]) -> list[str]:
    """The distinct values in ascending order; None is unknown."""
    values = {value(record) for record in records}
    known = sorted((one for one in values if one is not None), key=_order)
    return [*map(str, known), *["unknown"] * (None in values)]


def _order(value: str | int) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, value)
