"""Format lists, counts and accuracies."""

from __future__ import annotations

from collections.abc import Sequence, Sized

from robustbert.records import Metric

#: Stands for a number that does not exist.
MISSING = "n/a"


def listed(parts: Sequence[str]) -> str:
    """Join the parts with commas and a final "and".

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural unless the number is 1.

    >>> counted(1, "cell"), counted(2_000, "cell")
    ('1 cell', '2,000 cells')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


def and_more(items: Sized, noun: str) -> str:
    """How many items there are besides the first, which a message names; empty if there are none.

    >>> and_more([4, 7, 9], "line"), and_more([4], "line")
    (' (and 2 more lines)', '')
    """
    return f" (and {counted(len(items) - 1, f'more {noun}')})" if len(items) > 1 else ""


def percent(metric: Metric | None) -> str:
    """A proportion in percent with its interval; "n/a" if it does not exist.

    >>> percent(Metric(value=0.5, low=0.404, high=0.596, n=100))
    '50.0 [40.4, 59.6]'
    """
    if metric is None or metric.value is None or metric.low is None or metric.high is None:
        return MISSING
    return f"{100 * metric.value:.1f} [{100 * metric.low:.1f}, {100 * metric.high:.1f}]"
