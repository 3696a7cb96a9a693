"""Assets: the lexicons, word vectors and weights that recipes and models read from disk.

Nothing is downloaded unless the ``canonical`` profile is asked for: an asset of the ``offline``
profile is a file of an installed data package, or is built once from such files and cached.
``docs/assets.md`` lists the original that each asset replaces.
"""

from __future__ import annotations

from robustbert.assets.asset_registry import (
    asset_folder,
    asset_names,
    bert_weights_folder,
    ensure_assets,
    load_word_vectors,
    sentence_encoder_folder,
)
from robustbert.assets.nltk_data import use_nltk_assets
from robustbert.assets.profiles import CANONICAL, OFFLINE, current_profile, using_profile
from robustbert.assets.status_rows import AssetStatus, asset_status
from robustbert.packages import package_file

__all__ = [
    "CANONICAL",
    "OFFLINE",
    "AssetStatus",
    "asset_folder",
    "asset_names",
    "asset_status",
    "bert_weights_folder",
    "current_profile",
    "ensure_assets",
    "load_word_vectors",
    "package_file",
    "sentence_encoder_folder",
    "use_nltk_assets",
    "using_profile",
]
