"""Who may see which pair, and runs that cannot be judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.cli import main
from robustbert.detector_evaluation.detection_pairs import (
    ValidationPairs,
    broken_pairs,
    check_apart,
    judged_pairs,
)
from robustbert.errors import InputError
from robustbert.records import Outcome
from tests.records.builders import add_cell, make_outcomes, make_record, write_cell


@given(st.integers(30, 80), st.integers(0, 20))
def test_no_original_is_on_both_sides(broken: int, robust: int):
    outcomes = make_outcomes(broken=broken, robust=robust)
    pairs = ValidationPairs.of(outcomes, "it")
    ids = {one.example_id for one in outcomes if one.status == "broken"}
    assert {pair.example_id for pair in pairs.all} == ids
    for index, fold in enumerate(pairs.folds):
        scored, fit = ({pair.example_id for pair in part} for part in (fold, pairs.without(index)))
        assert not fit & scored
        assert fit | scored == ids
        assert len(scored) in (broken // 3, broken // 3 + 1)


def test_a_fold_depends_on_the_id_alone():
    outcomes = make_outcomes(broken=60)
    pairs = ValidationPairs.of(outcomes, "it")
    assert ValidationPairs.of(outcomes[::-1], "it") == pairs


def test_pairs_are_those_of_broken_examples():
    outcomes = make_outcomes(broken=2, robust=3, skipped=1)
    found = broken_pairs(outcomes)
    assert [pair.original for pair in found] == [
        one.text for one in outcomes if one.status == "broken"
    ]


def test_too_few_pairs_are_refused():
    outcomes = make_outcomes(broken=29, robust=11)
    with pytest.raises(InputError, match="it: only 29 of 40 attacks on the validation split"):
        ValidationPairs.of(outcomes, "it")
    with pytest.raises(InputError, match="it: only 9 of 12 attacks on the test split"):
        judged_pairs(make_outcomes(broken=9, robust=3), "it")


def test_splits_that_share_an_example_are_refused():
    outcomes: tuple[Outcome, ...] = tuple(make_outcomes(broken=3))
    with pytest.raises(InputError, match="3 examples are in the validation and the test split"):
        check_apart(outcomes, outcomes)


def test_a_run_without_texts_is_refused(tmp_path, capsys):
    outcomes = [
        one.model_copy(update={"text": None, "adversarial_text": None})
        for one in make_outcomes(broken=12)
    ]
    add_cell(tmp_path, outcomes)
    assert main(["detect", "--run", str(tmp_path), "--detector", "wdr"]) == 2
    assert "contain no texts" in capsys.readouterr().err


def test_a_run_on_another_split_is_refused(tmp_path, capsys):
    outcomes = make_outcomes(broken=12)
    record = make_record(outcomes)
    moved = record.dataset.model_copy(update={"split": "validation"})
    write_cell(tmp_path, record.model_copy(update={"dataset": moved}), outcomes)
    assert main(["detect", "--run", str(tmp_path), "--detector", "wdr"]) == 2
    assert "attack the test split of a dataset that has both" in capsys.readouterr().err


def test_a_folder_without_a_run_is_refused(tmp_path, capsys):
    assert main(["detect", "--run", str(tmp_path), "--detector", "wdr"]) == 2
    assert "is not a run folder" in capsys.readouterr().err


def test_code_that_a_record_names_is_not_imported(tmp_path, capsys):
    add_cell(tmp_path, make_outcomes(broken=12), recipe="evil.code:run")
    assert main(["detect", "--run", str(tmp_path), "--detector", "wdr"]) == 2
    assert "names code, evil.code:run; if you trust it, add --trust" in capsys.readouterr().err
