"""Assets: the lexicons, word vectors and weights that recipes and models read from disk.

Nothing is downloaded: an asset is a file of an installed data package, or is built once from such
files and cached. ``docs/assets.md`` lists the original that each asset replaces.
"""

from __future__ import annotations

from robustbert.assets.asset_registry import (
    PROFILE,
    AssetStatus,
    asset_folder,
    asset_names,
    asset_status,
    bert_weights_folder,
    ensure_assets,
    load_word_vectors,
    sentence_encoder_folder,
)
from robustbert.assets.nltk_data import use_nltk_assets
from robustbert.packages import package_file

__all__ = [
    "PROFILE",
    "AssetStatus",
    "asset_folder",
    "asset_names",
    "asset_status",
    "bert_weights_folder",
    "ensure_assets",
    "load_word_vectors",
    "package_file",
    "sentence_encoder_folder",
    "use_nltk_assets",
]
