"""The ``unified`` track: the same limits for every recipe.

After Li et al. 2021, "Searching for an Effective Defender: Benchmarking Defense against Adversarial
Word Substitution". A recipe keeps what determines its candidates (transformation, distance between
word vectors, part of speech, word length), its search method and, where a fixed number of edits is
part of the recipe's definition (Pruthi: one), that number. Its own limits on words, similarity and
edit distance are replaced. ``docs/protocol.md`` lists every difference from that paper and its
code.
"""

from __future__ import annotations

from typing import Any

import textattack
from textattack.constraints.overlap import LevenshteinEditDistance, MaxWordsPerturbed
from textattack.constraints.pre_transformation import (
    MaxModificationRate,
    RepeatModification,
    StopwordModification,
)
from textattack.constraints.semantics.sentence_encoders import SentenceEncoder

from robustbert.attacks.scheduler.clients import PooledEncoder
from robustbert.attacks.textattack.constraints import StretchSimilarity, WordsChangedLimit
from robustbert.attacks.textattack.model_wrapper import PooledModelWrapper
from robustbert.attacks.textattack.query_budget import DistinctQueryBudget
from robustbert.attacks.tracks import TrackLimits

_REPLACED = (
    LevenshteinEditDistance,
    MaxModificationRate,
    MaxWordsPerturbed,
    RepeatModification,
    SentenceEncoder,
    StopwordModification,
)


def apply_unified_limits(
    attack: Any,
    track: TrackLimits,
    victim: PooledModelWrapper,
    words: int,
    encoder: PooledEncoder,
) -> Any:
    """Apply the unified limits to a recipe's attack on a text with ``words`` words.

    Args:
        attack: the recipe's ``textattack.Attack``.
        track: the limits.
        victim: the attack's model wrapper.
        words: number of words of the text.
        encoder: the sentence encoder of the similarity constraint.
    """
    limits = track.unified
    own = [*attack.pre_transformation_constraints, *attack.constraints]
    kept = [
        constraint
        for constraint in own
        if not isinstance(constraint, _REPLACED) or getattr(constraint, "max_num_words", None)
    ]
    shared = [
        RepeatModification(),
        StopwordModification(),
        WordsChangedLimit(limits.words_limit(words, track.length)),
    ]
    similarity = StretchSimilarity(encoder, limits.min_similarity, limits.similarity_stretch)
    for transformation in getattr(
        attack.transformation, "transformations", [attack.transformation]
    ):
        if hasattr(transformation, "max_candidates"):
            transformation.max_candidates = limits.max_candidates
    goal = attack.goal_function
    goal.get_results = DistinctQueryBudget(goal, victim, limits.query_budget(words))
    return textattack.Attack(
        goal,
        # similarity comes last, because only it runs a model
        [*shared, *kept, similarity],
        attack.transformation,
        attack.search_method,
    )
