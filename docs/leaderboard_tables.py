"""Write the leaderboard's tables in README.md and results/README.md.

``python docs/leaderboard_tables.py`` writes them; ``--check`` only says whether they are current.
A table is between ``<!-- leaderboard -->``, or ``<!-- leaderboard DATASET TRACK -->`` for a short
one, and ``<!-- end of leaderboard -->``.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard import Leaderboard, read_leaderboard
from robustbert.leaderboard.board_tables import FORMATS, board_group
from robustbert.reports.markdown_table import accuracy_lines

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "results/README.md")
#: The columns of a short table.
COLUMNS = ("rank", "model", "clean accuracy", "worst case", *CORE_RECIPES)
_TABLE = re.compile(
    r"(?P<start><!-- leaderboard(?: (?P<dataset>\S+) (?P<track>\S+))? -->\n)"
    r".*?(?P<end><!-- end of leaderboard -->)",
    re.DOTALL,
)


def updated(document: str, leaderboard: Leaderboard) -> str:
    """The document with the current tables between its markers."""

    def table(match: re.Match[str]) -> str:
        if match["dataset"] is None:
            content = FORMATS["markdown"](leaderboard)
        else:
            content = short_tables(leaderboard.only(match["dataset"], match["track"]))
        return f"{match['start']}\n{content}\n{match['end']}"

    return _TABLE.sub(table, document)


def short_tables(leaderboard: Leaderboard) -> str:
    """The accuracies of the boards under the core recipes, without notes."""
    groups = map(board_group, leaderboard.boards)
    return "\n".join("\n".join(accuracy_lines(group, COLUMNS)) + "\n" for group in groups)


def main() -> int:
    """Write or check the documents; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the documents")
    options = parser.parse_args()
    leaderboard = read_leaderboard(options.root / "results")
    outdated = False
    for path in (options.root / name for name in DOCUMENTS):
        text = path.read_text(encoding="utf-8")
        current = updated(text, leaderboard)
        if current == text:
            continue
        if options.check:
            print(f"{path} is outdated; run: make leaderboard", file=sys.stderr)
            outdated = True
        else:
            path.write_text(current, encoding="utf-8")
    return int(outdated)


if __name__ == "__main__":
    sys.exit(main())
