"""The ``unified-li`` track: the limits of the code of Li et al. 2021.

For comparison with tables published with that code (RockyLzy/TextDefender,
``utils/textattack_utils.py``). There, each recipe keeps its constraints, and two are added: a
maximum fraction of words changed (``MaxWordsPerturbed``) and a minimum similarity of a 15-word
window to the text before the change. The candidates of five recipes are replaced: textfooler, pwws,
textbugger and pso try 50 embedding neighbours per word without a limit on the distance between word
vectors (so textbugger makes no typos), and deepwordbug tries 50 random edits. The query budget is
counted the way TextAttack counts it.

Differences from that code: the sentence encoder and the word vectors are those of
:mod:`robustbert.assets`; pwws keeps TextAttack's own search; in datasets of long texts the maximum
fraction of words changed is the paper's 10%; only the first of duplicate deepwordbug edits is kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import textattack
from textattack.constraints.overlap import MaxWordsPerturbed
from textattack.constraints.semantics import WordEmbeddingDistance
from textattack.transformations import CompositeTransformation, WordSwapEmbedding

from robustbert.attacks.scheduler.clients import PooledEncoder
from robustbert.attacks.textattack.constraints import PooledSentenceEncoder
from robustbert.attacks.tracks import LiLimits
from robustbert.data.dataset import TextLength

_NEIGHBOUR_RECIPES = ("textfooler", "pwws", "textbugger", "pso")


class RandomEdits(CompositeTransformation):  # type: ignore[misc]
    """Random edits, each by a transformation sampled with replacement.

    Args:
        transformations: the transformations to sample from.
        draws: number of samples, at least 1; duplicate results are dropped.
    """

    def __init__(self, transformations: list[Any], draws: int) -> None:
        super().__init__(transformations)
        self.draws = draws

    def __call__(self, *args: Any, **kwargs: Any) -> list[Any]:
        """The edited texts in the order of sampling, without duplicates."""
        drawn = np.random.choice(len(self.transformations), self.draws)
        edited = (text for index in drawn for text in self.transformations[index](*args, **kwargs))
        return list(dict.fromkeys(edited))


def apply_li_limits(
    recipe: str, attack: Any, length: TextLength, words: int, encoder: PooledEncoder
) -> Any:
    """Apply the limits of Li et al. to a recipe's attack on a text with ``words`` words.

    Args:
        recipe: the recipe's name.
        attack: its ``textattack.Attack``.
        length: whether the dataset's texts are short or long.
        words: number of words of the text, for the query budget.
        encoder: the sentence encoder of the similarity constraint.
    """
    limits = LiLimits()
    transformation, constraints = attack.transformation, list(attack.constraints)
    if recipe in _NEIGHBOUR_RECIPES:
        transformation = WordSwapEmbedding(max_candidates=limits.max_candidates)
        constraints = [c for c in constraints if not isinstance(c, WordEmbeddingDistance)]
    elif recipe == "deepwordbug":
        transformation = RandomEdits(transformation.transformations, limits.max_candidates)
    window = PooledSentenceEncoder(
        encoder,
        limits.min_similarity,
        "angular",
        compare_against_original=False,
        window_size=limits.similarity_window,
        skip_text_shorter_than_window=True,
    )
    attack.goal_function.query_budget = limits.query_budget(words)
    return textattack.Attack(
        attack.goal_function,
        [
            *constraints,
            MaxWordsPerturbed(max_percent=limits.max_fraction_changed(length)),
            window,
            *attack.pre_transformation_constraints,
        ],
        transformation,
        attack.search_method,
    )
