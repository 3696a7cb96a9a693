"""The long CSV and the data frame, compared with the records that they are made of."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from robustbert.metrics import worst_case
from robustbert.records import Counts, DefenseRef, Metric, Metrics, Record, record_name
from robustbert.reports import TABLE_COLUMNS, Table, leaderboard_table, to_csv
from tests.records.builders import make_outcome, make_outcomes, make_record
from tests.reports.tables import RUN, changed, defense, table_of
from tests.reports.test_render import HOSTILE

CELL = ["dataset", "split", "track", "model_sha256", "dtype", "defense", "defense_params"]
CELL += ["adaptive", "recipe"]
FOOLER = make_outcomes(skipped=2, robust=1, broken=7)
SKIPPED = make_outcomes(skipped=3)


def lines(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(table))))


def value(found: list[dict[str, str]], metric: str, **columns: str) -> dict[str, str]:
    """The single line with this metric and these values of other columns."""
    wanted = {"metric": metric, **columns}
    [line] = [one for one in found if all(one[name] == text for name, text in wanted.items())]
    return line


def records_and_table() -> tuple[list[Record], Table]:
    """Two models under two recipes on two datasets; one of the models is defended."""
    records, outcomes = [], {}
    for dataset, run in (("rotten_tomatoes", RUN), ("bbc_news", SKIPPED)):
        for defenses in ([], [defense(epochs=2, recipes=["pwws"])]):
            for recipe, broken in (("pwws", run), ("textfooler", FOOLER)):
                weights = "d" * 64 if defenses else "b" * 64
                names: dict[str, Any] = {"dataset": dataset, "recipe": recipe}
                record = make_record(broken, defenses=defenses, model_sha256=weights, **names)
                records.append(record)
                outcomes[record_name(record)] = broken
    return records, leaderboard_table(records, outcomes)


def number(text: str) -> float | None:
    return float(text) if text else None


def test_counts_and_metrics_of_records_can_be_rebuilt_from_the_csv() -> None:
    records, table = records_and_table()
    cells: dict[tuple[str, ...], dict[str, dict[str, str]]] = {}
    for line in lines(table):
        cells.setdefault(tuple(line[name] for name in CELL), {})[line["metric"]] = line
    for record in records:
        params = json.dumps([d.model_dump() for d in record.defenses], sort_keys=True)
        dataset, model = record.dataset, record.model
        key = (dataset.name, dataset.split, record.track, model.sha256, model.dtype)
        name = "adv" if record.defenses else "none"
        cell = cells.pop((*key, name, params, "no", record.recipe.name))
        counts = {name: int(cell[name]["value"]) for name in Counts.model_fields}
        assert Counts(**counts) == record.counts
        metrics: dict[str, Any] = {}
        for name, field in Metrics.model_fields.items():
            metrics[name] = number(cell[name]["value"])
            if field.annotation is Metric:
                interval = {end: number(cell[name][end]) for end in ("value", "low", "high")}
                metrics[name] = Metric(**interval, n=int(cell[name]["n"]))
        assert Metrics(**metrics) == record.metrics
        assert [DefenseRef(**d) for d in json.loads(params)] == record.defenses
    # what is left are the metrics over the core recipes
    assert {key[-1] for key in cells} == {"pwws textfooler"}


def test_the_csv_can_be_joined_with_another() -> None:
    _, table = records_and_table()
    frame = pd.read_csv(io.StringIO(to_csv(table)))
    merged = frame.merge(frame, on=[*CELL, "metric"], validate="one_to_one", suffixes=("", "_b"))
    assert len(merged) == len(frame)
    pd.testing.assert_series_equal(merged.value, merged.value_b, check_names=False)


def test_columns_are_the_documented_ones() -> None:
    text = Path("docs/records.md").read_text(encoding="utf-8")
    section = text.split("## From records to the table")[1]
    documented = [
        name
        for cell in re.findall(r"^\| (`[^|]*`) \|", section.split("| metric |")[0], re.MULTILINE)
        for name in re.findall("`([a-z0-9_]+)`", cell)
    ]
    assert tuple(documented) == TABLE_COLUMNS
    _, table = records_and_table()
    assert tuple(lines(table)[0]) == TABLE_COLUMNS
    metrics = re.findall(r"`([a-z_]+)`", section.split("| metric |")[1].split("\n\n")[0])
    assert {line["metric"] for line in lines(table)} <= set(metrics)


def test_metrics_over_the_core_recipes_have_lines_of_their_own() -> None:
    cells = [(RUN, {"recipe": "pwws"}), (FOOLER, {"recipe": "textfooler"}), (RUN, {"recipe": "a"})]
    found = lines(table_of(*cells))
    line = value(found, "worst_case_accuracy")
    expected = worst_case([RUN, FOOLER])
    assert line["recipe"] == "pwws textfooler"
    assert [float(line[name]) for name in ("value", "low", "high")] == [
        expected.value,
        expected.low,
        expected.high,
    ]
    assert (line["n"], line["unit"]) == ("10", "proportion")
    assert line["failed_checks"] == "little-to-try"
    assert value(found, "core_queries_mean")["value"] == "10.0"
    assert value(found, "core_textattack_queries_mean")["value"] == "12.0"
    share = value(found, "core_words_changed_share")["value"]
    assert float(share) == pytest.approx(1 / 3)
    assert float(value(found, "words_changed_share", recipe="a")["value"]) == pytest.approx(1 / 3)


def test_a_missing_number_is_empty() -> None:
    found = lines(table_of((SKIPPED, {})))
    for metric in ("attack_success_rate", "queries_mean", "words_changed_mean", "similarity_mean"):
        line = value(found, metric)
        assert [line[name] for name in ("value", "low", "high")] == [""] * 3
    assert value(found, "attack_success_rate")["n"] == "0"
    assert value(found, "broken")["value"] == "0"
    without_outcomes = lines(leaderboard_table([make_record(RUN)]))
    line = value(without_outcomes, "worst_case_accuracy")
    assert (line["value"], line["n"], line["recipe"]) == ("", "", "pwws")
    assert value(without_outcomes, "words_changed_share")["value"] == ""
    no_core = lines(table_of((RUN, {"recipe": "pruthi"})))
    assert not [line for line in no_core if line["recipe"] != "pruthi"]


def test_each_replicate_has_its_own_lines() -> None:
    runs = {seed: make_outcomes(skipped=2, robust=n, broken=8 - n) for seed, n in ((1, 3), (0, 2))}
    cells = [
        (run, {"training_seed": seed, "model_sha256": str(seed) * 64, "recipe": recipe})
        for seed, run in runs.items()
        for recipe in ("pwws", "textfooler")
    ]
    table = table_of(*cells)
    assert len(table.groups[0].rows) == 1
    found = lines(table)
    assert {line["label"] for line in found} == {"minilm"}
    for seed, robust in (("0", "0.2"), ("1", "0.3")):
        line = value(found, "accuracy_under_attack", training_seed=seed, recipe="pwws")
        assert (line["value"], line["model_sha256"]) == (robust, seed * 64)
        assert value(found, "worst_case_accuracy", training_seed=seed)["value"] == robust
    unknown = lines(table_of((RUN, {"training_seed": None})))
    assert {line["training_seed"] for line in unknown} == {""}


def test_provenance_and_caveats() -> None:
    records = [
        make_record(RUN, recipe=recipe, robustbert_version=version, created_at=created_at)
        for recipe, version, created_at in (
            ("pwws", "0.1.0", "2026-11-25T12:00:00Z"),
            ("textfooler", "0.2.0", "2026-11-24T12:00:00Z"),
        )
    ]
    odd = changed(make_record(RUN, model="odd"), protocol={"seed": 3}, recipe={"params": {}})
    found = lines(leaderboard_table([*records, odd]))
    line = value(found, "clean_accuracy", model="minilm", recipe="pwws")
    assert line["dataset_sha256"] == "a" * 64
    assert (line["protocol_revision"], line["protocol_seed"]) == ("2", "0")
    assert json.loads(line["limits"]) == {**records[0].protocol.limits, "query_budget": 50}
    assert (line["textattack_version"], line["robustbert_version"]) == ("0.3.11", "0.1.0")
    assert (line["assets_profile"], line["created_at"]) == ("offline", "2026-11-25T12:00:00Z")
    assert (line["failed_checks"], line["differences"]) == ("little-to-try", "")
    line = value(found, "worst_case_accuracy", model="minilm")
    assert (line["robustbert_version"], line["created_at"]) == (
        "0.1.0 0.2.0",
        "2026-11-25T12:00:00Z",
    )
    line = value(found, "clean_accuracy", model="odd")
    assert line["differences"] == "example seed 3 instead of 0"


def test_an_unlimited_length_and_the_batch_invariance() -> None:
    record = changed(make_record(RUN), model={"max_length": None})
    line = lines(leaderboard_table([record]))[0]
    assert (line["max_length"], line["batch_invariance"]) == ("", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_not_formulas(name: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(hostile_table(name)))))
    assert {len(row) for row in rows} == {len(TABLE_COLUMNS)}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert all(cell.isprintable() for row in rows for cell in row)


def hostile_table(name: str) -> Table:
    records = [make_record(RUN, model=name, recipe=name, dataset=name, defense=name)]
    return leaderboard_table(records)


def test_a_frame_has_the_lines_of_the_csv() -> None:
    _, table = records_and_table()
    frame = table.to_pandas()
    assert tuple(frame.columns) == TABLE_COLUMNS
    pd.testing.assert_frame_equal(
        pd.read_csv(io.StringIO(frame.to_csv(index=False))), pd.read_csv(io.StringIO(to_csv(table)))
    )
    assert frame.value.dtype == frame.low.dtype == "float64"
    assert frame.n.dtype == frame.training_seed.dtype == "Int64"
    assert tuple(leaderboard_table([]).to_pandas().columns) == TABLE_COLUMNS


def test_only_the_csv_is_protected_against_formulas() -> None:
    table = table_of((RUN, {"model": "=1+1", "recipe": "-x"}))
    frame = table.to_pandas()
    assert set(frame.model) == {"=1+1"}
    assert set(frame.recipe) == {"-x"}
    assert {(line["model"], line["recipe"]) for line in lines(table)} == {("'=1+1", "'-x")}


def test_the_share_of_words_is_that_of_each_recipe() -> None:
    few = (make_outcome("e0", "broken", words=4),)
    many = (make_outcome("e0", "broken", words=20, words_changed=5),)
    found = lines(table_of((few, {"recipe": "pwws"}), (many, {"recipe": "textfooler"})))
    shares = {
        line["recipe"]: float(line["value"])
        for line in found
        if line["metric"] == "words_changed_share"
    }
    assert shares == {"pwws": 1 / 4, "textfooler": 5 / 20}
