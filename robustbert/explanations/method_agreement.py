"""The agreement between explanation methods: the rank correlation of their scores of words."""

from __future__ import annotations

from collections.abc import Sequence

from robustbert.errors import InputError
from robustbert.explanations.attribution import Attribution
from robustbert.explanations.attribution_change import rank_correlation


def method_agreement(
    first: Sequence[Attribution], second: Sequence[Attribution]
) -> list[float | None]:
    """Spearman's rank correlation between two methods' scores of the words of each text.

    Attention has no sign: it is compared with the absolute scores of another method.

    Args:
        first: one attribution per text.
        second: of the same texts and classes, in the same order, by another method.

    Returns:
        -1 to 1; None for a text with fewer than 3 words or whose scores by a method are all equal.

    Raises:
        InputError: they explain different texts or classes.
    """
    if [(one.text, one.target) for one in first] != [(one.text, one.target) for one in second]:
        raise InputError(
            "the attributions are of different texts or classes; explain the same texts with the "
            "same targets"
        )
    return [_correlation(one, other) for one, other in zip(first, second, strict=True)]


def _correlation(one: Attribution, other: Attribution) -> float | None:
    if "attention" in (one.output, other.output):
        return rank_correlation([*map(abs, one.scores)], [*map(abs, other.scores)])
    return rank_correlation(list(one.scores), list(other.scores))
