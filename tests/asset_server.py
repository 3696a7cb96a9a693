"""A server on this machine that speaks the protocols of the servers of the canonical assets."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import reset_sessions

COMMIT = "0123456789abcdef0123456789abcdef01234567"
#: The environment variables that replace the addresses of the servers, with paths on this one.
MIRRORS = {
    "HF_ENDPOINT": "",
    "ROBUSTBERT_NLTK_URL": "/nltk",
    "ROBUSTBERT_TEXTATTACK_URL": "/textattack",
    "ROBUSTBERT_TFHUB_URL": "/tfhub",
}


@dataclass
class Repository:
    """A model on the hub."""

    files: Mapping[str, bytes]
    commit: str = COMMIT
    gated: bool = False
    wrong_hash: str = ""
    is_listed: bool = True


@dataclass(frozen=True)
class Request:
    """A request that the server answered.

    Args:
        method: ``GET`` or ``HEAD``.
        path: the path, without the query.
        start: the first byte that was asked for.
        sent: the number of bytes of the file that were sent.
        status: the status of the answer.
        authorization: the credentials that came with it.
    """

    method: str
    path: str
    start: int
    sent: int
    status: int
    authorization: str


@dataclass
class AssetServer:
    """The content of the server, and what it was asked for.

    Args:
        address: where it is.
        files: the files by their paths, such as ``/nltk/corpora/wordnet.zip``.
        repositories: the models of the hub by their names.
        breaks: the number of bytes after which the next answers for a path break off.
        statuses: the status of every answer for a path, such as 403.
        refusals: the statuses of the next answers for a path.
        delays: the seconds before the next answers for a path.
        pages: the paths of files that are said to be web pages.
        unconditional: the paths for which the conditions of a request are ignored.
        weak: the times of the last change of files, which have only a weak ETag then.
        lengths: the stated lengths of files, if they are not true; None for no length.
        requests: what it was asked for, in order.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    breaks: dict[str, list[int]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, list[int]] = field(default_factory=dict)
    delays: dict[str, list[float]] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)
    unconditional: set[str] = field(default_factory=set)
    weak: dict[str, str] = field(default_factory=dict)
    lengths: dict[str, str | None] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def received(self, path: str) -> list[Request]:
        """The ``GET`` requests for a path."""
        return [one for one in self.requests if one.method == "GET" and one.path == path]

    def bytes_sent(self) -> int:
        """The number of bytes of files that were sent."""
        return sum(one.sent for one in self.requests)


@contextmanager
def serving() -> Iterator[AssetServer]:
    """Run a server until the block ends."""
    content = AssetServer()

    class Handler(_Handler):
        server_content = content

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    content.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield content
    finally:
        server.shutdown()
        server.server_close()
        reset_sessions()


def use_server(patch: pytest.MonkeyPatch, server: AssetServer) -> None:
    """Let the canonical assets come from a server, also if the hub's client is to be offline."""
    patch.setattr(constants, "HF_HUB_OFFLINE", False)
    reset_sessions()
    for variable, path in MIRRORS.items():
        patch.setenv(variable, server.address + path)


def zip_of(folder: Path, top: str) -> bytes:
    """A zip archive with the files of a folder below ``top``."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    contents = {f"{top}/{name}": path.read_bytes() for name, path in files.items()}
    return zip_of_files({n: c for n, c in contents.items() if not n.endswith(".manifest.json")})


def zip_of_files(files: Mapping[str, bytes]) -> bytes:
    """A zip archive with some files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def repository_of(folder: Path) -> Repository:
    """A model of the hub with the files of a folder."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return Repository({p.relative_to(folder).as_posix(): p.read_bytes() for p in paths})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_content: AssetServer

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _answer(self) -> None:
        path, server = self.path.partition("?")[0], self.server_content
        if delays := server.delays.get(path):
            time.sleep(delays.pop(0))
        refusals = server.refusals.get(path)
        if status := refusals.pop(0) if refusals else server.statuses.get(path):
            self._send_status(path, status)
        elif (content := server.files.get(path)) is not None:
            self._send_file(path, content, {})
        elif path.startswith("/api/models/"):
            self._send_model(path)
        elif "/resolve/" in path:
            self._send_repository_file(path)
        else:
            self._send_status(path, 404)

    def _send_status(self, path: str, status: int, **headers: str) -> None:
        self._note(path, 0, 0, status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_model(self, path: str) -> None:
        name = path.removeprefix("/api/models/").partition("/revision/")[0]
        repository = self.server_content.repositories.get(name)
        if repository is None:
            self._send_status(path, 404, X_Error_Code="RepoNotFound")
            return
        siblings = []
        for file, content in repository.files.items():
            digest = repository.wrong_hash or hashlib.sha256(content).hexdigest()
            lfs = {"sha256": digest, "size": len(content), "pointerSize": 130}
            is_large = not file.endswith((".json", ".txt"))
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            one = {"rfilename": file, "size": len(content), "blobId": blob}
            siblings.append(one | ({"lfs": lfs} if is_large else {}))
        body = json.dumps(
            {
                "id": name,
                "sha": repository.commit,
                "private": False,
                "gated": "manual" if repository.gated else False,
                "tags": [],
            }
            | ({"siblings": siblings} if repository.is_listed else {})
        ).encode()
        self._note(path, 0, 0, 200)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_repository_file(self, path: str) -> None:
        name, _, rest = path.lstrip("/").partition("/resolve/")
        file = rest.partition("/")[2]
        repository = self.server_content.repositories[name]
        content = repository.files.get(file)
        if content is None:
            self._send_status(path, 404, X_Error_Code="EntryNotFound")
        else:
            self._send_file(path, content, {"X-Repo-Commit": repository.commit})

    def _send_file(self, path: str, content: bytes, headers: Mapping[str, str]) -> None:
        server = self.server_content
        etag, modified = f'"{hashlib.sha256(content).hexdigest()}"', server.weak.get(path)
        version = modified or etag
        conditions = {} if path in server.unconditional else self.headers
        known = conditions.get("If-None-Match") or conditions.get("If-Modified-Since")
        if known == version:
            self._send_status(path, 304)
            return
        start, status = 0, 200
        asked = self.headers.get("Range", "")
        if asked and conditions.get("If-Range", version) == version:
            start, status = int(asked.removeprefix("bytes=").partition("-")[0]), 206
        if status == 206 and start >= len(content):
            self._send_status(path, 416, Content_Range=f"bytes */{len(content)}")
            return
        body = content[start:]
        pending = server.breaks.get(path)
        breaks = pending.pop(0) if pending and self.command == "GET" else None
        sent = 0 if self.command == "HEAD" else len(body[:breaks])
        self._note(path, start, sent, status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if path in server.pages:
            self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("ETag", f"W/{etag}" if modified else etag)
        if modified:
            self.send_header("Last-Modified", modified)
        length = server.lengths.get(path, str(len(body)))
        if length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.close_connection = path in server.lengths
        if self.command == "GET":
            self.wfile.write(body[:breaks])
            if breaks is not None:
                self.wfile.flush()
                self.close_connection = True

    def _note(self, path: str, start: int, sent: int, status: int) -> None:
        authorization = self.headers.get("Authorization", "")
        request = Request(self.command, path, start, sent, status, authorization)
        self.server_content.requests.append(request)
