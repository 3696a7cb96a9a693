"""Attacks: TextAttack's recipes under fixed tracks, run on many examples concurrently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robustbert.attacks.recipes import RECIPES, Recipe, runnable_recipe
from robustbert.attacks.tracks import TRACKS, UnifiedLimits, check_track

if TYPE_CHECKING:
    from robustbert.attacks.runner import AttackRun, AttackRunner

__all__ = [
    "RECIPES",
    "TRACKS",
    "AttackRun",
    "AttackRunner",
    "Recipe",
    "UnifiedLimits",
    "check_track",
    "runnable_recipe",
]


def __getattr__(name: str) -> Any:
    if name in ("AttackRun", "AttackRunner"):
        from robustbert.attacks import runner

        return getattr(runner, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
