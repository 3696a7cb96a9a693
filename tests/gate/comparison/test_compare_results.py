"""``rb.compare``: compare results from Python."""

from __future__ import annotations

import pytest

import robustbert as rb
from robustbert.errors import InputError, RecordError, UnknownNameError
from robustbert.gate import GateRun, Rule
from robustbert.records import record_name
from tests.gate.small_runs import write_run
from tests.gate.toy_comparisons import toy_run
from tests.records.builders import make_outcomes, make_record

BETTER = make_outcomes(robust=80, broken=20)
WORSE = make_outcomes(robust=40, broken=60)


def bench_result(outcomes, **changes):
    record = make_record(outcomes, **changes)
    return rb.BenchResult(
        records=(record,),
        outcomes={record_name(record): outcomes},
        skipped=(),
        table=None,  # type: ignore[arg-type]
        errors=0,
        seconds=1.0,
    )


def attack_result(outcomes, **changes):
    return rb.AttackResult(record=make_record(outcomes, **changes), outcomes=outcomes)


@pytest.mark.parametrize("result", [bench_result, attack_result])
def test_results_in_memory(result):
    comparison = rb.compare(result(BETTER), result(WORSE))
    assert not comparison.passed
    assert (comparison.base, comparison.candidate) == ("base", "candidate")
    assert rb.compare(result(WORSE), result(BETTER)).passed


def test_paths(tmp_path):
    folder = write_run(tmp_path / "run", robust=80, broken=20)
    assert rb.compare(folder, str(folder)).passed
    assert not rb.compare(folder, attack_result(WORSE)).passed


def test_the_policy():
    runs = attack_result(BETTER), attack_result(WORSE)
    assert rb.compare(*runs, max_drop=0.5).passed
    assert rb.compare(*runs, rules=[Rule(0.5, recipe="pwws")]).passed
    strict = rb.compare(runs[0], runs[0], strict=True)
    assert {measure.verdict for measure in strict.measures} == {"low power"}


def test_differences_that_are_allowed():
    runs = attack_result(BETTER), attack_result(BETTER, seed=1)
    assert rb.compare(*runs).exit_code == 2
    assert rb.compare(*runs, allow=["seed"]).passed
    assert rb.compare(*runs, allow="seed").passed
    with pytest.raises(UnknownNameError, match="unknown difference 'seeds'; did you mean seed"):
        rb.compare(*runs, allow="seeds")


def test_rows_can_be_chosen():
    cells = {("unified", "pwws"): {"robust": 10}}
    one, two = (toy_run("both", cells, model=name).cells[0] for name in ("one", "two"))
    both = GateRun("both", (one, two))
    comparison = rb.compare(both, both, base_row="one", candidate_row="two")
    assert {measure.rows.label for measure in comparison.measures} == {"one → two"}


def test_something_else_is_rejected(tmp_path):
    with pytest.raises(InputError, match="the candidate is a list; give a path"):
        rb.compare(attack_result(BETTER), [])  # type: ignore[arg-type]
    with pytest.raises(RecordError, match="does not exist"):
        rb.compare(tmp_path / "none", attack_result(BETTER))
