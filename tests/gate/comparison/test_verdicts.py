"""The comparison of two runs: accuracies, differences, tests and verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from robustbert.gate import (
    ComparedMeasure,
    Comparison,
    GatePolicy,
    GateRun,
    Rule,
    compare_runs,
    read_gate_run,
)
from tests.gate.runs import make_cell, make_run
from tests.records.builders import ENVIRONMENT

RESULTS = Path(__file__).parents[3] / "results" / "rotten_tomatoes"
LOSS = "b" * 30 + "r" * 70


def by_name(comparison: Comparison) -> dict[str, ComparedMeasure]:
    return {measure.measure: measure for measure in comparison.measures}


def test_each_measure_is_computed_on_the_examples_of_both() -> None:
    base = make_run(pwws="rrbsrx", textfooler="rbrsrr")
    candidate = make_run("candidate", pwws="rbrsrb", textfooler="rrbrrr")
    measures = by_name(compare_runs(base, candidate))

    assert list(measures) == ["clean", "pwws", "textfooler", "worst_case"]
    pwws = measures["pwws"]
    assert (pwws.base.value, pwws.candidate.value) == (4 / 6, 3 / 6)
    assert (pwws.lost, pwws.gained) == (("e1", "e5"), ("e2",))
    assert pwws.difference.value == pytest.approx(-1 / 6)
    worst = measures["worst_case"]
    assert worst.recipes == ("pwws", "textfooler")
    assert (worst.base.value, worst.candidate.value) == (3 / 6, 2 / 6)
    assert (worst.lost, worst.gained) == (("e5",), ())
    clean = measures["clean"]
    assert (clean.base.value, clean.candidate.value) == (5 / 6, 5 / 6)
    assert clean.track is None


def test_statistics_are_those_of_statsmodels() -> None:
    """On committed results: plain and adversarially trained MiniLM."""
    run = read_gate_run(RESULTS)
    comparison = compare_runs(run.only_row("minilm"), run.only_row("minilm + adversarial-training"))
    for measure in comparison.measures:
        lost, gained, n = len(measure.lost), len(measure.gained), measure.n
        table = [[n - lost - gained, lost], [gained, 0]]
        assert measure.p_value == pytest.approx(mcnemar(table, exact=True).pvalue)
        survivors = round(measure.base.value * n)
        low, high = proportion_confint(survivors, n, method="wilson")
        assert (measure.base.low, measure.base.high) == pytest.approx((low, high))
        assert round((measure.candidate.value - measure.base.value) * n) == gained - lost
    adjusted = multipletests([m.p_value for m in comparison.measures], method="holm")[1]
    assert [m.adjusted_p for m in comparison.measures] == pytest.approx(list(adjusted))


def test_a_run_compared_with_itself_passes() -> None:
    run = read_gate_run(RESULTS)
    comparison = compare_runs(run, run)
    assert comparison.passed
    assert {m.rows.relation for m in comparison.measures} == {"the same model"}
    assert {(m.difference.value, m.p_value, m.lost) for m in comparison.measures} == {(0, 1, ())}


def test_a_drop_fails_only_if_it_is_significant_and_larger_than_allowed() -> None:
    base = make_run(pwws="r" * 100)
    worse = make_run("worse", pwws=LOSS)
    assert [m.verdict for m in compare_runs(base, worse).failures] == ["regression"]
    assert compare_runs(base, worse).exit_code == 1
    assert compare_runs(base, worse, GatePolicy(max_drop=0.3)).passed
    assert not compare_runs(base, worse, GatePolicy(max_drop=0.29)).passed

    three_points = make_run("slightly worse", pwws="bbb" + "r" * 97)
    assert compare_runs(base, three_points).passed  # p = 0.25
    assert compare_runs(base, three_points, GatePolicy(alpha=0.6)).exit_code == 1


def test_a_significant_rise_is_an_improvement() -> None:
    comparison = compare_runs(make_run(pwws=LOSS), make_run("better", pwws="r" * 100))
    assert by_name(comparison)["pwws"].verdict == "improved"
    assert comparison.passed


def test_lost_clean_accuracy_is_a_regression_too() -> None:
    base, candidate = make_run(pwws="b" * 100), make_run("c", pwws="s" * 40 + "b" * 60)
    measures = by_name(compare_runs(base, candidate))
    assert measures["clean"].verdict == "regression"
    assert measures["pwws"].verdict == "passed"


def test_rules_set_the_allowed_drop_of_some_measures() -> None:
    base, worse = make_run(pwws="r" * 100), make_run("worse", pwws=LOSS)
    assert compare_runs(base, worse, GatePolicy(rules=(Rule(0.5, recipe="pwws"),))).passed
    last = (Rule(0.5, recipe="pwws"), Rule(0.0, dataset="rotten_tomatoes"))
    assert not compare_runs(base, worse, GatePolicy(rules=last)).passed
    other = (Rule(0.5, dataset="imdb"), Rule(0.5, track="published"), Rule(0.5, recipe="clean"))
    assert not compare_runs(base, worse, GatePolicy(rules=other)).passed


def test_a_strict_policy_fails_what_it_could_not_have_seen() -> None:
    base = make_run(pwws="r" * 50 + "b" * 50)
    measures = compare_runs(base, base, GatePolicy(strict=True)).measures
    assert {m.verdict for m in measures} == {"low power"}
    assert compare_runs(base, base, GatePolicy(strict=True)).exit_code == 1
    assert compare_runs(base, base, GatePolicy(strict=True, max_drop=0.3)).passed


def test_a_strict_policy_does_not_fail_an_improvement() -> None:
    base, better = make_run(pwws=LOSS), make_run("better", pwws="r" * 100)
    measures = by_name(compare_runs(base, better, GatePolicy(strict=True)))
    assert (measures["pwws"].verdict, measures["clean"].verdict) == ("improved", "low power")


def test_power_assumes_at_least_five_percent_discordant_examples() -> None:
    base = make_run(pwws="r" * 100)
    same = by_name(compare_runs(base, base))["pwws"].power
    assert same.discordant == 0.05
    assert same.alpha == 0.05 / 2  # pwws and clean accuracy
    other = by_name(compare_runs(base, make_run("worse", pwws=LOSS)))["pwws"].power
    assert other.discordant == 0.3


def test_examples_with_an_allowed_error_are_left_out() -> None:
    base, candidate = make_run(pwws="rrrr"), make_run("candidate", pwws="rebb")
    comparison = compare_runs(base, candidate, allow={"errors"})
    pwws = by_name(comparison)["pwws"]
    assert (pwws.n, pwws.lost) == (3, ("e2", "e3"))
    assert pwws.allowed == ("1 example of the candidate with the status error",)


def test_only_core_recipes_count_for_the_worst_case() -> None:
    run = make_run(pwws="rb", iga="bb")
    assert "worst_case" not in by_name(compare_runs(run, run))
    run = make_run(pwws="rbr", textfooler="rrb", iga="bbb")
    assert by_name(compare_runs(run, run))["worst_case"].base.value == pytest.approx(1 / 3)


def test_tracks_are_compared_apart_and_share_clean_accuracy() -> None:
    cells = (make_cell("rrs"), make_cell("bbs", track="published"))
    comparison = compare_runs(GateRun("a", cells), GateRun("b", cells))
    assert [(m.track, m.measure) for m in comparison.measures] == [
        (None, "clean"),
        ("unified", "pwws"),
        ("published", "pwws"),
    ]


def test_nothing_comparable_is_not_a_pass() -> None:
    base, candidate = make_run(pwws="rr"), make_run("candidate", textfooler="rr")
    assert compare_runs(base, candidate).exit_code == 2
    assert compare_runs(base, candidate, allow={"missing"}).exit_code == 2


def test_a_regression_is_reported_even_if_other_cells_are_not_comparable() -> None:
    base = make_run(pwws="r" * 100, textfooler="r" * 100)
    assert compare_runs(base, make_run("worse", pwws=LOSS)).exit_code == 1
    assert compare_runs(base, make_run("same", pwws="r" * 100)).exit_code == 2
    assert compare_runs(base, make_run("same", pwws="r" * 100), allow={"missing"}).passed


def test_other_processors_and_dtypes_are_noted() -> None:
    environment = ENVIRONMENT.model_copy(update={"processor": "another", "processor_class": "9"})
    base = GateRun("a", (make_cell("rr"),))
    candidate = GateRun("b", (make_cell("rr", environment=environment),))
    [note] = compare_runs(base, candidate).notes
    assert "different types of processor (a processor and another)" in note
    assert compare_runs(base, base).notes == ()


def test_attacks_with_and_without_knowledge_of_the_defenses_are_noted() -> None:
    plain, adaptive = (
        GateRun("x", (make_cell("rr", defense="safer", adaptive=adaptive),))
        for adaptive in (False, True)
    )
    assert compare_runs(adaptive, adaptive).notes == ()
    [note] = compare_runs(plain, adaptive).notes
    assert "The attack on the candidate knew its defenses, and that on the base did not" in note


def test_the_number_of_examples_that_is_needed_is_enough() -> None:
    """Also if a comparison on exactly this many is strict."""
    policy = GatePolicy(max_drop=0.04, alpha=0.06, strict=True)
    [few, _] = compare_runs(make_run(pwws="r" * 100), make_run(pwws="r" * 100), policy).measures
    needed = few.power.examples_needed
    assert (few.verdict, few.has_power) == ("low power", False)
    assert needed is not None
    for n, enough in ((needed - 1, False), (needed, True), (needed + 1, True)):
        run = make_run(pwws="r" * n)
        measures = compare_runs(run, run, policy).measures
        assert {measure.has_power for measure in measures} == {enough}
        assert {measure.failed for measure in measures} == {not enough}
