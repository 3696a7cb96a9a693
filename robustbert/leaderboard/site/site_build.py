"""Build the leaderboard's site: a folder of static pages that makes no outside request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robustbert.errors import OutputError
from robustbert.io import atomic_folder
from robustbert.leaderboard.boards import Board, Leaderboard
from robustbert.leaderboard.site.chart_specs import check_chart_packages
from robustbert.leaderboard.site.site_pages import COMPARE, INDEX, MODEL_FOLDER, site_files
from robustbert.reports.pages import ASSET_FOLDER

#: The file that marks a folder as a site of this program.
MARKER = ".robustbert-leaderboard"
_MARKER_TEXT = "Built by robustbert leaderboard build, which replaces this folder.\n"


@dataclass(frozen=True)
class BuiltSite:
    """What was built.

    Args:
        folder: the folder of the site.
        num_models: the number of models, which have a page each.
        num_cells: the number of cells.
    """

    folder: Path
    num_models: int
    num_cells: int

    @property
    def index(self) -> Path:
        """The first page."""
        return self.folder / INDEX


def build_site(leaderboard: Leaderboard, out: Path, *, results: Path) -> BuiltSite:
    """Build the site of a leaderboard, completely or not at all.

    The same leaderboard and history give the same files.

    Args:
        leaderboard: what the site shows.
        out: the folder of the site; a site that was built before is replaced as a whole.
        results: the folder that the leaderboard was read from, whose history in git is shown.

    Raises:
        OutputError: the folder contains something that is not of such a site, or cannot be written.
        MissingAssetError: the packages of the extra ``site`` are not installed.
    """
    with atomic_folder(out, disposable=_old_names(out)) as folder:
        (folder / MARKER).write_text(_MARKER_TEXT)
        num_models = 0
        for path, content in site_files(leaderboard, results):
            file = folder / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
            num_models += path.parent.name == MODEL_FOLDER
    return BuiltSite(out, num_models, sum(map(_num_cells, leaderboard.boards)))


def check_site_folder(out: Path) -> None:
    """Check, before results are read, that a site can be built in a folder.

    Raises:
        OutputError: it contains something that is not of such a site.
        MissingAssetError: the packages of the extra ``site`` are not installed.
    """
    check_chart_packages()
    _old_names(out)


def _old_names(out: Path) -> list[str]:
    """What a site that was built before has in its folder.

    Raises:
        OutputError: the folder is a file, or neither empty nor such a site.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file, not a folder; choose another place for the site")
    if not out.exists() or not any(out.iterdir()):
        return []
    if not (out / MARKER).is_file():
        raise OutputError(
            f"{out} is not empty, and not a site of robustbert leaderboard build; choose another "
            "folder or remove it"
        )
    return [MARKER, ASSET_FOLDER, MODEL_FOLDER, INDEX, COMPARE]


def _num_cells(board: Board) -> int:
    return sum(len(row.records) for row in board.rows)
