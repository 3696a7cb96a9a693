"""The tables of docs/pretraining.md: they are current, and say what the results say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustbert.models.folders import PRETRAINING_FILE
from tests.leaderboard.published import core_cells, write_published
from tests.leaderboard.table_scripts import load_script, run_script

ROOT = Path(__file__).parents[1]
ACCURACY = {"value": 0.25, "low": 0.2, "high": 0.3, "n": 400}
SHOWN = "25.0% [20.0, 30.0] (n=400)"
PERPLEXITY = {"value": 120.0, "low": 110.0, "high": 130.0}


@pytest.fixture(scope="module")
def script():
    return load_script(ROOT / "docs" / "pretraining_tables.py")


@pytest.fixture(scope="module")
def driver():
    return load_script(ROOT / "benchmarks" / "pretraining.py")


def described(objectives, **scores):
    """The description of a pre-trained folder."""
    found = {"rows": 50, **scores}
    config = {"objectives": objectives}
    return {
        "config": config,
        "before": found,
        "after": found,
        "losses": [],
        "seconds": 1.0,
        "steps": 7,
    }


def test_the_page_is_current(script, monkeypatch):
    assert run_script(script, monkeypatch, "--check") == 0


def test_without_results_the_tables_say_how_to_make_them(script, tmp_path):
    assert script.bases_table(tmp_path) == script.rows_table(tmp_path) == script.NOT_MEASURED


def test_bases_show_the_scores_of_their_objectives(script, tmp_path):
    found = {
        "minilm-mlm": described(["mlm"], masked_accuracy=ACCURACY, perplexity=PERPLEXITY),
        "minilm-nsp": described(["nsp"], next_sentence_accuracy=ACCURACY),
    }
    for name, content in found.items():
        folder = tmp_path / script.BASES / name
        folder.mkdir(parents=True)
        (folder / PRETRAINING_FILE).write_text(json.dumps(content))
    lines = script.bases_table(tmp_path).splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["minilm-mlm", "mlm", "7", SHOWN, "120 [110, 130]", "n/a"]
    assert cells[1] == ["minilm-nsp", "nsp", "7", "n/a", "n/a", SHOWN]


def test_fine_tuned_models_are_compared_with_the_base_over_their_seeds(script, tmp_path):
    worst_cases = {"minilm-mlm": "rrrrbrrrrr", "minilm": "rrrrbbbbbb"}
    cells = [
        one
        for model, letters in worst_cases.items()
        for seed in (0, 1, 2)
        for one in core_cells(
            letters,
            model=model,
            model_sha256=f"{seed}{len(model):02}" * 21 + "0",
            training_seed=seed,
        )
    ]
    write_published(cells, tmp_path / script.RESULTS)
    text = script.rows_table(tmp_path)
    names = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| min")]
    assert names == ["minilm", "minilm-mlm", "minilm-mlm"]
    assert "over 3 training seeds" in text
    [difference] = [line for line in text.splitlines() if "+50.0" in line]
    assert difference.startswith("| minilm-mlm | 10 | +50.0 [")


def test_the_commands_pre_train_once_and_resume(driver, monkeypatch, tmp_path):
    commands = []

    def run(command):
        commands.append(command)
        if command[0] == "pretrain":
            base = Path(command[command.index("--out") + 1])
            base.mkdir(parents=True)
            (base / PRETRAINING_FILE).write_text("{}")
        return 0

    monkeypatch.setattr(driver, "robustbert", run)
    folders = [f"--{name}={tmp_path / name}" for name in ("runs", "results", "held-out")]
    arguments = ["--models", "minilm,minilm-mlm-nsp", *folders]
    assert driver.main(arguments) == 0
    names = [command[0] for command in commands]
    assert names == ["bench", "leaderboard", "pretrain", "bench", "leaderboard"]
    assert commands[0][:3] == ["bench", "--models", "minilm"]
    base = tmp_path / "runs" / "bases" / "minilm-mlm-nsp"
    assert commands[3][2] == f"minilm-mlm-nsp={base}"
    assert (tmp_path / "held-out" / "minilm-mlm-nsp" / PRETRAINING_FILE).read_text() == "{}"
    commands.clear()
    assert driver.main(arguments) == 0
    assert [command[0] for command in commands] == ["bench", "leaderboard"] * 2


def test_an_unknown_model_is_refused(driver, capsys):
    with pytest.raises(SystemExit):
        driver.main(["--models", "minilm-nps"])
    assert "no model minilm-nps; choose from minilm, minilm-mlm" in capsys.readouterr().err
