"""The times of training steps and queries: ratios, and files that are not in the format."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from robustbert.bench.victim_spec import VictimSpec
from robustbert.defenses import DefenseSpec
from robustbert.errors import RecordError
from robustbert.leaderboard.relative_times import (
    MeasuredDefenses,
    QueryTimes,
    RelativeTimes,
    StepTimes,
    TimeRatio,
    read_times,
    write_times,
)
from robustbert.leaderboard.row_settings import RowSettings, settings_of_victim
from robustbert.reports.conditions import canonical
from tests.leaderboard.defense_results import defense
from tests.records.builders import ENVIRONMENT

PLAIN, PGD, FLOODING = [1.0, 2.0, 4.0, 5.0], [3.5, 8.0, 15.0, 20.0], [1.0, 2.0, 4.5, 5.0]


@pytest.fixture
def times() -> StepTimes:
    return StepTimes(
        model="minilm",
        dataset="rotten_tomatoes",
        batch_size=32,
        seed=0,
        instructions="AVX2",
        environment=ENVIRONMENT,
        rows=[
            MeasuredDefenses(defenses=[defense("flooding")], cpu_seconds=FLOODING),
            MeasuredDefenses(defenses=[], cpu_seconds=PLAIN),
            MeasuredDefenses(defenses=[defense("pgd", steps=3)], cpu_seconds=PGD),
        ],
    )


def ratio(times: RelativeTimes, *defenses: DefenseSpec, name: str = "minilm", **training: object):
    return times.ratio(settings_of_victim(VictimSpec(name, "minilm", defenses, training)))


def test_ratios_are_quartiles_over_the_batches(times: StepTimes) -> None:
    found = ratio(times, DefenseSpec("pgd", {"steps": 3}))
    expected = np.quantile(np.array(PGD) / PLAIN, [0.25, 0.5, 0.75])
    assert [found.low, found.median, found.high] == pytest.approx(expected)
    assert ratio(times) == TimeRatio(1.0, 1.0, 1.0)
    assert str(TimeRatio(3.94, 4.0, 4.26)) == "4.0× (3.9–4.3)"


def test_only_the_same_steps_have_a_ratio(times: StepTimes) -> None:
    pgd = DefenseSpec("pgd", {"steps": 3})
    assert ratio(times, pgd, epochs=4, learning_rate=1e-5) == ratio(times, pgd)
    assert ratio(times, DefenseSpec("pgd")) is None
    assert ratio(times, pgd, DefenseSpec("augmentation")) is None
    assert ratio(times, pgd, batch_size=8) is None
    assert ratio(times, pgd, max_length=512) is None
    assert ratio(times, pgd, name="other") is None


def test_the_defenses_that_change_predictions_determine_the_time_of_a_query(times) -> None:
    queries = QueryTimes(
        **dict(times)
        | {
            "rows": [
                MeasuredDefenses(defenses=[], cpu_seconds=PLAIN),
                MeasuredDefenses(defenses=[defense("dne")], cpu_seconds=PGD),
            ]
        }
    )
    dne, pgd = DefenseSpec("dne"), DefenseSpec("pgd", {"steps": 3})
    assert ratio(queries) == ratio(queries, pgd) == TimeRatio(1.0, 1.0, 1.0)
    assert ratio(queries, dne) == ratio(queries, DefenseSpec("augmentation"), dne)
    assert ratio(queries, dne) == ratio(times, pgd)
    assert ratio(queries, dne, batch_size=8) == ratio(queries, dne)
    assert ratio(queries, dne, max_length=512) is None
    assert ratio(queries, dne, DefenseSpec("spell-correction")) is None, "not measured"
    assert ratio(queries, dne, name="other") is None


def test_there_is_no_ratio_of_code_that_is_not_built_in(times: StepTimes) -> None:
    queries = QueryTimes(**dict(times))
    custom = canonical([{"name": "package:Defense", "params": {}, "revision": 1}])
    assert queries.ratio(RowSettings("minilm", custom, canonical({}))) is None


def test_there_is_no_ratio_without_plain_steps(times: StepTimes) -> None:
    alone = times.model_copy(update={"rows": times.rows[2:]})
    assert ratio(alone, DefenseSpec("pgd", {"steps": 3})) is None


def test_files_are_read_by_dataset(times: StepTimes, tmp_path: Path) -> None:
    assert read_times(StepTimes, tmp_path, "rotten_tomatoes") == ()
    for folder in ("two", "one"):
        seed = {"one": 1, "two": 2}[folder]
        write_times(times.model_copy(update={"seed": seed}), tmp_path / folder)
    first, second = read_times(StepTimes, tmp_path, "rotten_tomatoes")
    assert (first.seed, second) == (1, times.model_copy(update={"seed": 2}))
    assert read_times(StepTimes, tmp_path, "bbc_news") == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": []}, "rows"),
        ({"rows": [{"defenses": [], "cpu_seconds": [1.0, 0.0]}]}, "cpu_seconds"),
        (
            {"rows": [{"defenses": [], "cpu_seconds": [1.0] * n} for n in (2, 3)]},
            "all need the same number of batches",
        ),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_file_in_another_format_is_rejected(times, tmp_path: Path, change, message) -> None:
    write_times(times, tmp_path / "one")
    path = tmp_path / "one" / "steps-rotten_tomatoes.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RecordError, match=message) as error:
        read_times(StepTimes, tmp_path, "rotten_tomatoes")
    assert str(path) in str(error.value)
