"""The ``unified-li`` track: the limits as the code of Li et al. 2021 sets them.

For setting tables published with that code (RockyLzy/TextDefender, ``utils/textattack_utils.py``)
beside ours. There, each recipe keeps its constraints, and two are added: a share of words changed
(``MaxWordsPerturbed``) and the similarity of a 15-word window to the text before the change. Four
recipes get other candidates: textfooler, pwws, textbugger and pso try 50 embedding neighbours per
word without a limit on the distance between word vectors (so textbugger makes no typos), and
deepwordbug 50 random edits. The query budget counts as TextAttack does.

Where this differs from that code: the sentence encoder and the word vectors are those of
:mod:`robustbert.assets`; pwws keeps TextAttack's own search; the share of words is the paper's 10%
in datasets of long texts; duplicates among deepwordbug's edits are dropped in the order of drawing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import textattack
from textattack.constraints.overlap import MaxWordsPerturbed
from textattack.constraints.semantics import WordEmbeddingDistance
from textattack.transformations import CompositeTransformation, WordSwapEmbedding

from robustbert.attacks.textattack.constraints import PooledSentenceEncoder
from robustbert.attacks.textattack.model_wrapper import Ask
from robustbert.attacks.tracks import LiLimits
from robustbert.data.dataset import TextLength

_NEIGHBOUR_RECIPES = ("textfooler", "pwws", "textbugger", "pso")


class RandomEdits(CompositeTransformation):  # type: ignore[misc]
    """So many edits, each by a transformation drawn with replacement.

    Args:
        transformations: what is drawn from.
        draws: how many edits are made, before duplicates are dropped; at least 1.
    """

    def __init__(self, transformations: list[Any], draws: int) -> None:
        super().__init__(transformations)
        self.draws = draws

    def __call__(self, *args: Any, **kwargs: Any) -> list[Any]:
        """The edited texts, without duplicates, in the order of drawing."""
        drawn = np.random.choice(len(self.transformations), self.draws)
        edited = (text for place in drawn for text in self.transformations[place](*args, **kwargs))
        return list(dict.fromkeys(edited))


def follow_li(recipe: str, attack: Any, length: TextLength, words: int, ask: Ask) -> Any:
    """Put the limits of Li et al. over a recipe's attack, for a text of so many words.

    Args:
        recipe: the recipe's name.
        attack: its ``textattack.Attack``.
        length: whether the dataset's texts are short or long.
        words: the words of the text, for the query budget.
        ask: how sentence encodings are obtained.
    """
    limits = LiLimits()
    transformation, constraints = attack.transformation, list(attack.constraints)
    if recipe in _NEIGHBOUR_RECIPES:
        transformation = WordSwapEmbedding(max_candidates=limits.max_candidates)
        constraints = [c for c in constraints if not isinstance(c, WordEmbeddingDistance)]
    elif recipe == "deepwordbug":
        transformation = RandomEdits(transformation.transformations, limits.max_candidates)
    window = PooledSentenceEncoder(
        ask,
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
            MaxWordsPerturbed(max_percent=limits.share_changed(length)),
            window,
            *attack.pre_transformation_constraints,
        ],
        transformation,
        attack.search_method,
    )
