"""Tracks: the limits that apply to the search of a recipe.

- ``published`` keeps each recipe's own constraints.
- ``unified`` applies one set of limits to all recipes
  (:mod:`robustbert.attacks.textattack.unified_track`).
- ``unified-li`` reproduces the code of Li et al. 2021, for comparison with published tables
  (:mod:`robustbert.attacks.textattack.unified_li_track`).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from robustbert.data.dataset import TextLength
from robustbert.errors import InputError, UnknownNameError
from robustbert.records.schema import Track

#: The names of the tracks.
TRACKS: tuple[Track, ...] = ("published", "unified", "unified-li")


@dataclass(frozen=True)
class _SharedLimits:
    """The limits that the ``unified`` and ``unified-li`` tracks share."""

    max_words_changed: float = 0.3
    max_words_changed_long: float = 0.1
    max_candidates: int = 50
    queries_per_word: int = 50

    def max_fraction_changed(self, length: TextLength) -> float:
        """Maximum fraction of a text's words that may change in a dataset of this text length."""
        return self.max_words_changed_long if length == "long" else self.max_words_changed

    def query_budget(self, words: int) -> int:
        """The query budget of a text with ``words`` words."""
        return max(1, words) * self.queries_per_word

    def as_record(self) -> dict[str, float | int]:
        """The limits in record format, without the query budget."""
        return {key: value for key, value in asdict(self).items() if key != "queries_per_word"}


@dataclass(frozen=True)
class UnifiedLimits(_SharedLimits):
    """The limits of the ``unified`` track.

    Args:
        max_words_changed: maximum fraction of a text's words that may change in a dataset of short
            texts, in (0, 1].
        max_words_changed_long: the same in a dataset of long texts.
        max_candidates: maximum number of embedding neighbours, or of words of a language model,
            tried per word.
        queries_per_word: the query budget of a text is this number times its number of words.
        min_similarity: minimum angular similarity of each changed stretch (a segment of the text)
            to the original stretch, in (0, 1].
        similarity_stretch: minimum number of words in a stretch; texts with fewer words are exempt
            from the limit on similarity.

    Raises:
        InputError: a limit is out of range.
    """

    min_similarity: float = 0.84
    similarity_stretch: int = 15

    def __post_init__(self) -> None:
        for name in ("max_words_changed", "max_words_changed_long", "min_similarity"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name} is {getattr(self, name)}; it must be in (0, 1]")
        for name in ("similarity_stretch", "max_candidates", "queries_per_word"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; it must be at least 1")

    def words_limit(self, words: int, length: TextLength = "short") -> int:
        """Maximum number of words changed in a text, rounded up as in TextAttack.

        >>> UnifiedLimits().words_limit(21), UnifiedLimits().words_limit(231, "long")
        (7, 24)
        """
        return math.ceil(words * self.max_fraction_changed(length))


@dataclass(frozen=True)
class LiLimits(_SharedLimits):
    """The limits of the ``unified-li`` track, as in Li et al. 2021; they are not configurable.

    Args:
        max_words_changed: maximum fraction of a text's words that may change in a dataset of short
            texts (the paper's AG News).
        max_words_changed_long: the same in a dataset of long texts (the paper's IMDB).
        max_candidates: maximum number of candidates tried per word.
        queries_per_word: the query budget of a text, in TextAttack's count, is this number times
            its number of words.
        min_similarity: minimum angular similarity between the window around a changed word and the
            same window before the change.
        similarity_window: number of words in that window; texts with fewer words are exempt.
    """

    min_similarity: float = 0.840845057
    similarity_window: int = 15


@dataclass(frozen=True)
class TrackLimits:
    """A track and the limits that it applies to recipes.

    Args:
        track: a name of :data:`TRACKS`.
        length: whether the dataset's texts are short or long.
        unified: the limits of the ``unified`` track; ignored on the other tracks.
    """

    track: Track
    length: TextLength
    unified: UnifiedLimits

    @property
    def limits(self) -> UnifiedLimits | LiLimits | None:
        """The limits that the track applies; None if each recipe keeps its own."""
        return {"published": None, "unified": self.unified, "unified-li": LiLimits()}[self.track]


def assets_of_track(track: str) -> tuple[str, ...]:
    """The assets that a track needs in addition to those of the recipe."""
    return ("word-vectors",) if track == "unified-li" else ()


def check_track(track: str) -> Track:
    """Validate the name of a track and return it.

    Raises:
        UnknownNameError: unknown track; the message suggests similar names.
    """
    for known in TRACKS:
        if track == known:
            return known
    raise UnknownNameError("track", track, TRACKS)
