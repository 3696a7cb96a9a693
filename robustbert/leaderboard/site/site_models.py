"""The models of the site: all results of each row folder, which share a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from robustbert.leaderboard.boards import Board, BoardRow, Leaderboard
from robustbert.records import ModelRef, Record, published_path
from robustbert.reports.minilm import shares_minilm
from robustbert.reports.record_texts import SCIKIT_LEARN
from robustbert.reports.table_rows import Replicate


@dataclass(frozen=True)
class Section:
    """The results of a model on one dataset, split and track.

    Args:
        board: the board that they are on.
        row: its row, which may have other replicates.
        replicate: the replicate that is this model.
        folders: the folders of the other replicates, by training seed.
    """

    board: Board
    row: BoardRow
    replicate: Replicate
    folders: tuple[str, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """One record per recipe, the core recipes first."""
        recipes = self.board.group.recipes
        return tuple(self.replicate.records[r] for r in recipes if r in self.replicate.records)

    @property
    def paths(self) -> tuple[PurePosixPath, ...]:
        """The paths of the records, relative to the results folder."""
        return tuple(map(published_path, self.records))


@dataclass(frozen=True)
class SiteModel:
    """A model with its defenses, and all its results.

    Args:
        folder: the name of its row folder.
        sections: at least one, in the order of the boards.
    """

    folder: str
    sections: tuple[Section, ...]

    @property
    def name(self) -> str:
        """The names of the model and its defenses."""
        return self.sections[0].row.row.name

    @property
    def first(self) -> Record:
        """The first record; model and defenses are those of all records."""
        return self.sections[0].records[0]

    @property
    def records(self) -> tuple[Record, ...]:
        """The records of all sections."""
        return tuple(record for section in self.sections for record in section.records)


def site_models(leaderboard: Leaderboard) -> tuple[SiteModel, ...]:
    """The models of a leaderboard, ordered by the first board and rank that they have."""
    sections: dict[str, list[Section]] = {}
    for board in leaderboard.boards:
        for row in board.rows:
            for replicate, folder in zip(row.row.replicates, row.folders, strict=True):
                others = tuple(other for other in row.folders if other != folder)
                section = Section(board, row, replicate, others)
                sections.setdefault(folder, []).append(section)
    return tuple(SiteModel(folder, tuple(found)) for folder, found in sections.items())


def family(model: ModelRef) -> str:
    """The family of a model, as far as its record tells: MiniLM, classical or other."""
    if model.source.startswith(SCIKIT_LEARN):
        return "classical"
    return "MiniLM" if shares_minilm(model) else "other"
