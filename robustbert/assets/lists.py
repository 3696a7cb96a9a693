"""NLTK's two short lists: English stopwords, and Penn tags with their universal tags."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from robustbert.errors import MissingAssetError

STOPWORDS = 198
PENN_TAGS = 68


def build_stopwords(folder: Path, needed: Mapping[str, Path]) -> None:
    """Write NLTK's ``corpora/stopwords/english`` into ``folder``: a word a line."""
    _copy("stopwords-english.txt", folder / "english", STOPWORDS)


def build_tagset(folder: Path, needed: Mapping[str, Path]) -> None:
    """Write NLTK's ``taggers/universal_tagset/en-ptb.map`` into ``folder``.

    Source: Petrov, Das and McDonald 2012, "A Universal Part-of-Speech Tagset", with 12 tags.
    """
    _copy("en-ptb.map", folder / "en-ptb.map", PENN_TAGS)


def _copy(name: str, target: Path, expected: int) -> None:
    try:
        content = (resources.files("robustbert.assets") / "data" / name).read_bytes()
    except OSError:
        content = b""
    if (lines := len(set(content.splitlines()) - {b""})) != expected:
        raise MissingAssetError(
            f"robustbert's own list {name} has {lines} entries where {expected} were expected; "
            "install robustbert again: pip install --force-reinstall --no-deps robustbert"
        )
    target.write_bytes(content)
