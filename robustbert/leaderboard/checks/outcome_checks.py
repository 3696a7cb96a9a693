"""Checks of single outcomes: whether they can be what an attack on their record's track gave."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from robustbert.leaderboard.checks.problem import Problem, in_outcomes
from robustbert.leaderboard.checks.results_files import ReadResults
from robustbert.records import Outcome, PublishedCell, Record

# Probabilities and similarities are sums of floats.
_TOLERANCE = 1e-6
# The first revision of the protocol in which queries are distinct texts, which the budget counts.
_DISTINCT_QUERIES = 2


def exceeded_limits(results: ReadResults) -> Iterator[Problem]:
    """Outcomes of the unified track that are beyond its limits, as their record has them."""
    for cell in results.cells:
        if cell.record.track == "unified":
            yield from _problems(cell, _exceeded)


def impossible_outcomes(results: ReadResults) -> Iterator[Problem]:
    """Outcomes with a class that there is not, or whose probabilities contradict the status."""
    for cell in results.cells:
        yield from _problems(cell, _impossible)


def _problems(
    cell: PublishedCell, wrong: Callable[[Outcome, Record], str | None]
) -> Iterator[Problem]:
    """One problem per cell and kind of error."""
    lines: dict[str, list[int]] = {}
    for number, outcome in enumerate(cell.outcomes, start=1):
        if message := wrong(outcome, cell.record):
            lines.setdefault(message, []).append(number)
    for message, numbers in lines.items():
        yield from in_outcomes(cell, numbers, message)


def _exceeded(outcome: Outcome, record: Record) -> str | None:
    """The limit that an outcome exceeds; a limit that the record does not have limits nothing."""
    if (record.protocol.revision or 0) >= _DISTINCT_QUERIES and record.protocol.query_budget:
        budget = max(1, outcome.words) * record.protocol.query_budget
        if outcome.queries > budget:
            return "more queries than the budget"
        if outcome.status == "exhausted" and outcome.queries < budget:
            return "exhausted with fewer queries than the budget"
    if outcome.status != "broken":
        return None
    share = _limit(record, f"max_words_changed{'_long' * (record.dataset.length == 'long')}")
    if share is not None and (outcome.words_changed or 0) > math.ceil(outcome.words * share):
        return "broken with more words changed than the limit"
    similarity, stretch = (_limit(record, key) for key in ("min_similarity", "similarity_stretch"))
    if similarity is None or stretch is None or outcome.words < stretch:
        return None
    if outcome.similarity is None or outcome.similarity < similarity - _TOLERANCE:
        return "broken with less similarity than the limit"
    return None


def _limit(record: Record, name: str) -> float | None:
    value = record.protocol.limits.get(name)
    return value if isinstance(value, int | float) else None


def _impossible(outcome: Outcome, record: Record) -> str | None:
    classes = len(record.dataset.label_names or ())
    found = (outcome.label, outcome.clean_prediction, outcome.adversarial_prediction)
    if classes and max(one for one in found if one is not None) >= classes:
        return f"a class that there is not, because label_names has {classes}"
    clean, final = outcome.label_probability, outcome.adversarial_label_probability
    if outcome.clean_prediction is not None and _contradicts(clean, outcome.correct, classes):
        return "label_probability contradicts clean_prediction"
    if not outcome.retracted and _contradicts(final, outcome.status != "broken", classes):
        return "adversarial_label_probability contradicts the status"
    return None


def _contradicts(probability: float | None, is_label: bool, classes: int) -> bool:
    """Whether the label cannot, or must, be the predicted class with this probability."""
    if probability is None:
        return False
    if is_label:
        return classes > 0 and probability < 1 / classes - _TOLERANCE
    return probability > 0.5 + _TOLERANCE
