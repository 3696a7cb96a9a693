"""Download a model of the Hugging Face Hub into a folder, at a known commit."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.assets.downloads import ATTEMPTS, MAX_WAIT
from robustbert.assets.manifest import file_sha256
from robustbert.errors import MissingAssetError
from robustbert.progress import progress_bar

#: The folder in which the client keeps what it needs to resume a download.
_CLIENT_FILES = ".cache"


@dataclass(frozen=True)
class HubModel:
    """A model of the hub.

    Args:
        repository: ``OWNER/NAME``.
        files: patterns of the files that are needed.
        weights: the file of its weights, without which it is refused.
        revision: a branch, a tag or a commit; None for the newest commit.
    """

    repository: str
    files: tuple[str, ...]
    weights: str = "model.safetensors"
    revision: str | None = None


def download_model(model: HubModel, folder: Path, parts: Path, advice: str) -> str:
    """Download a model into ``folder`` and return its commit; call it under a lock.

    Only one version of the weights is taken, and no code.

    Args:
        model: the model.
        folder: an existing folder.
        parts: the folder that keeps what an interrupted download left, next to ``folder``.
        advice: what to do if it cannot be had.

    Raises:
        MissingAssetError: the hub cannot be reached, the model does not exist, is gated or has no
            weights in the wanted format, or a file arrived damaged.
        OSError: the files cannot be written.
    """
    described = _described(model, advice)
    commit = str(described.sha)
    _check_weights(model, described.siblings, advice)
    with _progress(model.repository):
        _fetch(model, commit, parts, advice)
    for sibling in described.siblings:
        path = parts / sibling.rfilename
        if path.is_file() and sibling.lfs and file_sha256(path) != sibling.lfs["sha256"]:
            path.unlink()
            raise _failed(model, f"{sibling.rfilename} arrived damaged and was removed", advice)
    for path in sorted(parts.iterdir()):
        if path.name != _CLIENT_FILES:
            shutil.move(path, folder / path.name)
    shutil.rmtree(parts)
    return commit


def _endpoint() -> str | None:
    """The address of the hub or its mirror; the client itself reads it only once."""
    return os.environ.get("HF_ENDPOINT") or None


def _described(model: HubModel, advice: str) -> Any:
    """What the hub says of the model: its commit and its files."""
    from huggingface_hub import HfApi

    try:
        described = HfApi(endpoint=_endpoint()).model_info(
            model.repository, revision=model.revision, files_metadata=True
        )
    except Exception as error:  # errors of the hub and the network have no common base class
        raise _failed(model, _reason(error), advice) from error
    if described.gated:
        raise _failed(model, "access to it is restricted, so it is not the expected one", advice)
    return described


def _check_weights(model: HubModel, files: Sequence[Any], advice: str) -> None:
    if any(file.rfilename == model.weights for file in files):
        return
    is_safe = model.weights.endswith(".safetensors")
    why = ", and weights in another format may run code when they are loaded" if is_safe else ""
    raise _failed(model, f"it has no {model.weights}{why}", advice)


def _fetch(model: HubModel, commit: str, parts: Path, advice: str) -> None:
    """Download the files, which are resumed from what ``parts`` contains."""
    import requests
    import tenacity
    from huggingface_hub import snapshot_download

    broken = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_exponential(max=MAX_WAIT),
        retry=tenacity.retry_if_exception_type(broken),
        reraise=True,
    )
    try:
        retrying(
            snapshot_download,
            model.repository,
            revision=commit,
            allow_patterns=[*model.files, model.weights],
            local_dir=parts,
            endpoint=_endpoint(),
            max_workers=1,
        )
    except Exception as error:  # errors of the hub and the network have no common base class
        raise _failed(model, _reason(error), advice) from error


@contextmanager
def _progress(name: str) -> Iterator[None]:
    """Show plain lines in log files; on a terminal, the client shows its own bars."""
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if sys.stderr.isatty() or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        with progress_bar(None, f"downloading {name}"):
            yield
    finally:
        enable_progress_bars()


def _failed(model: HubModel, reason: str, advice: str) -> MissingAssetError:
    return MissingAssetError(
        f"cannot download {model.repository} from the Hugging Face Hub ({reason}); {advice}"
    )


def _reason(error: Exception) -> str:
    """Why a request failed, in one line."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return "access to it is restricted, so it is not the expected one"
    if isinstance(error, RepositoryNotFoundError):
        return "there is no such model"
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
