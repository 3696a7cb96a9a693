"""The report of a comparison for the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from robustbert.gate import Confirmation, GatePolicy, Rule, compare_runs
from robustbert.gate.comparison.comparison_text import comparison_text
from tests.gate.toy_comparisons import HOSTILE, toy_comparison, toy_run


def flat(text: str) -> str:
    """The text without line ends, so that wrapping does not matter."""
    return " ".join(text.split())


def test_the_first_line_says_that_it_failed_and_the_finding_follows():
    text = comparison_text(toy_comparison(), 140)
    first, *rest = text.splitlines()
    assert first == "FAILED: 1 of 5 measures dropped significantly and by more than allowed"
    assert (
        "pwws of minilm on rotten_tomatoes (unified track) dropped by 20.0 points: from 60.0 "
        "[53.1, 66.5] to 40.0 [33.5, 46.9]"
    ) in flat("\n".join(rest))


def test_the_table_has_every_number_of_a_measure():
    comparison = toy_comparison()
    [line] = [
        line.split("  ")
        for line in comparison_text(comparison, 140).splitlines()
        if line.startswith("pwws") and line.endswith("regression")
    ]
    cells = [cell.strip() for cell in line if cell.strip()]
    [measure] = comparison.failures
    low, high = 100 * measure.difference.low, 100 * measure.difference.high
    assert measure.power.smallest_drop is not None
    assert cells == [
        "pwws",
        "60.0 [53.1, 66.5]",
        "40.0 [33.5, 46.9]",
        f"-20.0 [{low:+.1f}, {high:+.1f}]",
        "<0.0001",
        "40",
        "0",
        f"{100 * measure.power.smallest_drop:.1f}",
        f"{measure.power.examples_needed:,}",
        "regression",
    ]


def test_a_block_per_track_and_clean_accuracy_once_per_dataset():
    text = comparison_text(toy_comparison(), 140)
    assert "minilm on rotten_tomatoes (test), unified track: 200 examples" in text
    assert "minilm on rotten_tomatoes (test), published track: 200 examples" in text
    assert sum(line.startswith("clean accuracy") for line in text.splitlines()) == 1
    assert "Worst case: over pwws and textbugger." in text


@pytest.mark.parametrize("width", [80, 140])
def test_no_line_exceeds_the_width(width):
    policy = GatePolicy(strict=True, rules=(Rule(0.05, recipe="worst_case"),))
    text = comparison_text(toy_comparison(policy, seed=1, allow=["seed"]), width)
    assert max(map(len, text.splitlines())) <= width
    assert "allowed" in text


def test_a_pass_says_how_little_it_could_have_seen():
    cells = {("unified", "pwws"): {"robust": 60, "broken": 40}}
    run = toy_run("runs/base", cells)
    text = comparison_text(compare_runs(run, run))
    assert text.startswith("PASSED: none of 2 measures dropped significantly")
    assert "Low power: 2 of 2 measures did not fail, but have too few examples" in flat(text)
    assert "base and candidate are the same model (weights bbbbbb)" in flat(text)


def test_enough_examples_need_no_warning():
    run = toy_run("runs/base", {("unified", "pwws"): {"robust": 60, "broken": 40}})
    text = comparison_text(compare_runs(run, run, GatePolicy(max_drop=0.2)))
    assert "Low power" not in text


def test_replicates_are_called_replicates():
    cells = {("unified", "pwws"): {"robust": 6, "broken": 4}}
    training = {"epochs": 2}
    base = toy_run("a", cells, training=training, training_seed=0)
    other = toy_run("b", cells, training=training, training_seed=7, model_sha256="d" * 64)
    text = flat(comparison_text(compare_runs(base, other)))
    assert "the same training with another seed (0 and 7)" in text
    assert "shows the effect of the training seed" in text


def test_strict_failures_say_how_many_examples_are_needed():
    text = flat(comparison_text(toy_comparison(GatePolicy(strict=True))))
    assert "cannot show the allowed drop (strict)" in text
    assert "for the allowed drop of 2 points, 1,502 are needed" in text


def test_refused_cells_are_listed_with_the_option_that_allows_them():
    text = comparison_text(toy_comparison(seed=1, profile="canonical"))
    assert text.startswith("NOT COMPARABLE: 3 cells could not be compared")
    assert (
        "pwws and textbugger of minilm on rotten_tomatoes (unified track): assets profile "
        "canonical instead of offline; example seed 1 instead of 0 "
        "(to allow it: --allow assets,seed)"
    ) in flat(text)


def test_allowed_differences_are_marked():
    text = comparison_text(toy_comparison(seed=1, allow=["seed"]))
    assert sum(line.startswith("pwws ‡") for line in text.splitlines()) == 2
    assert "‡ Allowed for pwws: example seed 1 instead of 0." in text


def test_another_number_of_examples_is_shown_at_the_measure():
    cells = {("unified", "pwws"): {"robust": 10}, ("unified", "textbugger"): {"robust": 10}}
    fewer = {**cells, ("unified", "pwws"): {"robust": 8}}
    comparison = compare_runs(toy_run("a", cells), toy_run("b", fewer), allow=["examples"])
    assert "pwws ‡ (n=8)" in comparison_text(comparison)


def test_names_are_printed_as_one_line_without_control_characters():
    text = comparison_text(toy_comparison(model=HOSTILE, dataset="d\x1b\n"), 100)
    assert all(line.isprintable() for line in text.splitlines())


def test_a_measure_that_cannot_fail_is_named():
    cells = {("unified", "pwws"): {"robust": 1, "broken": 99}}
    run = toy_run("runs/base", cells)
    text = flat(comparison_text(compare_runs(run, run)))
    assert "not higher than the allowed drop: pwws on rotten_tomatoes." in text
    text = flat(comparison_text(compare_runs(run, run, GatePolicy(max_drop=0.005))))
    assert "No regression is possible" not in text


@pytest.mark.parametrize(
    ("verdict", "first"),
    [
        ("confirmed", "FAILED: 1 of 1 measure dropped significantly and by more than allowed"),
        ("not confirmed", "PASSED: 1 regression not confirmed on fresh examples"),
    ],
)
def test_a_regression_that_was_tested_again(verdict, first):
    comparison = toy_comparison()
    [failed] = comparison.failures
    confirmation = Confirmation(seed=7, fresh=failed, power=0.97, verdict=verdict)
    tested = replace(failed, confirmation=confirmation)
    text = comparison_text(replace(comparison, measures=(tested,)))
    assert text.splitlines()[0] == first
    assert f"regression ({verdict})" in text
    shown = f"{verdict} on 200 fresh examples: difference -20.0 [-25.5, -14.5], p <0.0001"
    assert (shown in flat(text)) == tested.failed


def test_rules_that_apply_to_no_measure_are_named():
    rules = (Rule(0.5, recipe="pwws"), Rule(0.5, dataset="imbd"))
    text = flat(comparison_text(toy_comparison(GatePolicy(rules=rules))))
    assert "The rule dataset=imbd max_drop=0.5 applies to no measure that was compared." in text
    assert "rule recipe=pwws" not in text
