"""Random mixes of records: rows never mix incompatible records, and no record is lost."""

from __future__ import annotations

import csv
import functools
import io
import random

import pytest

from robustbert.records import Record, record_name
from robustbert.reports import (
    Row,
    Table,
    leaderboard_table,
    render_latex,
    render_markdown,
    render_text,
    to_csv,
)
from robustbert.reports.table_rows import Outcomes
from tests.records.builders import make_outcomes, make_record
from tests.reports.tables import changed, defense

SEEDS = range(30)
RECIPES = ("deepwordbug", "pwws", "textbugger", "textfooler", "iga", "leap", "a|b")


def draw_record(draw: random.Random, cells: dict[str, tuple]) -> Record:
    """Draw a record that often differs from others in one or more values."""

    def rarely(usual, *others):
        return draw.choice(others) if draw.random() < 0.15 else usual

    robust = draw.randrange(9)
    n = rarely(10, 5)
    run = make_outcomes(skipped=1, robust=robust, exhausted=1, broken=8 - robust)[:n]
    seed = draw.choice([0, 0, 1, 2, None])
    weights = rarely(f"{seed or 0}", "c", "d")
    defenses = [defense(draw.choice("ab"), rarely(1, 2), epochs=rarely(1, 2, "1"))]
    record = make_record(
        run,
        dataset=rarely("reviews", "news"),
        model=draw.choice(["minilm", "minilm", "tfidf", "minilm + a"]),
        model_sha256=weights * 64,
        variant=rarely(None, "a" * 8, "b" * 8),
        defenses=defenses * draw.choice([0, 0, 1, 2]),
        training_seed=seed,
        recipe=draw.choice(RECIPES),
        track=rarely("unified", "published"),
        profile=rarely("offline", "canonical"),
        suite=rarely("quick", None),
    )
    record = changed(
        record,
        dataset={"sha256": rarely("a", "e") * 64, "split": rarely("test", "dev")},
        model={"dtype": rarely("bfloat16", "float32"), "source": rarely("here", "there")},
        protocol={
            "revision": rarely(2, 1, None),
            "seed": rarely(0, 3),
            "query_budget": rarely(50, 9, None),
        },
    )
    cells[record_name(record)] = run
    return record


@functools.cache
def mixed(seed: int) -> tuple[list[Record], Outcomes, Table]:
    draw = random.Random(seed)
    outcomes: dict[str, tuple] = {}
    named: dict[str, Record] = {}
    for _ in range(draw.randrange(1, 60)):
        cells: dict[str, tuple] = {}
        record = draw_record(draw, cells)
        if record_name(record) not in named:
            named[record_name(record)] = record
            outcomes |= cells if draw.random() < 0.9 else {}
    records = list(named.values())
    return records, outcomes, leaderboard_table(records, outcomes)


def rows_of(table: Table) -> list[Row]:
    return [row for group in table.groups for row in group.rows]


def records_of(row: Row) -> list[Record]:
    return [record for one in row.replicates for record in one.records.values()]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_record_is_lost_or_shown_twice(seed: int) -> None:
    records, _, table = mixed(seed)
    shown = [record_name(record) for row in rows_of(table) for record in records_of(row)]
    assert sorted(shown) == sorted(map(record_name, records))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cell_has_its_lines_in_the_csv(seed: int) -> None:
    records, _, table = mixed(seed)
    lines = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert sum(line["metric"] == "clean_accuracy" for line in lines) == len(records)
    keys = ("dataset", "split", "track", "label", "training_seed", "recipe", "metric")
    assert len({tuple(line[key] for key in keys) for line in lines}) == len(lines)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_row_mixes_models_or_conditions(seed: int) -> None:
    for row in rows_of(mixed(seed)[2]):
        records = records_of(row)
        setups = {
            (
                record.model.name,
                record.model.variant,
                record.model.source,
                record.model.dtype,
                str(record.defenses),
                record.dataset.name,
                record.dataset.split,
                record.dataset.sha256,
                record.track,
                record.assets.profile,
                record.protocol.revision,
                record.protocol.seed,
                record.protocol.query_budget,
            )
            for record in records
        }
        assert len(setups) == 1
        models = {(record.training_seed, record.model.sha256) for record in records}
        assert len(models) == len(row.replicates)
        if len(models) > 1:  # replicates: known and distinct seeds
            seeds = [seed for seed, _ in models]
            assert None not in seeds
            assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_are_distinct_and_every_mark_has_a_footnote(seed: int) -> None:
    for group in mixed(seed)[2].groups:
        assert len({row.label for row in group.rows}) == len(group.rows)
        marks = {mark for row in group.rows for mark in row.marks}
        marks |= {
            m for row in group.rows for recipe in group.recipes for m in row.recipe_marks(recipe)
        }
        assert marks == {note[0] for note in group.notes if note[0] in "†‡§¶#!"}


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_that_differ_from_most_are_marked(seed: int) -> None:
    for group in mixed(seed)[2].groups:
        conditions = {
            row.label: str(
                [
                    (r := records_of(row)[0]).dataset.sha256,
                    r.protocol.seed,
                    r.protocol.revision,
                    r.protocol.query_budget,
                    r.assets.profile,
                ]
            )
            for row in group.rows
        }
        unmarked = {conditions[row.label] for row in group.rows if "‡" not in row.marks}
        assert len(unmarked) <= 1


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_all_rows_are_rendered(seed: int) -> None:
    table = mixed(seed)[2]
    rows = sum(len(group.rows) for group in table.groups)
    document = render_markdown(table)
    body = [line for line in document.splitlines() if line.startswith("| ")]
    cells = sum(
        len({recipe for one in row.replicates for recipe in one.records}) for row in rows_of(table)
    )
    assert len(body) == rows + cells + 2 * 2 * len(table.groups)
    assert render_text(table)
    latex = render_latex(table)
    assert latex.count(r"\begin{table}") == latex.count(r"\end{table}") == 2 * len(table.groups)
