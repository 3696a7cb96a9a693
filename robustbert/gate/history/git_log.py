"""Read the versions of a file from git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from robustbert.errors import InputError

# Git sets these for hooks; they would hide the repository that holds the file.
_LOCAL_VARIABLES = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
)
#: Follows the main line: a merge is one commit, compared with the state before it.
RAW_LOG = (
    *("log", "-z", "--raw", "--no-abbrev", "--first-parent", "-m"),
    *("--no-color", "--no-show-signature", "--encoding=UTF-8", "--format=%H%x00%cI%x00%s%x00"),
)


@dataclass(frozen=True)
class FileVersion:
    """The file after one commit.

    Args:
        commit: the hash of the commit.
        date: when it was committed, such as ``2026-11-24T12:00:00+01:00``.
        subject: the first line of its message.
        content: the content; None if the commit deleted the file, or it is not a regular file.
    """

    commit: str
    date: str
    subject: str
    content: bytes | None


@dataclass(frozen=True)
class FileLog:
    """The committed versions of a file.

    Args:
        versions: oldest first.
        is_shallow: whether the clone is shallow, so that older versions may be missing.
        is_cut: whether there are more versions than were asked for.
    """

    versions: tuple[FileVersion, ...]
    is_shallow: bool
    is_cut: bool


def read_file_log(path: Path, max_versions: int) -> FileLog:
    """Read the versions of a file along the first parents of the current commit.

    A merge counts as one commit. A renamed file is followed to its earlier name; a copied file is
    not followed to the file that it was copied from. Commits that only rename it are left out.

    Args:
        path: the file. It need not exist any more.
        max_versions: the largest number of versions, at least 1; the newest are read.

    Raises:
        InputError: git is not installed, or the file is not in a git repository.
    """
    path = Path(os.path.realpath(path))
    folder = next(parent for parent in path.parents if parent.is_dir())
    # "./" keeps the name from being read as an option or a pattern
    name = f"./{path.relative_to(folder)}"
    if git_output(folder, "rev-parse", "--is-inside-work-tree").strip() != b"true":
        raise InputError(f"{folder} is not the working tree of a git repository")
    is_shallow = is_shallow_clone(folder)
    if not has_commits(folder):
        return FileLog((), is_shallow, is_cut=False)
    log = git_output(folder, *RAW_LOG, "--follow", "-n", str(max_versions + 1), "--", name)
    entries = list(_entries(log))
    is_cut = len(entries) > max_versions
    contents = blob_contents(folder, [blob for _, blob in entries if blob])
    versions: list[FileVersion] = []
    last: str | None = None
    for version, blob in reversed(entries[:max_versions]):
        if blob is None or blob != last:
            versions.append(replace(version, content=contents.get(blob or "")))
        last = blob
    return FileLog(tuple(versions), is_shallow, is_cut)


def _entries(log: bytes) -> Iterator[tuple[FileVersion, str | None]]:
    """The versions in the output of ``git log``, newest first, each with the hash of its blob."""
    fields = iter(log.split(b"\0"))
    for commit in fields:
        if not commit:
            continue
        date, subject, _, change = (next(fields, b"") for _ in range(4))
        *_, blob, status = change.split()
        next(fields, b"")  # the path
        if status[:1] in b"RC":
            next(fields, b"")  # the new path
        text, when, what = (part.decode("utf-8", "replace") for part in (commit, date, subject))
        yield FileVersion(text, when, what, None), blob.decode() if blob.strip(b"0") else None
        if status[:1] == b"C":
            return


def blob_contents(folder: Path, blobs: Sequence[str]) -> dict[str, bytes]:
    """The contents of blobs, keyed by hash; objects that are missing or no blobs are left out."""
    if not blobs:
        return {}
    output = git_output(
        folder, "cat-file", "--batch", stdin="".join(f"{b}\n" for b in blobs).encode()
    )
    found: dict[str, bytes] = {}
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        header = output[position:end].split()
        position = end + 1
        if len(header) != 3:  # missing
            continue
        size = int(header[2])
        if header[1] == b"blob":
            found[header[0].decode()] = output[position : position + size]
        position += size + 1
    return found


def is_shallow_clone(folder: Path) -> bool:
    """Whether the repository of a folder lacks older commits."""
    return git_output(folder, "rev-parse", "--is-shallow-repository").strip() == b"true"


def has_commits(folder: Path) -> bool:
    """Whether the repository of a folder has a current commit."""
    return bool(git_output(folder, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True))


def git_output(folder: Path, *arguments: str, stdin: bytes = b"", may_fail: bool = False) -> bytes:
    """The output of a git command, which reads paths literally and writes in English."""
    environment = {k: v for k, v in os.environ.items() if k not in _LOCAL_VARIABLES}
    environment |= {"LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        result = subprocess.run(
            ["git", "--no-pager", "-C", str(folder), *arguments],
            input=stdin,
            capture_output=True,
            env=environment,
            check=False,
        )
    except FileNotFoundError:
        raise InputError("git is not installed; install it, or put it on the PATH") from None
    if result.returncode != 0 and not may_fail:
        reason = result.stderr.decode("utf-8", "replace").strip() or "it failed"
        if "not a git repository" in reason:
            raise InputError(
                f"{folder} is not in a git repository; commit the baseline to one, or give its path"
            )
        raise InputError(f"git {arguments[0]} in {folder}: {reason.splitlines()[0]}")
    return result.stdout if result.returncode == 0 else b""
