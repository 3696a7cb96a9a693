"""Copy finished runs into a results folder: records and outcomes per dataset, without texts.

    python benchmarks/publish.py [RUN …] RESULTS

Writes ``RESULTS/<dataset>/records``, ``…/outcomes``, ``…/table.md`` and ``…/table.csv``. A cell of
a run replaces the published cell with the same name; other published cells are kept, and the tables
contain all of them. Two runs must not contain different models with the same name. Without RUN,
only the tables are regenerated. Texts are removed from outcomes; ids and numbers are kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from robustbert.errors import InputError, RobustbertError
from robustbert.io import write_text
from robustbert.records import (
    Outcome,
    Record,
    Run,
    outcomes_path,
    read_run,
    record_name,
    record_path,
    without_texts,
    write_outcomes,
    write_record,
)
from robustbert.reports import Table, leaderboard_table, render_markdown, to_csv


def publish(runs: list[Path], results: Path) -> None:
    """Add the cells of some runs to a results folder, and write its tables."""
    if not runs and not any(results.glob("*/records")):
        raise InputError(f"{results} contains no results; pass the results folder last, after runs")
    new: dict[str, Record] = {}
    outcomes: dict[str, tuple[Outcome, ...]] = {}
    for folder in runs:
        run = read_run(folder)
        check_complete(run, folder)
        check_same_models(new, run, folder)
        new |= {record_name(record): record for record in run.records}
        outcomes |= run.outcomes
    for name, record in new.items():
        out = results / record.dataset.name
        write_record(record, record_path(out, name))
        write_outcomes(without_texts(outcomes[name]), outcomes_path(out, name))
    for folder in sorted(path.parent for path in results.glob("*/records")):
        run = read_run(folder)
        table = table_of(run)
        write_text(folder / "table.md", render_markdown(table))
        write_text(folder / "table.csv", to_csv(table))
        print(f"{folder}: {len(run.records)} cells")


def check_complete(run: Run, folder: Path) -> None:
    """Reject a run that lacks the outcomes of a record."""
    missing = [name for name in map(record_name, run.records) if name not in run.outcomes]
    if missing:
        raise InputError(f"{folder}: no outcomes of {missing[0]}; rerun the cell")


def check_same_models(known: Mapping[str, Record], run: Run, folder: Path) -> None:
    """Reject a run if a cell has the name of an earlier run's cell, but a different model."""
    for record in run.records:
        name = record_name(record)
        if name in known and known[name].model.sha256 != record.model.sha256:
            raise InputError(
                f"{folder}: {name} is also a cell of an earlier run, of a model with different "
                "weights; rename one of the models and rerun it"
            )


def table_of(run: Run) -> Table:
    """Build the table of published cells."""
    return leaderboard_table(in_suite_order(run.records), run.outcomes)


def in_suite_order(records: Iterable[Record]) -> list[Record]:
    """Records in the order of the ``results`` suite; others last, sorted by name."""
    from robustbert.bench import load_suite

    suite = load_suite("results")
    models = [suite.model[m].name or m if m in suite.model else m for m in suite.models]

    def position(record: Record) -> tuple[int | str, ...]:
        def index(names, name):
            return names.index(name) if name in names else len(names)

        return (
            index(suite.tracks, record.track),
            index(models, record.model.name),
            len(record.defenses),
            index(suite.recipes, record.recipe.name),
            record_name(record),
        )

    return sorted(records, key=position)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        publish([Path(folder) for folder in sys.argv[1:-1]], Path(sys.argv[-1]))
    except RobustbertError as error:
        sys.exit(f"publish: {error}")
