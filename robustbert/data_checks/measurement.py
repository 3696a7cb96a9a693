"""What a check measures, before it is compared with its limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from robustbert.data_checks.data_report import Finding
from robustbert.frozen import FrozenMapping

Fact = str | int | float | None


@dataclass(frozen=True)
class Measurement:
    """What a check measures.

    Attributes:
        value: the value, from 0 to 1; None if it cannot be measured.
        num_found: the number of rows that were found; None if not measured.
        num_rows: the number of rows that were checked; None if not measured.
        findings: the rows, most important first.
        facts: what else was measured, by name.
        reason: why the value cannot be measured; None if it can.
    """

    value: float | None
    num_found: int | None = None
    num_rows: int | None = None
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=FrozenMapping)
    reason: str | None = None


def share_of_rows(
    num_found: int,
    num_rows: int,
    findings: list[Finding],
    facts: Mapping[str, Fact] | None = None,
) -> Measurement:
    """The share of the checked rows that were found; not measured if none was checked."""
    if not num_rows:
        return not_measured("there is no row to check")
    return Measurement(
        num_found / num_rows, num_found, num_rows, tuple(findings), FrozenMapping(facts)
    )


def not_measured(reason: str) -> Measurement:
    """A value that cannot be measured, and why."""
    return Measurement(None, reason=reason)
