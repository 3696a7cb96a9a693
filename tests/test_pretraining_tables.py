"""The tables of docs/pretraining.md: they are current, and say what the results say."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from robustbert.io import write_text
from robustbert.models.folders import PRETRAINING_FILE
from robustbert.training.pretraining import HeldOutScores
from tests.leaderboard.published import core_cells, write_published
from tests.leaderboard.table_scripts import load_script, run_script

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    return load_script(ROOT / "docs" / "pretraining_tables.py")


@pytest.fixture(scope="module")
def driver():
    return load_script(ROOT / "benchmarks" / "pretraining.py")


def test_the_page_is_current(script, monkeypatch):
    assert run_script(script, monkeypatch, "--check") == 0


def test_without_results_the_tables_say_how_to_make_them(script, tmp_path):
    assert script.bases_table(tmp_path) == script.rows_table(tmp_path) == script.NOT_MEASURED


def test_bases_show_the_scores_of_their_objectives(script, tmp_path):
    def scores(accuracy: float, perplexity: float) -> str:
        found = {"value": accuracy, "low": accuracy, "high": accuracy, "n": 400}
        perplexities = {"value": perplexity, "low": None, "high": None}
        return json.dumps(
            {"rows": 50, "masked_accuracy": found, "next_sentence_accuracy": found}
            | {"perplexity": perplexities}
        )

    for name, content in {
        "minilm-0": scores(0.01, 40000),
        "minilm-nsp-0": scores(0.75, 30000),
        "minilm-mlm-0": scores(0.25, 120),
        "minilm-mlm-1": scores(0.5, 130),
    }.items():
        write_text(tmp_path / script.SCORES / f"{name}.json", content)
    lines = script.bases_table(tmp_path).splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells == [
        ["minilm", "none", "n/a", "n/a", "n/a", "n/a"],
        ["minilm-mlm", "mlm", "2", "37.5% (25.0 to 50.0)", "125.0 (120.0 to 130.0)", "n/a"],
        ["minilm-nsp", "nsp", "1", "n/a", "n/a", "75.0% (75.0 to 75.0)"],
    ]


def test_fine_tuned_models_are_compared_with_the_base_over_their_seeds(script, tmp_path):
    worst_cases = {
        "minilm-mlm": "rrrrbrrrrr",
        "minilm": "rrrrbbbbbb",
        "minilm-mlm-nsp": "rrrrrrrrrr",
    }
    cells = [
        one
        for model, letters in worst_cases.items()
        for seed in (0, 1, 2)
        for one in core_cells(
            letters,
            model=model,
            model_sha256=f"{seed}{len(model):02}" * 21 + "0",
            training_seed=seed,
            training={"base_sha256": f"{seed if model != 'minilm' else 0}" * 64},
        )
    ]
    write_published(cells, tmp_path / script.RESULTS)
    text = script.rows_table(tmp_path)
    names = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| min")]
    both = "minilm-mlm-nsp"
    assert names == ["minilm", "minilm-mlm", both, "minilm-mlm", both, both]
    assert "over 3 training seeds" in text, "although each seed has a base of its own"
    differences = [line for line in text.splitlines() if " | 10 | " in line]
    assert differences[0].startswith("| minilm-mlm | 10 | +50.0 [")
    assert differences[1].startswith(f"| {both} | 10 | +60.0 [")
    assert differences[2].startswith(f"| {both} | 10 | +10.0 ["), "against mlm alone"


@pytest.fixture
def run(driver, monkeypatch, tmp_path):
    """Run the script with commands that only make what they would; returns the commands."""

    def run_script(*arguments: str) -> list[list[str]]:
        commands = []

        def pretend(command):
            commands.append(command)
            if command[0] == "pretrain":
                base = Path(command[command.index("--out") + 1])
                base.mkdir(parents=True)
                (base / PRETRAINING_FILE).touch()
            return 0

        monkeypatch.setattr(driver, "robustbert", pretend)
        folders = [f"--{name}={tmp_path / name}" for name in ("runs", "results", "held-out")]
        assert driver.main([*arguments, *folders]) == 0
        return commands

    monkeypatch.setattr(driver, "require_clean_checkout", lambda parser: None)
    monkeypatch.setattr(driver, "load_dataset", lambda _: None)
    monkeypatch.setattr(driver, "held_out_scores", lambda *_: HeldOutScores(rows=7))
    trained = SimpleNamespace(objectives=("mlm", "nsp"), steps=1000)
    monkeypatch.setattr(driver, "read_pretraining", lambda _: trained)
    return run_script


def test_every_seed_has_a_base_of_its_own(run, tmp_path):
    arguments = ["--models", "minilm,minilm-mlm-nsp", "--seeds", "0,4"]
    commands = run(*arguments)
    names = [command[0] for command in commands]
    assert names == ["bench", "leaderboard"] * 2 + ["pretrain", "bench", "leaderboard"] * 2
    assert commands[0][:3] == ["bench", "--models", "minilm"]
    pretrain, bench = commands[7], commands[8]
    base = tmp_path / "runs" / "bases" / "minilm-mlm-nsp-4"
    assert pretrain[pretrain.index("--seed") + 1] == "4"
    assert pretrain[pretrain.index("--out") + 1] == str(base)
    assert bench[2] == f"minilm-mlm-nsp={base}"
    assert bench[bench.index("--training-seeds") + 1] == "4"
    scores = {path.stem for path in (tmp_path / "held-out").iterdir()}
    assert scores == {"minilm-0", "minilm-mlm-nsp-0", "minilm-mlm-nsp-4"}
    assert [command[0] for command in run(*arguments)] == ["bench", "leaderboard"] * 4


def test_a_base_with_other_settings_is_refused(run, capsys):
    run("--models", "minilm-mlm-nsp")
    with pytest.raises(SystemExit):
        run("--models", "minilm-mlm-nsp", "--steps", "2000")
    assert "was pre-trained with mlm,nsp for 1000 steps; remove it" in capsys.readouterr().err


def test_an_unknown_model_is_refused(driver, capsys):
    with pytest.raises(SystemExit):
        driver.main(["--models", "minilm-nps"])
    assert "no model minilm-nps; choose from minilm, minilm-mlm" in capsys.readouterr().err
