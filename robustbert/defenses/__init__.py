"""Defenses: published ways to make classifiers more robust."""

from robustbert.assets.profiles import call_on_change
from robustbert.defenses.base import Defense, RowCost, StepCost, TrainingAttack
from robustbert.defenses.composition import Composition, DefenseSpec, compose
from robustbert.defenses.defended_training import train_defended
from robustbert.defenses.defense_registry import DEFENSES, make_defense
from robustbert.defenses.profile_caches import forget_assets
from robustbert.defenses.transformed_classifier import TransformedClassifier

__all__ = [
    "DEFENSES",
    "Composition",
    "Defense",
    "DefenseSpec",
    "RowCost",
    "StepCost",
    "TrainingAttack",
    "TransformedClassifier",
    "compose",
    "make_defense",
    "train_defended",
]

call_on_change(forget_assets)
