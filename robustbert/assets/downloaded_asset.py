"""An original asset that is downloaded once, when it is asked for, into the cache folder."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from robustbert import paths
from robustbert.assets.archives import unpack_archive
from robustbert.assets.connections import without_user_info
from robustbert.assets.downloads import Download, download_file
from robustbert.assets.hub_snapshots import HubModel, download_model
from robustbert.assets.manifest import Manifest, build_once
from robustbert.errors import MissingAssetError
from robustbert.progress import report_step


@dataclass(frozen=True)
class Server:
    """A server that assets are downloaded from.

    Args:
        name: its name, for messages.
        url: its address, without a slash at the end.
        variable: the environment variable that replaces the address by that of a mirror.
    """

    name: str
    url: str
    variable: str

    @property
    def address(self) -> str:
        """The address that is used: that of the mirror if one is set."""
        return (os.environ.get(self.variable) or self.url).rstrip("/")


@dataclass(frozen=True)
class ServerFile:
    """A file or archive of a server.

    Args:
        server: the server.
        path: the path on it.
        sha256: the expected hash; None if it is not known.
        plain: whether the file is the asset itself, not an archive of its files.
    """

    server: Server
    path: str
    sha256: str | None = None
    plain: bool = False

    @property
    def url(self) -> str:
        """The address of the file."""
        return f"{self.server.address}/{self.path}"


Source: TypeAlias = ServerFile | HubModel


@dataclass(frozen=True)
class Requirement:
    """A package that an asset needs when it is used.

    Args:
        module: the module that is imported.
        extra: the extra of robustbert that installs it.
    """

    module: str
    extra: str

    @property
    def is_met(self) -> bool:
        """Whether the module can be imported."""
        return self.module in sys.modules or find_spec(self.module) is not None


@dataclass(frozen=True)
class DownloadedAsset:
    """An asset of the canonical profile.

    Args:
        name: the asset's name.
        source: where it is downloaded from.
        subfolder: the path below the asset's root at which its files are expected.
        contains: files without which the download is refused, relative to its folder; a pattern
            stands for at least one file.
        size: what is downloaded, about, such as ``"440 MB"``; empty if unknown.
        note: one line for ``robustbert assets``.
        needs: the packages that it needs when it is used.
    """

    name: str
    source: Source
    subfolder: str
    contains: tuple[str, ...]
    size: str
    note: str
    needs: tuple[Requirement, ...] = ()

    @property
    def root(self) -> Path:
        """The folder for NLTK's search path or ``TA_CACHE_DIR``."""
        return paths.cache_folder() / "assets" / f"canonical-{self.name}"

    @property
    def folder(self) -> Path:
        """The folder of the asset's files."""
        return self.root / self.subfolder

    @property
    def url(self) -> str:
        """Where it is downloaded from, in one line without a user name and password."""
        if isinstance(self.source, ServerFile):
            return without_user_info(self.source.url)
        return f"hub:{self.source.repository}"

    def check_packages(self) -> None:
        """Check that the packages are installed that the asset needs when it is used.

        Raises:
            MissingAssetError: one is not; the message has the command that installs it.
        """
        for requirement in self.needs:
            if not requirement.is_met:
                raise MissingAssetError(
                    f"the asset {self.name} needs the package {requirement.module}; install it: "
                    f"pip install 'robustbert[{requirement.extra}]'"
                )


def fetch(asset: DownloadedAsset, *, progress: bool = True) -> Manifest:
    """Download an asset, unless it is there; processes that do so at once download it once.

    An interrupted transfer is resumed by the next call, and leaves no asset.

    Raises:
        MissingAssetError: it cannot be downloaded, is damaged or incomplete.
        OutputError: the cache folder is not writable.
    """
    downloaded = False

    def fill(folder: Path) -> str:
        nonlocal downloaded
        found = _download(asset, folder, progress)
        downloaded = True
        missing = [name for name in asset.contains if not any(folder.glob(name))]
        if missing:
            raise MissingAssetError(
                f"{asset.url} does not contain {missing[0]}, so it is not {asset.name}; "
                "check the address of the mirror if you set one"
            )
        return found

    manifest = build_once(asset.folder, asset.url, fill)
    if progress and downloaded:  # otherwise, another process did it meanwhile
        report_step(f"downloaded {asset.name}, {manifest.seconds:.0f} s")
    return manifest


def _download(asset: DownloadedAsset, folder: Path, progress: bool) -> str:
    """Download the asset's files into a folder; where they came from."""
    parts = folder.parent / f".downloading-{asset.folder.name}"
    if isinstance(asset.source, HubModel):
        advice = (
            "check the network connection, or set HF_ENDPOINT to a mirror of the hub; the offline "
            "assets need no network"
        )
        commit = download_model(asset.source, folder, parts, advice, progress=progress)
        return f"{asset.url}@{commit}"
    server = asset.source.server
    advice = (
        f"check the network connection, or set {server.variable} to a mirror of {server.name}; the "
        "offline assets need no network"
    )
    download = Download(asset.name, asset.source.url, parts, advice, asset.source.sha256)
    digest = download_file(download, progress=progress)
    try:
        if asset.source.plain:
            shutil.move(parts, folder / asset.contains[0])
        else:
            unpack_archive(parts, folder, top=asset.folder.name, origin=asset.url)
    finally:
        parts.unlink(missing_ok=True)
    return f"{asset.url} sha256:{digest}"
