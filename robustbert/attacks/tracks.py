"""The tracks: which limits hold while a recipe searches.

``published`` leaves a recipe its own constraints. ``unified`` puts one set of limits over all of
them, after Li et al. 2021, "Searching for an Effective Defender: Benchmarking Defense against
Adversarial Word Substitution". A recipe keeps what makes its candidates
(transformation, distance between word vectors, part of speech, word length), its search, and a
fixed number of edits where that is what it is (Pruthi: one); its shares of words, similarities and
edit distances give way.

Where this differs from that paper's code (RockyLzy/TextDefender): there the limits are added to
the recipe's own, and similarity compares a window around the last change with the text before it;
here they take the place of the recipe's own, and all changes are compared with the original, in
stretches of 15 to 29 words, so that a finished text can be checked again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from robustbert.errors import InputError, UnknownNameError
from robustbert.records.schema import Track

if TYPE_CHECKING:
    from robustbert.attacks.victim import Ask

TRACKS: tuple[Track, ...] = ("published", "unified")


@dataclass(frozen=True)
class UnifiedLimits:
    """The limits of the ``unified`` track.

    Args:
        max_words_changed: the share of a text's words that may change, in (0, 1].
        max_words_changed_long: the same for long texts.
        long_text_words: texts of more words than this are long.
        min_similarity: the least angular similarity, in [0, 1].
        similarity_stretch: words of the shortest stretch compared; shorter texts are exempt.
        max_candidates: embedding neighbours tried a word.
        queries_per_word: the query budget of a text is this times its words.
    """

    max_words_changed: float = 0.3
    max_words_changed_long: float = 0.1
    long_text_words: int = 100
    min_similarity: float = 0.84
    similarity_stretch: int = 15
    max_candidates: int = 50
    queries_per_word: int = 50

    def __post_init__(self) -> None:
        for name in ("max_words_changed", "max_words_changed_long", "min_similarity"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; give a share above 0, at most 1"
                )
        for name in ("long_text_words", "similarity_stretch", "max_candidates", "queries_per_word"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; give a whole number above 0")

    def words_limit(self, words: int) -> int:
        """How many of a text's ``words`` may change.

        >>> UnifiedLimits().words_limit(20), UnifiedLimits().words_limit(230)
        (6, 23)
        """
        long = words > self.long_text_words
        return int(words * (self.max_words_changed_long if long else self.max_words_changed) + 1e-9)

    def query_budget(self, words: int) -> int:
        """How many queries a text of so many words may cost."""
        return max(1, words) * self.queries_per_word

    def as_record(self) -> dict[str, float | int]:
        """The limits as a record holds them, the query budget apart."""
        return {key: value for key, value in asdict(self).items() if key != "queries_per_word"}


def check_track(track: str) -> None:
    """Raise ``UnknownNameError`` unless ``track`` is one of the tracks."""
    if track not in TRACKS:
        raise UnknownNameError("track", track, TRACKS)


def unify(attack: Any, limits: UnifiedLimits, words: int, ask: Ask) -> Any:
    """A recipe's attack under the unified limits, for a text of so many words."""
    import textattack
    from textattack.constraints.overlap import LevenshteinEditDistance, MaxWordsPerturbed
    from textattack.constraints.pre_transformation import (
        MaxModificationRate,
        RepeatModification,
        StopwordModification,
    )
    from textattack.constraints.semantics.sentence_encoders import SentenceEncoder

    from robustbert.attacks.constraints import StretchSimilarity, WordsChangedLimit

    replaced = (
        LevenshteinEditDistance,
        MaxModificationRate,
        MaxWordsPerturbed,
        RepeatModification,
        SentenceEncoder,
        StopwordModification,
    )
    own = [*attack.pre_transformation_constraints, *attack.constraints]
    kept = [
        constraint
        for constraint in own
        if not isinstance(constraint, replaced) or getattr(constraint, "max_num_words", None)
    ]
    shared = [
        RepeatModification(),
        StopwordModification(),
        WordsChangedLimit(limits.words_limit(words)),
    ]
    similarity = StretchSimilarity(ask, limits.min_similarity, limits.similarity_stretch)
    for transformation in getattr(
        attack.transformation, "transformations", [attack.transformation]
    ):
        if hasattr(transformation, "max_candidates"):
            transformation.max_candidates = limits.max_candidates
    if hasattr(attack.search_method, "post_crossover_check"):
        attack.search_method.post_crossover_check = True  # a child of two parents can break a limit
    attack.goal_function.query_budget = limits.query_budget(words)
    return textattack.Attack(
        attack.goal_function,
        # the similarity comes last: it alone asks a model
        [*shared, *kept, similarity],
        attack.transformation,
        attack.search_method,
    )
