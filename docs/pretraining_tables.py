"""Write the tables of docs/pretraining.md from the results of ``benchmarks/pretraining.py``.

``python docs/pretraining_tables.py`` writes them; ``--check`` only says whether they are current.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from marked_tables import write_document

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard.row_settings import settings_of_record
from robustbert.leaderboard.suite_markdown import (
    comparison,
    recipe_cells,
    title_cell,
    worst_case_cells,
)
from robustbert.leaderboard.suite_table import SuiteLine, SuiteTable
from robustbert.records import is_published, read_published, run_of_published
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.notes.noted_cells import first_record
from robustbert.reports.results_table import leaderboard_table
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Outcomes
from robustbert.reports.wording import MISSING, counted, listed
from robustbert.training.pretraining import read_pretraining

ROOT = Path(__file__).parents[1]
DOCUMENT = "docs/pretraining.md"
RESULTS, BASES = "results/pretraining", "docs/data/pretraining"
NOT_MEASURED = "It has not been measured yet: `make pretraining` does it."
#: The columns of what bases predict, by the names in :meth:`HeldOutScores.lines`.
_SCORES = ("masked accuracy", "perplexity of masked tokens", "next sentence accuracy")


def bases_table(root: Path) -> str:
    """What each base predicts on held-out texts."""
    folders = sorted(path.parent for path in (root / BASES).glob("*/pretraining.json"))
    if not folders:
        return NOT_MEASURED
    rows = []
    for folder in folders:
        found = read_pretraining(folder)
        scores = found.after.lines()
        objectives = " and ".join(found.objectives)
        shown = [scores.get(name, MISSING) for name in _SCORES]
        rows.append([markdown(folder.name), objectives, str(found.steps), *shown])
    return "\n".join(pipe_table(["base", "objectives", "steps", *_SCORES], rows, left=2))


def rows_table(root: Path) -> str:
    """The models that were fine-tuned from each base, and what pre-training changed."""
    results = root / RESULTS
    if not is_published(results):
        return NOT_MEASURED
    run = run_of_published(read_published(results))
    parts = []
    for group in leaderboard_table(run.records, run.outcomes).groups:
        table = _suite_table(group, run.outcomes)
        header = ["model", "clean", "worst case", *map(markdown, group.recipes)]
        rows = [
            [title_cell(line), *worst_case_cells(line, table), *recipe_cells(line, table)]
            for line in table.lines
        ]
        assert table.plain is not None
        seeds = len(group.rows[0].replicates)
        parts += [
            f"{markdown(group.dataset)}: {counted(group.n, 'example')} of the {group.split} split, "
            f"{group.track} track. Accuracy in %: mean ± standard deviation over {seeds} training "
            f"seeds. Worst case: the share of examples that survive {listed(CORE_RECIPES)}.\n",
            "\n".join(pipe_table(header, rows)) + "\n",
            *comparison(table, table.plain),
        ]
    return "\n".join(parts)


def _suite_table(group: Group, outcomes: Outcomes) -> SuiteTable:
    """The rows of a group, the one without pre-training first: its name is the shortest."""
    lines = [SuiteLine(settings_of_record(first_record(r)), r, r.label) for r in group.rows]
    lines.sort(key=lambda line: (len(line.name), line.name))
    return SuiteTable(group, tuple(lines), outcomes)


def main() -> int:
    """Write or check the document; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the repository")
    options = parser.parse_args()
    tables = {
        "bases": lambda: bases_table(options.root),
        "fine-tuned": lambda: rows_table(options.root),
    }
    command = "python docs/pretraining_tables.py"
    return write_document(options.root / DOCUMENT, tables, command, check=options.check)


if __name__ == "__main__":
    sys.exit(main())
