"""``robustbert curve``, with real trainings of a tiny network."""

from __future__ import annotations

import json

import pytest

import robustbert
from robustbert.cli import main
from robustbert.learning_curves import CurveOptions, read_curve
from robustbert.learning_curves.point_measurement import PointMeter
from robustbert.models import load_model
from robustbert.training import read_training
from tests.learning_curves.conftest import made_point, with_errors
from tests.news import news_files
from tests.training.conftest import tiny_base  # noqa: F401

SETTINGS = ["--epochs", "1", "--batch-size", "16", "--max-length", "32", "--device", "cpu"]


def test_the_whole_split_without_noise_trains_what_train_does(
    tmp_path,
    reviews,
    tiny_base,  # noqa: F811
    own_cache,
    capsys,
):
    data = ["--dataset", f"file:{reviews}", "--model", str(tiny_base), *SETTINGS]
    out = tmp_path / "curve"
    command = ["curve", *data, "--sizes", "1", "--noise", "0,0.25", "--seeds", "3"]
    command += ["--recipes", "deepwordbug", "-n", "3", "--out", str(out)]
    assert main([*command, "--dry-run"]) == 0
    assert capsys.readouterr().out.count(" no\n") == 2
    assert not out.exists()
    assert main(command) == 0
    shown = capsys.readouterr().out
    curve = read_curve(out / "curve.json")
    assert [(p.size, p.noise) for p in curve.points] == [(1, 0), (1, 0.25)]
    assert len({point.weights_sha256 for point in curve.points}) == 2
    assert main(["train", *data, "--seed", "3", "--out", str(tmp_path / "model")]) == 0
    trained = load_model(str(tmp_path / "model"))
    whole = curve.points[0]
    assert whole.weights_sha256 == trained.info.sha256
    assert whole.clean.value == read_training(tmp_path / "model").metrics["test_accuracy"]
    assert whole.attacked["deepwordbug"].n == 3
    assert f"{100 * whole.clean.value:.1f} [" in shown
    for point in curve.points:
        counts = point.counts["deepwordbug"]
        assert counts.robust + counts.exhausted == 3 * point.attacked["deepwordbug"].value
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")
    text = (out / "curve.json").read_text()
    assert "the film was" not in text
    assert str(tmp_path) not in text
    assert sorted(path.name for path in out.iterdir()) == [
        ".lock",
        "curve.json",
        "curve.png",
        "curve.svg",
    ]


def test_clean_accuracy_of_a_classical_model_on_own_files(tmp_path, own_cache, capsys):
    paths = news_files(tmp_path)
    command = ["curve", "--model", "tfidf-nb", "--recipes", "none", "--sizes", "0.5,1"]
    command += ["--noise", "0", "--seeds", "0,1", "--out", str(tmp_path / "out")]
    command += ["--text-column", "description", "--label-column", "topic"]
    for split, path in paths.items():
        command += [f"--{split}-file", str(path)]
    assert main(command) == 0
    stored = json.loads((tmp_path / "out" / "curve.json").read_text())
    assert [point["attacked"] for point in stored["points"]] == [{}] * 4
    assert [point["num_examples"] for point in stored["points"]] == [24, 48] * 2
    assert "accuracy under attack" not in capsys.readouterr().out
    columns = {"text_column": "description", "label_column": "topic"}
    options = CurveOptions("tfidf-nb", (0.5, 1.0), (0.0,), (0, 1), recipes=())
    dataset = robustbert.load_dataset(paths, **columns)
    curve = robustbert.learning_curve(dataset, options, out=tmp_path / "out")
    assert [point.model_dump() for point in curve.points] == stored["points"]
    command[command.index("0.5,1")] = "0.04,1"
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "size 0.04 leaves no training example of class 'Business', which has 12" in error
    assert error.count("\n") == 1


def test_interruptions_and_failed_attacks_have_exit_codes(tmp_path, tiny_base, reviews, capsys):  # noqa: F811
    command = ["curve", "--dataset", f"file:{reviews}", "--model", str(tiny_base)]
    command += ["--sizes", "1", "--noise", "0,0.1", "--seeds", "0", "--out", str(tmp_path / "out")]

    def failed(_, place):
        return with_errors(made_point(place, 10, 5, 4, worst=3), 2)

    def interrupted(_, place):
        if place.noise:
            raise KeyboardInterrupt
        return failed(_, place)

    for measure, code, message in (
        (interrupted, 130, "interrupted; to resume, run the same command again"),
        (failed, 1, "4 attacks failed; see the counts in"),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PointMeter, "__call__", measure)
            assert main(command) == code
        assert message in capsys.readouterr().err


BAD = [
    (["--sizes", "0,1"], "size 0 is no share of the training split"),
    (["--sizes", "1.5"], "give numbers above 0 and at most 1"),
    (["--sizes", "nan"], "size nan is no share"),
    (["--sizes", " ,"], "argument --sizes: give at least one number"),
    (["--sizes", "half"], "'half' is not a number"),
    (["--sizes", "0.5,0.5"], "sizes: a value is given twice"),
    (["--noise", "1"], "noise 1 is no share of wrong labels; give numbers from 0 to below 1"),
    (["--noise", "-0.1"], "noise -0.1 is no share"),
    (["--seeds", "-1"], "seed is -1"),
    (["--seeds", "0,0"], "seeds: a value is given twice"),
    (["--recipes", "deepwordbg"], "did you mean deepwordbug?"),
    (["--recipes", "none,pwws"], "none is given with recipes"),
    (["--model", "tfidf-nb", "--recipes", "a2t"], "recipe a2t needs gradients"),
    (["--model", "tfidf-nb", "--epochs", "1"], "epochs has no effect on tfidf-nb"),
    (["--model", "minlm"], "did you mean minilm?"),
    (["-n", "0"], "num_examples is 0"),
    (["--recipes", "none", "-n", "5"], "num_examples has no effect without recipes; leave it out"),
    (["--recipes", "none", "--track", "published"], "track has no effect without recipes"),
    (["--track", "free"], "unknown track 'free'"),
    (["--split", "train"], "unknown split 'train'"),
    (["--epochs", "0"], "epochs is 0; it must be at least 1"),
    (["--defense", "pgdd"], "did you mean pgd?"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_invalid_input_is_one_line(tmp_path, capsys, options, message):
    out = tmp_path / "out"
    assert main(["curve", "--dataset", "rotten_tomatoes", "--out", str(out), *options]) == 2
    written = capsys.readouterr()
    assert message in written.err
    assert written.err.count("\n") == 1
    assert written.out == ""
    assert not out.exists()


def test_a_folder_with_something_else_is_refused(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["curve", "--dataset", "rotten_tomatoes", "--out", str(tmp_path)]) == 2
    assert "already contains notes.txt" in capsys.readouterr().err
    assert main(["curve", "--out", str(tmp_path / "out")]) == 2
    assert "no dataset is given" in capsys.readouterr().err
