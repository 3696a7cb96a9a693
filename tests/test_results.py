"""Committed results: complete, without texts, and reproducible."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.errors import InputError, RecordError
from robustbert.metrics import counts, summarize
from robustbert.records import (
    Record,
    cell_name,
    outcomes_path,
    read_outcomes,
    read_run,
    record_name,
    record_path,
    write_outcomes,
    write_record,
)
from robustbert.reports import render_markdown, to_csv
from tests.records.builders import make_outcomes, make_record

RESULTS = Path(__file__).parents[1] / "results"
DATASETS = sorted(path.parent for path in RESULTS.glob("*/records"))
SUITES = ("results", "imdb")
ROW = "rotten_tomatoes--tfidf-svm--none--published--deepwordbug"


def is_outdated() -> bool:
    """Whether the results use an earlier revision of the protocol."""
    records = (record for folder in DATASETS for record in read_run(folder).records)
    return any(record.protocol.revision != PROTOCOL_REVISION for record in records)


# Results are comparable only with those of the same protocol revision.
same_protocol = pytest.mark.skipif(
    is_outdated(), reason="the results use an earlier protocol revision: run make results"
)


@same_protocol
def test_committed_cells_are_those_of_the_suites():
    from robustbert.bench import load_suite, make_plan

    expected = {
        cell_name(
            cell.dataset, cell.victim.name, cell.victim.defense, cell.track, cell.recipe
        ): cell.n
        for suite in SUITES
        for cell in make_plan(load_suite(suite)).cells
    }
    committed = {
        record_name(record): record.protocol.n
        for folder in DATASETS
        for record in read_run(folder).records
    }
    assert committed == expected


@pytest.mark.parametrize("folder", DATASETS, ids=lambda path: path.name)
def test_records_match_their_outcomes(folder: Path):
    run = read_run(folder)
    assert run.records
    for record in run.records:
        outcomes = run.outcomes[record_name(record)]
        assert len(outcomes) == record.protocol.n
        assert counts(outcomes, record.counts.truncated) == record.counts
        assert summarize(outcomes) == record.metrics
        assert record.environment.dirty is False


@pytest.mark.parametrize("folder", DATASETS, ids=lambda path: path.name)
def test_records_match_the_published_json_schema(folder: Path):
    schema = json.loads((RESULTS.parent / "docs" / "record.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    run = read_run(folder)  # records of older schema versions are converted
    for record in run.records:
        validator.validate(record.model_dump())
    outcome_validator = validator.evolve(schema={**schema, "$ref": "#/$defs/Outcome"})
    for outcomes in run.outcomes.values():
        outcome_validator.validate(outcomes[0].model_dump())


@pytest.mark.parametrize("folder", DATASETS, ids=lambda path: path.name)
def test_outcomes_contain_no_texts(folder: Path):
    for outcomes in read_run(folder).outcomes.values():
        for outcome in outcomes:
            assert outcome.text is None
            assert outcome.adversarial_text is None


@pytest.mark.parametrize("folder", DATASETS, ids=lambda path: path.name)
def test_all_cells_use_the_same_examples(folder: Path):
    runs = sorted(read_run(folder).outcomes.values(), key=len)
    longest = [outcome.example_id for outcome in runs[-1]]
    for outcomes in runs:
        assert [outcome.example_id for outcome in outcomes] == longest[: len(outcomes)]


def script(name: str) -> ModuleType:
    """Import ``benchmarks/NAME.py`` as a module."""
    path = RESULTS.parent / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"robustbert_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their module there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def publishing() -> ModuleType:
    """The script that writes the results folder."""
    return script("publish")


@pytest.mark.parametrize("folder", DATASETS, ids=lambda path: path.name)
def test_tables_match_the_records(folder: Path, publishing):
    table = publishing.table_of(read_run(folder))
    assert (folder / "table.md").read_text(encoding="utf-8") == render_markdown(table)
    assert (folder / "table.csv").read_text(encoding="utf-8") == to_csv(table)


RUN = make_outcomes(skipped=2, robust=4, broken=4)


def write_run(out: Path, *records: Record) -> Path:
    for record in records:
        write_record(record, record_path(out, record_name(record)))
        write_outcomes(RUN, outcomes_path(out, record_name(record)))
    return out


def test_publish_removes_texts_and_keeps_published_cells(tmp_path, publishing):
    results = tmp_path / "results"
    first = write_run(tmp_path / "first", make_record(RUN), make_record(RUN, model="tfidf-nb"))
    publishing.publish([first], results)
    again = make_record(RUN, model_sha256="d" * 64)
    publishing.publish([write_run(tmp_path / "second", again)], results)
    run = read_run(results / "rotten_tomatoes")
    assert [record.model.sha256[0] for record in run.records] == ["d", "b"]
    assert all(outcome.text is None for kept in run.outcomes.values() for outcome in kept)
    table = (results / "rotten_tomatoes" / "table.md").read_text()
    assert "| minilm |" in table
    assert "| tfidf-nb |" in table


def test_publish_keeps_replicates_and_variants(tmp_path, publishing):
    records = [
        make_record(RUN, model_sha256="1" * 64, training_seed=1),
        make_record(RUN, model_sha256="2" * 64, training_seed=2),
        make_record(RUN, model_sha256="3" * 64, variant="3" * 8),
    ]
    runs = [write_run(tmp_path / str(n), record) for n, record in enumerate(records)]
    publishing.publish(runs, tmp_path / "results")
    assert len(read_run(tmp_path / "results" / "rotten_tomatoes").records) == 3
    table = (tmp_path / "results" / "rotten_tomatoes" / "table.md").read_text()
    assert r"| minilm \[111111 and 1 more\] |" in table
    assert r"| minilm \[333333\] |" in table


def test_publish_rejects_different_models_with_the_same_name(tmp_path, publishing):
    runs = [
        write_run(tmp_path / digit, make_record(RUN, model_sha256=digit * 64)) for digit in "12"
    ]
    with pytest.raises(InputError, match="of a model with different weights"):
        publishing.publish(runs, tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_comparison_of_old_and_new_results(tmp_path, capsys):
    old, new = tmp_path / "old" / "rotten_tomatoes", tmp_path / "new" / "rotten_tomatoes"
    write_run(old, make_record(RUN), make_record(RUN, model="tfidf-nb"))
    # nine examples: two skipped, two robust, one exhausted (robust before), four broken
    changed = [*RUN[:2], *RUN[2:4], RUN[4].model_copy(update={"status": "exhausted"}), *RUN[6:]]
    record = make_record(changed)
    write_record(record, record_path(new, record_name(record)))
    write_outcomes(changed, outcomes_path(new, record_name(record)))
    comparison = script("old_and_new")
    comparison.main(tmp_path / "old", tmp_path / "new")
    shown = capsys.readouterr().out
    (row,) = [line for line in shown.splitlines() if line.startswith("| minilm")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:8] == [
        *("10 → 9", "40.0 → 33.3", "9", "1"),
        *("77.8 → 77.8", "33.3 → 33.3"),  # over the nine common examples
    ]
    assert cells[9:] == ["0.0 → 14.3", "0.0 → 0.0"]
    assert "Cells only in the old results: rotten_tomatoes unified tfidf-nb pwws." in shown
    assert "Cells only in the new results: none." in shown
    comparison.main(tmp_path / "new", tmp_path / "old")
    new_status = "| rotten_tomatoes | unified | pwws | exhausted | 1 | 0 | 0 | 1 | 0 | 0 |"
    assert new_status in capsys.readouterr().out.splitlines()
    outcomes_path(new, record_name(record)).unlink()
    with pytest.raises(RecordError, match="has no outcomes of"):
        comparison.main(tmp_path / "old", tmp_path / "new")


@same_protocol
@pytest.mark.slow
def test_committed_row_is_reproduced(tmp_path: Path):
    from robustbert.bench import Overrides, RunOptions, load_suite, make_plan, run_plan

    n = 60  # the first examples of the row
    overrides = Overrides(
        datasets=["rotten_tomatoes"],
        models=["tfidf-svm"],
        recipes=["deepwordbug"],
        tracks=["published"],
        num_examples=n,
    )
    result = run_plan(make_plan(load_suite("results"), overrides), RunOptions(out=tmp_path))
    (record,) = result.records
    (committed,) = [
        kept for kept in read_run(RESULTS / "rotten_tomatoes").records if record_name(kept) == ROW
    ]
    assert record.dataset == committed.dataset
    assert record.model == committed.model
    assert record.recipe == committed.recipe
    again = read_outcomes(tmp_path / "outcomes" / f"{ROW}.jsonl")
    before = read_outcomes(RESULTS / "rotten_tomatoes" / "outcomes" / f"{ROW}.jsonl")
    for new, old in zip(again, before[:n], strict=True):
        assert (new.example_id, new.status, new.queries, new.words_changed, new.seed) == (
            old.example_id,
            old.status,
            old.queries,
            old.words_changed,
            old.seed,
        )
