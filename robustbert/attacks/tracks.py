"""The tracks: which limits hold while a recipe searches.

- ``published`` leaves a recipe its own constraints.
- ``unified`` puts one set of limits over all recipes
  (:mod:`robustbert.attacks.textattack.unified_track`).
- ``unified-li`` follows the code of Li et al. 2021, to set published tables beside ours
  (:mod:`robustbert.attacks.textattack.unified_li_track`).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from robustbert.data.dataset import TextLength
from robustbert.errors import InputError, UnknownNameError
from robustbert.records.schema import Track

if TYPE_CHECKING:
    from robustbert.attacks.textattack.model_wrapper import Ask, QueuedVictim

TRACKS: tuple[Track, ...] = ("published", "unified", "unified-li")


@dataclass(frozen=True)
class _SharedLimits:
    """What the limits of both tracks have in common."""

    max_words_changed: float = 0.3
    max_words_changed_long: float = 0.1
    max_candidates: int = 50
    queries_per_word: int = 50

    def share_changed(self, length: TextLength) -> float:
        """The share of words that may change in a dataset of this length."""
        return self.max_words_changed_long if length == "long" else self.max_words_changed

    def query_budget(self, words: int) -> int:
        """How many queries a text of so many words may cost."""
        return max(1, words) * self.queries_per_word

    def as_record(self) -> dict[str, float | int]:
        """The limits as a record holds them, the query budget apart."""
        return {key: value for key, value in asdict(self).items() if key != "queries_per_word"}


@dataclass(frozen=True)
class UnifiedLimits(_SharedLimits):
    """The limits of the ``unified`` track.

    Args:
        max_words_changed: the share of a text's words that may change in a dataset of short texts,
            in (0, 1].
        max_words_changed_long: the same in a dataset of long texts.
        max_candidates: embedding neighbours tried per word.
        queries_per_word: the query budget of a text is this times its words.
        min_similarity: the least angular similarity, in [0, 1].
        similarity_stretch: words of the shortest stretch compared; shorter texts are exempt.
    """

    min_similarity: float = 0.84
    similarity_stretch: int = 15

    def __post_init__(self) -> None:
        for name in ("max_words_changed", "max_words_changed_long", "min_similarity"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; give a share above 0, at most 1"
                )
        for name in ("similarity_stretch", "max_candidates", "queries_per_word"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; give a whole number above 0")

    def words_limit(self, words: int, length: TextLength = "short") -> int:
        """How many of a text's words may change: rounded up, as TextAttack's limit is.

        >>> UnifiedLimits().words_limit(21), UnifiedLimits().words_limit(231, "long")
        (7, 24)
        """
        return math.ceil(words * self.share_changed(length))


@dataclass(frozen=True)
class LiLimits(_SharedLimits):
    """The limits of the ``unified-li`` track, as Li et al. 2021 give them; they are not settings.

    Args:
        max_words_changed: the share of a text's words that may change in a dataset of short texts
            (the paper's AG News).
        max_words_changed_long: the same in a dataset of long texts (the paper's IMDB).
        max_candidates: candidates tried per word.
        queries_per_word: the query budget of a text is this times its words, in TextAttack's count.
        min_similarity: the least angular similarity of a window to the text before the change.
        similarity_window: words of that window; shorter texts are exempt.
    """

    min_similarity: float = 0.840845057
    similarity_window: int = 15


@dataclass(frozen=True)
class TrackLimits:
    """A track with the limits that it puts over recipes.

    Args:
        track: a name of :data:`TRACKS`.
        length: whether the dataset's texts are short or long.
        unified: the limits of the ``unified`` track; the others do not read them.
    """

    track: Track
    length: TextLength
    unified: UnifiedLimits

    @property
    def limits(self) -> UnifiedLimits | LiLimits | None:
        """The limits in force; None where each recipe keeps its own."""
        return {"published": None, "unified": self.unified, "unified-li": LiLimits()}[self.track]

    def apply(self, recipe: str, attack: Any, victim: QueuedVictim, words: int, ask: Ask) -> Any:
        """Put the track's limits over a recipe's attack, for a text of so many words.

        Args:
            recipe: the recipe's name.
            attack: a ``textattack.Attack`` that is not used for anything else.
            victim: its victim.
            words: the words of the text, for the limits that depend on them.
            ask: how sentence encodings are obtained.
        """
        if self.track == "unified":
            from robustbert.attacks.textattack.unified_track import unify

            return unify(attack, self, victim, words, ask)
        if self.track == "unified-li":
            from robustbert.attacks.textattack.unified_li_track import follow_li

            return follow_li(recipe, attack, self.length, words, ask)
        return attack


def assets_of_track(track: str) -> tuple[str, ...]:
    """The assets that a track needs, beside those of the recipe."""
    return ("word-vectors",) if track == "unified-li" else ()


def check_track(track: str) -> Track:
    """Return ``track`` as one of the tracks.

    Raises:
        UnknownNameError: no such track; the message lists the near ones.
    """
    for known in TRACKS:
        if track == known:
            return known
    raise UnknownNameError("track", track, TRACKS)
