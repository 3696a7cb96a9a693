"""``compare --confirm``: a regression is tested again on fresh examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from robustbert import AttackRunner, load_dataset, load_model, select_examples
from robustbert.bench.job import LoadedJob
from robustbert.errors import InputError
from robustbert.gate import Comparison, GateCell, GateRun, compare_runs
from robustbert.gate.comparison.comparison_text import comparison_text
from robustbert.gate.confirmation import SEED_STEP, ConfirmedSide, confirm
from robustbert.gate.repeated_cells import RepeatedCells
from robustbert.metrics import examples_needed, mcnemar_power
from tests.conftest import write_reviews
from tests.gate.toy_gates import attacked, loader, survived, with_statuses


def confirmed(
    base: GateRun, candidate: GateRun, models: tuple[Path, Path], data: Path
) -> Comparison:
    sides = [
        ConfirmedSide(name, run, str(model))
        for name, run, model in zip(("base", "candidate"), (base, candidate), models, strict=True)
    ]
    return confirm(compare_runs(base, candidate), *sides, loader(data))


@pytest.fixture(scope="module")
def real(svm_run, bert_run, svm, bert, reviews) -> Comparison:
    """A real regression, confirmed."""
    return confirmed(svm_run, bert_run, (svm, bert), reviews)


def of(comparison: Comparison, measure: str):
    [found] = [m for m in comparison.measures if m.measure == measure]
    return found


def test_a_real_regression_is_confirmed(real):
    assert {m.measure for m in real.failures} == {"clean", "pwws", "worst_case"}
    for measure in real.failures:
        assert measure.confirmation.verdict == "confirmed"
        assert measure.confirmation.seed == SEED_STEP
        assert measure.confirmation.fresh.n == measure.n == 40
    assert of(real, "deepwordbug").confirmation is None, "it did not fail"
    assert real.exit_code == 1
    assert real.notes[0] == (
        "3 regressions tested again on fresh examples, which were selected and attacked with the "
        "seed 1000003."
    )
    assert "confirmed on 40 fresh examples: difference -" in " ".join(comparison_text(real).split())


def test_holm_corrects_over_the_measures_that_are_tested_again(real):
    fresh = [m.confirmation.fresh for m in real.failures]
    smallest = min(fresh, key=lambda m: m.p_value)
    assert smallest.adjusted_p == pytest.approx(min(1, 3 * smallest.p_value))


@pytest.mark.parametrize(("row", "model"), [("base", "svm"), ("candidate", "bert")])
def test_fresh_outcomes_are_those_of_a_direct_attack(real, row, model, svm_run, reviews, request):
    """An oracle without the gate: the examples, the seed and the runner, put together by hand."""
    dataset = load_dataset(f"file:{reviews}", split="all")
    used = set(svm_run.cells[0].statuses)
    ordered = select_examples(dataset, "all", None, SEED_STEP)
    examples = [example for example in ordered if example.example_id not in used][:40]
    folder = request.getfixturevalue(model)
    classifier = load_model(folder, dtype="float32", label_names=dataset.label_names)
    runner = AttackRunner(
        classifier, "pwws", track="published", seed=SEED_STEP, dtype="float32", device="cpu"
    )
    outcomes = runner.run(examples).outcomes
    alive = [o.example_id for o in outcomes if o.status in ("robust", "exhausted")]
    pwws, clean = (of(real, name).confirmation.fresh for name in ("pwws", "clean"))
    assert getattr(pwws, row).value == len(alive) / 40
    assert getattr(clean, row).value == sum(o.correct for o in outcomes) / 40
    assert not used & {*pwws.lost, *pwws.gained, *clean.lost, *clean.gained}


def test_a_false_alarm_is_not_confirmed_and_passes(svm_run, svm, reviews):
    unlucky = with_statuses(svm_run, "broken", survived(svm_run, "pwws")[:12])
    assert compare_runs(svm_run, unlucky).exit_code == 1
    result = confirmed(svm_run, unlucky, (svm, svm), reviews)
    pwws = of(result, "pwws")
    assert pwws.verdict == "regression"
    confirmation = pwws.confirmation
    assert confirmation.verdict == "not confirmed"
    assert confirmation.fresh.difference.value == 0
    tested = sum(m.confirmation is not None for m in result.measures)
    assert confirmation.power == mcnemar_power(40, 0.3, 0.3, 0.05 / tested) >= 0.8
    assert result.exit_code == 0
    text = " ".join(comparison_text(result).split())
    assert "PASSED: 3 regressions not confirmed on fresh examples" in text
    assert "regression (not confirmed)" in text
    assert "pwws on reviews (published track) passes, because its drop by 30.0 points was" in text


def test_it_takes_more_fresh_examples_if_as_many_would_not_show_the_drop(svm_run, svm, reviews):
    run = GateRun("one recipe", svm_run.cells[:1])
    unlucky = with_statuses(run, "broken", survived(run, "deepwordbug")[:7])
    result = confirmed(run, unlucky, (svm, svm), reviews)
    [confirmation] = [m.confirmation for m in result.measures if m.confirmation is not None]
    assert mcnemar_power(40, 0.175, 0.175, 0.05) < 0.8
    assert confirmation.fresh.n == examples_needed(0.175, 0.175, 0.05) > 40
    assert confirmation.verdict == "not confirmed"
    assert result.exit_code == 0


def test_with_few_fresh_examples_it_is_inconclusive_and_fails(svm, tmp_path):
    data = write_reviews(tmp_path / "few.csv", n=46)
    run = attacked(data, svm, tmp_path / "run", "deepwordbug", n=40)
    unlucky = with_statuses(run, "broken", survived(run, "deepwordbug")[:12])
    result = confirmed(run, unlucky, (svm, svm), data)
    [confirmation] = [m.confirmation for m in result.failures]
    assert confirmation.verdict == "inconclusive"
    assert 0 < confirmation.fresh.n < 7
    assert confirmation.power < 0.8
    assert "; inconclusive on" in comparison_text(result)
    assert result.exit_code == 1


def test_without_a_fresh_example_it_is_inconclusive(svm, tmp_path):
    data = write_reviews(tmp_path / "few.csv", n=46)
    n = len(load_dataset(f"file:{data}", split="all").split("all"))
    run = attacked(data, svm, tmp_path / "run", "deepwordbug", n=n)
    unlucky = with_statuses(run, "broken", survived(run, "deepwordbug")[:12])
    result = confirmed(run, unlucky, (svm, svm), data)
    [confirmation] = [m.confirmation for m in result.failures]
    assert (confirmation.verdict, confirmation.fresh) == ("inconclusive", None)
    assert "no fresh example is left" in " ".join(comparison_text(result).split())
    assert result.exit_code == 1


def test_nothing_is_loaded_if_nothing_failed(svm_run):
    comparison = compare_runs(svm_run, svm_run)
    side = ConfirmedSide("base", svm_run, "no/such/model")
    assert confirm(comparison, side, side, RepeatedCells()) is comparison


@pytest.fixture
def _no_attack(monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("something was attacked")

    monkeypatch.setattr(AttackRunner, "run", refuse)
    monkeypatch.setattr(LoadedJob, "run", refuse)


@pytest.mark.usefixtures("_no_attack")
def test_another_model_or_other_data_is_refused(svm_run, bert_run, svm, bert, reviews, tmp_path):
    hashes = [run.cells[0].record.model.sha256 for run in (svm_run, bert_run)]
    with pytest.raises(InputError) as error:
        confirmed(svm_run, bert_run, (svm, svm), reviews)
    assert all(sha256 in str(error.value) for sha256 in hashes)
    other = write_reviews(tmp_path / "reviews.csv", n=60)
    with pytest.raises(InputError, match="the data of reviews has the hash"):
        confirmed(svm_run, bert_run, (svm, bert), other)
    sides = [ConfirmedSide("base", svm_run, str(svm)), ConfirmedSide("candidate", bert_run, "x")]
    with pytest.raises(InputError, match="reviews is no built-in dataset"):
        confirm(compare_runs(svm_run, bert_run), *sides, RepeatedCells())


@pytest.mark.usefixtures("_no_attack")
def test_each_side_must_have_one_row(svm_run, bert_run, svm, bert, reviews):
    def renamed(cell: GateCell) -> GateCell:
        model = cell.record.model.model_copy(update={"name": "other"})
        return replace(cell, record=cell.record.model_copy(update={"model": model}))

    two = GateRun("two", (*bert_run.cells, *map(renamed, bert_run.cells)))
    with pytest.raises(
        InputError, match="two has the rows model and other; choose one with --cand"
    ):
        confirmed(svm_run, two, (svm, bert), reviews)
