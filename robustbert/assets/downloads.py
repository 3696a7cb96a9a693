"""Download a file over HTTP: resumed after interruptions, and checked against a hash if known."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from robustbert.assets.manifest import file_sha256
from robustbert.errors import MissingAssetError
from robustbert.progress import progress_bar

if TYPE_CHECKING:
    import requests

#: How often a broken connection is resumed before the download fails.
ATTEMPTS = 5
#: The longest pause between two attempts, in seconds.
MAX_WAIT = 20.0
_CHUNK = 1 << 16
_MEGABYTE = 10**6
_TIMEOUT = (10.0, 60.0)  # to connect, and between two packets


@dataclass(frozen=True)
class Download:
    """A file to download.

    Args:
        name: what it is, for messages and the progress bar.
        url: where it is.
        target: where it belongs. While it is incomplete, it is next to it, as ``NAME.part``.
        advice: what to do if it cannot be had.
        sha256: the hash that it must have; None if it is not known.
    """

    name: str
    url: str
    target: Path
    advice: str
    sha256: str | None = None

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
            f"cannot download {self.name} from {self.url} ({reason}); {self.advice}"
        )


#: Called with the number of bytes that are there, and of those there will be, if known.
_Received: TypeAlias = Callable[[int, int | None], None]


class _BrokenConnectionError(Exception):
    """A download that stopped, but may be resumed; the message is the reason."""


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
    import tenacity

    bar = _Bar(download.name) if progress else None
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_exponential(max=MAX_WAIT),
        retry=tenacity.retry_if_exception_type(_BrokenConnectionError),
        reraise=True,
    )
    try:
        retrying(_transfer, download, bar.show if bar else lambda size, total: None)
    except _BrokenConnectionError as error:
        raise download.failed(str(error)) from error
    finally:
        if bar:
            bar.close()
    digest = file_sha256(download.part)
    if download.sha256 is not None and digest != download.sha256:
        download.remove()
        raise download.failed(
            f"the file has the SHA-256 {digest} instead of {download.sha256} and was removed"
        )
    os.replace(download.part, download.target)
    download.validator_file.unlink(missing_ok=True)
    return digest


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

    headers = {"Accept-Encoding": "identity", **_resume_headers(download)}
    try:
        with requests.get(download.url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
            if not _is_complete(download, response):
                _check_status(download, response)
                _write(download, response, received)
    except requests.RequestException as error:
        if _may_succeed_later(error):
            raise _BrokenConnectionError(f"the connection broke: {_reason(error)}") from error
        raise download.failed(_reason(error)) from error


def _may_succeed_later(error: requests.RequestException) -> bool:
    """Whether a connection that was there broke; otherwise there is no network, or no server."""
    import requests
    from urllib3.exceptions import MaxRetryError

    broken = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    never_connected = bool(error.args) and isinstance(error.args[0], MaxRetryError)
    return isinstance(error, broken) and not never_connected


def _resume_headers(download: Download) -> dict[str, str]:
    """The headers that ask for the rest of a file; none if it has to be transferred as a whole."""
    try:
        validator = json.loads(download.validator_file.read_text(encoding="utf-8"))
        size = download.part.stat().st_size
    except (OSError, ValueError):
        return {}
    if not size or validator.get("url") != download.url or not validator.get("version"):
        return {}
    return {"Range": f"bytes={size}-", "If-Range": validator["version"]}


def _is_complete(download: Download, response: requests.Response) -> bool:
    """Whether the server says that nothing is missing of an incomplete file."""
    if response.status_code != 416 or not download.part.exists():
        return False
    return response.headers.get("Content-Range") == f"bytes */{download.part.stat().st_size}"


def _check_status(download: Download, response: requests.Response) -> None:
    status = response.status_code
    if status in (200, 206):
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise download.failed("the server sent a web page instead of the file")
        return
    if status == 416:  # the incomplete file is none of this one
        download.remove()
        raise _BrokenConnectionError("the server has another file than before")
    if status == 429 or status >= 500:
        raise _BrokenConnectionError(f"the server answered {status} {response.reason}")
    reasons = {401: "access is not allowed", 403: "access is not allowed", 404: "not found"}
    known = reasons.get(status, response.reason)
    raise download.failed(f"the server answered {status}: {known}")


def _write(download: Download, response: requests.Response, received: _Received) -> None:
    """Append the rest of a file, or write the whole one."""
    resumed = response.status_code == 206
    start = download.part.stat().st_size if resumed else 0
    if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        download.remove()
        raise _BrokenConnectionError("the server sent another part than the one asked for")
    if not resumed:
        download.remove()
        _write_validator(download, response)
    length = response.headers.get("Content-Length")
    total = None if length is None else start + int(length)
    size = start
    with download.part.open("ab" if resumed else "wb") as file:
        for chunk in response.iter_content(_CHUNK):
            file.write(chunk)
            size += len(chunk)
            received(size, total)
    if total is not None and size < total:
        raise _BrokenConnectionError(f"the connection broke after {size} bytes")


def _write_validator(download: Download, response: requests.Response) -> None:
    etag = response.headers.get("ETag", "")
    version = etag if not etag.startswith("W/") else ""  # a weak one may not be used here
    version = version or response.headers.get("Last-Modified", "")
    content = json.dumps({"url": download.url, "version": version})
    download.validator_file.write_text(content, encoding="utf-8")


def _reason(error: Exception) -> str:
    """Why a request failed, in one line without addresses of objects."""
    cause = getattr(error.args[0] if error.args else error, "reason", error)
    text = " ".join(str(cause).split())
    return re.sub(r"^<?[\w.]*HTTPS?Connection.*?[>)]: ", "", text)[:200]
