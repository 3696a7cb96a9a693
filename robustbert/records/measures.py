"""What came out of a cell: counts, metrics, and how far they can be relied on."""

from __future__ import annotations

from pydantic import model_validator

from robustbert.records.fields import Name, Natural, NonNegative, Proportion, Similarity, Strict


class Metric(Strict):
    """A proportion with its 95% interval: null throughout, never 0, where ``n`` is 0."""

    value: Proportion | None
    low: Proportion | None
    high: Proportion | None
    n: Natural

    @model_validator(mode="after")
    def _consistent(self) -> Metric:
        numbers = [self.low, self.value, self.high]
        present = [number for number in numbers if number is not None]
        if len(present) != (3 if self.n else 0):
            raise ValueError("value, low and high: null where n is 0, numbers elsewhere")
        if present != sorted(present):
            raise ValueError("the value lies outside its interval")
        return self


class Counts(Strict):
    """How many examples had each status; the first five sum to the cell's ``n``.

    ``retracted`` are among the robust. ``truncated``: clean texts longer than the model reads.
    """

    skipped: Natural
    robust: Natural
    broken: Natural
    exhausted: Natural
    error: Natural
    retracted: Natural
    truncated: Natural

    @property
    def total(self) -> int:
        """The number of examples, errors among them."""
        return self.skipped + self.attacked + self.error

    @property
    def attacked(self) -> int:
        """The number of examples whose attack ran to its end."""
        return self.robust + self.broken + self.exhausted

    @model_validator(mode="after")
    def _consistent(self) -> Counts:
        if self.retracted > self.robust:
            raise ValueError("retracted: more than there are robust examples")
        if self.truncated > self.total:
            raise ValueError("truncated: more than there are examples")
        return self


class Metrics(Strict):
    """The cell's numbers. A mean over no example is null."""

    clean_accuracy: Metric
    accuracy_under_attack: Metric
    attack_success_rate: Metric
    queries_mean: NonNegative | None
    queries_mean_broken: NonNegative | None
    textattack_queries_mean: NonNegative | None
    words_changed_mean: NonNegative | None
    similarity_mean: Similarity | None


class ReliabilityCheck(Strict):
    """A check of whether the cell's numbers mean what they say: what was measured, and the limit.

    Above ``threshold`` the check fails; ``about`` says in a few words what that means.
    """

    name: Name
    passed: bool
    measured: NonNegative
    threshold: NonNegative
    about: Name

    @model_validator(mode="after")
    def _consistent(self) -> ReliabilityCheck:
        if self.passed and self.measured > self.threshold:
            raise ValueError("passed: but what was measured is above the threshold")
        return self
