"""Thresholds: parsing, what a plan can measure, and the comparison with a run."""

from __future__ import annotations

import math

import pytest

from robustbert.bench.plan import Plan
from robustbert.errors import InputError, UnknownNameError
from robustbert.gate import (
    ThresholdReport,
    Thresholds,
    check_measurable,
    check_thresholds,
    parse_thresholds,
    thresholds_text,
)
from robustbert.metrics import examples_to_reach, wilson_interval
from robustbert.records import record_name
from tests.bench import toy_runs
from tests.records.builders import make_outcome, make_outcomes, make_record


def report_of(minima: dict[str, float], *cells: tuple[tuple, dict], on="value") -> ThresholdReport:
    """Compare cells, each given by its outcomes and the arguments of its record."""
    records = [make_record(outcomes, **names) for outcomes, names in cells]
    outcomes = {record_name(record): cell[0] for record, cell in zip(records, cells, strict=True)}
    return check_thresholds(records, outcomes, Thresholds(minima, on))


class TestParsing:
    def test_names_and_numbers(self):
        parsed = parse_thresholds(" worst_case = 0.4,clean=1,my_module:Attack=0 ,", "value")
        assert parsed == Thresholds({"worst_case": 0.4, "clean": 1, "my_module:Attack": 0}, "value")
        assert parse_thresholds("pwws=.3").on == "low"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "there is no threshold"),
            (",", "there is no threshold"),
            ("clean", "'clean' is not NAME=NUMBER"),
            ("=0.4", "'=0.4' is not NAME=NUMBER"),
            ("clean=80%", "'80%' is not a number; write, for example, clean=0.4"),
            ("clean=0.8,clean=0.7", "clean is given twice"),
            ("clean=80", "the threshold of clean is 80.0; give a proportion from 0 to 1"),
            ("clean=-0.1", "the threshold of clean is -0.1"),
            ("clean=nan", "the threshold of clean is nan"),
        ],
    )
    def test_invalid_text(self, text, message):
        with pytest.raises(InputError) as caught:
            parse_thresholds(text)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("minimum", ["0.4", None, True, math.inf])
    def test_a_threshold_is_a_number(self, minimum):
        with pytest.raises(InputError, match="give a proportion from 0 to 1"):
            Thresholds({"clean": minimum})

    def test_the_number_to_compare(self):
        with pytest.raises(UnknownNameError, match=r"unknown .* 'lower'; did you mean low"):
            Thresholds({"clean": 0.5}, "lower")


class TestPlan:
    """What is refused before anything runs."""

    @pytest.fixture
    def plan(self, reviews) -> Plan:
        return toy_runs.plan(reviews, "tfidf-nb", recipes=("deepwordbug", "pwws"), n=15)

    @pytest.mark.parametrize("name", ["worst_case", "clean", "deepwordbug", "pwws"])
    def test_what_the_plan_measures(self, plan, name):
        check_measurable(Thresholds({name: 0.5}), plan)

    @pytest.mark.parametrize(
        ("name", "error", "message"),
        [
            ("worst-case", UnknownNameError, "unknown threshold 'worst-case'; did you mean worst_"),
            ("pws", UnknownNameError, "did you mean pwws?"),
            ("x", UnknownNameError, "known: clean, deepwordbug, pwws, worst_case"),
            ("iga", InputError, "the recipe iga is not among those that are run (deepwordbug and"),
        ],
    )
    def test_unknown_names(self, plan, name, error, message):
        with pytest.raises(error) as caught:
            check_measurable(Thresholds({name: 0.5}), plan)
        assert str(caught.value).startswith("--fail-under: ")
        assert message in str(caught.value)

    def test_a_worst_case_needs_a_core_recipe(self, reviews):
        plan = toy_runs.plan(reviews, "tfidf-nb", recipes=("iga",))
        with pytest.raises(InputError, match="worst_case is computed over the core recipes"):
            check_measurable(Thresholds({"worst_case": 0.4}), plan)

    @pytest.mark.parametrize("name", ["a2t", "clean"])
    def test_a_model_that_is_not_attacked(self, reviews, bert, svm, name):
        plan = toy_runs.plan(reviews, bert, svm, recipes=("a2t",))
        with pytest.raises(InputError, match=f"{name} cannot be measured for svm: a2t needs grad"):
            check_measurable(Thresholds({name: 0.1}), plan)

    def test_another_recipe_measures_the_clean_accuracy(self, reviews, bert, svm):
        plan = toy_runs.plan(reviews, bert, svm, recipes=("a2t", "pwws"))
        check_measurable(Thresholds({"clean": 0.1, "worst_case": 0.1}), plan)

    def test_too_few_examples_for_the_interval(self, plan):
        with pytest.raises(InputError) as caught:
            check_measurable(Thresholds({"clean": 0.9}), plan)
        assert "clean=0.9 cannot be reached with n=15: the lower end of the interval is at" in str(
            caught.value
        )
        assert "run at least 35 examples, or compare the value instead (--on value)" in str(
            caught.value
        )
        check_measurable(Thresholds({"clean": 0.9}, "value"), plan)

    def test_no_number_of_examples_is_enough_for_all(self, plan):
        with pytest.raises(InputError, match=r"at most 0.796; compare the value instead \(on="):
            check_measurable(Thresholds({"clean": 1}), plan, option="thresholds")


class TestRun:
    HALF = make_outcomes(skipped=2, robust=4, exhausted=1, broken=3)  # clean 0.8, attacked 0.5

    def test_values(self):
        minima = {"worst_case": 0.5, "clean": 0.8, "pwws": 0.51}
        report = report_of(minima, (self.HALF, {}))
        assert [(check.name, check.number, check.passed) for check in report.checks] == [
            ("worst_case", 0.5, True),
            ("clean", 0.8, True),
            ("pwws", 0.5, False),
        ]
        assert not report.passed
        [failed] = report.failed
        assert (failed.dataset, failed.track, failed.model) == (
            "rotten_tomatoes",
            "unified",
            "minilm",
        )
        assert report.summary == (
            "1 of 3 thresholds failed: pwws of minilm on rotten_tomatoes: 50.0%, below 51%"
        )

    def test_the_lower_end_of_the_interval(self):
        low = wilson_interval(5, 10).low
        assert report_of({"pwws": low}, (self.HALF, {}), on="low").passed
        report = report_of({"pwws": low + 0.01}, (self.HALF, {}), on="low")
        assert not report.passed
        assert "lower end of the interval 23.7%, below 24.6" in report.summary
        needed = examples_to_reach(low + 0.01, 0.5)
        assert report.failed[0].note == (
            "pwws of minilm: the value is above the threshold, but the interval of 10 examples "
            f"reaches below it; at this accuracy, about {needed} examples are needed to pass"
        )

    def test_the_worst_case_is_pointwise(self):
        first = (make_outcome("a", "broken"), make_outcome("b"))
        second = (make_outcome("a"), make_outcome("b", "broken"))
        cells = (first, {"recipe": "pwws"}), (second, {"recipe": "deepwordbug"})
        report = report_of({"worst_case": 0.01, "pwws": 0.5, "deepwordbug": 0.5}, *cells)
        assert [check.number for check in report.checks] == [0, 0.5, 0.5]

    def test_every_row_dataset_and_track_is_checked(self):
        good, bad = make_outcomes(robust=4), make_outcomes(broken=4)
        report = report_of(
            {"pwws": 0.5},
            (good, {}),
            (bad, {"model": "tfidf-nb", "model_sha256": "d" * 64}),
            (good, {"dataset": "imdb"}),
            (bad, {"track": "published"}),
        )
        assert [(c.dataset, c.track, c.model, c.passed) for c in report.checks] == [
            ("rotten_tomatoes", "unified", "minilm", True),
            ("rotten_tomatoes", "unified", "tfidf-nb", False),
            ("imdb", "unified", "minilm", True),
            ("rotten_tomatoes", "published", "minilm", False),
        ]

    def test_every_replicate_is_checked(self):
        """Their mean, 0.5, would pass."""
        good, bad = make_outcomes(robust=4), make_outcomes(broken=4)
        report = report_of(
            {"pwws": 0.4},
            (good, {"training_seed": 0, "suite": "s", "model_sha256": "d" * 64}),
            (bad, {"training_seed": 1, "suite": "s", "model_sha256": "e" * 64}),
        )
        assert [(check.model, check.passed) for check in report.checks] == [
            ("minilm (training seed 0)", True),
            ("minilm (training seed 1)", False),
        ]

    def test_errors_count_as_broken(self):
        report = report_of({"pwws": 0.6, "worst_case": 0.5}, (make_outcomes(robust=2, error=2), {}))
        assert [(check.number, check.passed) for check in report.checks] == [
            (0.5, False),
            (0.5, True),
        ]

    def test_a_missing_recipe_fails_even_a_threshold_of_zero(self):
        report = report_of({"iga": 0}, (self.HALF, {}))
        assert not report.passed
        assert report.checks[0].note == "iga of minilm: iga was not run"
        assert report.summary == (
            "1 threshold failed: iga of minilm on rotten_tomatoes: n/a, below 0%"
        )

    def test_a_missing_worst_case_says_why(self):
        record = make_record(self.HALF)
        report = check_thresholds([record], {}, Thresholds({"worst_case": 0}))
        assert report.checks[0].note == "worst_case of minilm: its outcomes are missing"
        assert not report.passed

    def test_nothing_measured_does_not_pass(self):
        report = check_thresholds([], {}, Thresholds({"clean": 0}))
        assert not report.passed
        assert report.summary == "no accuracy was measured"
        assert thresholds_text(report) == ""


class TestText:
    def test_table(self):
        report = report_of({"clean": 0.2, "iga": 0.25}, (TestRun.HALF, {}), on="low")
        assert thresholds_text(report) == (
            "rotten_tomatoes (test), unified track: thresholds for the lower end of the 95% "
            "interval, in %\n"
            "\n"
            "model   accuracy  required           measured   n  result\n"
            "------  --------  --------  -----------------  --  ------\n"
            "minilm  clean           20  80.0 [49.0, 94.3]  10  PASSED\n"
            "minilm  iga             25                n/a      FAILED\n"
            "\n"
            "  iga of minilm: iga was not run.\n"
        )

    def test_names_are_printable(self):
        name = "a\x1b[31m\nb" + "x" * 100
        report = report_of({"clean": 0.9}, (TestRun.HALF, {"model": name, "dataset": name}))
        text = thresholds_text(report) + report.summary
        assert "\x1b" not in thresholds_text(report)
        assert "FAILED" in text
        assert thresholds_text(report).count("\n") == 5
