"""Read the versions of all files of a folder from git, with one log."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from robustbert.gate.history.git_log import (
    RAW_LOG,
    FileVersion,
    blob_contents,
    git_output,
    has_commits,
    is_shallow_clone,
)


@dataclass(frozen=True)
class FolderLog:
    """The committed versions of the files of a folder.

    Args:
        commits: the hashes of the commits that changed the folder, newest first.
        versions: the versions of each file, oldest first, keyed by its path in the folder.
        is_shallow: whether the clone is shallow, so that older versions may be missing.
    """

    commits: tuple[str, ...]
    versions: Mapping[PurePosixPath, tuple[FileVersion, ...]]
    is_shallow: bool


@dataclass(frozen=True)
class _Change:
    """What a commit did to a file: its paths before and after, and the hash of its content."""

    before: str
    after: str
    status: str
    blob: str


def read_folder_log(folder: Path, files: Collection[PurePosixPath]) -> FolderLog:
    """Read the versions of files along the first parents of the current commit.

    A merge counts as one commit. A file that was renamed inside the folder is followed to its
    earlier name. Commits that only rename a file are left out.

    Args:
        folder: an existing folder.
        files: the paths of the files, relative to the folder; other files are ignored.

    Raises:
        InputError: git is not installed, or the folder is not in a git repository.
    """
    prefix = os.fsdecode(git_output(folder, "rev-parse", "--show-prefix").rstrip(b"\n"))
    is_shallow = is_shallow_clone(folder)
    if not has_commits(folder):
        return FolderLog((), dict.fromkeys(files, ()), is_shallow)
    wanted = {f"{prefix}{path}": path for path in files}
    found: dict[PurePosixPath, list[tuple[FileVersion, str]]] = {path: [] for path in files}
    commits = list(_commits(git_output(folder, *RAW_LOG, "--find-renames", "--", ".")))
    for version, changes in commits:
        renamed: dict[str, PurePosixPath] = {}
        for change in changes:
            path = wanted.get(change.after)
            if path is None:
                continue
            found[path].append((version, change.blob))
            if change.status in "AC":  # the file begins here
                del wanted[change.after]
            elif change.status == "R":
                del wanted[change.after]
                renamed[change.before] = path
        wanted |= renamed
    blobs = {blob for versions in found.values() for _, blob in versions if blob}
    contents = blob_contents(folder, sorted(blobs))
    return FolderLog(
        tuple(version.commit for version, _ in commits),
        {path: tuple(_distinct(versions, contents)) for path, versions in found.items()},
        is_shallow,
    )


def _distinct(
    versions: Sequence[tuple[FileVersion, str]], contents: Mapping[str, bytes]
) -> Iterator[FileVersion]:
    """The versions, oldest first, without those that have the content of the one before."""
    last: str | None = None
    for version, blob in reversed(versions):
        if blob != last:
            yield replace(version, content=contents.get(blob))
        last = blob


def _commits(log: bytes) -> Iterator[tuple[FileVersion, list[_Change]]]:
    """The commits in the output of ``git log``, newest first, each with its changes."""
    fields = deque(log.split(b"\0"))
    while fields:
        commit = fields.popleft()
        if not commit:
            continue
        date, subject = fields.popleft(), fields.popleft()
        texts = [text.decode("utf-8", "replace") for text in (commit, date, subject)]
        version = FileVersion(texts[0], texts[1], texts[2], None)
        changes = []
        while fields and fields[0].lstrip(b"\n")[:1] in (b"", b":"):
            if field := fields.popleft():
                changes.append(_change(field, fields))
        yield version, changes


def _change(field: bytes, fields: deque[bytes]) -> _Change:
    """A change from its line; the fields that follow begin with its path, or both of its paths."""
    *_, blob, status = field.split()
    before = after = fields.popleft()
    if status[:1] in b"RC":
        after = fields.popleft()
    exists = bool(blob.strip(b"0"))
    return _Change(
        os.fsdecode(before),
        os.fsdecode(after),
        status[:1].decode(),
        blob.decode() if exists else "",
    )
