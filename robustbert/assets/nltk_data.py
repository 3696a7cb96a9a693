"""NLTK's search path for data, for the current assets profile."""

from __future__ import annotations

import os
import sys

from robustbert.assets.asset_registry import asset_root, ensure_assets

#: The folders of the assets that are on the path.
_USED: list[str] = []
_NLTK_ASSETS = ("wordnet", "pos-tagger", "stopwords", "tagset")


def use_nltk_assets() -> None:
    """Put the assets first on NLTK's search path, in this process and its children.

    Those of another profile or cache folder are removed from the path, and what NLTK has read from
    them is read again.

    Raises:
        MissingAssetError: an asset cannot be built or downloaded.
    """
    import nltk.data

    ours = [str(asset_root(name)) for name in _NLTK_ASSETS]
    if ours == _USED and nltk.data.path[: len(ours)] == ours:
        return
    ensure_assets(_NLTK_ASSETS)
    before = [root for root in _USED if root not in ours]
    if before:
        _forget()
    _USED[:] = ours
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
