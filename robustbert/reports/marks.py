"""Footnote marks for numbers and rows that need a caveat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from robustbert.metrics import reliability
from robustbert.metrics.reliability import ENOUGH_ATTACKED, LATER_CHECKS
from robustbert.records import Outcome, Record, ReliabilityCheck

#: Marks a row whose outcomes may depend on batching.
NOT_VERIFIED = "†"
#: What that mark means.
NOT_VERIFIED_NOTE = "Batch invariance is not verified, so outcomes may not be reproducible"
#: Marks a row whose predictions depend on random numbers.
RANDOMISED = "≈"
#: What that mark means.
RANDOMISED_NOTE = (
    "The predictions depend on random numbers, which are derived from the text; share of the "
    "broken and the surviving examples whose outcome other random numbers change"
)
#: Marks a row whose conditions differ from those of most rows.
DIFFERENT_CONDITIONS = "‡"
# Marks a number whose record fails a check that this version does not know.
_UNKNOWN = "!"
# This check applies to the whole row, which has its own mark.
_BATCH_INVARIANCE = "batch-invariance"


@dataclass(frozen=True)
class Mark:
    """Symbol and footnote of a failed check.

    Args:
        symbol: shown after the number.
        footnote: the text of the note before its colon; ``{threshold}`` is replaced by the highest
            passing value.
        unit: the unit of the measured value and the threshold, ``%`` or `` points``.
        is_of_row: whether it was measured for the row as a whole.
    """

    symbol: str
    footnote: str
    unit: str = "%"
    is_of_row: bool = False

    def note(self, threshold: float) -> str:
        """The footnote of a check with this threshold, without a full stop."""
        return self.footnote.replace("{threshold}", f"{100 * threshold:g}{self.unit}")

    def value(self, measured: float) -> str:
        """A measured value with its unit."""
        return f"{100 * measured:.1f}{self.unit}"


# Keyed by the names of checks in records; "little-to-try" is the check for few queries.
_MARKS = {
    "exhausted": Mark(
        "§",
        "The query budget ran out for more than {threshold} of the attacked examples. They count "
        "as robust, but a larger budget may break them",
    ),
    "retracted": Mark(
        "¶",
        "More than {threshold} of the reported adversarial texts failed verification: when they "
        "were rescored individually, they did not fool the victim, or they violated a limit. Their "
        "examples count as robust",
    ),
    "little-to-try": Mark(
        "#",
        "More than {threshold} of the surviving examples had at most 10 queries, so the attack had "
        "very few candidates to try",
    ),
    "not-deterministic": Mark(
        "≠",
        "The model gave other probabilities when it classified some texts again, so outcomes may "
        "not repeat; share of the rechecked texts",
    ),
    "too-few-attacked": Mark(
        "°",
        f"Fewer than {ENOUGH_ATTACKED} examples were attacked: the 95% interval of a share of one "
        "half of them is wider than ±{threshold}",
        unit=" points",
    ),
    "zero-gradients": Mark(
        "∇",
        "The gradient of the loss vanishes for more than {threshold} of the attacked examples. "
        "Attacks that follow gradients or small changes of probabilities may see nothing",
        is_of_row=True,
    ),
    "randomised": Mark(
        "↔",
        "Other random numbers change more than {threshold} of the outcomes, so the attack may have "
        "fooled only the random numbers that it saw",
    ),
    "miscalibration": Mark(
        "τ",
        "The robustness is partly an illusion: the worst case falls by more than {threshold} when "
        "the attack sees calibrated probabilities, which change no prediction",
        unit=" points",
        is_of_row=True,
    ),
    "adaptive": Mark(
        "α",
        "The worst case falls by more than {threshold} when the attack is adapted to the defense",
        unit=" points",
        is_of_row=True,
    ),
}


def failed_checks(
    record: Record, outcomes: Sequence[Outcome] | None
) -> tuple[ReliabilityCheck, ...]:
    """The failed checks of a record, except batch invariance.

    Args:
        record: records of schema 1 contain no checks.
        outcomes: those of the record, used to compute the checks of schema 1; None if they are
            missing, in which case these checks are unavailable.
    """
    checks = record.reliability or [
        check for check in reliability(outcomes or (), None) if check.name not in LATER_CHECKS
    ]
    return tuple(c for c in checks if not c.passed and c.name != _BATCH_INVARIANCE)


def mark_of(check: ReliabilityCheck) -> Mark:
    """The mark of a failed check; an unknown check uses its own description as the footnote."""
    return _MARKS.get(check.name) or Mark(_UNKNOWN, f"{check.name}: {check.about}")


def symbols(checks: Iterable[ReliabilityCheck]) -> str:
    """The symbols of failed checks, each once.

    >>> symbols([])
    ''
    """
    return "".join(dict.fromkeys(mark_of(check).symbol for check in checks))


def is_randomised(record: Record) -> bool:
    """Whether a record says that predictions depend on random numbers."""
    return any(check.name == "randomised" for check in record.reliability)


def batch_invariance(records: Iterable[Record]) -> str | None:
    """The batch invariance of several records.

    ``not verified`` if any record is not verified; otherwise None if any record lacks the check;
    otherwise ``verified``.
    """
    statuses = set()
    for record in records:
        found = record.environment.batch_invariance
        failed = any(c.name == _BATCH_INVARIANCE and not c.passed for c in record.reliability)
        statuses.add("not verified" if failed else found.status if found else None)
    if "not verified" in statuses:
        return "not verified"
    return None if None in statuses else "verified"
