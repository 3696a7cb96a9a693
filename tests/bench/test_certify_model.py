"""Certifying a model on a dataset, from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from robustbert.bench.certification_record import CertificationRecord
from robustbert.bench.certify_model import check_votes
from robustbert.cli import main
from robustbert.commands.certify_command import _report
from robustbert.data import load_dataset, select_examples
from robustbert.defenses import DefenseSpec
from robustbert.errors import InputError
from robustbert.models import load_model

RANMASK = ("--defense", "ranmask", "--set", "mask=#", "--set", "copies=0")
SAFER = ("--defense", "safer", "--set", "copies=0")


def arguments(model: Path, reviews: Path, *others: str) -> list[str]:
    data = ["--dataset", f"file:{reviews}", "--samples", "50", "-n", "5"]
    return ["certify", "--model", str(model), *data, *others]


def read(out: Path) -> CertificationRecord:
    return CertificationRecord.model_validate_json(out.read_text())


@pytest.mark.parametrize("defense", [RANMASK, SAFER], ids=["ranmask", "safer"])
def test_it_writes_certificates_and_prints_accuracies(svm, reviews, tmp_path, capsys, defense):
    out = tmp_path / "deep" / "certificates.json"
    assert main(arguments(svm, reviews, *defense, "--out", str(out))) == 0
    written = capsys.readouterr()
    assert written.err == ""
    record = read(out)
    [ref] = record.defenses
    assert (ref.name, ref.params["copies"]) == (defense[1], 0)
    assert record.model.sha256 == load_model(str(svm)).info.sha256
    assert record.model.training is None is record.training_seed
    assert (record.samples, record.confidence, record.seed) == (50, 0.99, 0)
    assert record.command.startswith("robustbert certify --model")
    assert list(record.assets.hashes) == (["word-vectors"] if defense is SAFER else [])
    expected = select_examples(load_dataset(f"file:{reviews}"), "test", 5, 0)
    assert [one.example_id for one in record.examples] == [one.example_id for one in expected]
    text = out.read_text()
    assert not any(one.text in text for one in expected), "it holds no texts"
    lines = [line for line in written.out.splitlines() if "certified, 1 word changed" in line]
    metric = record.accuracies.certified["1"]
    assert lines[0].endswith(
        f"{100 * metric.value:.1f} [{100 * metric.low:.1f}, {100 * metric.high:.1f}]"
    )
    assert "and for no others" in " ".join(written.out.split())
    assert str(out) in written.out


def test_it_gives_the_same_certificates_again(svm, reviews, tmp_path, capsys):
    found = []
    for number, others in enumerate(([], ["--token-budget", "64"], ["--seed", "1"])):
        out = tmp_path / f"{number}.json"
        assert main(arguments(svm, reviews, *RANMASK, "--out", str(out), *others)) == 0
        found.append(read(out).examples)
    assert found[0] == found[1] != found[2]
    capsys.readouterr()


def test_it_trains_a_model_first(reviews, tmp_path, capsys, monkeypatch):
    """The plain one, which the defense wraps."""
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    data = ["--dataset", f"file:{reviews}", "--samples", "20", "-n", "3", "--split", "validation"]
    assert main(["certify", "--model", "nb=tfidf-nb", *data, *RANMASK, "--seed", "2"]) == 0
    [out] = (tmp_path / "runs").glob("certify-*.json")
    record = read(out)
    assert (record.model.name, record.training_seed, record.dataset.split) == (
        "nb",
        2,
        "validation",
    )
    assert record.model.training is not None
    assert "nb+ranmask" in capsys.readouterr().out


def test_names_are_shown_without_control_characters(svm, reviews, tmp_path, capsys):
    out = tmp_path / "out.json"
    main(arguments(svm, reviews, *RANMASK, "--out", str(out)))
    capsys.readouterr()
    content = json.loads(out.read_text())
    content["model"]["name"] = content["dataset"]["name"] = "a\x1b[31mb"
    content["accuracies"]["median_radius"] = None
    report = _report(CertificationRecord.model_validate_json(json.dumps(content)))
    assert report.replace("\n", "").isprintable()
    assert "a\\x1b[31mb+ranmask" in report
    assert re.search(r"median radius in words +none\b", report)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ((), "no defense votes over random changes, so nothing can be certified; give --defense"),
        (("--defense", "flooding"), "no defense votes over random changes"),
        (
            ("--defense", "temperature", *RANMASK),
            "temperature changes predictions before others do, so nothing can be certified",
        ),
        (("--defense", "ranmask", "--set", "copies=0"), "ranmask: model 'svm' has no mask token"),
        ((*RANMASK, "--samples", "0"), "samples is 0; give an integer of at least 1"),
        ((*RANMASK, "--confidence", "1"), "confidence must be above 0 and below 1"),
        ((*RANMASK, "--seed", "-1"), "seed is -1; give an integer of at least 0"),
        ((*RANMASK, "-n", "100000"), "cannot take 100000 examples"),
        ((*RANMASK, "--out", "."), "--out: . is a folder; give a file"),
        ((*RANMASK, "--dtype", "int8"), "unknown dtype 'int8'"),
        (
            (*RANMASK, "--out", f"{__file__}/x/y.json"),
            "(it is not a folder); choose",
        ),
    ],
)
def test_wrong_input_is_one_line_and_nothing_is_written(
    svm, reviews, tmp_path, capsys, monkeypatch, others, message
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments(svm, reviews, *others)) == 2
    written = capsys.readouterr()
    assert message in written.err
    assert written.err.count("\n") == 1
    assert written.out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--dataset", "--test-file"])
def test_the_data_are_not_replaced(svm, reviews, tmp_path, capsys, option):
    data = tmp_path / "reviews.csv"
    data.write_bytes(reviews.read_bytes())
    given = [option, f"file:{data}" if option == "--dataset" else str(data), "--out", str(data)]
    assert main(["certify", "--model", str(svm), *RANMASK, "--samples", "2", *given]) == 2
    assert f"--out: {data} is an input; give another file" in capsys.readouterr().err
    assert data.read_bytes() == reviews.read_bytes()


def test_a_folder_that_is_not_writable_is_told_first(svm, reviews, tmp_path, capsys, monkeypatch):
    """The default folder too: its parent is looked at, as it does not exist yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.access", lambda place, mode: False)
    for given in ([], ["--out", "deep/er/x.json"]):
        assert main(arguments(svm, reviews, *RANMASK, *given)) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line == (
            f"robustbert: --out: cannot write to {tmp_path} (permission denied); choose another "
            "folder"
        )


def test_a_dataset_is_needed(svm, capsys):
    assert main(["certify", "--model", str(svm), *RANMASK]) == 2
    assert "no dataset is given" in capsys.readouterr().err


def test_defenses_that_only_train_may_come_before_the_vote():
    check_votes([DefenseSpec("flooding"), DefenseSpec("safer")])
    with pytest.raises(InputError, match="nothing can be certified"):
        check_votes([DefenseSpec("flooding")])
