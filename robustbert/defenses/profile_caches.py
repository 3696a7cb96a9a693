"""Forget what defenses keep in memory of the assets, when the assets profile changes.

The functions are those of modules whose text is part of the keys of trained models, so they are
listed here instead of being changed there.
"""

from __future__ import annotations

import sys

_CACHED = (
    ("perturbation_sets", "perturbation_sets"),
    ("random_changes", "word_neighbours"),
    ("substitutions", "_make_table"),
    ("substitutions", "_word_vectors"),
    ("synonym_encoding", "_synonym_codes"),
)


def forget_assets() -> None:
    """Empty the caches of the modules that are imported."""
    for name, function in _CACHED:
        module = sys.modules.get(f"robustbert.defenses.{name}")
        if module is not None:
            getattr(module, function).cache_clear()
