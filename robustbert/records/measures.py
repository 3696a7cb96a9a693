"""Results of a cell: counts, metrics and reliability checks."""

from __future__ import annotations

from pydantic import Field, model_validator

from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    Proportion,
    Similarity,
    StrictModel,
)


class Metric(StrictModel):
    """A proportion with its Wilson 95% interval."""

    value: Proportion | None = Field(description="the proportion; null if `n` is 0")
    low: Proportion | None = Field(description="lower end of the interval; null if `n` is 0")
    high: Proportion | None = Field(description="upper end of the interval; null if `n` is 0")
    n: NonNegativeInt = Field(description="number of examples in the denominator")

    def __str__(self) -> str:
        """The proportion in percent with its interval and the number of examples.

        >>> print(Metric(value=0.5, low=0.2366, high=0.7634, n=10))
        50.0% [23.7, 76.3] (n=10)
        >>> print(Metric(value=None, low=None, high=None, n=0))
        n/a (n=0)
        """
        if self.value is None or self.low is None or self.high is None:
            return f"n/a (n={self.n})"
        interval = f"[{100 * self.low:.1f}, {100 * self.high:.1f}]"
        return f"{100 * self.value:.1f}% {interval} (n={self.n})"

    @model_validator(mode="after")
    def _consistent(self) -> Metric:
        numbers = [self.low, self.value, self.high]
        present = [number for number in numbers if number is not None]
        if len(present) != (3 if self.n else 0):
            raise ValueError("value, low and high must be null if n is 0, and numbers otherwise")
        if present != sorted(present):
            raise ValueError("the value is outside its interval")
        return self


class Counts(StrictModel):
    """Number of examples by status, and of two special cases."""

    skipped: NonNegativeInt = Field(description="examples with status `skipped`")
    robust: NonNegativeInt = Field(description="examples with status `robust`")
    broken: NonNegativeInt = Field(description="examples with status `broken`")
    exhausted: NonNegativeInt = Field(description="examples with status `exhausted`")
    error: NonNegativeInt = Field(description="examples with status `error`")
    retracted: NonNegativeInt = Field(
        description="reported successes that failed verification; also counted as `robust`"
    )
    truncated: NonNegativeInt = Field(
        description="clean texts that exceed the model's maximum input length"
    )

    @property
    def total(self) -> int:
        """The number of examples, including errors."""
        return self.skipped + self.attacked + self.error

    @property
    def attacked(self) -> int:
        """The number of examples whose attack was completed."""
        return self.robust + self.broken + self.exhausted

    @model_validator(mode="after")
    def _consistent(self) -> Counts:
        if self.retracted > self.robust:
            raise ValueError("retracted: exceeds the number of robust examples")
        if self.truncated > self.total:
            raise ValueError("truncated: exceeds the number of examples")
        return self


class Metrics(StrictModel):
    """The metrics of a cell. A mean over zero examples is null."""

    clean_accuracy: Metric = Field(description="correct before the attack / all")
    accuracy_under_attack: Metric = Field(description="(robust + exhausted) / all")
    attack_success_rate: Metric = Field(description="broken / (broken + robust + exhausted)")
    queries_mean: NonNegativeFloat | None = Field(
        description="mean of `queries` over attacked examples (broken, robust or exhausted)"
    )
    queries_mean_broken: NonNegativeFloat | None = Field(
        description="mean of `queries` over broken examples"
    )
    textattack_queries_mean: NonNegativeFloat | None = Field(
        description="mean of `textattack_queries` over attacked examples that have it"
    )
    words_changed_mean: NonNegativeFloat | None = Field(
        description="mean of `words_changed` over broken examples"
    )
    similarity_mean: Similarity | None = Field(
        description="mean of `similarity` over broken examples that have it"
    )


class ReliabilityCheck(StrictModel):
    """A check of whether the cell's metrics are reliable."""

    name: Name = Field(description="name of the check; unique within a record")
    passed: bool = Field(
        description="whether it passed. *Rule*: only if `measured` is at most `threshold`"
    )
    measured: NonNegativeFloat = Field(description="the measured value")
    threshold: NonNegativeFloat = Field(description="the maximum that passes")
    about: Name = Field(description="what a failure means, in a few words")

    @model_validator(mode="after")
    def _consistent(self) -> ReliabilityCheck:
        if self.passed and self.measured > self.threshold:
            raise ValueError("passed: but the measured value is above the threshold")
        return self
