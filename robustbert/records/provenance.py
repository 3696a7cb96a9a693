"""How a record was produced: time, concurrency, versions and hardware."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    StrictModel,
)

_VERSION = "its version; null if not installed or not recorded"


class Timing(StrictModel):
    """Wall-clock times; null if not measured."""

    train_seconds: NonNegativeFloat | None = Field(
        description="training time of the victim, including attacks run by its defense"
    )
    attack_seconds: NonNegativeFloat | None = Field(
        description="time of the whole attack; with workers, including their start"
    )
    victim_seconds: NonNegativeFloat | None = Field(
        description="time that the victim's predictions took; with workers, the sum over them"
    )
    victim_queries: NonNegativeInt | None = Field(
        description=(
            "number of texts scored by the victim, excluding predictions that were cached by "
            "earlier cells of the run"
        )
    )


class WorkerRef(StrictModel):
    """A worker process that attacked examples of a cell."""

    processor: Name = Field(description="its processor")
    device: Name = Field(description="device of its models")
    threads: PositiveInt = Field(description="its threads")
    examples: NonNegativeInt = Field(description="number of examples that it attacked")


class Engine(StrictModel):
    """Concurrency of the attack; it affects the time, but no outcome."""

    lanes: PositiveInt = Field(description="number of concurrent searches, one per example")
    token_budget: PositiveInt | None = Field(
        description="maximum tokens per batch of the victim; null if it does not batch"
    )
    executor: Literal["local", "ray"] = Field(
        description="`local` if one process attacked all examples, `ray` for workers of a cluster"
    )
    workers: list[WorkerRef] | None = Field(
        description="the workers of `ray`. *Rule*: null if and only if `executor` is `local`"
    )

    @model_validator(mode="after")
    def _check_workers(self) -> Engine:
        if (self.executor == "ray") != (self.workers is not None):
            raise ValueError("workers: only executor ray has workers")
        return self


class BatchInvariance(StrictModel):
    """Whether a text's scores depend on the other texts in its batch, as far as was checked.

    ``verified`` means that each network gave bit-identical scores alone and in batches on this
    machine, and that recomputed predictions of the run did not change.
    """

    status: Literal["verified", "not verified"] = Field(
        description="result of the check. *Rule*: not `verified` if a recomputed result differed"
    )
    ladder: dict[str, list[PositiveInt]] = Field(
        description=(
            "row counts that passed the check, for each linear layer that is padded to such a "
            "count (keyed by kernel, shape, dtype and threads); empty if there is none"
        )
    )
    answers_checked: NonNegativeInt = Field(
        description="predictions of the victim that were recomputed with batch size 1"
    )
    answers_differing: NonNegativeInt = Field(
        description="number of `answers_checked` that were not bit-identical"
    )
    answers_changed: NonNegativeInt | None = Field(
        description=(
            "number of `answers_checked` in which a probability changed by more than rounding "
            "explains (0.001; 0.02 in bfloat16); null if not counted"
        ),
    )
    encodings_checked: NonNegativeInt = Field(
        description="sentence embeddings that were recomputed with batch size 1"
    )
    encodings_differing: NonNegativeInt = Field(
        description="number of `encodings_checked` that were not bit-identical"
    )

    def joined(self, later: BatchInvariance) -> BatchInvariance:
        """Merge the results of two runs of the same cell."""
        numbers = (
            *("answers_checked", "answers_differing"),
            *("encodings_checked", "encodings_differing"),
        )
        both = self.status == later.status == "verified"
        changed = [self.answers_changed, later.answers_changed]
        return BatchInvariance(
            status="verified" if both else "not verified",
            ladder={**self.ladder, **later.ladder},
            answers_changed=None if None in changed else sum(filter(None, changed)),
            **{name: getattr(self, name) + getattr(later, name) for name in numbers},
        )

    @property
    def differing(self) -> int:
        """The number of predictions and embeddings that differed when recomputed."""
        return self.answers_differing + self.encodings_differing

    @model_validator(mode="after")
    def _consistent(self) -> BatchInvariance:
        if self.answers_differing > self.answers_checked:
            raise ValueError("answers_differing: more than were checked")
        if (self.answers_changed or 0) > self.answers_differing:
            raise ValueError("answers_changed: more than differed")
        if self.encodings_differing > self.encodings_checked:
            raise ValueError("encodings_differing: more than were checked")
        if self.differing and self.status == "verified":
            raise ValueError("status: 'verified', but some results differed")
        return self


class Environment(StrictModel):
    """Software versions and hardware of a record. Fields added later are null in older records."""

    python: Name = Field(description="its version")
    torch: Name | None = Field(description=_VERSION)
    transformers: Name | None = Field(description=_VERSION)
    tokenizers: Name | None = Field(description=_VERSION)
    textattack: Name | None = Field(description=_VERSION)
    nltk: Name | None = Field(description=_VERSION)
    scikit_learn: Name | None = Field(description=_VERSION)
    datasets: Name | None = Field(description=_VERSION)
    processor: Name = Field(description="name of the CPU")
    processor_class: Name | None = Field(
        description="hash of everything that decides which matmul kernels run"
    )
    threads: PositiveInt = Field(description="number of threads of the victim's computations")
    device: Name = Field(description="device on which the victim ran")
    git_commit: Name | None = Field(
        description="commit of the code; null if not run from a git checkout"
    )
    dirty: bool | None = Field(description="whether that checkout had uncommitted changes")
    batch_invariance: BatchInvariance | None = Field(
        description="whether batches affect outputs; null in records written before this check"
    )
