"""Pack what workers need for a cell: the victim and the assets, by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.assets.asset_registry import (
    ASSETS,
    PackagedAsset,
    find_asset,
    profile_assets,
)
from robustbert.assets.canonical_assets import CANONICAL_ASSETS
from robustbert.assets.manifest import read_manifest, tree_sha256
from robustbert.assets.profiles import current_profile
from robustbert.bench.executors.attack_worker import CellWork
from robustbert.bench.executors.packed_folder import Files, PackedFolder, folder_files
from robustbert.models.devices import choose_device, choose_dtype
from robustbert.models.model_registry import HUB_PREFIX
from robustbert.paths import user_path

if TYPE_CHECKING:
    from robustbert.bench.executors.executor import CellTask


class CellPacker:
    """Packs cells for workers; each folder is read and sent once.

    Args:
        send: stores the files of a folder where workers can fetch them, and returns a reference.
    """

    def __init__(self, send: Callable[[Files], Any]) -> None:
        self._send = send
        self._sent: dict[Path, PackedFolder] = {}

    def pack(self, task: CellTask, min_recheck: int) -> CellWork:
        """What workers need for a cell.

        Args:
            task: the cell.
            min_recheck: the minimum number of outputs of each model that each attack recomputes.
        """
        spec, options, victim, runner = task.spec, task.options, task.victim, task.runner
        hashes = {**victim.asset_hashes, **runner.asset_hashes}
        # defenses also name data of their packages, which are no assets
        known = {*ASSETS, *CANONICAL_ASSETS}
        entries = {name: find_asset(name) for name in hashes if name in known}
        key = [repr(spec), victim.classifier.info.sha256, task.label_names]
        return CellWork(
            victim=replace(
                spec,
                # a hash, which is no name of a base that would have to be trained
                base=spec.base if victim.loaded_from is None else victim.classifier.info.sha256,
                labels=None if spec.needs_training else spec.labels,
            ),
            victim_key=hashlib.sha256(json.dumps(key).encode()).hexdigest(),
            victim_sha256=victim.classifier.info.sha256,
            model=self._model(victim.loaded_from),
            label_names=task.label_names,
            recipe=runner.recipe,
            track=runner.track,
            limits=runner.limits,
            length=runner.length,
            seed=runner.seed,
            dtype=choose_dtype(options.dtype, choose_device(options.device)),
            device=worker_device(options.device),
            lanes=runner.lanes,
            token_budget=options.token_budget,
            min_recheck=min_recheck,
            assets={
                name: self._folder(asset.folder, hashes[name])
                for name, asset in entries.items()
                if not isinstance(asset, PackagedAsset)
            },
            packages={
                name: hashes[name]
                for name, asset in entries.items()
                if isinstance(asset, PackagedAsset)
            },
            defense_hashes=dict(victim.asset_hashes),
            profile=current_profile(),
        )

    def _model(self, model: str | None) -> PackedFolder | str | None:
        if model is None or model.startswith(HUB_PREFIX):
            return model
        folder = user_path(model)
        return self._folder(folder, None)

    def _folder(self, folder: Path, sha256: str | None) -> PackedFolder:
        if folder not in self._sent:
            found = tree_sha256(folder) if sha256 is None else sha256
            self._sent[folder] = PackedFolder(found, self._send(folder_files(folder)))
        return self._sent[folder]


def worker_device(device: str) -> str:
    """The device of a worker for that of the driver: the only GPU that it sees has no number."""
    return "cuda" if choose_device(device).type == "cuda" else device


def worker_cache() -> str:
    """The name of the workers' cache folder: a hash of the assets that were made here."""
    built = [asset for asset in profile_assets() if not isinstance(asset, PackagedAsset)]
    manifests: Mapping[str, Any] = {asset.name: read_manifest(asset.folder) for asset in built}
    hashes = {name: found.sha256 for name, found in manifests.items() if found is not None}
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()[:16]
