"""NLTK's search path for data, for the current assets profile."""

from __future__ import annotations

import os
import sys

from robustbert.assets.asset_registry import asset_root, ensure_assets
from robustbert.assets.profiles import current_profile

#: The profile whose assets are on the path, with their folders.
_USED: dict[str, list[str]] = {}
_NLTK_ASSETS = ("wordnet", "pos-tagger", "stopwords", "tagset")


def use_nltk_assets() -> None:
    """Put the assets first on NLTK's search path, in this process and its children.

    What NLTK has read from the assets of another profile is read again.

    Raises:
        MissingAssetError: an asset cannot be built or downloaded.
    """
    import nltk.data

    ours = [str(asset_root(name)) for name in _NLTK_ASSETS]
    if _USED.get(current_profile()) == ours and nltk.data.path[: len(ours)] == ours:
        return
    ensure_assets(_NLTK_ASSETS)
    before = []
    if current_profile() not in _USED:
        before = [root for roots in _USED.values() for root in roots]
        if before:
            _forget()
        _USED.clear()
    _USED[current_profile()] = ours
    known = {*ours, *before}
    kept = [path for path in os.environ.get("NLTK_DATA", "").split(os.pathsep) if path]
    os.environ["NLTK_DATA"] = os.pathsep.join([*ours, *(p for p in kept if p not in known)])
    nltk.data.path[:] = [*ours, *(path for path in nltk.data.path if path not in known)]


def _forget() -> None:
    """Drop what NLTK keeps in memory of its data."""
    if "nltk.corpus" not in sys.modules:
        return
    import nltk.corpus
    import nltk.tag
    import nltk.tag.mapping
    from nltk.corpus.util import LazyCorpusLoader

    for corpus in (nltk.corpus.wordnet, nltk.corpus.stopwords):
        if type(corpus) is not LazyCorpusLoader:  # it is loaded
            corpus._unload()
    nltk.tag._get_tagger.cache_clear()
    nltk.tag.mapping._MAPPINGS.clear()
