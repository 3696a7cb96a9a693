"""Downloads from a server on this machine, which breaks connections and counts bytes."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from robustbert.assets.downloads import Download, download_file
from robustbert.errors import MissingAssetError
from tests.asset_server import AssetServer

CONTENT = bytes(range(256)) * 2000  # 512,000 bytes
PATH = "/textattack/file"
#: A multiple of the chunks in which files are written.
BEFORE = 3 << 16


@pytest.fixture
def download(server: AssetServer, tmp_path: Path) -> Download:
    server.files[PATH] = CONTENT
    return Download("a file", server.address + PATH, tmp_path / "file", "do this")


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_file_is_downloaded_with_its_hash(download: Download) -> None:
    assert download_file(download) == hashlib.sha256(CONTENT).hexdigest()
    assert download.target.read_bytes() == CONTENT
    assert left_over(download.target.parent) == ["file"]


def test_a_broken_connection_is_resumed(download: Download, server: AssetServer) -> None:
    server.breaks[PATH] = [BEFORE, 1 << 16]
    download_file(download, progress=False)
    assert download.target.read_bytes() == CONTENT
    starts = [request.start for request in server.received(PATH)]
    assert starts == [0, BEFORE, BEFORE + (1 << 16)]
    assert server.bytes_sent() == len(CONTENT)


def test_a_later_call_resumes_a_failed_download(download: Download, server: AssetServer) -> None:
    server.breaks[PATH] = [BEFORE, 0, 0, 0, 0]
    with pytest.raises(MissingAssetError, match=r"cannot download a file .*broke.*; do this"):
        download_file(download, progress=False)
    assert not download.target.exists()
    assert download.part.stat().st_size == BEFORE
    server.requests.clear()
    download_file(download, progress=False)
    assert download.target.read_bytes() == CONTENT
    assert server.bytes_sent() == len(CONTENT) - BEFORE


def test_a_file_that_changed_meanwhile_is_transferred_again(
    download: Download, server: AssetServer
) -> None:
    server.breaks[PATH] = [BEFORE]
    changed = CONTENT[::-1]

    class Changing(list):
        def pop(self, index: int) -> int:
            server.files[PATH] = changed
            return super().pop(index)

    server.breaks[PATH] = Changing([BEFORE])
    download_file(download, progress=False)
    assert download.target.read_bytes() == changed
    assert [request.status for request in server.received(PATH)] == [200, 200]


@pytest.mark.parametrize("kept", [BEFORE, len(CONTENT)])
@pytest.mark.parametrize("weak", [False, True])
def test_a_file_that_changed_on_a_server_that_ignores_conditions(
    kept: int,
    weak: bool,
    download: Download,
    server: AssetServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.unconditional.add(PATH)
    if weak:
        server.weak[PATH] = "Mon, 01 Jan 2024 00:00:00 GMT"
    interrupt_download(download, server, kept, monkeypatch)
    server.files[PATH] = changed = CONTENT[::-1]
    if weak:
        server.weak[PATH] = "Tue, 02 Jan 2024 00:00:00 GMT"
    download_file(download, progress=False)
    assert download.target.read_bytes() == changed


def interrupt_download(
    download: Download, server: AssetServer, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leave the first ``kept`` bytes."""
    if kept < len(CONTENT):
        server.breaks[PATH] = [kept, 0, 0, 0, 0]
    with monkeypatch.context() as patch:
        patch.setattr("robustbert.assets.downloads.file_sha256", interrupt)
        with pytest.raises((KeyboardInterrupt, MissingAssetError)):
            download_file(download, progress=False)
    server.breaks.clear()
    assert download.part.stat().st_size == kept


def test_a_part_is_resumed_by_the_time_of_the_last_change(
    download: Download, server: AssetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.weak[PATH] = "Mon, 01 Jan 2024 00:00:00 GMT"
    interrupt_download(download, server, BEFORE, monkeypatch)
    server.requests.clear()
    interrupt_download(download, server, len(CONTENT), monkeypatch)
    download_file(download, progress=False)
    assert download.target.read_bytes() == CONTENT
    assert [request.status for request in server.requests] == [206, 304]


def test_a_part_that_the_server_does_not_know_is_dropped(
    download: Download, server: AssetServer
) -> None:
    server.breaks[PATH] = [BEFORE, 0, 0, 0, 0]
    with pytest.raises(MissingAssetError):
        download_file(download, progress=False)
    other = Download("a file", f"{server.address}/textattack/other", download.target, "do this")
    server.files["/textattack/other"] = CONTENT[:100]
    download_file(other, progress=False)
    assert download.target.read_bytes() == CONTENT[:100]


def test_a_part_that_is_complete_is_not_transferred_again(
    download: Download, server: AssetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("robustbert.assets.downloads.file_sha256", interrupt)
        with pytest.raises(KeyboardInterrupt):
            download_file(download, progress=False)
    assert download.part.read_bytes() == CONTENT
    server.requests.clear()
    download_file(download, progress=False)
    assert download.target.read_bytes() == CONTENT
    assert [request.status for request in server.requests] == [304]


def interrupt(_: Path) -> str:
    raise KeyboardInterrupt


def test_a_part_that_is_longer_than_the_file_is_dropped(
    download: Download, server: AssetServer
) -> None:
    server.breaks[PATH] = [BEFORE, 0, 0, 0, 0]
    with pytest.raises(MissingAssetError):
        download_file(download, progress=False)
    download.part.write_bytes(CONTENT + b"x")
    download_file(download, progress=False)
    assert download.target.read_bytes() == CONTENT


def test_a_web_page_is_not_taken_for_the_file(download: Download, server: AssetServer) -> None:
    server.pages.add(PATH)
    with pytest.raises(MissingAssetError, match="the server sent a web page instead of the file"):
        download_file(download, progress=False)
    assert left_over(download.target.parent) == []


def test_a_wrong_hash_removes_the_file(download: Download) -> None:
    expected = Download(download.name, download.url, download.target, "do this", "0" * 64)
    with pytest.raises(MissingAssetError, match=f"instead of {'0' * 64} and was removed"):
        download_file(expected)
    assert left_over(download.target.parent) == []


@pytest.mark.parametrize("length", [None, "x", "-1"])
def test_a_file_whose_end_nothing_shows_is_refused(
    length: str | None, download: Download, server: AssetServer
) -> None:
    server.lengths[PATH] = length
    server.breaks[PATH] = [BEFORE]
    with pytest.raises(MissingAssetError, match="does not say how long the file is"):
        download_file(download, progress=False)
    assert left_over(download.target.parent) == []
    server.breaks[PATH] = [BEFORE]
    download_file(replace(download, size=len(CONTENT)), progress=False)
    assert download.target.read_bytes() == CONTENT


def test_a_wrong_size_removes_the_file(download: Download) -> None:
    with pytest.raises(MissingAssetError, match=f"{len(CONTENT)} bytes instead of 5 and was rem"):
        download_file(replace(download, size=5))
    assert left_over(download.target.parent) == []


@pytest.mark.parametrize(
    "url", ["http://a..b/file", "http://[/file", "http://127.0.0.1:x/file", "ftp://a/file", "a/b"]
)
def test_a_wrong_address(url: str, tmp_path: Path) -> None:
    with pytest.raises(
        MissingAssetError, match=r"cannot download a file from .*; do this"
    ) as found:
        download_file(Download("a file", url, tmp_path / "file", "do this"))
    assert "\n" not in str(found.value)
    assert left_over(tmp_path) == []


def test_a_password_is_sent_but_not_shown(download: Download, server: AssetServer) -> None:
    url = download.url.replace("://", "://me:secret@")
    server.breaks[PATH] = [BEFORE, 0, 0, 0, 0]
    with pytest.raises(MissingAssetError) as raised:
        download_file(replace(download, url=url), progress=False)
    assert "secret" not in str(raised.value)
    assert "secret" not in download.validator_file.read_text()
    download_file(replace(download, url=url), progress=False)
    expected = "Basic " + base64.b64encode(b"me:secret").decode()
    assert {request.authorization for request in server.requests} == {expected}
    with pytest.raises(MissingAssetError) as raised:
        download_file(replace(download, url="http://me:secret@a..b/"), progress=False)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "access is not allowed"), (403, "access is not allowed"), (404, "not found")],
)
def test_a_refusal_is_not_retried(
    status: int, reason: str, download: Download, server: AssetServer
) -> None:
    server.statuses[PATH] = status
    with pytest.raises(
        MissingAssetError, match=f"the server answered {status}: {reason}"
    ) as raised:
        download_file(download)
    assert "\n" not in str(raised.value)
    assert len(server.received(PATH)) == 1


def test_an_overloaded_server_is_asked_again(download: Download, server: AssetServer) -> None:
    server.statuses[PATH] = 503
    with pytest.raises(MissingAssetError, match="the server answered 503"):
        download_file(download)
    assert len(server.received(PATH)) == 5


def test_no_network(tmp_path: Path) -> None:
    download = Download("a file", "http://127.0.0.1:9/file", tmp_path / "file", "do this")
    with pytest.raises(MissingAssetError) as raised:
        download_file(download)
    message = str(raised.value)
    assert message.startswith("cannot download a file from http://127.0.0.1:9/file (")
    assert "Connection refused" in message
    assert "object at 0x" not in message
    assert message.endswith("; do this")
    assert left_over(tmp_path) == []


def test_progress_is_shown_in_megabytes(
    download: Download,
    server: AssetServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from robustbert import progress

    monkeypatch.setattr(progress, "FIRST_LINE", 0.0)
    monkeypatch.setattr(progress, "NEXT_LINE", 0.0)
    server.files[PATH] = b"x" * 3_100_000
    download_file(download)
    assert "downloading a file: 3 of 3 megabytes" in capsys.readouterr().err


def test_a_killed_process_leaves_what_the_next_one_resumes(
    download: Download, server: AssetServer
) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from robustbert.assets import downloads\n"
        "bar = downloads._Bar.show\n"
        "def show(self, size, total):\n    size >= 200_000 and os._exit(9)\n"
        "downloads._Bar.show = show\n"
        "downloads.download_file(downloads.Download('a', sys.argv[1], Path(sys.argv[2]), ''))\n"
    )
    command = [sys.executable, "-c", script, download.url, str(download.target)]
    assert subprocess.run(command, env=dict(os.environ), check=False).returncode == 9
    assert not download.target.exists()
    kept = download.part.stat().st_size
    assert kept > 0
    server.requests.clear()
    download_file(download, progress=False)
    assert download.target.read_bytes() == CONTENT
    assert server.bytes_sent() == len(CONTENT) - kept
