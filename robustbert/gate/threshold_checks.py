"""The accuracies of a run, compared with thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from robustbert.gate.policy import CLEAN, WORST_CASE
from robustbert.gate.thresholds import On, Thresholds
from robustbert.metrics import examples_to_reach
from robustbert.records import Metric, Record
from robustbert.reports import Group, Replicate, leaderboard_table
from robustbert.reports.notes.noted_cells import replicate_label
from robustbert.reports.table_rows import Outcomes
from robustbert.reports.wording import counted


@dataclass(frozen=True)
class ThresholdCheck:
    """One accuracy, compared with its threshold.

    Args:
        dataset: name of the dataset.
        split: name of the split.
        track: the threat model.
        model: label of the row, with the training seed of a replicate.
        name: a recipe, ``worst_case`` or ``clean``.
        minimum: the threshold, in [0, 1].
        on: the number that must reach the threshold, ``low`` or ``value``.
        measured: the accuracy with its interval; None if it cannot be computed.
        reason: why it cannot be computed; empty if it can.
    """

    dataset: str
    split: str
    track: str
    model: str
    name: str
    minimum: float
    on: On
    measured: Metric | None
    reason: str = ""

    @property
    def number(self) -> float | None:
        """The number that must reach the threshold; None if it cannot be computed."""
        if self.measured is None:
            return None
        return self.measured.low if self.on == "low" else self.measured.value

    @property
    def passed(self) -> bool:
        """Whether the number is at least the threshold; a missing number fails."""
        return self.number is not None and self.number >= self.minimum

    @property
    def note(self) -> str:
        """Why it failed although the value reaches the threshold, or why there is no number."""
        if self.passed:
            return ""
        if self.measured is None or self.measured.value is None:
            return f"{self.name} of {self.model}: {self.reason or 'there is no example'}"
        needed = examples_to_reach(self.minimum, self.measured.value)
        if needed is None:
            return ""
        return (
            f"{self.name} of {self.model}: the value is above the threshold, but the interval of "
            f"{counted(self.measured.n, 'example')} reaches below it; at this accuracy, about "
            f"{needed} examples are needed to pass"
        )


@dataclass(frozen=True)
class ThresholdReport:
    """The result of comparing a run with thresholds.

    Args:
        thresholds: the thresholds.
        checks: one per dataset, track, row (each replicate) and threshold, in this order.
    """

    thresholds: Thresholds
    checks: tuple[ThresholdCheck, ...]

    @property
    def failed(self) -> tuple[ThresholdCheck, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> bool:
        """Whether there is a check and all of them passed."""
        return bool(self.checks) and not self.failed

    @property
    def summary(self) -> str:
        """The result in one line."""
        if not self.checks:
            return "no accuracy was measured"
        total = counted(len(self.checks), "threshold")
        if self.passed:
            return f"{total} passed"
        part = f"{len(self.failed)} of " if len(self.failed) < len(self.checks) else ""
        more = f", and {len(self.failed) - 1} more" if len(self.failed) > 1 else ""
        return f"{part}{total} failed: {_describe(self.failed[0])}{more}"


def check_thresholds(
    records: Sequence[Record], outcomes: Outcomes, thresholds: Thresholds
) -> ThresholdReport:
    """Compare the accuracies of a run with thresholds.

    Each row is checked on each dataset and track, and of a row of replicates each model by itself.
    An example whose attack failed with an error counts as not surviving. A number that cannot be
    computed fails.

    Args:
        records: those of the run.
        outcomes: its outcomes, keyed by :func:`robustbert.records.record_name`.
        thresholds: the thresholds.

    Raises:
        InputError: two records belong to the same cell, or outcomes do not match their record.
    """
    table = leaderboard_table(records, outcomes)
    checks = (check for group in table.groups for check in _checks(group, thresholds))
    return ThresholdReport(thresholds, tuple(checks))


def _checks(group: Group, thresholds: Thresholds) -> Iterator[ThresholdCheck]:
    for row in group.rows:
        for replicate in row.replicates:
            for name, minimum in thresholds.minima.items():
                measured = _measured(name, replicate)
                yield ThresholdCheck(
                    dataset=group.dataset,
                    split=group.split,
                    track=group.track,
                    model=replicate_label(row, replicate),
                    name=name,
                    minimum=minimum,
                    on=thresholds.on,
                    measured=measured,
                    reason="" if measured else _reason(name, replicate),
                )


def _measured(name: str, replicate: Replicate) -> Metric | None:
    if name == CLEAN:
        return replicate.clean
    if name == WORST_CASE:
        return replicate.worst_case
    record = replicate.records.get(name)
    return record.metrics.accuracy_under_attack if record else None


def _reason(name: str, replicate: Replicate) -> str:
    return replicate.no_worst_case if name == WORST_CASE else f"{name} was not run"


def _describe(check: ThresholdCheck) -> str:
    measured = "n/a" if check.number is None else f"{100 * check.number:.1f}%"
    end = "lower end of the interval " if check.on == "low" and check.number is not None else ""
    return (
        f"{check.name} of {check.model} on {check.dataset}: {end}{measured}, below "
        f"{100 * check.minimum:g}%"
    )
