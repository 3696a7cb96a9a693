"""Read the history of a baseline from git and from the working tree."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.errors import InputError, RecordError
from robustbert.gate.gate_run import gate_run_of_baseline
from robustbert.gate.history.git_log import FileLog, FileVersion, read_file_log
from robustbert.gate.history.history_data import History, Snapshot
from robustbert.gate.history.steps import build_history
from robustbert.gate.policy import check_differences
from robustbert.paths import report_path
from robustbert.progress import progress_bar
from robustbert.records import Acceptance, Baseline, parse_baseline
from robustbert.reports.wording import counted


@dataclass(frozen=True)
class _Read:
    """A version of the file: its baseline, or why it could not be read."""

    version: FileVersion | None
    baseline: Baseline | None
    problem: str | None = None


def read_history(
    path: Path, *, max_commits: int = 100, alpha: float = 0.05, allow: Collection[str] = ()
) -> History:
    """Read the baselines of past commits, and find the steps between them.

    Commits are those of the main line (first parents). If the file of the working tree holds other
    results than that of the last commit, it is the last point. Versions that cannot be read are
    listed with the reason, and left out.

    Args:
        path: the baseline file, in the working tree of a git repository.
        max_commits: the largest number of commits that changed the file, at least 1; the newest
            are read.
        alpha: the level of significance, in (0, 1).
        allow: kinds of differences between two versions to allow, and to mark: names in
            :data:`robustbert.gate.policy.DIFFERENCES`.

    Raises:
        InputError: the file is not in a git repository, neither committed nor there, or no version
            can be read; or an argument is out of range.
        UnknownNameError: there is no such kind of difference.
    """
    path = Path(path)
    check_differences(allow)
    if max_commits < 1:
        raise InputError(f"the number of commits is {max_commits}; it must be at least 1")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the file of robustbert baseline save")
    log = read_file_log(path, max_commits)
    if not log.versions and not path.exists():
        raise InputError(
            f"{path} does not exist, and no commit has it; write it with robustbert baseline save"
        )
    read = []
    with progress_bar(len(log.versions), f"reading the versions of {path}", "version") as bar:
        for version in log.versions:
            read.append(_parsed(version, version.content))
            bar.update()
    if path.exists():
        working = _parsed(None, _content(path))
        same = read and read[-1].baseline is not None and read[-1].baseline == working.baseline
        read += [] if same else [working]
    return build_history(
        report_path(str(path)), _snapshots(read), alpha, _notes(log, max_commits), allow
    )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _parsed(version: FileVersion | None, content: bytes | None) -> _Read:
    if content is None:
        return _Read(version, None, "the file is not there")
    try:
        return _Read(version, parse_baseline(content, "it"))
    except RecordError as error:
        return _Read(version, None, str(error).removeprefix("it: "))


def _snapshots(read: Sequence[_Read]) -> list[Snapshot]:
    snapshots = []
    known: list[Acceptance] = []
    for one in read:
        acceptances = one.baseline.acceptances if one.baseline else []
        version = one.version
        snapshots.append(
            Snapshot(
                commit=version.commit if version else None,
                date=version.date[: len("2026-11-24")] if version else "",
                subject=version.subject if version else "",
                run=gate_run_of_baseline(one.baseline, "baseline") if one.baseline else None,
                problem=one.problem,
                acceptances=tuple(a for a in acceptances if a not in known),
            )
        )
        known += acceptances
    return snapshots


def _notes(log: FileLog, max_commits: int) -> list[str]:
    notes = []
    if not log.versions:
        notes.append("No commit has this file yet.")
    if log.is_cut:
        notes.append(
            f"Only the newest {counted(max_commits, 'version')} are shown (--max-commits)."
        )
    if log.is_shallow:
        notes.append(
            "This is a shallow clone, which may lack older versions, and the first version may be "
            "older than the commit beside it. For all of them: git fetch --unshallow, or "
            "fetch-depth: 0 of actions/checkout."
        )
    return notes
