"""Where robustbert keeps what it makes: assets and checkpoints."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The cache folder: ``$ROBUSTBERT_CACHE``, else the platform's own place for caches."""
    chosen = os.environ.get("ROBUSTBERT_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "robustbert"
