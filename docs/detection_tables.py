"""Write the tables of detectors in docs/understanding.md.

``python docs/detection_tables.py`` writes the tables of ``results/detection`` between ``<!--
detection results -->`` and ``<!-- end of detection results -->``; ``--check`` only says whether
they are current.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from robustbert.detection_runs.detection_record import DetectionRecord, read_detection
from robustbert.detection_runs.detection_table import HEADER, estimate_text, notes_of, table_cells
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import MISSING

ROOT = Path(__file__).parents[1]
DOCUMENT, RESULTS = "docs/understanding.md", "results/detection"
START, END = "<!-- detection results -->\n", "<!-- end of detection results -->"
NOT_MEASURED = "Not measured yet: `python benchmarks/detection.py` measures them.\n"


def read_records(root: Path) -> dict[str, list[DetectionRecord]]:
    """The records, keyed by dataset."""
    found: dict[str, list[DetectionRecord]] = {}
    for path in sorted((root / RESULTS).glob("*/*.json")):
        for record in read_detection(path):
            found.setdefault(record.dataset.name, []).append(record)
    return found


def tables(root: Path) -> str:
    """The tables of all datasets."""
    records = read_records(root)
    if not records:
        return NOT_MEASURED
    parts = [part for name, found in records.items() for part in dataset_parts(name, found)]
    every = [record for found in records.values() for record in found]
    return "\n".join([*parts, *(f"- {markdown(note)}" for note in notes_of(every)), ""])


def dataset_parts(name: str, records: Sequence[DetectionRecord]) -> Iterator[str]:
    """The part of one dataset: each detector on its own recipe, and on the others."""
    first = records[0]
    yield f"### {markdown(name)}\n"
    yield (
        f"{markdown(first.model.name)}, {first.track} track. Fitted to attacks on "
        f"{first.validation_examples} validation examples per recipe, and judged on those of the "
        "same recipe on the test split:\n"
    )
    own = [line for record in records for line in own_lines(record)]
    yield _table(["detector", *HEADER[1:]], own)
    recipes = list(dict.fromkeys(cell.tested_on for cell in first.cells))
    yield "AUROC in %, fitted to one recipe (rows) and judged on another (columns):\n"
    yield _table(["detector", "fitted to", *recipes], [*_transfer(records, recipes)])


def own_lines(record: DetectionRecord) -> Iterator[list[str]]:
    """The lines of a detector on each recipe that it was fitted to, and their means."""
    own = [cell for cell in record.cells if cell.fitted_on == cell.tested_on]
    for cell in own:
        yield [record.detector, *table_cells(cell)[1:]]
    measures = (
        [cell.auroc.value for cell in own],
        [cell.tpr_of_curve.value for cell in own],
        [cell.tpr.value for cell in own],
        [cell.fpr.value for cell in own],
        [cell.f1.value for cell in own],
    )
    means = [f"{100 * fmean(value or 0 for value in values):.1f}" for values in measures]
    line = [record.detector, "mean", "", *means]
    yield [*line, *[""] * (len(HEADER) - len(line))]


def _transfer(records: Sequence[DetectionRecord], recipes: Sequence[str]) -> Iterator[list[str]]:
    """The lines of the table of pairs of recipes."""
    for record in records:
        found = {(cell.fitted_on, cell.tested_on): cell for cell in record.cells}
        for fitted in recipes:
            cells = [found.get((fitted, tested)) for tested in recipes]
            shown = [MISSING if one is None else estimate_text(one.auroc) for one in cells]
            yield [record.detector, fitted, *shown]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[markdown(text) for text in row] for row in rows]
    return "\n".join(pipe_table(header, lines, left=2)) + "\n"


def updated(document: str, content: str) -> str:
    """The document with the current tables between its markers."""
    before, start, rest = document.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise SystemExit(f"the document lacks the markers {START.strip()} and {END}")
    return f"{before}{START}\n{content}\n{END}{after}"


def main() -> int:
    """Write or check the document; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the root of the repository")
    options = parser.parse_args()
    path = options.root / DOCUMENT
    text = path.read_text(encoding="utf-8")
    current = updated(text, tables(options.root))
    if options.check:
        if current != text:
            print(f"{path} is outdated; run: python docs/detection_tables.py", file=sys.stderr)
        return int(current != text)
    path.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
