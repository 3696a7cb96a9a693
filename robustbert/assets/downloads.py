"""Download a file over HTTP: resumed after interruptions, and checked against a hash if known."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from robustbert.assets.connections import (
    TIMEOUT,
    BrokenConnectionError,
    is_busy,
    may_succeed_later,
    reason,
    retry,
    without_user_info,
)
from robustbert.assets.manifest import file_sha256
from robustbert.errors import MissingAssetError
from robustbert.progress import progress_bar

if TYPE_CHECKING:
    import requests

_CHUNK = 1 << 16
_MEGABYTE = 10**6


@dataclass(frozen=True)
class Download:
    """A file to download.

    Args:
        name: what it is, for messages and the progress bar.
        url: where it is; with a user name and password if the server asks for them, which no
            message shows.
        target: where it belongs. While it is incomplete, it is next to it, as ``NAME.part``, with
            ``NAME.part.json``.
        advice: what to do if it cannot be had.
        sha256: the hash that it must have; None if it is not known.
        size: the number of bytes that it must have; None if it is not known.
    """

    name: str
    url: str
    target: Path
    advice: str
    sha256: str | None = None
    size: int | None = None

    @property
    def shown_url(self) -> str:
        """The address without a user name and password."""
        return without_user_info(self.url)

    @property
    def part(self) -> Path:
        """The incomplete file, which a later call completes."""
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def validator_file(self) -> Path:
        """What identifies the version on the server that the incomplete file is a part of."""
        return self.target.with_name(f"{self.target.name}.part.json")

    def remove(self) -> None:
        """Remove the incomplete file."""
        self.part.unlink(missing_ok=True)
        self.validator_file.unlink(missing_ok=True)

    def failed(self, reason: str) -> MissingAssetError:
        """The error that says why it cannot be had, and what to do."""
        return MissingAssetError(
            f"cannot download {self.name} from {self.shown_url} ({reason}); {self.advice}"
        )


#: Called with the number of bytes that are there, and of those there will be, if known.
_Received: TypeAlias = Callable[[int, int | None], None]


def download_file(download: Download, *, progress: bool = True) -> str:
    """Download a file and return its SHA-256; call it under a lock.

    Bytes that an interrupted download left are not transferred again, if the server says that its
    file is still the same.

    Args:
        download: the file.
        progress: show a progress bar on standard error.

    Raises:
        MissingAssetError: the server cannot be reached, does not have the file or does not give it
            to everyone, or the file has another hash, and was removed.
        OSError: the file cannot be written.
    """
    bar = _Bar(download.name) if progress else None
    received = bar.show if bar else lambda size, total: None
    try:
        retry(lambda: _transfer(download, received))
    except BrokenConnectionError as error:
        raise download.failed(str(error)) from error
    finally:
        if bar:
            bar.close()
    digest = file_sha256(download.part)
    _check(download, digest)
    os.replace(download.part, download.target)
    download.validator_file.unlink(missing_ok=True)
    return digest


def _check(download: Download, digest: str) -> None:
    """Remove a file that is not the expected one."""
    size = download.part.stat().st_size
    if download.size is not None and size != download.size:
        found = f"{size} bytes instead of {download.size}"
    elif download.sha256 is not None and digest != download.sha256:
        found = f"the SHA-256 {digest} instead of {download.sha256}"
    else:
        return
    download.remove()
    raise download.failed(f"the file has {found} and was removed")


class _Bar:
    """A progress bar that starts when the size of the file is known."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bar: Any = None
        self._shown = 0

    def show(self, size: int, total: int | None) -> None:
        """Show that ``size`` of ``total`` bytes are there."""
        if self._bar is None:
            megabytes = None if total is None else total // _MEGABYTE
            self._bar = progress_bar(megabytes, f"downloading {self._name}", "megabyte")
        if size // _MEGABYTE > self._shown:
            self._bar.update(size // _MEGABYTE - self._shown)
            self._shown = size // _MEGABYTE

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


def _transfer(download: Download, received: _Received) -> None:
    """Transfer what is missing of a file."""
    import requests
    from urllib3.exceptions import HTTPError

    headers = {"Accept-Encoding": "identity", **_resume_headers(download)}
    try:
        with requests.get(download.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code != 304 or not download.part.exists():  # 304: it is complete
                _check_status(download, response)
                _write(download, response, received)
    except (requests.RequestException, HTTPError, ValueError) as error:
        if may_succeed_later(error):
            raise BrokenConnectionError(f"the connection broke: {reason(error)}") from error
        raise download.failed(reason(error)) from error


def _stored(download: Download) -> dict[str, Any]:
    """What is known of the version that the incomplete file is a part of."""
    try:
        stored = json.loads(download.validator_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    is_known = isinstance(stored, dict) and stored.get("url") == download.shown_url
    return stored if is_known and stored.get("version") else {}


def _part_size(download: Download) -> int:
    return download.part.stat().st_size if download.part.exists() else 0


def _resume_headers(download: Download) -> dict[str, str]:
    """The headers that ask for the rest of a file; none if it has to be transferred as a whole."""
    stored = _stored(download)
    size = _part_size(download)
    if not stored or not size:
        return {}
    version = stored["version"]
    if size == stored.get("size"):
        is_etag = version.startswith('"')
        return {"If-None-Match" if is_etag else "If-Modified-Since": version}
    return {"Range": f"bytes={size}-", "If-Range": version}


def _check_status(download: Download, response: requests.Response) -> None:
    status = response.status_code
    if status in (200, 206):
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise download.failed("the server sent a web page instead of the file")
        return
    if status == 416:  # the incomplete file is none of this one
        download.remove()
        raise BrokenConnectionError("the server has another file than before")
    if is_busy(status):
        raise BrokenConnectionError(f"the server answered {status} {response.reason}")
    reasons = {401: "access is not allowed", 403: "access is not allowed", 404: "not found"}
    known = reasons.get(status, response.reason)
    raise download.failed(f"the server answered {status}: {known}")


def _write(download: Download, response: requests.Response, received: _Received) -> None:
    """Append the rest of a file, or write the whole one."""
    resumed = response.status_code == 206
    if resumed:
        _check_part(download, response)
    start = _part_size(download) if resumed else 0
    total = _total(download, response, start)
    if not resumed:
        download.remove()
        _write_validator(download, response, total)
    size = start
    with download.part.open("ab" if resumed else "wb") as file:
        for chunk in response.iter_content(_CHUNK):
            file.write(chunk)
            size += len(chunk)
            received(size, total)
    if total is not None and size < total:
        raise BrokenConnectionError(f"the connection broke after {size} bytes")


def _check_part(download: Download, response: requests.Response) -> None:
    """Check that an answer is the rest of the incomplete file, which is removed otherwise."""
    start = _part_size(download)
    if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        download.remove()
        raise BrokenConnectionError("the server sent another part than the one asked for")
    # Some servers ignore If-Range, and send a part of whatever file they have.
    if _version(response) != _stored(download).get("version"):
        download.remove()
        raise BrokenConnectionError("the server has another file than before")


def _total(download: Download, response: requests.Response, start: int) -> int | None:
    """The size of the whole file; None if it comes in chunks, of which the last one is marked.

    Raises:
        MissingAssetError: nothing would show that the connection broke.
    """
    length = response.headers.get("Content-Length", "")
    if length.isdecimal():
        return start + int(length)
    is_marked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
    if not is_marked and download.size is None:
        raise download.failed("the server does not say how long the file is")
    return download.size


def _version(response: requests.Response) -> str:
    """What identifies the version of a file; empty if the server says nothing."""
    etag = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):  # a weak one may not be used to resume
        return etag
    return response.headers.get("Last-Modified", "")


def _write_validator(download: Download, response: requests.Response, total: int | None) -> None:
    stored = {"url": download.shown_url, "version": _version(response), "size": total}
    download.validator_file.write_text(json.dumps(stored), encoding="utf-8")
