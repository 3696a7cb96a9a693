"""Recognize TextAttack's recipe classes."""

from __future__ import annotations

from textattack.attack_recipes import AttackRecipe


def is_recipe_class(target: object) -> bool:
    """Whether ``target`` is a subclass of ``textattack.attack_recipes.AttackRecipe``."""
    return isinstance(target, type) and issubclass(target, AttackRecipe)
