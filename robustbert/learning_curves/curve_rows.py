"""The rows of a learning curve: a size and a noise, with accuracies over seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from robustbert.learning_curves.curve_record import CLEAN, CurvePoint, LearningCurve
from robustbert.metrics import wilson_interval
from robustbert.records import Metric

WORST_CASE = "worst case"


@dataclass(frozen=True)
class OverSeeds:
    """An accuracy over seeds, as proportions.

    Args:
        mean: the mean over the seeds.
        least: the lowest accuracy of a seed.
        greatest: the highest accuracy of a seed.
        low: lower end of the 95% Wilson interval of the mean over examples. All seeds are measured
            on the same examples, so it is that of the examples of one seed.
        high: upper end of this interval.
    """

    mean: float
    least: float
    greatest: float
    low: float
    high: float


@dataclass(frozen=True)
class CurveRow:
    """The points of a size and a noise.

    Args:
        size: the share of the training split.
        noise: the share of wrong labels.
        num_examples: the number of training examples.
        num_changed: the number of wrong labels.
        seeds: the seeds.
        accuracies: over the seeds, keyed by :func:`metric_names`.
    """

    size: float
    noise: float
    num_examples: int
    num_changed: int
    seeds: tuple[int, ...]
    accuracies: Mapping[str, OverSeeds]


def metric_names(curve: LearningCurve) -> list[str]:
    """Clean accuracy, each recipe, and the worst case if there are several recipes."""
    return [CLEAN, *curve.recipes, *([WORST_CASE] if len(curve.recipes) > 1 else [])]


def curve_rows(curve: LearningCurve) -> list[CurveRow]:
    """The rows of a curve, by noise and size."""
    groups: dict[tuple[float, float], list[CurvePoint]] = defaultdict(list)
    for point in curve.points:
        groups[point.noise, point.size].append(point)
    names = metric_names(curve)
    return [
        CurveRow(
            size=size,
            noise=noise,
            num_examples=points[0].num_examples,
            num_changed=points[0].num_changed,
            seeds=tuple(point.seed for point in points),
            accuracies={name: over_seeds([_metric(p, name) for p in points]) for name in names},
        )
        for (noise, size), points in sorted(groups.items())
    ]


def over_seeds(metrics: Sequence[Metric]) -> OverSeeds:
    """Summarize the accuracy of each seed on the same examples.

    >>> found = over_seeds([Metric(value=v, low=0.0, high=1.0, n=10) for v in (0.4, 0.6)])
    >>> found.mean, found.least, found.greatest, round(found.low, 3), round(found.high, 3)
    (0.5, 0.4, 0.6, 0.237, 0.763)
    """
    # No value is missing, because every split has examples.
    values = [metric.value for metric in metrics if metric.value is not None]
    mean, n = fmean(values), metrics[0].n
    interval = wilson_interval(min(mean * n, n), n)
    return OverSeeds(mean, min(values), max(values), interval.low, interval.high)


def _metric(point: CurvePoint, name: str) -> Metric:
    if name == CLEAN:
        return point.clean
    if name == WORST_CASE:
        assert point.worst_case is not None
        return point.worst_case
    return point.attacked[name]
