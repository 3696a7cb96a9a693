"""Download a model of the Hugging Face Hub into a folder, at a known commit."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from robustbert.assets.archives import leaves
from robustbert.assets.connections import (
    TIMEOUT,
    BrokenConnectionError,
    is_busy,
    may_succeed_later,
    reason,
    retry,
)
from robustbert.assets.downloads import Download, download_file
from robustbert.assets.manifest import file_sha256
from robustbert.errors import MissingAssetError

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo, RepoSibling


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


def download_model(
    model: HubModel, folder: Path, parts: Path, advice: str, *, progress: bool = True
) -> str:
    """Download a model into ``folder`` and return its commit; call it under a lock.

    Only one version of the weights is taken, and no code. No token is sent, because the models are
    public and a mirror could be anyone's.

    Args:
        model: the model.
        folder: an existing folder.
        parts: the folder that keeps what an interrupted download left, next to ``folder``.
        advice: what to do if it cannot be had.
        progress: show progress bars on standard error.

    Raises:
        MissingAssetError: the hub cannot be reached, the model does not exist, is gated or has no
            weights in the wanted format, or a file arrived damaged.
        OSError: the files cannot be written.
    """
    described = _described(model, advice)
    commit = str(described.sha)
    if described.siblings is None:
        raise _failed(model, "the hub does not list its files", advice)
    wanted = _wanted(model, described.siblings, advice)
    kept = parts / commit
    _keep_only(kept)
    for file in wanted:
        _fetch(model, commit, file, kept / file.rfilename, advice, progress)
    for file in wanted:
        target = folder / file.rfilename
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(kept / file.rfilename, target)
    shutil.rmtree(parts)
    return commit


def _endpoint() -> str | None:
    """The address of the hub or its mirror; the client itself reads it only once."""
    return (os.environ.get("HF_ENDPOINT") or "").rstrip("/") or None


def _described(model: HubModel, advice: str) -> ModelInfo:
    """What the hub says of the model: its commit and its files."""
    try:
        described = retry(lambda: _ask(model))
    except BrokenConnectionError as error:
        raise _failed(model, str(error), advice) from error
    except Exception as error:  # errors of the hub and the network have no common base class
        raise _failed(model, _reason(error), advice) from error
    if described.gated:
        raise _failed(model, "access to it is restricted, so it is not the expected one", advice)
    return described


def _ask(model: HubModel) -> ModelInfo:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return HfApi(endpoint=_endpoint(), token=False).model_info(
            model.repository, revision=model.revision, files_metadata=True, timeout=TIMEOUT[1]
        )
    except Exception as error:  # as above
        answer = error.response if isinstance(error, HfHubHTTPError) else None
        if (answer is not None and is_busy(answer.status_code)) or may_succeed_later(error):
            raise BrokenConnectionError(_reason(error)) from error
        raise


def _wanted(model: HubModel, files: Sequence[RepoSibling], advice: str) -> list[RepoSibling]:
    """The files of a model that are needed."""
    patterns = (*model.files, model.weights)
    wanted = [file for file in files if any(fnmatchcase(file.rfilename, one) for one in patterns)]
    if not any(file.rfilename == model.weights for file in wanted):
        is_safe = model.weights.endswith(".safetensors")
        why = ", and weights in another format may run code when they are loaded" if is_safe else ""
        raise _failed(model, f"it has no {model.weights}{why}", advice)
    for file in wanted:
        if leaves(file.rfilename):
            raise _failed(model, f"{file.rfilename} would be written outside of its folder", advice)
    return wanted


def _keep_only(kept: Path) -> None:
    """Remove what downloads of other commits left."""
    if kept.parent.is_dir():
        for path in kept.parent.iterdir():
            if path.is_dir() and path != kept:
                shutil.rmtree(path)
            elif path != kept:
                path.unlink()
    kept.mkdir(parents=True, exist_ok=True)


def _fetch(
    model: HubModel, commit: str, file: RepoSibling, target: Path, advice: str, progress: bool
) -> None:
    """Download a file of a commit, unless it is there, and check what the hub states about it."""
    from huggingface_hub import hf_hub_url

    if target.is_file() and _is_whole(target, file):
        return
    endpoint = _endpoint()
    url = hf_hub_url(model.repository, file.rfilename, revision=commit, endpoint=endpoint)
    name = f"{model.repository}/{file.rfilename}"
    sha256 = file.lfs["sha256"] if file.lfs else None
    target.parent.mkdir(parents=True, exist_ok=True)
    download_file(Download(name, url, target, advice, sha256, file.size), progress=progress)
    if not _is_whole(target, file):
        target.unlink()
        raise _failed(model, f"{file.rfilename} arrived damaged and was removed", advice)


def _is_whole(path: Path, file: RepoSibling) -> bool:
    """Whether a file is what the hub states: its SHA-256 or, if it is small, its hash in Git."""
    if file.lfs:
        return file_sha256(path) == str(file.lfs["sha256"])
    content = path.read_bytes()
    header = b"blob %d\0" % len(content)
    blob = hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
    return file.blob_id in (None, blob)


def _failed(model: HubModel, why: str, advice: str) -> MissingAssetError:
    return MissingAssetError(
        f"cannot download {model.repository} from the Hugging Face Hub ({why}); {advice}"
    )


def _reason(error: Exception) -> str:
    """Why a request failed, in one line."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return "access to it is restricted, so it is not the expected one"
    if isinstance(error, RepositoryNotFoundError):
        return "there is no such model"
    return reason(error)
