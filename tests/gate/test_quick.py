"""``compare --quick``: a model is attacked on the first examples of a base."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from robustbert.bench.job import LoadedJob
from robustbert.errors import InputError
from robustbert.gate import GateCell, GatePolicy, GateRun, compare_runs, read_gate_run
from robustbert.gate.quick import quick_compare
from robustbert.gate.repeated_cells import RepeatedCells
from tests.gate.toy_gates import loader

STRICT = GatePolicy(strict=True)


@pytest.fixture
def attacks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The recipes that are attacked, in order."""
    run, seen = LoadedJob.run, []

    def counted(job: LoadedJob, *given: object):
        seen.append(job.header.recipe.name)
        return run(job, *given)

    monkeypatch.setattr(LoadedJob, "run", counted)
    return seen


def first(run: GateRun, n: int) -> GateRun:
    """The first examples of each cell."""
    return GateRun(
        run.name,
        tuple(replace(cell, statuses=dict([*cell.statuses.items()][:n])) for cell in run.cells),
    )


def test_the_model_of_the_base_passes_at_once(svm_run, svm, reviews, attacks):
    result = quick_compare(svm_run, str(svm), STRICT, examples=10, loader=loader(reviews))
    assert result.exit_code == 0
    assert attacks == []
    assert result.notes[0].startswith("Quick gate: the model is that of the base")
    assert "nothing was attacked" in result.notes[0]
    assert {m.difference.value for m in result.measures} == {0}
    assert result.policy == STRICT


def test_another_model_has_the_outcomes_of_a_full_run(svm_run, bert_run, bert, reviews, attacks):
    given = f"mine={bert}"
    result = quick_compare(svm_run, given, examples=10, loader=loader(reviews))
    assert attacks == ["deepwordbug", "pwws"]
    full = compare_runs(first(svm_run, 10), first(bert_run, 10))
    for quick, expected in zip(result.measures, full.measures, strict=True):
        assert quick == replace(expected, rows=quick.rows)
    assert {m.n for m in result.measures} == {10}
    assert result.measures[0].rows.label == "model → mine"
    assert "only the first 10 examples of each cell" in result.notes[0]
    assert "are seen with a power of 0.8" in result.notes[0]


def test_it_fails_if_the_drop_is_large(svm_run, bert, reviews):
    few = GateRun(svm_run.name, svm_run.cells[:1])
    result = quick_compare(few, str(bert), examples=20, loader=loader(reviews))
    assert result.exit_code == 1
    assert "clean" in {m.measure for m in result.failures}


def test_all_examples_are_attacked_if_the_base_has_fewer(svm_run, bert, reviews, attacks):
    few = GateRun("few", first(svm_run, 4).cells[:1])
    result = quick_compare(few, str(bert), examples=50, loader=loader(reviews))
    assert {m.n for m in result.measures} == {4}
    assert attacks == ["deepwordbug"]


def with_torch(run: GateRun, version: str) -> GateRun:
    def changed(cell: GateCell) -> GateCell:
        environment = cell.record.environment.model_copy(update={"torch": version})
        return replace(cell, record=cell.record.model_copy(update={"environment": environment}))

    return GateRun(run.name, tuple(map(changed, run.cells)))


def test_other_versions_are_refused_before_an_attack(svm_run, svm, reviews, attacks):
    old = with_torch(svm_run, "1.0.0")
    result = quick_compare(old, str(svm), examples=5, loader=loader(reviews))
    assert result.exit_code == 2
    assert attacks == []
    assert {kind for cell in result.refused for kind in cell.allow} == {"versions"}


def test_allowed_differences_are_attacked_and_marked(svm_run, svm, reviews, attacks):
    old = with_torch(svm_run, "1.0.0")
    old = GateRun("old", old.cells[:1])
    result = quick_compare(old, str(svm), examples=5, allow=["versions"], loader=loader(reviews))
    assert attacks == ["deepwordbug"], "the model is the same, but outcomes may differ"
    assert all(measure.allowed for measure in result.measures)
    assert {m.difference.value for m in result.measures} == {0}


def test_nothing_is_written_to_the_folder_of_the_base(svm_run, bert, reviews):
    folder = Path(svm_run.name)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    quick_compare(
        GateRun(svm_run.name, svm_run.cells[:1]), str(bert), examples=3, loader=loader(reviews)
    )
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert read_gate_run(folder) == svm_run


def test_the_base_must_have_one_row(svm_run, svm, reviews):
    def renamed(cell: GateCell) -> GateCell:
        model = cell.record.model.model_copy(update={"name": "other"})
        return replace(cell, record=cell.record.model_copy(update={"model": model}))

    two = GateRun("two", (*svm_run.cells, *map(renamed, svm_run.cells)))
    with pytest.raises(
        InputError, match="two has the rows model and other; choose one with --base"
    ):
        quick_compare(two, str(svm), loader=loader(reviews))


def test_wrong_arguments_are_errors(svm_run, svm, reviews):
    with pytest.raises(InputError, match="examples is 0; give an integer of at least 1"):
        quick_compare(svm_run, str(svm), examples=0, loader=loader(reviews))
    with pytest.raises(InputError, match="reviews is no built-in dataset; give its data with"):
        quick_compare(svm_run, str(svm), loader=RepeatedCells())
