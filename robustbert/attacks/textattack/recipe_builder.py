"""Build TextAttack's recipes; replace the sentence encoders that are not available offline."""

from __future__ import annotations

import logging
from typing import Any

from textattack.attack_recipes import AttackRecipe
from textattack.constraints.semantics.sentence_encoders import SBERT, UniversalSentenceEncoder
from textattack.models.wrappers import ModelWrapper
from textattack.shared.utils import logger as textattack_logger

from robustbert.attacks.scheduler.clients import PooledEncoder
from robustbert.attacks.textattack.constraints import PooledSentenceEncoder
from robustbert.attacks.textattack.patches import PATCHES

textattack_logger.setLevel(logging.ERROR)  # it warns that every victim is of an unknown class


def build_attack(
    recipe_class: type[AttackRecipe], victim: ModelWrapper, encoder: PooledEncoder
) -> Any:
    """Build the recipe's ``textattack.Attack`` on a victim.

    The crossover offspring of a genetic search are always checked against the constraints.
    TextAttack's recipe ``iga`` turns this check off; without it, up to 29% of its final texts
    exceed the recipe's own limit on changed words.

    Args:
        recipe_class: the recipe to build.
        victim: the model that is attacked.
        encoder: computes sentence embeddings, in place of the recipe's own sentence encoder.
    """
    with PATCHES.applied():
        attack = recipe_class.build(victim)
    attack.constraints = [_offline(constraint, encoder) for constraint in attack.constraints]
    if hasattr(attack.search_method, "post_crossover_check"):
        attack.search_method.post_crossover_check = True
    return attack


def _offline(constraint: Any, encoder: PooledEncoder) -> Any:
    """The constraint, or its equivalent with ``encoder`` if its own has to be downloaded."""
    if not isinstance(constraint, (SBERT, UniversalSentenceEncoder)):
        return constraint
    return PooledSentenceEncoder(
        encoder,
        constraint.threshold,
        constraint.metric,
        compare_against_original=constraint.compare_against_original,
        window_size=constraint.window_size,
        skip_text_shorter_than_window=constraint.skip_text_shorter_than_window,
    )
