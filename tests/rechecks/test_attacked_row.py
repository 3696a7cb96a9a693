"""Rows of runs, and the test of a second attack."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from robustbert.errors import InputError, RobustbertWarning
from robustbert.metrics import mcnemar_exact, proportion
from robustbert.rechecks.attacked_row import AttackedRow, attacked_rows, significant_drop
from robustbert.rechecks.row_attacker import RowAttacker
from robustbert.records import read_run
from robustbert.records.row_recheck import SecondAttack
from tests.rechecks.toy_rechecks import loaded
from tests.records.builders import add_cell, make_outcome, make_record
from tests.voting import MaskedVotes

STATUS = {"s": "skipped", "r": "robust", "b": "broken", "x": "exhausted", "e": "error"}


def outcomes(letters: str):
    return tuple(make_outcome(f"e{i}", STATUS[letter]) for i, letter in enumerate(letters))


def row(**letters: str) -> AttackedRow:
    runs = {recipe: outcomes(run) for recipe, run in letters.items()}
    return AttackedRow(tuple(make_record(run, recipe=r) for r, run in runs.items()), runs)


def test_the_worst_case_is_pointwise():
    assert [*row(pwws="srrxb", textfooler="srbrr").survivors().values()] == [
        *(False, True, False, True, False)
    ]


def test_a_second_attack_is_tested_by_the_exact_mcnemar_test():
    first = row(pwws="r" * 9 + "bbbs", textfooler="r" * 10 + "brs")
    second = {"pwws": outcomes("b" * 8 + "rrrrs"), "textfooler": outcomes("r" * 13)}
    found = first.test(second)
    # e0 to e7 are broken now, and e9, e10 and e11 no more; e12 was never correct
    assert (found.only_before, found.only_after, found.worst_case.n) == (8, 3, 13)
    assert found.worst_case.value == pytest.approx(4 / 13)
    oracle = mcnemar_exact(
        outcomes("r" * 9 + "bbbb"),
        outcomes("b" * 8 + "rrrrb"),
    )
    assert found.p_value == oracle.p_value


def test_clean_predictions_of_the_second_attack_do_not_count():
    """It may be on a calibrated model that rounds other probabilities to a tie."""
    found = row(pwws="rrbbs").test({"pwws": outcomes("srsrr")})
    assert (found.only_before, found.only_after) == (0, 1), "e3; e2 was not attacked again"
    assert found.worst_case.value == pytest.approx(3 / 5), "e0, e1 and e3"


def test_examples_with_an_error_in_either_attack_are_left_out():
    first = row(pwws="rrreb", textfooler="rrrrr")
    found = first.test({"pwws": outcomes("rbrbe"), "textfooler": outcomes("rrerr")})
    assert (found.only_before, found.only_after, found.worst_case.n) == (1, 0, 2)
    with pytest.raises(InputError, match="attacked twice without an error; run it again"):
        first.test({"pwws": outcomes("eeere"), "textfooler": outcomes("rrrrr")})


@pytest.mark.parametrize(
    ("before", "after", "p_value", "drop"),
    [(10, 0, 0.002, 0.1), (10, 0, 0.05, 0), (3, 1, 0.6, 0), (0, 10, 0.002, 0), (9, 1, 0.02, 0.08)],
)
def test_only_significant_drops_count(before: int, after: int, p_value: float, drop: float):
    attack = SecondAttack(
        worst_case=proportion(50, 100), only_before=before, only_after=after, p_value=p_value
    )
    assert significant_drop(attack) == pytest.approx(drop)


def test_rows_are_models_with_their_defenses_and_have_core_recipes_only(tmp_path):
    for names in (
        {"recipe": "pwws"},
        {"recipe": "textfooler"},
        {"recipe": "iga"},
        {"recipe": "pwws", "model": "svm", "model_sha256": "f" * 64},
        {"recipe": "iga", "defense": "adv"},
    ):
        add_cell(tmp_path, outcomes("rrb"), **names)
    read = read_run(tmp_path)
    rows = attacked_rows(read, read.records)
    found = {(r.first.model.name, len(r.first.defenses)): [*r.outcomes] for r in rows}
    assert found == {
        ("minilm", 0): ["pwws", "textfooler"],
        ("minilm", 1): ["iga"],
        ("svm", 0): ["pwws"],
    }


def test_recipes_without_a_common_example_are_refused(tmp_path):
    add_cell(tmp_path, outcomes("rr"), recipe="pwws")
    others = tuple(o.model_copy(update={"example_id": f"x{o.example_id}"}) for o in outcomes("rr"))
    add_cell(tmp_path, others, recipe="textfooler")
    read = read_run(tmp_path)
    with pytest.raises(InputError, match="share no example"):
        attacked_rows(read, read.records)


def test_attacks_that_fail_are_told():
    first = row(pwws="rrr")
    ran = SimpleNamespace(run=lambda *_: SimpleNamespace(outcomes=outcomes("ere")))
    job = SimpleNamespace(
        header=first.first, runner=ran, examples=SimpleNamespace(items=first.outcomes["pwws"])
    )
    attacker = RowAttacker(first, loaded(MaskedVotes()), SimpleNamespace(job=lambda *_, **__: job))
    with pytest.warns(RobustbertWarning, match=r"again: minilm.*2 attacks failed .*it went wrong"):
        assert [*attacker.attack(MaskedVotes(), "again")] == ["pwws"]
