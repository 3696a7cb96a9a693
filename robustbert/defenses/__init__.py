"""Defenses: published ways to train classifiers that are harder to break."""

from robustbert.defenses.table import DEFENSES, Defense, make_defense

__all__ = ["DEFENSES", "Defense", "make_defense"]
