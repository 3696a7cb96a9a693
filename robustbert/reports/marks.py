"""The marks of a table: what stands behind a number that means less than it seems to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from robustbert.metrics import reliability
from robustbert.records import Outcome, Record, ReliabilityCheck

#: Stands behind a row whose outcomes may depend on the batch.
NOT_VERIFIED = "†"
#: Stands behind a row that was made under other conditions than most rows.
NOT_COMPARABLE = "‡"
# Behind a number whose record fails a check that this version does not know.
_UNKNOWN = "!"
# The check of a whole row, which has its own mark.
_BATCH_INVARIANCE = "batch-invariance"


@dataclass(frozen=True)
class Mark:
    """What a failed check looks like.

    Args:
        symbol: stands behind the number.
        footnote: a sentence, up to its colon; ``{threshold}`` is the most that passes.
    """

    symbol: str
    footnote: str


_MARKS = {
    "exhausted": Mark(
        "§",
        "The query budget ran out for more than {threshold} of the attacked examples. They count "
        "as robust, but a larger budget may break them",
    ),
    "retracted": Mark(
        "¶",
        "More than {threshold} of the texts that the attack claimed to have won with failed the "
        "check: asked again alone, they did not fool the victim, or they broke a limit. Their "
        "examples count as robust",
    ),
    "little-to-try": Mark(
        "#",
        "More than {threshold} of the surviving examples had at most 10 queries, so the attack had "
        "almost nothing to try",
    ),
}


def failed_checks(
    record: Record, outcomes: Sequence[Outcome] | None
) -> tuple[ReliabilityCheck, ...]:
    """The checks that a record fails, that of batch invariance left out.

    Args:
        record: those of schema 1 hold no checks.
        outcomes: of the record, from which checks are made that it does not hold; None where they
            are not at hand, so that nothing is known.
    """
    checks = record.reliability or reliability(outcomes or (), None)
    return tuple(c for c in checks if not c.passed and c.name != _BATCH_INVARIANCE)


def mark_of(check: ReliabilityCheck) -> Mark:
    """The mark of a failed check; one that is not known has its own words as the footnote."""
    return _MARKS.get(check.name) or Mark(_UNKNOWN, f"{check.name}: {check.about}")


def symbols(checks: Iterable[ReliabilityCheck]) -> str:
    """The symbols of failed checks, each once.

    >>> symbols([])
    ''
    """
    return "".join(dict.fromkeys(mark_of(check).symbol for check in checks))


def batch_invariance(records: Iterable[Record]) -> str | None:
    """``not verified`` if any record says so; None if some record has no check; else verified."""
    statuses = set()
    for record in records:
        found = record.environment.batch_invariance
        failed = any(c.name == _BATCH_INVARIANCE and not c.passed for c in record.reliability)
        statuses.add("not verified" if failed else found.status if found else None)
    if "not verified" in statuses:
        return "not verified"
    return None if None in statuses else "verified"
