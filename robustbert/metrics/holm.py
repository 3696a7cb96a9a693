"""Correction of p-values for multiple tests."""

from __future__ import annotations

from collections.abc import Sequence

from robustbert.errors import InputError


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values with the step-down method of Holm.

    Holm 1979, "A simple sequentially rejective multiple test procedure".

    Rejecting every hypothesis whose adjusted p-value is at most ``alpha`` keeps the probability of
    any false rejection at or below ``alpha``, however the tests depend on one another.

    Args:
        p_values: one per test, in [0, 1].

    Returns:
        The adjusted p-values, in the order of the tests.

    Raises:
        InputError: a p-value is outside [0, 1].

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise InputError(f"p-values must be from 0 to 1, not {list(p_values)}")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return tuple(adjusted)
