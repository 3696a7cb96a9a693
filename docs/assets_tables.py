"""Write the table of docs/assets.md: the committed rows of the recipes with a masked model.

``python docs/assets_tables.py`` writes it; ``--check`` only says whether it is current.
"""

from __future__ import annotations

import sys
from pathlib import Path

from marked_tables import run_script

from robustbert.records import read_published, record_name
from robustbert.reports.markdown_table import render_markdown
from robustbert.reports.results_table import leaderboard_table

DOCUMENT = "docs/assets.md"
RESULTS = "results/masked-models"
NOT_MEASURED = "It has not been measured yet: `robustbert bench --suite masked_models` does it."


def masked_models_table(root: Path) -> str:
    """Accuracies and details of the committed rows."""
    if not (root / RESULTS).exists():
        return NOT_MEASURED
    cells = read_published(root / RESULTS)
    outcomes = {record_name(cell.record): cell.outcomes for cell in cells}
    return render_markdown(leaderboard_table([cell.record for cell in cells], outcomes))


def main() -> int:
    """Write the table, or check that the page has it; the exit code."""
    tables = {"masked-models": masked_models_table}
    return run_script(__doc__ or "", DOCUMENT, "python docs/assets_tables.py", tables)


if __name__ == "__main__":
    sys.exit(main())
