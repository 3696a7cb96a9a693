"""What a model depends on that is trained with attacks."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.attacks.recipes import ensure_attack_assets


def attack_dependencies(recipes: Sequence[str], track: str) -> dict[str, Any]:
    """TextAttack's version, the protocol's revision, and the hash of every asset read.

    Raises:
        MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
    """
    return {
        "textattack": version("textattack"),
        "protocol": PROTOCOL_REVISION,
        "assets": dict(ensure_attack_assets(recipes, [track])),
    }
