"""``--defense`` and ``--set`` on the command lines of bench, attack and train."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from robustbert.cli import main
from robustbert.defenses import Defense
from robustbert.models import load_model
from robustbert.records import read_run


@dataclass(frozen=True)
class Repeat(Defense):
    """Adds the first texts again."""

    rows: int = 2
    weight: float = 1.0
    words: tuple[str, ...] = ()
    style: str = "plain"

    def training_rows(self, dataset, plain, config):
        return dataset.split("train").select(range(self.rows))


@dataclass(frozen=True)
class Keep(Defense):
    """Wraps a classifier in nothing, which reads an asset."""

    exact: bool = False

    def wrapper_assets(self):
        return {"dictionary": "0" * 64}

    def wrap(self, classifier):
        return classifier


@dataclass(frozen=True)
class NeedsPlain(Repeat):
    needs_plain_model: ClassVar[bool] = True

    def training_rows(self, dataset, plain, config):
        assert plain is not None
        return super().training_rows(dataset, plain, config)


@dataclass(frozen=True)
class Both(Repeat):
    def wrap(self, classifier):
        return classifier


REPEAT, KEEP, BOTH = (f"{__name__}:{name}" for name in ("Repeat", "Keep", "Both"))


def trained_models(cache: Path) -> set[Path]:
    return set((cache / "models").glob("*/training.json"))


def attack(reviews: Path, out: Path, *options: str) -> int:
    data = ["--dataset", f"file:{reviews}", "--recipe", "deepwordbug", "-n", "2"]
    return main(["attack", "--model", "tfidf-nb", *data, "--out", str(out), *options])


def test_attack_with_defenses_and_their_parameters(reviews, tmp_path, own_cache):
    options = ["--defense", KEEP, "--set", "exact=true", "--defense", REPEAT, "--set", "rows=3"]
    options += ["--set", "words=a,b", "--set", "weight=2", "--set", "style=3"]
    assert attack(reviews, tmp_path / "run", *options) == 0
    [record] = read_run(tmp_path / "run").records
    assert [(defense.name, defense.params) for defense in record.defenses] == [
        (KEEP, {"exact": True}),
        (REPEAT, {"rows": 3, "weight": 2, "words": ["a", "b"], "style": "3"}),
    ]
    assert record.command.endswith(" ".join(options))
    assert record.assets.hashes["dictionary"] == "0" * 64
    assert record.timing.train_seconds > 0
    plans = [json.loads(path.read_text()) for path in trained_models(own_cache)]
    assert 3 in [plan["extra_examples"] for plan in plans]


def test_bench_applies_the_defense_to_every_model(reviews, tmp_path, own_cache, capsys):
    data = ["--datasets", f"file:{reviews}", "--recipes", "deepwordbug", "-n", "2"]
    models = ["--models", "tfidf-nb,tfidf-svm", "--out", str(tmp_path / "run")]
    assert main(["bench", *data, *models, "--defense", KEEP]) == 0
    run = read_run(tmp_path / "run")
    assert [(r.model.name, r.defenses[0].name, r.suite) for r in run.records] == [
        ("tfidf-nb", KEEP, None),
        ("tfidf-svm", KEEP, None),
    ]
    assert f"+ {KEEP}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--defense", "frelb"], "unknown defense 'frelb'; did you mean freelb"),
        (["--defense", "adversarial-training"], "adversarial-training'; it is now augmentation"),
        (["--set", "rows=2"], "argument --set: there is no --defense before rows=2"),
        (["--defense", REPEAT, "--set", "row=2"], "unknown setting 'row'; did you mean rows?"),
        (["--defense", REPEAT, "--set", "rows"], "'rows' is not a setting; write NAME=VALUE"),
        (["--defense", REPEAT, "--set", "rows=two"], "rows is 'two'; give a whole number"),
        (["--defense", REPEAT, "--set", "rows=2.5"], "rows is '2.5'; give a whole number"),
        (["--defense", REPEAT, "--set", "rows=2\nweight=1"], "rows is '2\\nweight=1'; give a"),
        (["--defense", KEEP, "--set", "exact=1"], "exact is '1'; give true or false"),
        (
            ["--defense", REPEAT, "--set", "rows=2", "--set", "rows=3"],
            "rows is given twice; give it once",
        ),
        (["--defense", "pgd", "--defense", "freelb"], "pgd and freelb both change the training"),
        (["--defense", "pgd"], "changes the training loss, which tfidf-nb does not have"),
        (["--defense", "no_such_module:X"], "there is no module 'no_such_module'"),
    ],
)
def test_bad_input_is_one_line(reviews, tmp_path, own_cache, capsys, options, message):
    assert attack(reviews, tmp_path / "run", *options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_model_of_a_suite_has_one_list_of_defenses(tmp_path, capsys):
    assert main(["bench", "--suite", "quick", "--defense", KEEP, "--dry-run"]) == 2
    assert capsys.readouterr().err == (
        "robustbert: the model minilm has the defense pgd in the suite, and "
        f"{KEEP} is given for all models; choose other models with --models\n"
    )


class TestTrain:
    def train(self, reviews: Path, out: Path, *options: str) -> int:
        data = ["--dataset", f"file:{reviews}", "--model", "tfidf-nb", "--out", str(out)]
        return main(["train", *data, *options])

    def test_checks_the_data_before_a_plain_model_is_trained(
        self, reviews, tmp_path, own_cache, capsys
    ):
        cached = trained_models(own_cache)
        options = ["--seed", "11", "--defense", "augmentation", "--set", "num_examples=5000"]
        assert self.train(reviews, tmp_path / "m", *options) == 2
        error = capsys.readouterr().err
        assert "set num_examples to at most" in error
        assert error.count("\n") == 1
        assert trained_models(own_cache) == cached
        assert not (tmp_path / "m").exists()

    def test_trains_a_defended_model(self, reviews, tmp_path, own_cache, capsys):
        cached = trained_models(own_cache)
        assert self.train(reviews, tmp_path / "plain") == 0
        assert self.train(reviews, tmp_path / "m", "--defense", REPEAT, "--set", "rows=9") == 0
        assert json.loads((tmp_path / "m" / "training.json").read_text())["extra_examples"] == 9
        hashes = {load_model(tmp_path / name).info.sha256 for name in ("plain", "m")}
        assert len(hashes) == 2
        assert trained_models(own_cache) == cached, "no plain model is needed"
        assert capsys.readouterr().err.count("warning") == 0

    def test_trains_the_plain_model_first_if_the_defense_needs_it(
        self, reviews, tmp_path, own_cache
    ):
        cached = trained_models(own_cache)
        options = ["--defense", f"{__name__}:NeedsPlain", "--seed", "7"]
        assert self.train(reviews, tmp_path / "m", *options) == 0
        [plain] = trained_models(own_cache) - cached
        assert json.loads(plain.read_text())["extra_examples"] == 0
        assert json.loads((tmp_path / "m" / "training.json").read_text())["extra_examples"] == 2

    @pytest.mark.filterwarnings("default::robustbert.errors.RobustbertWarning")
    def test_warns_of_a_part_that_the_folder_does_not_hold(
        self, reviews, tmp_path, own_cache, capsys
    ):
        assert self.train(reviews, tmp_path / "m", "--defense", BOTH) == 0
        assert f"warning: {BOTH} also changes predictions, which a" in capsys.readouterr().err

    def test_a_wrapper_alone_is_refused(self, reviews, tmp_path, own_cache, capsys):
        assert self.train(reviews, tmp_path / "m", "--defense", KEEP) == 2
        assert f"{KEEP} changes predictions and trains nothing" in capsys.readouterr().err
        assert not (tmp_path / "m").exists()
