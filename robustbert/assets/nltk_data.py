"""NLTK's search path for data."""

from __future__ import annotations

import os

from robustbert.assets.asset_registry import asset_root, ensure_assets

_NLTK_ASSETS = ("wordnet", "pos-tagger", "stopwords", "tagset")


def use_nltk_assets() -> None:
    """Put the assets first on NLTK's search path, in this process and its children.

    Raises:
        MissingAssetError: an asset cannot be built.
    """
    import nltk.data

    ensure_assets(_NLTK_ASSETS)
    ours = [str(asset_root(name)) for name in _NLTK_ASSETS]
    kept = [path for path in os.environ.get("NLTK_DATA", "").split(os.pathsep) if path]
    os.environ["NLTK_DATA"] = os.pathsep.join([*ours, *(p for p in kept if p not in ours)])
    nltk.data.path[:] = [*ours, *(path for path in nltk.data.path if path not in ours)]
