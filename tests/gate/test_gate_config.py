"""The [gate] table of a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from robustbert.errors import InputError, SuiteError, UnknownNameError
from robustbert.gate import GatePolicy, Rule
from robustbert.gate.gate_config import GateTable, load_gate_config


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_a_file_everything_has_its_default() -> None:
    assert load_gate_config() == GateTable()
    assert GateTable().policy() == GatePolicy()


def test_all_keys_are_read() -> None:
    Path("robustbert.toml").write_text(
        """
        [gate]
        baseline = "base.json"
        max_drop = 0
        alpha = 0.01
        strict = true
        allow = ["missing", "versions"]
        model = "models/mine"
        labels = ["neg", "pos"]
        quick_examples = 20

        [[gate.rules]]
        max_drop = 0.1

        [[gate.rules]]
        dataset = "news"
        track = "unified"
        recipe = "worst_case"
        max_drop = 0.05

        [gate.dataset.news]
        test = "data/test.csv"
        """
    )
    config = load_gate_config()
    rules = (Rule(0.1), Rule(0.05, "news", "unified", "worst_case"))
    assert config.policy() == GatePolicy(0, 0.01, True, rules)
    assert (config.baseline, config.allow) == ("base.json", ("missing", "versions"))
    assert (config.model, config.labels, config.quick_examples) == (
        "models/mine",
        ("neg", "pos"),
        20,
    )
    assert config.dataset["news"].dataset_source("news").test == "data/test.csv"


def test_pyproject_is_read_if_there_is_no_table_of_its_own() -> None:
    Path("pyproject.toml").write_text("[tool.robustbert.gate]\nalpha = 0.1\n")
    assert load_gate_config().alpha == 0.1
    Path("robustbert.toml").write_text("[other]\n")
    assert load_gate_config().alpha == 0.1
    Path("robustbert.toml").write_text("[gate]\nalpha = 0.2\n")
    assert load_gate_config().alpha == 0.2
    assert load_gate_config("pyproject.toml").alpha == 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[gate]\nalfa = 1", "gate.alfa: unknown key; did you mean alpha"),
        ("[gate]\nalpha = 'low'", "gate.alpha: input should be a valid number"),
        ("[gate]\nmax_drop = true", "gate.max_drop: input should be a valid number, not 'True'"),
        ("[gate]\nmax_drop = '0.1'", "gate.max_drop: input should be a valid number, not '0.1'"),
        ("[[gate.rules]]\nmax_drop = true", "gate.rules.0.max_drop: input should be a valid"),
        ("[gate]\nstrict = 'no'", "gate.strict: input should be a valid boolean, not 'no'"),
        ("[gate]\nalpha = 2.0", "gate: alpha is 2.0; give a number above 0 and below 1"),
        ("[gate]\nmax_drop = 2.0", "gate: max_drop is 2.0; give a proportion from 0 to 1"),
        ("[gate]\nallow = ['version']", "unknown difference 'version'; did you mean versions"),
        ("[[gate.rules]]\nrecipe = 'pwws'", "gate.rules.0.max_drop: missing; add it"),
        (
            "[[gate.rules]]\nrecipe = 'wors_case'\nmax_drop = 0.1",
            "unknown measure 'wors_case'; did you mean worst_case",
        ),
        ("[[gate.rules]]\ntrack = 'unifid'\nmax_drop = 0.1", "unknown track 'unifid'"),
        ("[gate.dataset.news]\ntst = 'a.csv'", "gate.dataset.news.tst: unknown key; did you mean"),
        ("gate = 3", "gate is 3; make it a table"),
        ("[gate", "is not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_its_position(text: str, message: str) -> None:
    Path("robustbert.toml").write_text(text)
    with pytest.raises(SuiteError, match=r"robustbert.toml") as caught:
        load_gate_config()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_given_file_must_exist_and_have_the_table() -> None:
    with pytest.raises(SuiteError, match=r"cannot read configuration nothing\.toml"):
        load_gate_config("nothing.toml")
    Path("empty.toml").write_text("")
    with pytest.raises(SuiteError, match=r"has no table \[gate\]; add it"):
        load_gate_config("empty.toml")


@pytest.mark.parametrize("number", [-0.1, 1.1, float("nan"), True, "0.1", None])
def test_what_is_no_proportion_is_rejected(number: Any) -> None:
    with pytest.raises(InputError, match="max_drop is"):
        GatePolicy(max_drop=number)
    with pytest.raises(InputError, match="max_drop is"):
        Rule(number)
    with pytest.raises(InputError, match="alpha is"):
        GatePolicy(alpha=number)


def test_a_rule_names_known_tracks_and_measures() -> None:
    with pytest.raises(UnknownNameError, match="unknown measure 'textfoler'"):
        Rule(0.1, recipe="textfoler")
