"""What ``robustbert assets`` lists: which assets are there, and how to obtain the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robustbert.assets.asset_registry import (
    Asset,
    BuiltAsset,
    location_of,
    packaged_sha256,
    profile_assets,
)
from robustbert.assets.downloaded_asset import DownloadedAsset
from robustbert.assets.manifest import read_manifest
from robustbert.errors import MissingAssetError
from robustbert.packages import DATA_PACKAGES, package_version


@dataclass(frozen=True)
class AssetStatus:
    """One line of ``robustbert assets``.

    Args:
        name: the asset's name.
        present: whether the asset can be used without building, downloading or installing
            anything.
        path: its location; None if it is missing.
        source: ``package==version``, ``built here``, or where it is downloaded from.
        sha256: the SHA-256 of its files; None if it is missing.
        note: what the asset is, or what is missing and how to obtain it.
    """

    name: str
    present: bool
    path: Path | None
    source: str
    sha256: str | None
    note: str


def asset_status() -> tuple[AssetStatus, ...]:
    """The status of every asset of the current profile; builds and downloads nothing."""
    return tuple(_status(asset) for asset in profile_assets())


def _status(asset: Asset | DownloadedAsset) -> AssetStatus:
    if isinstance(asset, DownloadedAsset):
        return _downloaded_status(asset)
    if isinstance(asset, BuiltAsset):
        manifest = read_manifest(asset.folder)
        if manifest is None:
            note = f"{asset.note}; to build it, run: robustbert assets"
            return AssetStatus(asset.name, False, None, "built here", None, note)
        source = "built here" + (f" from {manifest.source}" if manifest.source else "")
        return AssetStatus(asset.name, True, asset.folder, source, manifest.sha256, asset.note)
    try:
        path = location_of(asset)
    except MissingAssetError as error:
        source = f"{asset.package}=={DATA_PACKAGES[asset.package]}"
        return AssetStatus(asset.name, False, None, source, None, str(error))
    source = f"{asset.package}=={package_version(asset.package)}"
    return AssetStatus(asset.name, True, path, source, packaged_sha256(path), asset.note)


def _downloaded_status(asset: DownloadedAsset) -> AssetStatus:
    manifest = read_manifest(asset.folder)
    if manifest is not None:
        found = manifest.source, manifest.sha256
        return AssetStatus(asset.name, True, asset.folder, *found, asset.note)
    size = f" (about {asset.size})" if asset.size else ""
    command = f"robustbert assets --profile canonical {asset.name}"
    note = f"{asset.note}; to download it{size}, run: {command}"
    return AssetStatus(asset.name, False, None, asset.url, None, note)
