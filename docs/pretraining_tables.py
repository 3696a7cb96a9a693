"""Write the tables of docs/pretraining.md from the results of ``benchmarks/pretraining.py``.

``python docs/pretraining_tables.py`` writes them; ``--check`` only says whether they are current.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compared_rows import compared_rows
from marked_tables import write_document

from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import MISSING
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
    return compared_rows(root / RESULTS) or NOT_MEASURED


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
