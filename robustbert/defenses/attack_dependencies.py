"""What a model depends on that is trained with attacks."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from robustbert.assets.asset_registry import ensure_usable
from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.attacks.recipes import assets_of
from robustbert.attacks.tracks import assets_of_track


def attack_dependencies(recipes: Sequence[str], track: str) -> dict[str, Any]:
    """TextAttack's version, the protocol's revision, and the hash of every asset read.

    Raises:
        MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
    """
    assets = (*assets_of(recipes, [track]), *assets_of_track(track), "sentence-encoder")
    return {
        "textattack": version("textattack"),
        "protocol": PROTOCOL_REVISION,
        "assets": dict(ensure_usable(assets)),
    }
