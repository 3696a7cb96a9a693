"""The simulated cluster, the page on several machines, and its tables."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path

import pytest
import yaml

from tests.leaderboard.published import core_cells, write_published
from tests.leaderboard.table_scripts import load_script, run_script

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "scale.md"


@pytest.fixture(scope="module")
def cluster():
    return load_script(ROOT / "benchmarks" / "speed" / "simulated_cluster.py")


@pytest.fixture(scope="module")
def tables():
    return load_script(ROOT / "docs" / "scale_tables.py")


def test_one_worker_takes_the_time_of_all_examples(cluster):
    run = cluster.simulate(40, 1, [0.5], 0.0, seed=0)
    assert run.seconds == cluster.modelled_seconds(40, 1, [0.5], 0.0) == pytest.approx(20.0)
    assert run.driver_share == 0.0


def test_equal_examples_are_shared_evenly(cluster):
    """64 examples on 4 workers that are never idle."""
    assert cluster.simulate(64, 4, [1.0], 0.0, seed=0).seconds == pytest.approx(16.0)


def test_a_slow_driver_takes_one_outcome_after_the_other(cluster):
    run = cluster.simulate(100, 50, [0.1], 2.0, seed=0)
    assert run.seconds == pytest.approx(0.1 + 100 * 2.0)
    assert run.driver_share == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("workers", [1, 2, 8, 64, 512])
def test_the_model_agrees_with_the_simulation(cluster, workers):
    work = [0.05, 0.1, 0.1, 0.2, 0.6]
    seconds = [cluster.simulate(5000, workers, work, 1e-3, seed).seconds for seed in range(3)]
    model = cluster.modelled_seconds(5000, workers, work, 1e-3)
    assert model == pytest.approx(statistics.median(seconds), rel=0.15)


def test_the_page_is_current(tables, monkeypatch):
    assert run_script(tables, monkeypatch, "--check") == 0


def test_without_measurements_the_tables_say_how_to_make_them(tables, tmp_path):
    assert "benchmarks/speed/scale.py" in tables.scale_table(tmp_path)
    assert "benchmarks/speed/driver.py" in tables.driver_table(tmp_path)


def test_the_efficiency_is_that_of_each_run(tables, tmp_path):
    """Two workers that take 0.5 and 0.625 of the time of one thread."""
    times = {
        "one thread": [10.0, 8.0],
        "two threads": [6.0, 6.0],
        "two workers": [5.0, 5.0],
        "two separate processes": [10.0, 10.0],
    }
    measured = {
        "dataset": "rotten_tomatoes",
        "examples": 50,
        "outcomes": 100,
        "differing": 0,
        "ways": {
            name: {"command_seconds": [20.0, 20.0], "attack_seconds": {"pwws": found}}
            for name, found in times.items()
        },
        "instructions": "AVX-512",
        "environment": {"processor": "A CPU"},
    }
    path = tmp_path / "results" / "scale" / "a-cpu" / "scale.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(measured))
    found = tables.scale_table(tmp_path)
    line = "| pwws | 9.0 (8.0–10.0) | 6.0 (6.0–6.0) | 5.0 (5.0–5.0) | 10.0 (10.0–10.0) "
    assert line + "| 0.90 (0.80–1.00) | 0.90 (0.80–1.00) |" in found
    assert "0 of 100 outcomes differ" in found


def test_the_queries_are_those_of_plain_minilm(tables, tmp_path):
    for dataset in tables.DATASETS:
        plain = core_cells("srb", dataset=dataset, model="minilm", track="unified")
        other = core_cells("bbb", dataset=dataset, model="tfidf-svm", track="unified")
        write_published([*plain, *other], tmp_path / "results")
    (pwws,) = (one for one in plain if one.record.recipe.name == "pwws")
    queries = f"{1000 * sum(outcome.queries for outcome in pwws.outcomes) / 3:,.0f}"
    assert f"| pwws | {queries} | {queries} | {queries} |" in tables.queries_table(tmp_path)


def test_the_cluster_file_is_one_of_ray():
    import jsonschema

    ray = pytest.importorskip("ray")
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    content = yaml.safe_load(block)
    jsonschema.validate(content, schema)
    types = content["available_node_types"]
    assert content["head_node_type"] in types
    assert types["worker"]["max_workers"] <= content["max_workers"]
