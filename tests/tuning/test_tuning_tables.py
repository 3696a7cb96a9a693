"""benchmarks/tuning.py and the tables of docs/tuning.md."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from robustbert.bench import load_suite, make_plan
from robustbert.io import write_text
from robustbert.tuning import SearchSpace
from tests.leaderboard.published import core_cells, write_published
from tests.leaderboard.table_scripts import load_script, run_script

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    return load_script(ROOT / "docs" / "tuning_tables.py")


@pytest.fixture(scope="module")
def driver():
    return load_script(ROOT / "benchmarks" / "tuning.py")


def test_the_page_is_current(script, monkeypatch):
    assert run_script(script, monkeypatch, "--check") == 0


def test_without_results_the_tables_say_how_to_make_them(script, tmp_path):
    assert script.trials_table(tmp_path) == script.rows_table(tmp_path) == script.NOT_MEASURED


def trainings(driver, settings, tmp_path):
    """The learning rates and seeds of the suite of some settings; None for the default rate."""
    path = tmp_path / "tuning.toml"
    path.write_text(driver.suite_text(settings, "4,5", 30))
    victims = [victim for _, victim in make_plan(load_suite(str(path))).victims()]
    return [(one.training.get("learning_rate"), one.training_seed) for one in victims]


def test_the_best_settings_are_compared_with_the_defaults(driver, study, tmp_path):
    result = study("study", trials=2, space=SearchSpace(learning_rate=(2e-5, 9e-5)))
    best = result.best.settings["learning_rate"]
    found = trainings(driver, driver.best_settings(result.folder), tmp_path)
    assert found == [(None, 4), (None, 5), (best, 4), (best, 5)]


def test_defaults_that_are_best_are_not_trained_twice(driver, study, tmp_path):
    result = study("study", trials=1)
    found = trainings(driver, driver.best_settings(result.folder), tmp_path)
    assert found == [(None, 4), (None, 5)]


def test_the_trials_are_shown_best_first(script, study, tmp_path):
    result = study("study", trials=6)
    shutil.copytree(result.folder, tmp_path / script.FOUND)
    text = script.trials_table(tmp_path)
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[2:]] == [str(trial.number) for trial in result.ranked]
    assert rows[2][1].startswith(f"{100 * result.best.value('clean'):.1f} [")
    assert result.train_command(result.best) in text.replace(" \\\n    --", " --")


def test_tuned_models_are_compared_with_the_default_ones(script, tmp_path):
    cells = []
    for letters, training in (("rrrrbbbbbb", {}), ("rrrrbrrrrr", {"learning_rate": 3e-5})):
        for seed in (1, 2, 3):
            sha256 = hashlib.sha256(f"{training} {seed}".encode()).hexdigest()
            names = {"training": training, "model_sha256": sha256, "training_seed": seed}
            cells += core_cells(letters, **names)
    write_published(cells, tmp_path / script.RESULTS)
    text = script.rows_table(tmp_path)
    [difference] = [line for line in text.splitlines() if "+50.0" in line]
    assert difference.startswith("| minilm (learning_rate = 3e-05) | 10 | +50.0 [")


def test_accuracies_on_the_whole_split_are_means_over_seeds(script, tmp_path):
    assert script.accuracies_text(tmp_path) == script.NOT_MEASURED
    found = [
        {"tuned": tuned, "seed": seed, "accuracy": accuracy}
        for tuned, accuracies in ((False, (0.8, 0.82)), (True, (0.83, 0.85)))
        for seed, accuracy in enumerate(accuracies)
    ]
    write_text(tmp_path / script.FOUND / "test-accuracies.json", json.dumps(found))
    assert script.accuracies_text(tmp_path) == (
        "Accuracy on the whole test split, mean and range over seeds: 81.0% (80.0 to 82.0) with "
        "the default settings, 84.0% (83.0 to 85.0) with the best ones."
    )
