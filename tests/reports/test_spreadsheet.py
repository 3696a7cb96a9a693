"""CSV export, read back with the csv module and pandas."""

from __future__ import annotations

import csv
import io
import json

import pandas as pd
import pytest

from robustbert.metrics import proportion
from robustbert.records import DefenseRef, Record, record_name
from robustbert.reports import Table, leaderboard_table, to_csv
from tests.records.builders import make_outcomes, make_record
from tests.reports.test_render import HOSTILE, OUTCOMES, table_of


def lines(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(table))))


def test_numbers_are_exported_unrounded() -> None:
    table = table_of(["minilm", "=1+1"], ["pwws", "iga"])
    frame = pd.read_csv(io.StringIO(to_csv(table)))
    assert list(frame.model) == ["minilm", "'=1+1"]
    row = table.groups[0].rows[0]
    assert frame.clean_accuracy_value[0] == row.clean.value
    assert frame.pwws_low[0] == row.accuracy_under("pwws").low
    assert frame.worst_case_high[0] == row.worst_case.high
    assert list(frame.worst_case_recipes) == ["pwws", "pwws"]
    assert frame.iga_n[0] == 100
    assert frame.iga_failed_checks[0] == "little-to-try"
    assert frame.words_changed_share[0] == row.words_changed
    assert (frame.queries_mean[0], frame.textattack_queries[0]) == (10, 12)
    assert frame.defense.isna().all()


def test_provenance_distinguishes_rows() -> None:
    defenses = [DefenseRef(name="adv", params={"epochs": 2}, revision=1)]
    records = [make_record(OUTCOMES, defenses=defenses)]
    [line] = lines(leaderboard_table(records))
    assert json.loads(line["defense_params"]) == [{"adv": {"epochs": 2}}]
    assert json.loads(line["limits"])["query_budget"] == 50
    assert line["model_sha256"] == "b" * 64
    assert (line["line"], line["label"], line["training_seeds"]) == ("row", "minilm + adv", "0")
    assert (line["protocol_revision"], line["assets_profile"]) == ("2", "offline")


def replicate(seed: int, robust: int) -> tuple[Record, tuple]:
    run = make_outcomes(skipped=2, robust=robust, broken=8 - robust)
    return make_record(run, model_sha256=str(seed) * 64, training_seed=seed), run


def test_each_replicate_has_a_line_below_their_mean() -> None:
    cells = [replicate(seed, robust) for seed, robust in ((2, 4), (0, 2), (1, 3))]
    outcomes = {record_name(record): run for record, run in cells}
    mean, *single = lines(leaderboard_table([record for record, _ in cells], outcomes))
    assert [line["line"] for line in (mean, *single)] == ["row", *["replicate"] * 3]
    assert [line["training_seeds"] for line in (mean, *single)] == ["0 1 2", "0", "1", "2"]
    assert float(mean["pwws_value"]) == pytest.approx(0.3)
    assert float(mean["pwws_sd"]) == pytest.approx(0.1)
    assert (mean["pwws_low"], mean["pwws_high"]) == ("", "")
    assert (mean["pwws_n"], mean["pwws_replicates"]) == ("10", "3")
    for line, robust in zip(single, (2, 3, 4), strict=True):
        expected = proportion(robust, 10)
        assert float(line["pwws_value"]) == expected.value
        assert float(line["pwws_low"]) == expected.low
        assert float(line["worst_case_value"]) == expected.value
        assert (line["pwws_sd"], line["pwws_replicates"]) == ("", "1")
    assert [line["model_sha256"][:1] for line in single] == ["0", "1", "2"]


def test_several_groups_share_one_header() -> None:
    records = [make_record(OUTCOMES), make_record(OUTCOMES, dataset="bbc_news", recipe="iga")]
    rows = lines(leaderboard_table(records))
    assert [row["dataset"] for row in rows] == ["rotten_tomatoes", "bbc_news"]
    assert [row["iga_value"] for row in rows] == ["", "0.3"]
    assert [row["pwws_value"] for row in rows] == ["0.3", ""]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_not_formulas(name: str) -> None:
    records = [make_record(OUTCOMES, model=name, recipe=name, dataset=name, defense=name)]
    rows = list(csv.reader(io.StringIO(to_csv(leaderboard_table(records)))))
    assert len(rows) == 2
    assert len(rows[0]) == len(rows[1])
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
