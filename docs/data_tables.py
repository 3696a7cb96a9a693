"""Write the tables of docs/data.md from the reports in docs/data and the committed learning curve.

``python docs/data_tables.py`` writes them; ``--check`` only says whether they are current.
``--measure`` checks the packaged datasets first, and writes the reports, which hold row numbers and
counts but no texts. The plot of the learning curve is written too, which
``benchmarks/learning_curves.py`` measures. A table is between ``<!-- table: NAME -->`` and ``<!--
end of table -->``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from marked_tables import write_document

import robustbert
from robustbert.data_checks import CHECKS, DataReport, data_report_text
from robustbert.data_checks.report_view import (
    CHECK_HEADER,
    check_row,
    loading_text,
    percent_text,
)
from robustbert.io import write_bytes
from robustbert.learning_curves import read_curve
from robustbert.learning_curves.curve_figure import curve_figure
from robustbert.learning_curves.curve_table import markdown_curve
from robustbert.records.strict_json import (
    check_version,
    encode,
    parse_object,
    read_file,
    validated,
)
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.plots.plot_style import figure_bytes
from robustbert.reports.wording import MISSING

ROOT = Path(__file__).parents[1]
DOCUMENT = "docs/data.md"
REPORTS = "docs/data"
CURVE = "results/learning-curves/rotten_tomatoes.json"
CURVE_PLOT = "docs/plots/learning-curve--rotten_tomatoes.svg"
DATASETS = ("rotten_tomatoes", "imdb", "bbc_news")
#: The report of rows of one review dataset that the other has too.
OVERLAP = "imdb-rotten_tomatoes"
_ACROSS_SPLITS = ("leakage", "near-leakage")
_NUM_EXAMPLES = 5


def measure(name: str) -> DataReport:
    """Check a packaged dataset, or the overlap of the two review datasets."""
    if name != OVERLAP:
        return robustbert.check_data(name)
    train, test = (
        robustbert.load_dataset(part, split="all").split("all") for part in name.split("-")
    )
    skip = [check for check in CHECKS if check not in _ACROSS_SPLITS]
    return robustbert.check_data({"train": train, "test": test}, name=name, skip=skip)


def read_report(reports: Path, name: str) -> DataReport:
    """Read a report."""
    path = reports / f"{name}.json"
    content = parse_object(read_file(path), str(path))
    check_version(content, "report_version", 1, str(path))
    return validated(DataReport, content, str(path))


def checks_table(reports: Path) -> str:
    """The checks with their default limits."""
    rows = [
        [f"`{check.name}`", f"{check.kind} {percent_text(check.limit)}", check.meaning]
        for check in CHECKS.values()
    ]
    return "\n".join(pipe_table(["check", "default limit", "measured"], rows, left=3))


def findings_table(reports: Path) -> str:
    """What the checks found in each packaged dataset, and what loading drops."""
    found = [read_report(reports, name) for name in DATASETS if _exists(reports, name)]
    rows = [[f"`{name}`", *(_finding(report, name) for report in found)] for name in CHECKS]
    missing = [name for name in DATASETS if not _exists(reports, name)]
    table = pipe_table(["check", *map(_title, found)], rows)
    loading = [f"- {markdown(report.dataset)}: {loading_text(report)}" for report in found]
    loading += [
        f"- {markdown(name)} has not been measured yet: `python docs/data_tables.py --measure "
        f"{name}` does it."
        for name in missing
    ]
    return "\n".join([*table, "", *(line.replace("<br />", "`<br />`") for line in loading)])


def overlap_table(reports: Path) -> str:
    """The rows of one review dataset that the other has too."""
    if not _exists(reports, OVERLAP):
        return "It has not been measured yet: `python docs/data_tables.py --measure` does it."
    report = read_report(reports, OVERLAP)
    return "\n".join(pipe_table(CHECK_HEADER, map(check_row, report.checks)))


def example_report(reports: Path) -> str:
    """The report of a dataset for the terminal."""
    text = data_report_text(read_report(reports, DATASETS[0]), width=100, num_examples=0)
    return f"```text\n{text}```"


def curve_table(reports: Path) -> str:
    """The learning curve with its plot."""
    path = reports.parents[1] / CURVE
    if not path.exists():
        return "It has not been measured yet: `make curves` does it."
    curve = read_curve(path)
    alt = f"Accuracy of {markdown(curve.label)} by training size and label noise"
    plot = CURVE_PLOT.removeprefix("docs/")
    return f"{markdown_curve(curve)}\n\n![{alt}]({plot})"


def write_plot(root: Path) -> None:
    """Write the plot of the learning curve, if it was measured."""
    if (root / CURVE).exists():
        curve = read_curve(root / CURVE)
        title = f"robustbert curve: {curve.dataset}"
        content = figure_bytes(lambda: curve_figure(curve), title, "svg")
        write_bytes(root / CURVE_PLOT, content)


def _exists(reports: Path, name: str) -> bool:
    return (reports / f"{name}.json").exists()


def _title(report: DataReport) -> str:
    return f"{markdown(report.dataset)} ({report.num_rows:,} rows)"


def _finding(report: DataReport, name: str) -> str:
    check = report.check(name)
    if check.value is None:
        return MISSING
    rows = "" if check.num_found is None else f" ({check.num_found:,})"
    value = percent_text(check.value) + rows
    return value if check.passed else f"**{value}**"


#: The tables by name; each is made from the folder of reports.
TABLES: Mapping[str, Callable[[Path], str]] = MappingProxyType(
    {
        "checks": checks_table,
        "findings": findings_table,
        "overlap": overlap_table,
        "report": example_report,
        "curve": curve_table,
    }
)


def main() -> int:
    """Write or check the document; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    parser.add_argument(
        "--measure",
        nargs="*",
        choices=(*DATASETS, OVERLAP),
        metavar="NAME",
        help="measure these first, or all of them",
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the repository")
    options = parser.parse_args()
    reports = options.root / REPORTS
    if options.measure is not None:
        for name in options.measure or (*DATASETS, OVERLAP):
            report = measure(name).cut(_NUM_EXAMPLES)
            write_bytes(reports / f"{name}.json", encode(report, indent=1))
    tables = {name: partial(make, reports) for name, make in TABLES.items()}
    command = "python docs/data_tables.py"
    code = write_document(options.root / DOCUMENT, tables, command, check=options.check)
    if not options.check:
        write_plot(options.root)
    return code


if __name__ == "__main__":
    sys.exit(main())
