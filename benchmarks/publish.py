"""Copy finished runs into a folder of results: records and outcomes by dataset, without texts.

    python benchmarks/publish.py RUN [RUN …] RESULTS

Writes ``RESULTS/<dataset>/records``, ``…/outcomes``, ``…/table.md`` and ``…/table.csv``. Cells that
stand there already and are in no run stay; the tables show all. Outcomes keep ids and numbers; the
texts stay out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from robustbert.errors import RobustbertError
from robustbert.records import (
    Outcome,
    Record,
    outcomes_path,
    read_run,
    record_name,
    record_path,
    without_texts,
    write_outcomes,
    write_record,
    write_text,
)
from robustbert.reports import leaderboard_table, render_markdown, to_csv


def publish(runs: list[Path], results: Path) -> None:
    records: dict[str, Record] = {}
    outcomes: dict[str, tuple[Outcome, ...]] = {}
    published = [path.parent for path in sorted(results.glob("*/records"))]
    for folder in [*published, *runs]:
        run = read_run(folder)
        records |= {record_name(record): record for record in run.records}
        outcomes |= {name: without_texts(kept) for name, kept in run.outcomes.items()}
    for dataset in sorted({record.dataset.name for record in records.values()}):
        chosen = {n: r for n, r in records.items() if r.dataset.name == dataset}
        out = results / dataset
        for name, record in chosen.items():
            write_record(record, record_path(out, name))
            write_outcomes(outcomes[name], outcomes_path(out, name))
        table = leaderboard_table(in_suite_order(chosen.values()), outcomes)
        write_text(out / "table.md", render_markdown(table))
        write_text(out / "table.csv", to_csv(table))
        print(f"{out}: {len(chosen)} cells")


def in_suite_order(records) -> list[Record]:
    """Records as the suite of the committed tables names them; strangers last, by name."""
    from robustbert.bench import load_suite

    suite = load_suite("results")
    models = [suite.model[m].name or m if m in suite.model else m for m in suite.models]

    def place(record: Record) -> tuple:
        def index(names, name):
            return names.index(name) if name in names else len(names)

        return (
            index(suite.tracks, record.track),
            index(models, record.model.name),
            bool(record.defenses),
            index(suite.recipes, record.recipe.name),
            record_name(record),
        )

    return sorted(records, key=place)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        publish([Path(folder) for folder in sys.argv[1:-1]], Path(sys.argv[-1]))
    except RobustbertError as error:
        sys.exit(f"publish: {error}")
