"""Schema of a run's results: one :class:`Outcome` per example, one :class:`Record` per cell.

Models are frozen and strict: unknown fields, numbers written as strings, NaN and infinity are
rejected. Missing values are null. Files of earlier versions are read through
:mod:`robustbert.records.migrations`.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, model_validator

from robustbert.records.fields import (
    Length,
    Name,
    NonNegativeInt,
    Params,
    Status,
    StrictModel,
    Timestamp,
    Track,
)
from robustbert.records.measures import Counts, Metric, Metrics, ReliabilityCheck
from robustbert.records.outcome import Outcome
from robustbert.records.provenance import (
    BatchInvariance,
    Engine,
    Environment,
    Timing,
    WorkerRef,
)
from robustbert.records.references import (
    AssetsRef,
    DatasetRef,
    DefenseRef,
    ModelRef,
    Protocol,
    RecipeRef,
)

__all__ = [
    "SCHEMA_VERSION",
    "AssetsRef",
    "BatchInvariance",
    "Counts",
    "DatasetRef",
    "DefenseRef",
    "Engine",
    "Environment",
    "Length",
    "Metric",
    "Metrics",
    "ModelRef",
    "Outcome",
    "Params",
    "Protocol",
    "RecipeRef",
    "Record",
    "ReliabilityCheck",
    "Status",
    "Timing",
    "Track",
    "WorkerRef",
]

#: The version of the schema of new records and outcomes.
SCHEMA_VERSION: Final = 5

# A stored proportion may differ from the one computed from its counts only by rounding.
_TOLERANCE = 1e-9


class Record(StrictModel):
    """The record of a cell: its metrics, and everything needed to reproduce it."""

    schema_version: Literal[5] = Field(SCHEMA_VERSION, description="version of this schema")
    robustbert_version: Name = Field(description="version of robustbert that wrote the record")
    created_at: Timestamp | None = Field(
        description=(
            "creation time in UTC, such as `2026-11-24T12:00:00Z`; for a resumed cell, that of "
            "the last process; null if not known"
        )
    )
    command: Name | None = Field(
        description=(
            "the command line, with only the last component of each absolute path; null if run "
            "from Python"
        )
    )
    suite: str | None = Field(description="name of the suite; null if there is none")
    dataset: DatasetRef = Field(description="the data")
    model: ModelRef = Field(description="the victim")
    defenses: list[DefenseRef] = Field(
        description="the defenses in the order of application; empty for an undefended model"
    )
    training_seed: NonNegativeInt | None = Field(
        description="seed of the model's training; null for a model that the run did not train"
    )
    track: Track = Field(description="the track")
    recipe: RecipeRef = Field(description="the attack recipe")
    assets: AssetsRef = Field(description="the assets used")
    protocol: Protocol = Field(description="how examples were drawn, and the limits of the attack")
    counts: Counts = Field(description="number of examples by status")
    metrics: Metrics = Field(description="the metrics of the cell")
    reliability: list[ReliabilityCheck] = Field(
        description="checks of whether the metrics are reliable"
    )
    timing: Timing = Field(description="wall-clock times")
    engine: Engine | None = Field(description="concurrency of the attack; null if not known")
    environment: Environment = Field(description="software versions and hardware")

    @property
    def used_workers(self) -> bool:
        """Whether workers attacked the examples; their times are sums over them."""
        return self.engine is not None and self.engine.workers is not None

    @model_validator(mode="after")
    def _consistent(self) -> Record:
        counts = self.counts
        if counts.total != self.protocol.n:
            raise ValueError(f"counts: sum to {counts.total}, but protocol.n is {self.protocol.n}")
        if self.protocol.n > self.dataset.n:
            raise ValueError(f"protocol.n: more examples than the {self.dataset.n} of the split")
        names = [check.name for check in self.reliability]
        if len(set(names)) < len(names):
            raise ValueError("reliability: duplicate check name")
        self._check_metrics()
        return self

    def _check_metrics(self) -> None:
        counts, metrics = self.counts, self.metrics
        survived = counts.robust + counts.exhausted
        correct = round((metrics.clean_accuracy.value or 0) * counts.total)
        if not counts.attacked <= correct <= counts.attacked + counts.error:
            raise ValueError("metrics.clean_accuracy: does not follow from the counts")
        _check_proportion("clean_accuracy", metrics.clean_accuracy, correct, counts.total)
        _check_proportion(
            "accuracy_under_attack", metrics.accuracy_under_attack, survived, counts.total
        )
        _check_proportion(
            "attack_success_rate", metrics.attack_success_rate, counts.broken, counts.attacked
        )
        _check_mean("queries_mean", metrics.queries_mean, counts.attacked)
        _check_mean("queries_mean_broken", metrics.queries_mean_broken, counts.broken)
        if not counts.attacked and metrics.textattack_queries_mean is not None:
            raise ValueError("metrics.textattack_queries_mean: a mean over 0 examples")
        _check_mean("words_changed_mean", metrics.words_changed_mean, counts.broken)


def _check_proportion(name: str, metric: Metric, k: int, n: int) -> None:
    agrees = metric.n == n and (n == 0 or abs((metric.value or 0.0) - k / n) <= _TOLERANCE)
    if not agrees:
        raise ValueError(f"metrics.{name}: {metric.value} of {metric.n}, but counts say {k}/{n}")


def _check_mean(name: str, mean: float | None, n: int) -> None:
    if (mean is None) != (n == 0):
        raise ValueError(f"metrics.{name}: {mean}, but it is a mean over {n} examples")
