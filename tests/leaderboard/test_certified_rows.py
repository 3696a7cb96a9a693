"""The certificates of a suite's rows: reading them, and making them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustbert.bench import Suite
from robustbert.bench.victim_spec import VictimSpec
from robustbert.cli import _parser
from robustbert.commands.defense_options import chosen_defenses
from robustbert.defenses import DefenseSpec
from robustbert.errors import InputError, RecordError
from robustbert.leaderboard.certified_rows import read_certified_rows
from robustbert.leaderboard.row_settings import settings_of_victim
from tests.leaderboard.certified import certification, write_certification
from tests.leaderboard.defense_results import defense
from tests.leaderboard.table_scripts import load_script

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MODELS = {
    "voting": {"name": "minilm", "base": "minilm", "defense": "safer"},
    "masked": {
        "base": "minilm",
        "defense": ["pgd", {"name": "ranmask", "mask": "#", "mask_share": 0.9}],
    },
    "corrected": {"base": "minilm", "defense": ["spell-correction", "safer"]},
    "trained": {"base": "minilm", "defense": "pgd"},
}


def test_rows_are_those_of_the_suite(tmp_path: Path) -> None:
    assert read_certified_rows(tmp_path / "missing") == ()
    record = certification()
    write_certification(record, tmp_path, "safer")
    write_certification(certification(defenses=[defense("ranmask")]), tmp_path, "ranmask")
    ranmask, safer = read_certified_rows(tmp_path)
    assert safer.record == record
    assert safer.settings == settings_of_victim(
        VictimSpec("minilm", "minilm", (DefenseSpec("safer"),), {})
    )
    assert ranmask.settings.title == "minilm + ranmask"


def test_two_files_of_a_row_are_rejected(tmp_path: Path) -> None:
    write_certification(certification(), tmp_path, "one")
    write_certification(certification(), tmp_path, "two")
    with pytest.raises(RecordError, match=r"one\.json and .*two\.json are of the same row"):
        read_certified_rows(tmp_path)


def test_the_field_that_is_wrong_is_named(tmp_path: Path) -> None:
    path = write_certification(certification(), tmp_path, "one")
    path.write_text(json.dumps({**json.loads(path.read_text()), "samples": 0}))
    with pytest.raises(RecordError, match="samples"):
        read_certified_rows(tmp_path)


@pytest.fixture
def script():
    return load_script(BENCHMARKS / "certify_rows.py")


def make_suite(**tables: object) -> Suite:
    return Suite(
        name="toy",
        datasets=("rotten_tomatoes", "bbc_news"),
        models=("minilm", *tables),
        recipes=("pwws",),
        num_examples=5,
        seed=3,
        training_seeds=(3, 4),
        model=tables,
    )


def test_rows_that_vote_are_certified(script) -> None:
    found = list(script.certifications(make_suite(**MODELS), Path("out")))
    assert [str(one.out) for one in found] == [
        *("out/rotten_tomatoes/voting.json", "out/bbc_news/voting.json"),
        *("out/rotten_tomatoes/masked.json", "out/bbc_news/masked.json"),
    ]
    options = _parser().parse_args(found[2].arguments(7))
    assert (options.model, options.dataset, options.num_examples, options.seed) == (
        *("masked=minilm", "rotten_tomatoes", 7, 3),
    )
    assert chosen_defenses(options) == found[2].victim.defenses
    assert str(options.out) == "out/rotten_tomatoes/masked.json"


def test_a_row_that_is_attacked_adaptively_too_is_certified_once(script) -> None:
    voting = MODELS["voting"]
    adaptive = {**voting, "adaptive": True}
    found = list(script.certifications(make_suite(a=voting, b=adaptive), Path("out")))
    assert [one.out.name for one in found] == ["a.json", "a.json"]  # two datasets
    alone = list(script.certifications(make_suite(b=adaptive), Path("out")))
    assert [one.out.name for one in alone] == ["b.json", "b.json"]


def test_settings_without_an_option_are_refused(script) -> None:
    suite = make_suite(voting=MODELS["voting"] | {"training": {"epochs": 3}})
    with pytest.raises(InputError, match="voting is trained with settings"):
        list(script.certifications(suite, Path("out")))


def test_what_is_there_is_not_certified_again(script, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("toy.toml").write_text(
        'name = "toy"\ndatasets = ["rotten_tomatoes"]\nmodels = ["a", "b"]\nrecipes = ["pwws"]\n'
        'num_examples = 5\n[model.a]\nbase = "minilm"\ndefense = "safer"\n'
        '[model.b]\nbase = "minilm"\ndefense = "ranmask"\n'
    )
    Path("out/rotten_tomatoes").mkdir(parents=True)
    Path("out/rotten_tomatoes/a.json").touch()
    called: list[list[str]] = []

    def certify(arguments: list[str]) -> int:
        called.append(arguments)
        return 2

    monkeypatch.setattr(script, "robustbert", certify)
    monkeypatch.setattr("sys.argv", ["certify_rows.py", "toy.toml=out", "-n", "9"])
    assert script.main() == 2, "the exit code of the one that failed"
    assert capsys.readouterr().out == "out/rotten_tomatoes/a.json is there\n"
    assert [arguments[-1] for arguments in called] == ["out/rotten_tomatoes/b.json"]
