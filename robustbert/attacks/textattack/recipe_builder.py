"""Building TextAttack's recipes where parts of TextAttack cannot be had.

A recipe's own ``build`` runs; while it runs, the names of a few parts in its module stand for
parts of ours: the sentence encoders (their models come from hubs) and the homoglyph swap (it reads
a file that the wheel lacks). NLTK's downloader is kept from asking.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from textattack.models.wrappers import ModelWrapper
from textattack.shared.utils import logger as textattack_logger
from textattack.transformations import WordSwapHomoglyphSwap

from robustbert.attacks.recipes import Recipe
from robustbert.attacks.textattack.bootstrap import no_downloads
from robustbert.attacks.textattack.constraints import PooledSentenceEncoder
from robustbert.attacks.textattack.model_wrapper import Ask
from robustbert.data.words import HOMOGLYPHS

textattack_logger.setLevel(logging.ERROR)  # it says of every victim that it does not know it


class HomoglyphSwap(WordSwapHomoglyphSwap):
    """TextAttack's homoglyph swap without the file that only another search reads."""

    def __init__(self, random_one: bool = False) -> None:
        self.homos = dict(HOMOGLYPHS)
        self.random_one = random_one


def _universal_sentence_encoder(
    ask: Ask, threshold: float = 0.8, metric: str = "angular", **options: Any
) -> PooledSentenceEncoder:
    options.pop("large", None)
    return PooledSentenceEncoder(ask, threshold, metric, **options)


def _sbert(
    ask: Ask, threshold: float = 0.7, metric: str = "cosine", **options: Any
) -> PooledSentenceEncoder:
    options.pop("model_name", None)
    return PooledSentenceEncoder(ask, threshold, metric, **options)


@contextmanager
def _parts_in_place(module: Any, ask: Ask) -> Iterator[None]:
    """Our parts under TextAttack's names, in ``module`` only and only for a while."""
    parts = {
        "UniversalSentenceEncoder": partial(_universal_sentence_encoder, ask),
        "SBERT": partial(_sbert, ask),
        "WordSwapHomoglyphSwap": HomoglyphSwap,
    }
    before = {name: getattr(module, name) for name in parts if hasattr(module, name)}
    for name in before:
        setattr(module, name, parts[name])
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def build_attack(recipe: Recipe, victim: ModelWrapper, ask: Ask) -> Any:
    """The recipe's ``textattack.Attack`` on ``victim``; sentence encodings go through ``ask``.

    A genetic search checks the children of two parents against its constraints here. TextAttack's
    recipe ``iga`` switches that off, and then up to 29% of the texts that it stops at break its own
    limit of words.
    """
    recipe_class = recipe.load()
    with no_downloads(), _parts_in_place(sys.modules[recipe_class.__module__], ask):
        attack = recipe_class.build(victim)
    if hasattr(attack.search_method, "post_crossover_check"):
        attack.search_method.post_crossover_check = True
    return attack
