"""Write the tables of results in docs/defenses.md and README.md, and their plots.

``python docs/defense_tables.py`` writes them; ``--check`` only says whether the tables are
current. Each table is between two comments, such as ``<!-- defense results -->`` and ``<!-- end of
defense results -->``; their names are the keys of ``RESULTS``, ``SELECTIONS`` and ``SUMMARIES``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from robustbert.bench import Suite, load_suite, make_plan
from robustbert.bench.certification_record import CertificationRecord
from robustbert.io import write_bytes
from robustbert.leaderboard.against_plain_plot import TITLE, against_plain_plot
from robustbert.leaderboard.certified_rows import read_certified_rows
from robustbert.leaderboard.row_settings import RowSettings, rows_of_suite, settings_of_victim
from robustbert.leaderboard.suite_costs import Costs
from robustbert.leaderboard.suite_markdown import (
    common_seeds,
    legend,
    mark_notes,
    result_parts,
    selection_parts,
    summary,
)
from robustbert.leaderboard.suite_table import SuiteTable, read_suite_tables
from robustbert.reports.escape import markdown
from robustbert.reports.table_rows import Row
from robustbert.reports.wording import counted, listed

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("docs/defenses.md", "README.md")
#: The certificates of rows that vote over random changes.
CERTIFICATES = "results/certificates"
#: Measured training steps and queries.
TRAINING_SPEED, INFERENCE_SPEED = "results/training-speed", "results/inference-speed"
NOT_MEASURED = "Not measured yet: `make defenses` runs the suite and writes the tables.\n"


@dataclass(frozen=True)
class Results:
    """The results of a suite.

    Args:
        suite: its name.
        folder: where its records are.
        plot: the file of its plot.
    """

    suite: str
    folder: str
    plot: str


@dataclass(frozen=True)
class Selection:
    """What was tried to choose the rows of suites.

    Args:
        suite: its name.
        folder: where its records are.
        chosen_for: the suite whose rows were chosen among them.
        named: whether rows are called as in the suite, with a table of what the names stand for;
            else by defenses and parameters.
    """

    suite: str
    folder: str
    chosen_for: str
    named: bool = False


RESULTS = {
    "defense results": Results("defenses", "results/defenses", "docs/plots/defenses.svg"),
    "best defenses": Results(
        "best_defenses", "results/best-defenses", "docs/plots/best-defenses.svg"
    ),
}
#: Short tables: the name of the results, and the dataset.
SUMMARIES = {
    "defenses on rotten_tomatoes": ("defense results", "rotten_tomatoes"),
    "best defenses on rotten_tomatoes": ("best defenses", "rotten_tomatoes"),
}
SELECTIONS = {
    "defense selection": Selection("defense_selection", "results/defense-selection", "defenses"),
    "composition selection": Selection(
        "composition_selection", "results/composition-selection", "best_defenses", named=True
    ),
}


def results(shown: Results, tables: Sequence[SuiteTable], root: Path) -> Iterator[str]:
    """The parts of a suite's results; none without a record."""
    suite = read_suite(shown.suite, root)
    if suite is None or not tables:
        return
    yield legend(names_of(suite))
    if has_plot(tables):
        yield f"![{TITLE}]({PurePosixPath(shown.plot).relative_to('docs')})\n"
    for table in tables:
        costs = Costs.read(table.group, root / TRAINING_SPEED, root / INFERENCE_SPEED)
        notes = gradient_notes(suite, table.group.dataset)
        yield from result_parts(table, costs, certificates(root, table), notes)
    yield seeds_sentence(tables)


def short_tables(tables: Sequence[SuiteTable], dataset: str, root: Path) -> Iterator[str]:
    """The short tables of a suite's results on one dataset; none without a record."""
    for table in tables:
        group = table.group
        if group.dataset == dataset:
            costs = Costs.read(group, root / TRAINING_SPEED, root / INFERENCE_SPEED)
            yield f"{markdown(dataset)}, {counted(group.n, f'{group.split} example')}:\n"
            yield summary(table, costs, certificates(root, table))
            yield from mark_notes(table)


def selection(shown: Selection, root: Path) -> Iterator[str]:
    """The parts of what was tried; none without a record."""
    used = read_suite(shown.chosen_for, root)
    chosen = names_of(used) if used else {}
    suite, tables = read_suite(shown.suite, root), read_tables(shown, root, named=shown.named)
    if suite is not None and tables and shown.named:
        yield legend(names_of(suite))
    for table in tables:
        yield from selection_parts(table, chosen)


def names_of(suite: Suite) -> dict[RowSettings, str]:
    """The names of a suite's rows on all datasets."""
    return {row: name for rows in rows_of_suite(suite).values() for row, name in rows.items()}


def gradient_notes(suite: Suite, dataset: str) -> Iterator[str]:
    """Name the rows that a recipe cannot attack because they provide no gradients."""
    rows = rows_of_suite(suite).get(dataset, {})
    skipped: dict[str, dict[str, None]] = {}
    for cell in make_plan(suite).skipped:
        if cell.dataset == dataset:
            name = rows[settings_of_victim(cell.victim)]
            skipped.setdefault(cell.recipe, {})[name] = None
    for recipe, names in skipped.items():
        verb = "does" if len(names) == 1 else "do"
        yield f"{recipe} needs gradients, which {listed([*names])} {verb} not provide."


def seeds_sentence(tables: Sequence[SuiteTable]) -> str:
    """What the intervals and tests cover."""
    rows = [line.row for table in tables for line in table.lines if line.row]
    if all(len(row.replicates) == 1 for row in rows):
        return (
            "Each model was trained with one seed only. Intervals and tests cover the sampling of "
            "examples alone: another training seed gives another model, with other numbers.\n"
        )
    if all(common_seeds(table) for table in tables):
        return "Intervals and tests cover the sampling of examples and of training seeds.\n"
    return (
        "Rows with several training seeds show the mean and the standard deviation over them. "
        "Intervals and tests of the others cover the sampling of examples alone.\n"
    )


def read_suite(name: str, root: Path) -> Suite | None:
    """A suite; None if there is none of this name."""
    path = root / "benchmarks" / "suites" / f"{name}.toml"
    return load_suite(str(path)) if path.exists() else None


def read_tables(
    shown: Results | Selection, root: Path, *, named: bool = False
) -> tuple[SuiteTable, ...]:
    """The tables of a suite; none if there is no suite or no record."""
    suite = read_suite(shown.suite, root)
    return read_suite_tables(root / shown.folder, suite, named=named) if suite else ()


def certificates(root: Path, table: SuiteTable) -> dict[str, CertificationRecord]:
    """The certificates on the dataset and split of a table, keyed by the name of the row.

    They do not depend on an attack, so a row that is attacked adaptively has those of its model.
    They are of certain weights: a row that was run with others has none.
    """
    found = {
        row.settings: row.record
        for row in read_certified_rows(root / CERTIFICATES)
        if row.record.dataset.name == table.group.dataset
        and row.record.dataset.split == table.group.split
    }
    shown = {}
    for line in table.lines:
        record = found.get(replace(line.settings, adaptive=False))
        if record is not None and (line.row is None or record.model.sha256 in weights_of(line.row)):
            shown[line.name] = record
    return shown


def weights_of(row: Row) -> set[str]:
    """The hashes of the models of a row."""
    return {record.model.sha256 for one in row.replicates for record in one.records.values()}


def read_results(root: Path) -> dict[str, tuple[SuiteTable, ...]]:
    """The tables of all results, keyed by the name in their markers."""
    return {name: read_tables(shown, root, named=True) for name, shown in RESULTS.items()}


def contents(root: Path) -> dict[str, str]:
    """The current tables, keyed by the name in their markers."""
    return written(read_results(root), root)


def written(read: Mapping[str, Sequence[SuiteTable]], root: Path) -> dict[str, str]:
    """The same, given the tables of all results."""
    parts = {name: results(shown, read[name], root) for name, shown in RESULTS.items()}
    parts |= {name: selection(shown, root) for name, shown in SELECTIONS.items()}
    parts |= {
        name: short_tables(read[of], dataset, root) for name, (of, dataset) in SUMMARIES.items()
    }
    return {name: "\n".join(found) or NOT_MEASURED for name, found in parts.items()}


def has_plot(tables: Sequence[SuiteTable]) -> bool:
    """Whether there is a row to compare with the plain one."""
    return any(table.against_plain() for table in tables)


def updated(document: str, content: Mapping[str, str]) -> str:
    """The document with the current tables between the markers that it has.

    Raises:
        ValueError: it has no markers, or one is not closed.
    """
    found = [name for name in content if f"<!-- {name} -->\n" in document]
    if not found:
        raise ValueError(f"it has none of the markers {listed([*content])}")
    for name in found:
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = document.partition(start)
        _, marker, after = rest.partition(end)
        if not marker:
            raise ValueError(f"it lacks the marker {end}")
        document = f"{before}{start}\n{content[name]}\n{end}{after}"
    return document


def main() -> int:
    """Write or check the documents; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the root of the repository")
    options = parser.parse_args()
    read = read_results(options.root)
    content = written(read, options.root)
    outdated = {}
    for path in (options.root / name for name in DOCUMENTS):
        text = path.read_text(encoding="utf-8")
        try:
            current = updated(text, content)
        except ValueError as error:
            raise SystemExit(f"{path}: {error}") from None
        if current != text:
            outdated[path] = current
    if options.check:
        for path in outdated:
            print(f"{path} is outdated; run: python docs/defense_tables.py", file=sys.stderr)
        return int(bool(outdated))
    for path, current in outdated.items():
        path.write_text(current, encoding="utf-8")
    for name, shown in RESULTS.items():
        if has_plot(read[name]):
            write_bytes(options.root / shown.plot, against_plain_plot(read[name], "svg"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
