"""Build TextAttack's recipes; pool the texts that their sentence encoders encode."""

from __future__ import annotations

import logging
from typing import Any

from textattack.attack_recipes import AttackRecipe
from textattack.constraints.semantics.sentence_encoders import SBERT, UniversalSentenceEncoder
from textattack.models.wrappers import ModelWrapper
from textattack.shared.utils import logger as textattack_logger

from robustbert.assets.canonical_assets import SBERT as SBERT_ASSET
from robustbert.assets.canonical_assets import USE, USE_LARGE
from robustbert.assets.profiles import is_canonical
from robustbert.attacks.scheduler.clients import PooledEncoder
from robustbert.attacks.textattack.constraints import PooledSentenceEncoder
from robustbert.attacks.textattack.patches import PATCHES
from robustbert.errors import MissingAssetError

#: The names of the model that is the asset ``sbert``.
SBERT_NAMES = ("stsb-distilbert-base", "sentence-transformers/stsb-distilbert-base")

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
        encoder: computes sentence embeddings. With the offline assets, it replaces the recipe's own
            sentence encoder; with the canonical ones, that is another one of the same pool.
    """
    with PATCHES.applied():
        attack = recipe_class.build(victim)
    attack.constraints = [_pooled(constraint, encoder) for constraint in attack.constraints]
    if hasattr(attack.search_method, "post_crossover_check"):
        attack.search_method.post_crossover_check = True
    return attack


def _pooled(constraint: Any, encoder: PooledEncoder) -> Any:
    """The constraint, or one with a pooled encoder if it has one of its own."""
    if not isinstance(constraint, (SBERT, UniversalSentenceEncoder)):
        return constraint
    return PooledSentenceEncoder(
        encoder.other(_encoder_asset(constraint)) if is_canonical() else encoder,
        constraint.threshold,
        constraint.metric,
        compare_against_original=constraint.compare_against_original,
        window_size=constraint.window_size,
        skip_text_shorter_than_window=constraint.skip_text_shorter_than_window,
    )


def _encoder_asset(constraint: Any) -> str:
    """The canonical asset that is the constraint's own sentence encoder.

    Raises:
        MissingAssetError: there is none.
    """
    if isinstance(constraint, UniversalSentenceEncoder):
        return USE_LARGE if "-large/" in constraint._tfhub_url else USE
    if constraint.model_name in SBERT_NAMES:
        return SBERT_ASSET
    raise MissingAssetError(
        f"the recipe uses the sentence encoder {constraint.model_name!r}, which is none of the "
        f"canonical assets; use {SBERT_NAMES[0]}"
    )
