"""The agreement between raters: Krippendorff's alpha with a bootstrap interval over items.

Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": 1 is perfect agreement, 0 what
chance would give, and below 0 raters disagree systematically. It allows for missing answers. The
library ``krippendorff`` computes it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from robustbert.errors import MissingAssetError

if TYPE_CHECKING:
    import numpy as np

Level = Literal["nominal", "ordinal"]
#: The answers of all raters about one thing, by their position among the possible answers.
Unit = Sequence[int]

#: The number of bootstrap samples.
RESAMPLES = 1_000
_PERCENTILES = (0.025, 0.975)


@dataclass(frozen=True)
class Agreement:
    """How much raters agree on a question.

    Args:
        question: the question.
        level: the level of measurement: whether answers are ordered.
        alpha: Krippendorff's alpha, at most 1; NaN if it is not defined.
        low: lower end of its 95% interval; NaN if there is none.
        high: upper end of its 95% interval; NaN if there is none.
        n: the number of items that at least two raters have answered.
        reason: why it is not defined; None if it is.
    """

    question: str
    level: Level
    alpha: float
    low: float
    high: float
    n: int
    reason: str | None


def check_agreement_package() -> None:
    """Check that the package that computes the agreement is installed.

    Raises:
        MissingAssetError: it is not; the message names the extra.
    """
    if find_spec("krippendorff") is None:
        raise MissingAssetError(
            "the agreement between raters needs krippendorff; pip install 'robustbert[audit]'"
        )


def agreement(
    question: str,
    level: Level,
    items: Sequence[Sequence[Unit]],
    num_answers: int,
    seed: int,
) -> Agreement:
    """Compute the agreement on a question.

    The interval is the percentile bootstrap over items: the units of an item, such as its two
    texts, are drawn together. Resamples in which alpha is not defined are left out.

    Args:
        question: the question, for the result.
        level: ``"ordinal"`` if the answers are ordered, as their numbers are.
        items: the units of each item, as many for each, which have the answers of the raters: from
            0, below ``num_answers``. Missing answers are left out.
        num_answers: the number of possible answers.
        seed: the seed of the bootstrap, at least 0.

    Raises:
        MissingAssetError: the package ``krippendorff`` is not installed.
    """
    import numpy as np

    check_agreement_package()
    counts = np.array(
        [[np.bincount(unit, minlength=num_answers) for unit in units] for units in items],
        dtype=np.int64,
    ).reshape(len(items), -1, num_answers)
    n = int((counts.sum(axis=2) >= 2).any(axis=1).sum())
    reason = _undefined(counts)
    if reason is not None:
        return Agreement(question, level, np.nan, np.nan, np.nan, n, reason)
    generator = np.random.default_rng(seed)
    drawn = [
        _alpha(counts[generator.integers(0, len(counts), size=len(counts))], level)
        for _ in range(RESAMPLES)
    ]
    defined = [value for value in drawn if not np.isnan(value)]
    low, high = np.quantile(defined, _PERCENTILES) if n > 1 and defined else (np.nan, np.nan)
    return Agreement(question, level, _alpha(counts, level), float(low), float(high), n, None)


def _alpha(counts: np.ndarray, level: Level) -> float:
    """Krippendorff's alpha of counts of shape (items, units, answers); NaN if not defined."""
    import krippendorff
    import numpy as np

    if _undefined(counts) is not None:
        return float(np.nan)
    units = counts.reshape(-1, counts.shape[2])
    # Units with one answer do not count. The library would divide by 0 for them: by the number of
    # answers minus 1.
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return float(
            krippendorff.alpha(
                value_counts=units[units.sum(axis=1) >= 2], level_of_measurement=level
            )
        )


def _undefined(counts: np.ndarray) -> str | None:
    """Why alpha is not defined; None if it is."""
    pairable = counts[counts.sum(axis=2) >= 2]
    if not len(pairable):
        return "no two raters have answered the same question"
    if (pairable.sum(axis=0) > 0).sum() == 1:
        return "all answers are the same, so that chance would agree as well"
    return None
