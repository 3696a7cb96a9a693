"""Import TextAttack silently and without downloads, so that it finds the assets on disk."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from robustbert.assets.asset_registry import asset_root
from robustbert.assets.nltk_data import use_nltk_assets
from robustbert.errors import RobustbertError

# Variables that ``textattack/shared/utils/install.py`` sets to folders of its own cache.
_OVERWRITTEN = (
    "HF_HOME",
    "PYTORCH_TRANSFORMERS_CACHE",
    "TFHUB_CACHE_DIR",
    "TOKENIZERS_PARALLELISM",
    "XDG_CACHE_HOME",
)
# Modules that read these variables when they are imported: import them before TextAttack sets them.
_READ_ONCE = ("huggingface_hub.constants", "datasets.config", "transformers.utils.hub")
_DOWNLOADED_MARKER = "post_install_check_3"
# Folders of word vectors that TextAttack was redirected to.
_OWN_HOMES: set[Path] = set()
_VECTORS_IN_USE = "textattack_counterfitted_GLOVE_embedding"


def import_textattack() -> ModuleType:
    """Import TextAttack so that its recipes find the assets of the current profile; return it.

    This is called when :mod:`robustbert.attacks.textattack` is imported, and before a recipe is
    loaded, because the profile may have changed. It makes the assets that
    NLTK needs if they are missing, but not the word vectors: call
    :func:`~robustbert.assets.ensure_assets` for them before building a recipe that replaces words
    by embedding neighbours. It sets ``TA_CACHE_DIR`` and ``NLTK_DATA``, and no other environment
    variable.

    Raises:
        MissingAssetError: an asset cannot be built or downloaded.
        RobustbertError: TextAttack cannot be imported, or it was imported earlier and has already
            loaded other word vectors.
    """
    use_nltk_assets()
    home = asset_root("word-vectors")
    os.environ["TA_CACHE_DIR"] = str(home)
    if "textattack" in sys.modules:
        textattack = sys.modules["textattack"]
    else:
        home.mkdir(parents=True, exist_ok=True)
        (home / _DOWNLOADED_MARKER).touch()  # TextAttack downloads nothing if this file exists
        textattack = _import_quietly()
    _move_home(home)
    return textattack


def _import_quietly() -> ModuleType:
    with _silenced(), _restored_environment():
        try:
            for name in _READ_ONCE:
                importlib.import_module(name)
            textattack = importlib.import_module("textattack")
        except Exception as error:
            reason = " ".join(str(error).split())
            raise RobustbertError(
                f"TextAttack cannot be imported ({type(error).__name__}: {reason}); "
                "install the versions pinned in robustbert's constraints.txt"
            ) from error
    # The logger warns about every model wrapper that is not TextAttack's own, and its handlers
    # still write to the stream that discarded the output.
    logger = logging.getLogger("textattack.shared.utils.install")
    logger.setLevel(logging.ERROR)
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)
    return textattack


def _move_home(home: Path) -> None:
    """If TextAttack was imported earlier, redirect it to robustbert's word vectors."""
    _OWN_HOMES.add(home)
    install: Any = importlib.import_module("textattack.shared.utils.install")
    shared: Any = importlib.import_module("textattack.shared.utils")
    if Path(install.TEXTATTACK_CACHE_DIR).resolve() == home.resolve():
        return
    if Path(install.TEXTATTACK_CACHE_DIR) in _OWN_HOMES:  # those of the other profile
        shared.GLOBAL_OBJECTS.pop(_VECTORS_IN_USE, None)
    if _VECTORS_IN_USE in shared.GLOBAL_OBJECTS:
        raise RobustbertError(
            "textattack was imported before robustbert and has loaded word vectors from "
            f"{install.TEXTATTACK_CACHE_DIR}; import robustbert.attacks.textattack before "
            f"textattack, or set TA_CACHE_DIR={home}"
        )
    install.TEXTATTACK_CACHE_DIR = str(home)


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _restored_environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _OVERWRITTEN}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
