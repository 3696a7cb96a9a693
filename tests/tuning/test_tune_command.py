"""``robustbert tune``, with real trainings of a tiny network."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

import robustbert
from robustbert.cli import main
from robustbert.defenses import DefenseSpec
from robustbert.errors import InputError, ModelError, OutputError
from robustbert.tuning import SearchSpace, TuneAttack, TuneOptions
from robustbert.tuning.trial_scores import TrialScorer
from tests.news import news_files
from tests.training.test_fitting import weights_hash
from tests.tuning.conftest import FakeTraining

FAST = SearchSpace(learning_rate=(1e-3, 1e-2), epochs=(1,), batch_size=(32,))


class Unreadable:
    """A test split of which only the ids can be read."""

    def __init__(self, split) -> None:
        self._split = split

    def __len__(self) -> int:
        return len(self._split)

    def __getitem__(self, column: str):
        assert column == "example_id", "the test split was read"
        return self._split[column]


def test_the_winner_of_the_command_line_trains_with_one_more_command(
    tmp_path, bases, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    measured = []
    train = TrialScorer._train

    def remember(*arguments):
        trained = train(*arguments)
        measured.append(weights_hash(trained.folder))
        return trained

    monkeypatch.setattr(TrialScorer, "_train", remember)
    paths = news_files(tmp_path)
    command = ["tune", "--models", bases[0], "--trials", "2", "--out", "study", "--device", "cpu"]
    command += ["--space", "epochs=1", "--space", "batch_size=16", "--space", "layer_decay=0.8,0.9"]
    command += ["--space", "learning_rate=0.001,0.01", "--text-column", "description"]
    command += ["--label-column", "topic", "--seed", "3", "--max-length", "32"]
    for split in ("train", "validation"):
        command += [f"--{split}-file", str(paths[split])]
    assert main(command) == 0
    shown = capsys.readouterr().out
    stored = json.loads(Path("study/trials.json").read_text())
    assert stored["train_command"] in shown
    (best,) = (trial for trial in stored["trials"] if trial["number"] == stored["best"])
    words = shlex.split(stored["train_command"])
    assert words[:2] == ["robustbert", "train"]
    assert main(words[1:]) == 0
    trained = json.loads(Path("models/tuned/training.json").read_text())
    assert {name: trained["config"].get(name) for name in ("seed", "max_length")} == {
        "seed": 3,
        "max_length": 32,
    }
    assert trained["metrics"]["validation_accuracy"] == best["clean"]["value"]
    assert weights_hash(Path("models/tuned")) == measured[best["number"] - 1]
    assert sorted(path.name for path in Path("study").iterdir() if path.is_dir()) == []


def test_accuracy_under_attack_is_measured_on_validation_examples(toy, bases, tmp_path):
    splits = {**toy.splits, "test": Unreadable(toy.split("test"))}
    result = robustbert.tune(
        replace(toy, splits=splits),
        bases[0],
        out=tmp_path / "out",
        trials=1,
        objective="both",
        attack=TuneAttack(num_examples=4),
        space=FAST,
        device="cpu",
    )
    (trial,) = result.trials
    assert trial.status == "complete"
    assert trial.clean.n == 40
    assert trial.attacked.n == 4
    assert trial.attacked.value <= 1


def test_a_pruned_training_leaves_no_files(toy, bases, tmp_path):
    options = TuneOptions(models=bases[:1], device="cpu")
    scorer = TrialScorer(toy, options, tmp_path / "trial")

    def prune(number: int, accuracy: float, is_last: bool) -> None:
        assert (number, 0 <= accuracy <= 1, is_last) == (1, True, False)
        assert (tmp_path / "trial").is_dir()
        raise InterruptedError

    with pytest.raises(InterruptedError):
        scorer(bases[0], options.config({"epochs": 1}), prune)
    assert list(tmp_path.iterdir()) == []


def test_a_trial_that_needs_too_much_memory_fails_and_the_search_goes_on(
    toy, bases, tmp_path, monkeypatch
):
    import torch

    def train(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(TrialScorer, "_train", train)
    result = robustbert.tune(toy, bases[0], out=tmp_path / "out", trials=2, device="cpu")
    assert [trial.status for trial in result.trials] == ["failed", "failed"]
    assert result.trials[0].failure == "the GPU has too little memory for a batch size of 32"


BAD = [
    (["--objective", "robust"], "unknown objective 'robust'"),
    (["--trials", "0"], "trials is 0; give an integer of at least 1"),
    (["--models", "minlm"], "did you mean minilm?"),
    (["--models", "tfidf-svm"], "tfidf-svm is fitted by scikit-learn and has none"),
    (["--models", "minilm,minilm"], "give each model once"),
    (["--space", "epochs=3,1"], "epochs is 3,1; give the lowest and the highest value"),
    (["--space", "epochs=0,1"], "epochs is 0; it must be at least 1"),
    (["--space", "epoch=1"], "did you mean epochs?"),
    (["--space", "optimizer=adam"], "unknown optimizer 'adam'"),
    (["--track", "unified"], "--track has no effect on the objective clean"),
    (["--objective", "both", "--attack-recipe", "deepwordbg"], "did you mean deepwordbug?"),
    (["--objective", "both", "--attack-examples", "0"], "num_examples is 0"),
    (["--timeout", "0"], "timeout is 0.0; give a number of seconds above 0"),
    (["--defense", "spell-correction"], "changes predictions and trains nothing"),
    (["--max-length", "2"], "max_length is 2; it must be at least 8"),
    (["--seed", "-1"], "seed is -1"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_invalid_input_is_one_line(tmp_path, capsys, options, message):
    out = tmp_path / "out"
    command = ["tune", "--dataset", "rotten_tomatoes", "--out", str(out), *options]
    assert main(command) == 2
    written = capsys.readouterr()
    assert message in written.err
    assert written.err.count("\n") == 1
    assert written.out == ""
    assert not out.exists()


def test_a_folder_with_something_else_is_refused(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["tune", "--dataset", "rotten_tomatoes", "--out", str(tmp_path)]) == 2
    assert "already contains notes.txt" in capsys.readouterr().err


def test_a_folder_below_the_home_is_checked(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"already contains notes\.txt"):
        robustbert.tune("rotten_tomatoes", out="~", trials=1)


def test_a_dataset_is_needed(tmp_path, capsys):
    assert main(["tune", "--out", str(tmp_path / "out")]) == 2
    assert "no dataset is given" in capsys.readouterr().err


def test_a_search_space_needs_a_choice():
    fixed = {name: (value,) for name, value in TuneOptions().config({}).as_dict().items()}
    fixed = {name: fixed[name] for name in ("learning_rate", "batch_size", "epochs")}
    space = SearchSpace(
        **fixed, warmup_ratio=(0.1,), weight_decay=(0.01,), optimizer=("adamw",), layer_decay=(1.0,)
    )
    with pytest.raises(InputError, match="the search space has one point"):
        TuneOptions(space=space)


def test_defenses_are_trained_with_every_model_and_named_in_the_command(study):
    result = study("out", trials=1, defenses=(DefenseSpec("pgd", {"steps": 2}),))
    command = result.train_command(result.trials[0])
    assert "--defense=pgd --set=steps=2" in command
    assert "--dataset=toy" in command


def test_the_command_names_the_file_that_python_was_given(bases, tmp_path, monkeypatch):
    monkeypatch.setattr("robustbert.tuning.tune_models.TrialScorer", lambda *_: FakeTraining())
    news = news_files(tmp_path)["train"].read_text(encoding="utf-8")
    table = tmp_path / "my news.csv"
    table.write_text(news.replace("description,topic", "text,label", 1), encoding="utf-8")
    for number, dataset in enumerate((f"file:{table}", table)):
        result = robustbert.tune(
            dataset, bases[0], out=tmp_path / str(number), trials=1, device="cpu"
        )
        words = shlex.split(result.train_command(result.trials[0]))
        assert f"--dataset=file:{table}" in words


def test_classical_models_are_refused():
    with pytest.raises(ModelError, match="give networks, such as minilm"):
        TuneOptions(models=("tfidf-nb",)).bases()
