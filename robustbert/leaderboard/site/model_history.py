"""The history of the models: the commits that changed their records, and the accuracies then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from robustbert.errors import InputError, RecordError
from robustbert.gate.history.folder_log import FolderLog, read_folder_log
from robustbert.gate.history.git_log import FileVersion
from robustbert.leaderboard.site.site_models import Section, SiteModel
from robustbert.records import Record, published_records
from robustbert.records.strict_json import parse_object, record_of
from robustbert.reports.table_cells import percent_cell
from robustbert.reports.wording import counted

_NO_CHECKOUT = "There is none, because the results are not in a git checkout."
_NO_GIT = "There is none, because git is not installed where this site was built."
_SHORT_COMMIT = 7  # digits
_DATE = len("2026-11-24")


@dataclass(frozen=True)
class PastCell:
    """A record as a commit left it.

    Args:
        text: its accuracy under attack in %, or what happened to the file; empty if the commit did
            not change it.
        detail: the number of examples; empty if there is no accuracy.
        is_changed: whether its accuracy differs from that before.
    """

    text: str
    detail: str = ""
    is_changed: bool = False


@dataclass(frozen=True)
class PastCommit:
    """A commit that changed records of a section.

    Args:
        date: when it was committed.
        commit: the first digits of its hash.
        subject: the first line of its message.
        cells: one per recipe.
    """

    date: str
    commit: str
    subject: str
    cells: tuple[PastCell, ...]


@dataclass(frozen=True)
class SectionHistory:
    """The commits that changed the records of a section.

    Args:
        recipes: the heading of each column.
        commits: newest first.
        notes: what readers should know, one sentence each.
    """

    recipes: tuple[str, ...]
    commits: tuple[PastCommit, ...]
    notes: tuple[str, ...]


class ResultsHistory:
    """The history of published results; that of a folder outside of git is empty, with a note."""

    def __init__(self, log: FolderLog | None, problem: str) -> None:
        self._log = log
        self._problem = problem
        self._parsed: dict[bytes, Record | None] = {}

    def of_section(self, section: Section) -> SectionHistory:
        """The commits that changed the records of a section, newest first."""
        recipes = tuple(record.recipe.name for record in section.records)
        if self._log is None:
            return SectionHistory(recipes, (), (self._problem,))
        versions = [self._log.versions.get(path, ()) for path in section.paths]
        columns = [self._column(of_file) for of_file in versions]
        found = {version.commit: version for of_file in versions for version in of_file}
        newest = [found[commit] for commit in self._log.commits if commit in found]
        past = tuple(
            PastCommit(
                version.date[:_DATE],
                version.commit[:_SHORT_COMMIT],
                version.subject,
                tuple(column.get(version.commit, PastCell("")) for column in columns),
            )
            for version in newest
        )
        return SectionHistory(recipes, past, tuple(self._notes(section, versions)))

    def _column(self, versions: Sequence[FileVersion]) -> Mapping[str, PastCell]:
        """The cells of a file, keyed by commit."""
        cells: dict[str, PastCell] = {}
        last: tuple[float | None, int] | None = None
        for version in versions:
            record = self._record(version.content)
            if version.content is None:
                cells[version.commit] = PastCell("removed", is_changed=True)
            elif record is None:
                cells[version.commit] = PastCell("not readable")
            else:
                accuracy = record.metrics.accuracy_under_attack
                number = (accuracy.value, accuracy.n)
                cells[version.commit] = PastCell(
                    percent_cell(accuracy).value, f"n={accuracy.n}", number != last
                )
                last = number
        return cells

    def _record(self, content: bytes | None) -> Record | None:
        if content is None:
            return None
        if content not in self._parsed:
            try:
                self._parsed[content] = record_of(parse_object(content, "it"), "it")
            except RecordError:  # of a schema that is not read any more; the cell says so
                self._parsed[content] = None
        return self._parsed[content]

    def _notes(self, section: Section, versions: Sequence[Sequence[FileVersion]]) -> list[str]:
        assert self._log is not None
        changed = sum(
            not of_file or not _is_same(self._record(of_file[-1].content), record)
            for record, of_file in zip(section.records, versions, strict=True)
        )
        notes = []
        if changed:
            notes.append(f"{counted(changed, 'record')} of this page differ from the last commit.")
        if self._log.is_shallow:
            notes.append("The repository is a shallow clone, so older commits may be missing.")
        return notes


def read_results_history(results: Path, models: Sequence[SiteModel]) -> ResultsHistory:
    """Read the history of the records of models with one call of ``git log``.

    Args:
        results: the results folder, or the folder of one dataset in it.
        models: the models.
    """
    folder = results if published_records(results) else results.absolute().parent
    paths = {path for model in models for section in model.sections for path in section.paths}
    try:
        log = read_folder_log(folder, paths)
    except InputError:
        return ResultsHistory(None, _NO_CHECKOUT if which("git") else _NO_GIT)
    return ResultsHistory(log, "")


def _is_same(committed: Record | None, record: Record) -> bool:
    if committed is None:
        return False
    return (committed.created_at, committed.counts, committed.metrics) == (
        record.created_at,
        record.counts,
        record.metrics,
    )
