"""Searches whose trainings are a formula."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from robustbert.assets import using_profile
from robustbert.errors import InputError, MissingAssetError, OutputError
from robustbert.io import file_lock
from robustbert.training import TrainingConfig
from robustbert.tuning import SearchSpace, TuneAttack, TuneOptions
from robustbert.tuning.study_file import STUDY_FILE, check_optuna
from robustbert.tuning.tune_table import render_tuning
from tests.tuning.conftest import FakeTraining

EARLIER = SearchSpace(epochs=(2, 3))


def test_a_seed_gives_the_same_trials_and_another_seed_gives_others(study):
    first, again, other = study("a"), study("b"), study("c", seed=1)
    assert first.trials == again.trials
    assert [t.settings for t in first.trials[1:]] != [t.settings for t in other.trials[1:]]


@pytest.fixture(scope="module")
def uninterrupted():
    """The trials of uninterrupted searches, keyed by objective."""
    return {}


@pytest.mark.parametrize(
    ("interrupt_at", "objective"), [(0, "clean"), (1, "both"), (6, "clean"), (12, "both")]
)
def test_an_interrupted_search_is_resumed_with_the_same_trials(
    study, bases, uninterrupted, interrupt_at, objective
):
    options = {"objective": objective, "models": bases}
    with pytest.raises(KeyboardInterrupt):
        study("resumed", FakeTraining(interrupt_at=interrupt_at), **options)
    rest = FakeTraining()
    resumed = study("resumed", rest, **options)
    assert len(rest.calls) == 13 - interrupt_at
    if objective not in uninterrupted:
        uninterrupted[objective] = study("uninterrupted", **options).trials
    assert resumed.trials == uninterrupted[objective]


def test_a_line_that_a_killed_process_did_not_finish_is_ignored(study, tmp_path):
    study("out", trials=4)
    with (tmp_path / "out" / STUDY_FILE).open("ab") as file:
        file.write(b'{"op_code":4,"worker')
    assert study("out", trials=6).trials == study("whole", trials=6).trials


def test_more_trials_extend_a_search_and_a_finished_one_runs_none(study):
    study("out", trials=5)
    more = FakeTraining()
    assert study("out", more, trials=8).trials == study("at once", trials=8).trials
    assert len(more.calls) == 3
    none = FakeTraining()
    assert len(study("out", none, trials=8).trials) == 8
    assert none.calls == []


def test_the_first_trial_of_each_model_has_the_default_settings(study, bases):
    trials = study("out", models=bases, trials=3).trials
    default = TrainingConfig()
    for trial, model in zip(trials[:2], bases, strict=True):
        assert trial.model == model
        assert trial.settings == {name: getattr(default, name) for name in trial.settings}
    assert trials[2].settings != trials[0].settings


def test_only_models_that_were_trained_are_said_to_have_the_defaults(study, bases):
    note = "have the default settings"
    assert f"The first 2 trials {note}" in render_tuning(study("a", models=bases, trials=3), 100)
    assert "Trial 1 has the default" in render_tuning(study("b", models=bases, trials=1), 100)


def test_settings_stay_in_the_space_and_fixed_ones_are_fixed(study):
    space = SearchSpace(learning_rate=(1e-3, 1e-2), epochs=(2,), optimizer=("adafactor",))
    trials = study("out", space=space).trials
    assert trials[0].settings["learning_rate"] == 1e-3  # the nearest to the default
    for trial in trials:
        assert 1e-3 <= trial.settings["learning_rate"] <= 1e-2
        assert trial.settings["epochs"] == 2
        assert trial.settings["optimizer"] == "adafactor"
        assert trial.settings["batch_size"] in (16, 32, 64)


def test_trials_below_the_median_are_pruned(study):
    trials = study("out", trials=25).trials
    pruned = [trial for trial in trials if trial.status == "pruned"]
    assert pruned
    for trial in trials:
        before = [one for one in trials[: trial.number - 1] if one.status == "complete"]
        checked = range(2, len(trial.evaluations) + 1) if len(before) >= 5 else []
        falls_below = [
            max(trial.evaluations[:step]) < np.median([one.evaluations[step - 1] for one in before])
            for step in checked
        ]
        is_pruned = trial.status == "pruned"
        assert falls_below == [False] * (len(falls_below) - is_pruned) + [True] * is_pruned


def test_two_objectives_are_not_pruned_and_have_a_pareto_front(whole_study):
    result = whole_study("out", objective="both", trials=20)
    points = {t.number: (t.clean.value, t.attacked.value) for t in result.trials}
    assert {trial.status for trial in result.trials} == {"complete"}
    front = {
        number
        for number, (a, b) in points.items()
        if not any(c >= a and d >= b and (c, d) != (a, b) for other, (c, d) in points.items())
    }
    assert 1 < len(front) < 20
    assert {trial.number for trial in result.front} == front
    assert result.best.number in front
    assert sum(points[result.best.number]) == max(sum(points[number]) for number in front)
    assert {trial.number for trial in result.ranked[: len(front)]} == front
    assert set(result.importances) == {"clean", "attacked"}


def test_the_best_trial_has_the_highest_accuracy_and_the_setting_that_matters_is_found(whole_study):
    result = whole_study("out", trials=25)
    values = [trial.clean.value for trial in result.complete]
    assert result.best.clean.value == max(values)
    ranked = [t.clean.value for t in result.ranked if t.status == "complete"]
    assert ranked == sorted(values, reverse=True)
    shares = result.importances["clean"]
    assert next(iter(shares)) == "learning_rate"
    assert sum(shares.values()) == pytest.approx(1)


def test_a_training_that_diverges_is_a_failed_trial(study, tmp_path):
    result = study("out", FakeTraining(diverge_at=2), trials=6)
    assert [trial.status for trial in result.trials].count("failed") == 1
    assert result.trials[2].failure == "the training diverged"
    assert result.ranked[-1].number == 3
    assert "Trial 3 failed: the training diverged." in render_tuning(result, 100)
    again = study("out", FakeTraining(), trials=6)
    assert again.trials == result.trials


def test_a_search_in_which_every_training_fails_has_no_winner(study):
    result = study("out", FakeTraining(diverge_at=0), trials=1)
    assert result.best is None
    assert "No trial is complete" in render_tuning(result, 100)


def test_the_time_is_over_after_a_trial(study):
    with pytest.raises(OutputError, match="no trial was finished; give a longer --timeout"):
        study("out", timeout=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed is 0 there, but 1 here"),
        ({"objective": "both"}, "objective is clean there, but both here"),
        ({"space": EARLIER}, "search space is "),
        ({"max_length": 64}, "max_length is 128 there, but 64 here"),
    ],
)
def test_a_study_of_another_configuration_is_refused(study, tmp_path, change, message):
    study("out", trials=2)
    before = (tmp_path / "out" / STUDY_FILE).read_bytes()
    with pytest.raises(InputError, match=message) as refused:
        study("out", **change)
    assert "give the same options, or another output folder" in str(refused.value)
    assert (tmp_path / "out" / STUDY_FILE).read_bytes() == before


def test_the_attack_is_a_part_of_the_configuration_if_models_are_attacked(study):
    study("clean", trials=2)
    study("clean", trials=2, attack=TuneAttack(num_examples=5))
    study("both", trials=2, objective="both")
    with pytest.raises(InputError, match=r"attack is .* there, but .* here"):
        study("both", trials=2, objective="both", attack=TuneAttack(num_examples=5))


def test_the_text_length_is_a_part_of_the_configuration_if_models_are_attacked(toy):
    long = replace(toy, length="long")
    for objective, is_other in (("clean", False), ("attacked", True)):
        options = TuneOptions(objective=objective, models=("minilm",))
        found = [options.configuration(dataset, []) for dataset in (toy, long)]
        assert (found[0] != found[1]) == is_other


def test_the_assets_profile_is_a_part_of_the_configuration(toy):
    options = TuneOptions(objective="attacked", models=("minilm",))
    offline = options.configuration(toy, [])
    assert "assets" not in offline, "studies of before there were profiles stay valid"
    with using_profile("canonical"):
        assert options.configuration(toy, []) == {**offline, "assets": "canonical"}


@pytest.mark.parametrize("content", [b"\x00\xff\n{}\n", b'{"op_code": 99}\n', b"[1]\n{}\n"])
def test_a_file_that_is_no_study(study, tmp_path, content):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / STUDY_FILE).write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as the file of a study"):
        study("out", trials=1)


def test_one_process_writes_to_a_folder(study, tmp_path):
    lock = file_lock(tmp_path / "out" / ".lock", place="", advice="")
    with lock, pytest.raises(OutputError, match="another search is writing to"):
        study("out")


def test_optuna_is_an_extra(monkeypatch):
    monkeypatch.setattr("robustbert.tuning.study_file.find_spec", lambda _: None)
    with pytest.raises(MissingAssetError, match=r"pip install 'robustbert\[tune\]'"):
        check_optuna()


def test_the_files_hold_all_trials(whole_study, tmp_path):
    result = whole_study("out", objective="both", trials=6)
    folder = tmp_path / "out"
    names = {"study.journal", "trials.csv", "trials.json", "trials.svg", "trials.png", ".lock"}
    assert {path.name for path in folder.iterdir()} == names
    stored = json.loads((folder / "trials.json").read_text())
    assert stored["best"] == result.best.number
    assert stored["train_command"] == result.train_command(result.best)
    with (folder / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["number"]) for row in rows] == [t.number for t in result.ranked]
    for row, trial in zip(rows, result.ranked, strict=True):
        assert float(row["clean_value"]) == trial.clean.value
        assert float(row["attacked_low"]) == trial.attacked.low
        assert float(row["learning_rate"]) == trial.settings["learning_rate"]
    assert (folder / "trials.svg").read_bytes().startswith(b"<?xml")
    text = (folder / "trials.svg").read_text()
    assert "Pareto front" in text
    assert "accuracy under attack (%)" in text
