"""The metrics of one table cell, as pure functions on its outcomes.

An example whose attack failed with an error stays in the denominator of every accuracy; it is
neither counted as correct nor dropped. A mean over zero examples is None, never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from robustbert.metrics.intervals import proportion
from robustbert.records import Counts, Metric, Metrics, Outcome, Status

#: The statuses of examples on which the victim was correct before and after the attack.
SURVIVED: frozenset[Status] = frozenset({"robust", "exhausted"})


def survived(outcome: Outcome) -> bool:
    """Whether the victim was correct before and after the attack: status robust or exhausted."""
    return outcome.status in SURVIVED


def counts(outcomes: Sequence[Outcome], truncated: int = 0) -> Counts:
    """Count the outcomes with each status.

    Args:
        outcomes: one per example.
        truncated: number of clean texts that exceed the model's maximum input length.
    """
    statuses = Counter(outcome.status for outcome in outcomes)
    return Counts(
        skipped=statuses["skipped"],
        robust=statuses["robust"],
        broken=statuses["broken"],
        exhausted=statuses["exhausted"],
        error=statuses["error"],
        retracted=sum(outcome.retracted for outcome in outcomes),
        truncated=truncated,
    )


def clean_accuracy(outcomes: Sequence[Outcome]) -> Metric:
    """Correct before the attack / all."""
    return proportion(sum(outcome.correct for outcome in outcomes), len(outcomes))


def accuracy_under_attack(outcomes: Sequence[Outcome]) -> Metric:
    """(Robust + exhausted) / all."""
    return proportion(sum(survived(outcome) for outcome in outcomes), len(outcomes))


def attack_success_rate(outcomes: Sequence[Outcome]) -> Metric:
    """Broken / (broken + robust + exhausted)."""
    attacked = [outcome for outcome in outcomes if outcome.attacked]
    return proportion(len(_broken(attacked)), len(attacked))


def queries_mean(outcomes: Sequence[Outcome]) -> float | None:
    """The mean number of victim queries (distinct texts) over the attacked examples."""
    return _mean(outcome.queries for outcome in outcomes if outcome.attacked)


def queries_mean_broken(outcomes: Sequence[Outcome]) -> float | None:
    """The mean number of victim queries (distinct texts) over the broken examples."""
    return _mean(outcome.queries for outcome in _broken(outcomes))


def textattack_queries_mean(outcomes: Sequence[Outcome]) -> float | None:
    """The mean of TextAttack's query count over the attacked examples that have one."""
    return _mean(outcome.textattack_queries for outcome in outcomes if outcome.attacked)


def words_changed_mean(outcomes: Sequence[Outcome]) -> float | None:
    """The mean number of changed words over the broken examples."""
    return _mean(outcome.words_changed for outcome in _broken(outcomes))


def words_changed_share(outcomes: Sequence[Outcome]) -> float | None:
    """Changed words / all words, summed over the broken examples."""
    broken = _broken(outcomes)
    words = sum(outcome.words for outcome in broken)
    changed = sum(outcome.words_changed or 0 for outcome in broken)
    return changed / words if words else None


def similarity_mean(outcomes: Sequence[Outcome]) -> float | None:
    """The mean similarity of clean and adversarial texts over the broken examples that have one."""
    return _mean(outcome.similarity for outcome in _broken(outcomes))


def summarize(outcomes: Sequence[Outcome]) -> Metrics:
    """Compute the metrics of a record."""
    return Metrics(
        clean_accuracy=clean_accuracy(outcomes),
        accuracy_under_attack=accuracy_under_attack(outcomes),
        attack_success_rate=attack_success_rate(outcomes),
        queries_mean=queries_mean(outcomes),
        queries_mean_broken=queries_mean_broken(outcomes),
        textattack_queries_mean=textattack_queries_mean(outcomes),
        words_changed_mean=words_changed_mean(outcomes),
        similarity_mean=similarity_mean(outcomes),
    )


def _broken(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.status == "broken"]


def _mean(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None
