"""Write the tables of docs/tuning.md from the results of ``benchmarks/tuning.py``.

``python docs/tuning_tables.py`` writes them; ``--check`` only says whether they are current.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

from compared_rows import compared_rows
from marked_tables import run_script

from robustbert.records import Metric
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import MISSING, percent
from robustbert.tuning.tune_table import SETTINGS

DOCUMENT = "docs/tuning.md"
RESULTS, FOUND = "results/tuning", "docs/data/tuning"
NOT_MEASURED = "It has not been measured yet: `make tuning` does it."


def trials_table(root: Path) -> str:
    """The trials of the search, best first, its plot, and the command that trains the best."""
    path = root / FOUND / "trials.json"
    if not path.exists():
        return NOT_MEASURED
    content = json.loads(path.read_text(encoding="utf-8"))
    header = ["trial", "validation accuracy", *(name.replace("_", " ") for name in SETTINGS)]
    table = pipe_table([*header, "seconds"], map(_trial_cells, content["trials"]))
    plot = path.with_name("trials.svg").relative_to(root / "docs").as_posix()
    return "\n".join(
        [
            *table,
            "",
            f"![Validation accuracy of the trials of the search]({plot})",
            "",
            "The command that trains the best one:",
            "",
            *("```bash", content["train_command"].replace(" --", " \\\n    --"), "```"),
        ]
    )


def _trial_cells(trial: dict[str, Any]) -> list[str]:
    settings = trial["settings"]
    shown = trial["status"]
    if trial["clean"] is not None:
        shown = percent(Metric.model_validate(trial["clean"]))
    values = [settings[name] for name in SETTINGS]
    numbers = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in values]
    seconds = MISSING if trial["seconds"] is None else f"{trial['seconds']:.0f}"
    return [str(trial["number"]), shown, *map(markdown, numbers), seconds]


def accuracies_text(root: Path) -> str:
    """The accuracies on the whole test split, as a sentence."""
    path = root / FOUND / "test-accuracies.json"
    if not path.exists():
        return NOT_MEASURED
    found = json.loads(path.read_text(encoding="utf-8"))
    parts = []
    for name, tuned in (("the default settings", False), ("the best ones", True)):
        values = [100 * one["accuracy"] for one in found if one["tuned"] == tuned]
        if values:
            parts.append(
                f"{fmean(values):.1f}% ({min(values):.1f} to {max(values):.1f}) with {name}"
            )
    return f"Accuracy on the whole test split, mean and range over seeds: {', '.join(parts)}."


def rows_table(root: Path) -> str:
    """Models with the default settings and with the best ones, on the test split."""
    return compared_rows(root / RESULTS) or NOT_MEASURED


def main() -> int:
    """Write or check the document; the exit code."""
    tables = {
        "trials": trials_table,
        "accuracies": accuracies_text,
        "tuned": rows_table,
    }
    return run_script(__doc__, DOCUMENT, "python docs/tuning_tables.py", tables)


if __name__ == "__main__":
    sys.exit(main())
