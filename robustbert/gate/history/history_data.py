"""The history of a baseline: accuracies over the versions of its file, and where they changed."""

from __future__ import annotations

from dataclasses import dataclass

from robustbert.gate.gate_run import GateRun
from robustbert.metrics import Difference, bootstrap_of_counts
from robustbert.records import Acceptance, Metric

_SHORT_COMMIT = 7
_BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class Snapshot:
    """One version of the baseline.

    Args:
        commit: the hash of its commit; None for the working tree.
        date: when it was committed, such as ``2026-11-24``; empty for the working tree.
        subject: the first line of the commit's message.
        run: its results; None if it could not be read.
        problem: why it could not be read; None if it could.
        acceptances: those that the version before does not have.
    """

    commit: str | None
    date: str
    subject: str
    run: GateRun | None
    problem: str | None = None
    acceptances: tuple[Acceptance, ...] = ()

    @property
    def short_commit(self) -> str:
        """The first digits of the hash; "changed" for the working tree."""
        return self.commit[:_SHORT_COMMIT] if self.commit else "changed"


@dataclass(frozen=True)
class Change:
    """A change of an accuracy between two snapshots, tested on the same examples.

    Args:
        n: the number of examples, those that both snapshots have without an error.
        lost: the number of examples that only the earlier model classifies correctly.
        gained: the number of examples that only the later model classifies correctly.
        p_value: of the exact McNemar test.
        adjusted_p: the p-value after Holm's correction.
        is_step: whether the adjusted p-value is at most the level of the history.
    """

    n: int
    lost: int
    gained: int
    p_value: float
    adjusted_p: float
    is_step: bool

    @property
    def value(self) -> float:
        """The later minus the earlier accuracy, in [-1, 1]."""
        return (self.gained - self.lost) / self.n

    def difference(self) -> Difference:
        """The later minus the earlier accuracy, with its paired bootstrap interval."""
        return bootstrap_of_counts(self.gained, self.lost, self.n, _BOOTSTRAP_SEED)


@dataclass(frozen=True)
class Point:
    """An accuracy in one snapshot.

    Args:
        snapshot: the position of the snapshot in the history.
        accuracy: the accuracy on all examples of the snapshot without an error.
        change: since the point before; None for the first point, and if the two cannot be compared.
        gap: why they cannot be compared; None if they can, and for the first point.
        allowed: differences between the two that were allowed.
    """

    snapshot: int
    accuracy: Metric
    change: Change | None = None
    gap: str | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """One accuracy over time.

    Args:
        row: the label of the row, as in its last snapshot.
        dataset: name of the dataset.
        split: name of the split.
        track: name of the track; None for clean accuracy.
        measure: the name of a recipe, ``worst_case`` or ``clean``.
        points: at least one, oldest first.
        drift: the change from the first to the last point; None if there are fewer than three, or
            if the two cannot be compared.
        drift_gap: why these cannot be compared; None if they can.
        drift_allowed: differences between the two that were allowed.
    """

    row: str
    dataset: str
    split: str
    track: str | None
    measure: str
    points: tuple[Point, ...]
    drift: Change | None = None
    drift_gap: str | None = None
    drift_allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """The history of a baseline.

    Args:
        name: what reports call it: its path.
        alpha: the level of significance, for all changes from one point to the next together, and
            for all changes from a first to a last point together.
        snapshots: the versions of the file, oldest first.
        series: the accuracies, by row, dataset and track.
        num_tests: the number of changes from one point to the next that were tested.
        notes: what readers should know, one sentence each.
        refused: the kinds of differences because of which versions were not compared.
    """

    name: str
    alpha: float
    snapshots: tuple[Snapshot, ...]
    series: tuple[Series, ...]
    num_tests: int
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
