"""Write the tables of docs/understanding.md and understanding-tables.md from committed results.

``python docs/understanding_tables.py`` writes them; ``--check`` only says whether they are current.
A table is between ``<!-- table: NAME -->`` and ``<!-- end of table -->``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from marked_tables import write_document
from understanding_summaries import (
    CHANGE_MEASURES,
    audit_summary,
    change_summary,
    detection_summary,
    mean_with_interval,
    quality_summary,
)

from robustbert.audit import read_measures
from robustbert.audit.measure_tables import measures_markdown
from robustbert.detector_evaluation.detection_record import read_detection
from robustbert.detector_evaluation.detector_tables import detectors_markdown
from robustbert.explanations.quality_records import (
    Agreement,
    ExplanationQuality,
    MethodQuality,
    RecipeChange,
    TextQuality,
    read_quality,
)
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import MISSING, counted

ROOT = Path(__file__).parents[1]


def audit_table(results: Path) -> str:
    """The automatic measures of the adversarial texts."""
    return measures_markdown(read_measures(results / "audit"))


def detection_table(results: Path) -> str:
    """What detectors find: tables per dataset."""
    paths = sorted((results / "detection").glob("*/*.json"))
    records = [record for path in paths for record in read_detection(path)]
    return detectors_markdown(records) or "It has not been measured yet: `make detection` does it."


def quality_table(results: Path) -> str:
    """The quality of each explanation method: a table per dataset and model."""
    return _tables(
        results,
        ["method", "comprehensiveness", "sufficiency", "infidelity", "sensitivity", "seconds"],
        lambda found: map(_quality_row, found.methods),
        about=lambda found: (
            f", {_num_texts(found)}, seconds on {markdown(found.processor)} with "
            f"{counted(found.threads, 'thread')}"
        ),
    )


def agreement_table(results: Path) -> str:
    """The agreement of each pair of explanation methods: a table per dataset and model."""
    return _tables(
        results,
        ["method", "other method", "rank correlation"],
        _agreement_rows,
        about=lambda found: f", {_num_texts(found)}",
        left=2,
    )


def change_table(results: Path) -> str:
    """What attacks do to explanations: a table per dataset and model that was attacked."""
    return _tables(
        results,
        ["method", "recipe", "texts", *CHANGE_MEASURES],
        lambda found: map(_change_row, found.changes),
        left=2,
    )


def _tables(
    results: Path,
    header: Sequence[str],
    rows: Callable[[ExplanationQuality], Iterable[list[str]]],
    about: Callable[[ExplanationQuality], str] = lambda _: "",
    left: int = 1,
) -> str:
    """A table with a title for each record that has rows."""
    parts = []
    for path in sorted((results / "explanations").glob("*.json")):
        found = read_quality(path)
        if lines := list(rows(found)):
            title = f"**{found.dataset}, {found.model}** ({found.split} split{about(found)})"
            parts.append("\n".join([title, "", *pipe_table(header, lines, left)]))
    return "\n\n".join(parts) or "It has not been measured yet: `make explanations` does it."


def _num_texts(found: ExplanationQuality) -> str:
    return counted(len(found.methods[0].texts), "text")


def _quality_row(found: MethodQuality) -> list[str]:
    def mean(value: Callable[[TextQuality], float | None]) -> str:
        return mean_with_interval(map(value, found.texts), 3)

    return [
        found.method,
        mean(lambda text: text.comprehensiveness),
        mean(lambda text: text.sufficiency),
        mean(lambda text: text.infidelity),
        mean(lambda text: text.sensitivity),
        MISSING if found.seconds is None else f"{found.seconds:.3f}",
    ]


def _agreement_rows(found: ExplanationQuality) -> Iterator[list[str]]:
    def row(pair: Agreement) -> list[str]:
        return [pair.first, pair.second, mean_with_interval(pair.rank_correlations, 2)]

    return map(row, found.agreements)


def _change_row(found: RecipeChange) -> list[str]:
    measures = (measure(found) for measure in CHANGE_MEASURES.values())
    return [
        found.method,
        f"{found.recipe} ({found.track})",
        str(len(found.texts)),
        *(mean_with_interval(values, 2) for values in measures),
    ]


#: The tables of each document by name; each is made from the folder of results.
DOCUMENTS: Mapping[str, Mapping[str, Callable[[Path], str]]] = MappingProxyType(
    {
        "docs/understanding.md": {
            "explanations": quality_summary,
            "explanation-changes": change_summary,
            "detection": detection_summary,
            "audit": audit_summary,
        },
        "docs/understanding-tables.md": {
            "explanations": quality_table,
            "explanation-agreement": agreement_table,
            "explanation-changes": change_table,
            "detection": detection_table,
            "audit": audit_table,
        },
    }
)


def main() -> int:
    """Write or check the documents; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the repository")
    options = parser.parse_args()
    results, command = options.root / "results", "python docs/understanding_tables.py"
    codes = []
    for document, tables in DOCUMENTS.items():
        made = {name: partial(make, results) for name, make in tables.items()}
        path = options.root / document
        codes.append(write_document(path, made, command, check=options.check))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
