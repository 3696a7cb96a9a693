"""The report of a comparison as JUnit XML."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from robustbert.gate import Comparison, GateCell, GatePolicy, GateRun, Rule, compare_runs
from robustbert.gate.comparison.comparison_junit import comparison_junit
from tests.gate.toy_comparisons import HOSTILE, toy_comparison, toy_run

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
CELLS = {("unified", "pwws"): {"robust": 6, "broken": 4}}


def parsed(comparison: Comparison) -> etree._Element:
    """The report, checked against the schema."""
    root = etree.fromstring(comparison_junit(comparison).encode())
    SCHEMA.assertValid(root)
    return root


def results(comparison: Comparison) -> dict[tuple[str, str], str | None]:
    """What is wrong with each test case, keyed by its class and name."""
    cases = parsed(comparison).iter("testcase")
    return {
        (case.get("classname"), case.get("name")): case[0].tag if len(case) else None
        for case in cases
    }


def test_a_regression_is_a_failure():
    comparison = toy_comparison()
    place = "robustbert.rotten_tomatoes.unified.minilm"
    assert results(comparison) == {
        ("robustbert.rotten_tomatoes.clean.minilm", "clean"): None,
        (place, "pwws"): "failure",
        (place, "textbugger"): None,
        (place, "worst_case"): None,
        ("robustbert.rotten_tomatoes.published.minilm", "pwws"): None,
    }
    [failure] = parsed(comparison).iter("failure")
    assert failure.get("type") == "regression"
    assert "dropped by 20.0 points" in failure.get("message")
    assert "lost (40): e20 e21 e102" in failure.text
    assert "and 20 more" in failure.text


def test_too_little_power_is_a_failure_of_a_strict_gate():
    root = parsed(toy_comparison(GatePolicy(strict=True)))
    kinds = [failure.get("type") for failure in root.iter("failure")]
    assert kinds.count("low power") == 2  # and two improved
    assert kinds.count("regression") == 1


def test_refused_cells_are_errors_and_others_are_skipped():
    more = {**CELLS, ("unified", "textbugger"): {"robust": 10}}
    base, candidate = toy_run("a", CELLS), toy_run("b", more)
    place = "robustbert.rotten_tomatoes.unified.minilm"
    assert results(compare_runs(base, candidate))[place, "textbugger"] == "skipped"
    assert results(compare_runs(candidate, base))[place, "textbugger"] == "error"
    [error] = parsed(compare_runs(candidate, base)).iter("error")
    assert error.get("message") == "only the base has it (to allow it: --allow missing)"


def test_rows_that_only_one_run_has_are_named():
    both = [toy_run(name, CELLS, model=name).cells[0] for name in ("one", "two")]
    base = toy_run("a", CELLS, model="one")
    candidate = type(base)("b", tuple(both))
    assert results(compare_runs(base, candidate))["robustbert.two", "row"] == "skipped"


def test_the_counts_are_those_of_the_test_cases():
    for comparison in (toy_comparison(), toy_comparison(seed=1)):
        [suite] = parsed(comparison)
        for name in ("failure", "error"):
            assert suite.get(f"{name}s") == str(len(list(suite.iter(name))))
        assert suite.get("tests") == str(len(list(suite.iter("testcase"))))


def test_runs_without_a_common_cell_do_not_pass():
    other = toy_run("b", {("unified", "textbugger"): {"robust": 10}})
    comparison = compare_runs(toy_run("a", CELLS), other, allow=["missing"])
    assert comparison.exit_code == 2
    assert results(comparison)["robustbert", "comparison"] == "error"


def test_properties_have_the_policy_and_the_hashes():
    policy = GatePolicy(max_drop=0.03, rules=(Rule(0.5, recipe="pwws"),))
    [suite] = parsed(toy_comparison(policy))
    properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert properties["max_drop"] == "0.03"
    assert properties["rule.1"] == "recipe=pwws max_drop=0.5"
    assert properties["rows.1.candidate_sha256"] == "d" * 64


@pytest.mark.parametrize("changes", [{}, {"seed": 1}], ids=["compared", "refused"])
def test_hostile_names_are_data(changes):
    root = parsed(toy_comparison(model=HOSTILE, dataset=" a  b\x00", **changes))
    assert len(list(root.iter("testcase"))) >= 3
    assert not list(root.iter("b", "details"))
    text = comparison_junit(toy_comparison(model=HOSTILE))
    assert text.isprintable() is False  # line ends only
    assert text.replace("\n", "").isprintable()


def test_parts_of_a_class_name_have_no_dots():
    names = {place for place, _ in results(toy_comparison(model="m.v1", dataset="file:a/b.csv"))}
    assert all(name.count(".") <= 3 for name in names)


def test_the_time_can_be_given():
    comparison = toy_comparison()
    time = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert comparison_junit(comparison, time) == comparison_junit(comparison, time)
    assert 'timestamp="2026-11-24T12:00:00"' in comparison_junit(comparison, time)


def test_the_schema_rejects_other_files():
    root = parsed(toy_comparison())
    del root[0].attrib["errors"]
    assert not SCHEMA.validate(root)


def test_another_split_is_another_class():
    both = []
    for split in ("test", "validation"):
        [cell] = toy_run("a", CELLS).cells
        dataset = cell.record.dataset.model_copy(update={"split": split})
        record = cell.record.model_copy(update={"dataset": dataset})
        both.append(GateCell(record, cell.statuses))
    run = GateRun("a", tuple(both))
    assert {place for place, name in results(compare_runs(run, run)) if name == "pwws"} == {
        "robustbert.rotten_tomatoes.unified.minilm",
        "robustbert.rotten_tomatoes_validation.unified.minilm",
    }
