"""The location of the cache for assets and trained models."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The cache folder: ``$ROBUSTBERT_CACHE``, else ``robustbert`` in the user's cache folder."""
    chosen = os.environ.get("ROBUSTBERT_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "robustbert"
