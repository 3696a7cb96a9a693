"""Reliability checks of a cell's results.

Modelled on the flags of AutoAttack (Croce and Hein 2020, ``flags_doc.md`` of fra31/auto-attack):
each check has a name, a condition and an explanation. Most are pure functions of a cell's outcomes
and of its batch-invariance result; the others need a value that was measured on the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from robustbert.records import BatchInvariance, Outcome, ReliabilityCheck

#: A search that ended after at most this number of queries had very few candidates to try.
FEW_QUERIES = 10
#: The smallest number of attacked examples at which the 95% Wilson interval of a share of one half
#: is at most ±20 points wide.
ENOUGH_ATTACKED = 21


@dataclass(frozen=True)
class _Evidence:
    outcomes: Sequence[Outcome]
    batch_invariance: BatchInvariance | None


@dataclass(frozen=True)
class _Measured:
    """A value to compare with a threshold; if ``valid`` is False, the check always fails."""

    value: float
    valid: bool = True


@dataclass(frozen=True)
class _Check:
    name: str
    measure: Callable[[_Evidence], _Measured | None]
    threshold: float
    about: str


def _exhausted(evidence: _Evidence) -> _Measured | None:
    attacked = [outcome for outcome in evidence.outcomes if outcome.attacked]
    return _share(sum(outcome.status == "exhausted" for outcome in attacked), len(attacked))


def _retracted(evidence: _Evidence) -> _Measured | None:
    retracted = sum(outcome.retracted for outcome in evidence.outcomes)
    broken = sum(outcome.status == "broken" for outcome in evidence.outcomes)
    return _share(retracted, retracted + broken)


def _few_queries(evidence: _Evidence) -> _Measured | None:
    survivors = [o for o in evidence.outcomes if o.attacked and o.status != "broken"]
    return _share(sum(o.queries <= FEW_QUERIES for o in survivors), len(survivors))


def _too_few_attacked(evidence: _Evidence) -> _Measured | None:
    if not evidence.outcomes:
        return None
    attacked = sum(outcome.attacked for outcome in evidence.outcomes)
    # half the width of the Wilson interval of attacked / 2 successes
    z = NormalDist().inv_cdf(0.975)
    return _Measured(z / (2 * math.sqrt(attacked + z * z)))


def _batch_invariance(evidence: _Evidence) -> _Measured | None:
    result = evidence.batch_invariance
    return _Measured(result.differing, result.status == "verified") if result else None


def _changed(evidence: _Evidence) -> _Measured | None:
    result = evidence.batch_invariance
    if result is None or result.answers_changed is None:
        return None
    return _share(result.answers_changed, result.answers_checked)


def _share(part: int, whole: int) -> _Measured | None:
    return _Measured(part / whole) if whole else None


# The names and descriptions are stored in committed records, so they stay as they are. In them,
# "claims" are reported successes, "the check" is their verification, "little-to-try" means few
# queries, "answers" are predictions, and "asked again alone" means recomputed with batch size 1.
# fmt: off
_CHECKS = (
    _Check("exhausted", _exhausted, 0.10,
           "share of attacked examples whose query budget ran out: a larger one may break them"),
    _Check("retracted", _retracted, 0.05,
           "share of the attack's claims that failed the check: its search breaks its own limits"),
    _Check("little-to-try", _few_queries, 0.30,
           f"share of surviving examples with at most {FEW_QUERIES} queries: hardly attacked"),
    _Check("batch-invariance", _batch_invariance, 0,
           "answers that differed when asked again alone: outcomes may not repeat"),
    _Check("not-deterministic", _changed, 0,
           "share of rechecked predictions that changed: outcomes may not repeat"),
    _Check("too-few-attacked", _too_few_attacked, 0.20,
           f"half-width of the interval of 50%: fewer than {ENOUGH_ATTACKED} attacked examples"),
)
# fmt: on


@dataclass(frozen=True)
class _MeasuredCheck:
    threshold: float
    about: str


_MEASURED = {
    "zero-gradients": _MeasuredCheck(
        0.05, "share of attacked examples whose gradient vanishes: attacks may see nothing"
    ),
    "randomised": _MeasuredCheck(
        0.10, "share of outcomes that other random numbers change: outcomes depend on the seed"
    ),
    "miscalibration": _MeasuredCheck(
        0.02, "drop of the worst case, if significant, when the calibrated model is attacked"
    ),
    "adaptive": _MeasuredCheck(
        0.02, "drop of the worst case, if significant, when the attack knows the defense"
    ),
}

#: The names of the checks of :func:`reliability`, in the order of a record's list.
CHECK_NAMES = tuple(check.name for check in _CHECKS)
#: The names of the checks of :func:`measured_check`, which follow them in a record's list.
MEASURED_CHECK_NAMES = tuple(_MEASURED)
#: Checks that older records lack, because they were written before these checks existed.
LATER_CHECKS = frozenset({"too-few-attacked"})


def reliability(
    outcomes: Sequence[Outcome], batch_invariance: BatchInvariance | None
) -> list[ReliabilityCheck]:
    """Run all applicable checks of a cell, in a fixed order.

    A check fails if its value is above its threshold. A check without data (for example without
    attacked examples) is omitted.

    Args:
        outcomes: one per example.
        batch_invariance: the batch-invariance result; None if it was not checked.
    """
    evidence = _Evidence(outcomes, batch_invariance)
    measurements = [(check, check.measure(evidence)) for check in _CHECKS]
    return [
        ReliabilityCheck(
            name=check.name,
            passed=measured.valid and measured.value <= check.threshold,
            measured=measured.value,
            threshold=check.threshold,
            about=check.about,
        )
        for check, measured in measurements
        if measured is not None
    ]


def measured_check(name: str, measured: float) -> ReliabilityCheck:
    """A check that does not follow from outcomes: a value measured on the model.

    Args:
        name: one of :data:`MEASURED_CHECK_NAMES`.
        measured: the value, at least 0; the check fails if it is above its threshold.
    """
    check = _MEASURED[name]
    return ReliabilityCheck(
        name=name,
        passed=measured <= check.threshold,
        measured=measured,
        threshold=check.threshold,
        about=check.about,
    )
