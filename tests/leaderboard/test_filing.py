"""Filing a run: what is written, what is refused, and that it is all or nothing."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from robustbert import io
from robustbert.cli import main
from robustbert.errors import InputError, OutputError
from robustbert.leaderboard import filing
from robustbert.leaderboard.checks.check_results import check_results
from robustbert.leaderboard.filing import file_run
from robustbert.metrics.reliability import measured_check
from robustbert.records import (
    RECHECK_FILE,
    Outcome,
    Record,
    published_path,
    read_published,
    read_record,
    record_name,
)
from robustbert.records.row_recheck import (
    Calibration,
    RowRecheck,
    SecondAttack,
    read_recheck,
    recheck_path,
    write_recheck,
)
from robustbert.seeds import derive_seed
from tests.hostile import HOSTILE
from tests.leaderboard.valid_results import edit_record, valid_record, write_run, write_valid

Cell = tuple[Record, tuple[Outcome, ...]]
ROW = "rotten_tomatoes/unified/minilm-97f6e7cb"
NEW = "rotten_tomatoes/unified/bert-base-a83e4e9b"


def new_cells(**names: object) -> list[Cell]:
    """The cells of a row that the valid results do not have, with texts."""
    names = {"model": "bert-base", **names}
    return [
        valid_record("bbbrbr", **dict(names)),
        valid_record("bbrr", recipe="textfooler", **dict(names)),
    ]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return write_valid(tmp_path / "results")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", *new_cells())


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def add(run: Path, results: Path, *options: str) -> int:
    return main(["leaderboard", "add", str(run), "--results", str(results), *options])


def recheck_of(record: Record, **changes: object) -> RowRecheck:
    """The recheck of a row whose calibrated model is as easy to break."""
    attack = SecondAttack(
        worst_case=record.metrics.accuracy_under_attack, only_before=0, only_after=0, p_value=1
    )
    fields = {
        "robustbert_version": "1.0.0",
        "created_at": "2026-11-24T12:00:00Z",
        "row": "bert-base",
        "dataset": record.dataset.name,
        "track": record.track,
        "recipes": ["pwws", "textfooler"],
        "model_sha256": record.model.sha256,
        "worst_case": record.metrics.accuracy_under_attack,
        "calibration": Calibration(
            temperature=0.8,
            fitted_temperature=0.8,
            nll_before=0.5,
            nll=0.4,
            num_examples=100,
            tried=[],
            attack=attack,
        ),
        "adaptive": None,
        "not_checked": {"adaptive": "the model is not randomised and transforms no texts"},
    }
    return RowRecheck(**fields | changes)


def rechecked_run(folder: Path, recorded: bool = True, **changes: object) -> Path:
    """A run whose row was attacked again; without ``recorded``, its records lack the check."""
    cells = new_cells()
    check = measured_check("miscalibration", 0.0)
    if recorded:
        cells = [
            (record.model_copy(update={"reliability": [*record.reliability, check]}), outcomes)
            for record, outcomes in cells
        ]
    run = write_run(folder, *cells)
    record = cells[0][0]
    write_recheck(recheck_of(record, **changes), recheck_path(run, record))
    return run


def test_a_recheck_is_filed_beside_the_records(results: Path, tmp_path: Path) -> None:
    run = rechecked_run(tmp_path / "run")
    assert add(run, results) == 0
    path = results / NEW / RECHECK_FILE
    assert read_recheck(path) == recheck_of(new_cells()[0][0])
    assert not check_results(results).problems
    assert len(read_published(results / "rotten_tomatoes")) == 6, "it is no cell"
    again = rechecked_run(tmp_path / "again", created_at="2026-11-25T12:00:00Z")
    assert add(again, results) == 0
    assert read_recheck(path).created_at == "2026-11-25T12:00:00Z"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recorded": False}, "the record of pwws lacks the check miscalibration, which the"),
        ({"model_sha256": "c" * 64}, f"its model_sha256 is {'c' * 64}, but that of the row is"),
        ({"dataset": "bbc_news"}, "its dataset is bbc_news, but that of the row is rotten_tom"),
    ],
)
def test_a_recheck_that_does_not_fit_is_refused(changes, message, results, tmp_path, capsys):
    before = content(results)
    assert add(rechecked_run(tmp_path / "run", **changes), results) == 2
    assert message in capsys.readouterr().err
    assert content(results) == before


def test_a_recheck_without_records_or_form_is_a_problem(results: Path, tmp_path: Path) -> None:
    assert add(rechecked_run(tmp_path / "run"), results) == 0
    path = results / NEW / RECHECK_FILE
    for file in path.parent.glob("*.json*"):
        if file != path:
            file.unlink()
    [problem] = check_results(results).problems
    assert "the row has no records; file them first" in problem.line("results")
    path.write_text('{"recheck_version": 1}')
    assert "robustbert_version" in check_results(results).problems[0].line("results")


def test_a_run_is_filed_without_texts(run: Path, results: Path, capsys) -> None:
    before = content(results)
    assert add(run, results) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"Added {results}/{NEW}: pwws, textfooler",
        f"Next: robustbert leaderboard check --results {results}",
    ]
    names = {f"{NEW}/{recipe}.json{end}" for recipe in ("pwws", "textfooler") for end in ("", "l")}
    assert content(results).keys() == before.keys() | names
    assert not check_results(results).problems
    filed = {cell.path: cell for cell in read_published(results)}
    for record, outcomes in new_cells():
        cell = filed[published_path(record)]
        assert cell.record == record
        expected = [
            one.model_copy(update={"text": None, "adversarial_text": None}) for one in outcomes
        ]
        assert list(cell.outcomes) == expected


def test_the_first_run_makes_the_folder(run: Path, tmp_path: Path) -> None:
    assert add(run, tmp_path / "new" / "results") == 0
    assert len(read_published(tmp_path / "new" / "results")) == 2


def test_what_is_there_already_is_skipped(run: Path, results: Path, capsys) -> None:
    add(run, results)
    before, _ = content(results), capsys.readouterr()
    assert add(run, results) == 0
    assert content(results) == before
    out = capsys.readouterr().out
    assert out == f"Already there, not changed: {results}/{NEW}: pwws, textfooler\n"


def test_other_content_is_replaced_only_if_wanted(results: Path, tmp_path: Path, capsys) -> None:
    run = write_run(tmp_path / "run", valid_record("sbrrxr"), *new_cells())
    before = content(results)
    assert add(run, results) == 2
    assert capsys.readouterr().err == (
        f"robustbert: {results}/{ROW}/pwws.json is there with other content; replace it with "
        "--replace\n"
    )
    assert content(results) == before
    assert add(run, results, "--replace") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == [
        f"Added {results}/{NEW}: pwws, textfooler",
        f"Replaced {results}/{ROW}: pwws",
    ]
    [cell] = [one for one in read_published(results) if f"{one.path}" == f"{ROW}/pwws.json"]
    assert [one.status for one in cell.outcomes][:3] == ["skipped", "broken", "robust"]


def test_a_damaged_cell_is_replaced_only_if_wanted(run: Path, results: Path) -> None:
    add(run, results)
    (results / NEW / "pwws.jsonl").unlink()
    with pytest.raises(InputError, match="is there with other content"):
        file_run(run, results)
    file_run(run, results, replace=True)
    assert not check_results(results).problems


def test_cells_are_chosen_by_dataset_and_row(results: Path, tmp_path: Path, capsys) -> None:
    other = valid_record("bbrr", model="distilbert", dataset="imdb", model_sha256="5" * 64)
    run = write_run(tmp_path / "run", other, *new_cells())
    assert add(run, results, "--dataset", "bbc_news") == 2
    assert "has no cell with the dataset 'bbc_news'; it has imdb" in capsys.readouterr().err
    assert [one.path for one in file_run(run, results, dataset="imdb")] == [
        published_path(other[0])
    ]
    filed = file_run(run, results, model="bert-base")
    assert {str(one.path.parent) for one in filed} == {NEW}


REFUSED = {
    "another assets profile": (
        {"profile": "canonical"},
        "conditions: assets profile canonical instead of offline, as in most of the table",
    ),
    "uncommitted changes": ("dirty", "checkout: the code had uncommitted changes"),
    "other examples": ("other examples", "examples: line 1: another example"),
    "errors": ("errors", "errors: 2 attacks ended in an error"),
    "the weights of another row": (
        {"model_sha256": "1" * 64},
        f"duplicates: has the weights and defenses of {ROW}",
    ),
    "a metric": ("metric", "metrics: queries_mean is 9, but pwws.jsonl gives 10"),
}


def refused_cells(kind: object) -> list[Cell]:
    if isinstance(kind, dict):
        return new_cells(**kind)
    [(record, outcomes), second] = new_cells()
    if kind == "errors":
        return [valid_record("bbbree", model="bert-base"), second]
    if kind == "other examples":
        changed = []
        for outcome in outcomes:
            other = f"other-{outcome.example_id}"
            seed = derive_seed(0, "pwws", "unified", other)
            changed.append(outcome.model_copy(update={"example_id": other, "seed": seed}))
        return [(record, tuple(changed)), second]
    if kind == "dirty":
        environment = record.environment.model_copy(update={"dirty": True})
        return [(record.model_copy(update={"environment": environment}), outcomes), second]
    metrics = record.metrics.model_copy(update={"queries_mean": 9.0})
    return [(record.model_copy(update={"metrics": metrics}), outcomes), second]


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_check_finds_is_refused_in_one_line(
    results: Path, tmp_path: Path, capsys, name: str
) -> None:
    kind, message = REFUSED[name]
    run = write_run(tmp_path / "run", *refused_cells(kind))
    before = content(results)
    assert add(run, results) == 2
    written = capsys.readouterr()
    assert not written.out
    [line] = written.err.splitlines()
    assert line.startswith(f"robustbert: {run} cannot be filed: {results}/rotten_tomatoes/unified/")
    assert message in line
    assert content(results) == before


def test_a_run_of_many_rows_does_not_outvote_the_table(results: Path, tmp_path: Path) -> None:
    cells = [
        valid_record("bbrr", model=f"m{i}", model_sha256=f"{i}" * 64, profile="canonical")
        for i in range(4, 9)
    ]
    run = write_run(tmp_path / "run", *cells)
    with pytest.raises(InputError, match="canonical instead of offline"):
        file_run(run, results)


def test_a_problem_of_other_files_does_not_block(run: Path, results: Path) -> None:
    (results / ROW / "notes.txt").touch()
    (results / ROW / "pwws.json").write_text("{", encoding="utf-8")
    file_run(run, results)
    assert len(check_results(results).problems) == 2


def test_an_unfinished_run_is_refused(run: Path, results: Path, capsys) -> None:
    name = record_name(new_cells()[0][0])
    (run / "outcomes" / f"{name}.0123456789ab.partial").touch()
    assert add(run, results) == 2
    assert capsys.readouterr().err == (
        f"robustbert: {run} has 1 unfinished cell, such as {name}; repeat its command to resume "
        "it\n"
    )


def test_published_results_are_no_run(results: Path, tmp_path: Path, capsys) -> None:
    assert add(results, tmp_path / "other") == 2
    assert "contains published results; give the output folder of a run" in capsys.readouterr().err


def test_two_cells_of_one_model_are_refused(results: Path, tmp_path: Path) -> None:
    cells = [valid_record("bbrr", model="bert", training_seed=seed) for seed in (1, 2)]
    run = write_run(tmp_path / "run", *cells)
    with pytest.raises(InputError, match=r"has two cells of the same model, .*seed1--.*seed2--"):
        file_run(run, results)


def test_replicates_and_models_of_one_name_are_filed_side_by_side(tmp_path: Path) -> None:
    cells = [
        valid_record("bbrr", model_sha256="1" * 64, training_seed=1),
        valid_record("bbrb", model_sha256="2" * 64, training_seed=2),
        valid_record("bbbb", model_sha256="3" * 64, variant="3" * 8),
    ]
    run = write_run(tmp_path / "run", *cells)
    assert len(file_run(run, tmp_path / "results")) == 3
    assert not check_results(tmp_path / "results").problems


@pytest.mark.parametrize("fails_at", range(1, 13))
def test_a_failure_half_way_leaves_everything_as_it_was(
    results: Path, tmp_path: Path, monkeypatch, fails_at: int
) -> None:
    run = write_run(tmp_path / "run", valid_record("sbrrxr"), *new_cells())
    before, folders = content(results), sorted(results.rglob("*"))
    calls = 0

    def failing(write):
        def call(*arguments):
            nonlocal calls
            calls += 1
            if calls == fails_at:
                raise OSError(28, "No space left on device")
            return write(*arguments)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", failing(Path.write_bytes))
        patch.setattr(os, "replace", failing(os.replace))
        with pytest.raises(OutputError, match=r"No space left on device.; nothing was changed"):
            file_run(run, results, replace=True)
    assert content(results) == before
    assert sorted(results.rglob("*")) == folders
    assert not list(results.rglob(io.TEMPORARY_FILES))


def test_a_results_folder_that_is_a_file_is_an_error(run: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "results").touch()
    assert add(run, tmp_path / "results") == 2
    assert "is a file; give the folder of results with --results" in capsys.readouterr().err


def test_another_run_is_no_results_folder(run: Path, tmp_path: Path, capsys) -> None:
    other = shutil.copytree(run, tmp_path / "other")
    assert add(run, other) == 2
    assert "is the output folder of a run; give the folder of results" in capsys.readouterr().err
    assert content(other) == content(run)


def test_the_next_step_can_be_pasted_into_a_shell(run: Path, tmp_path: Path, capsys) -> None:
    results = tmp_path / "my results"
    assert add(run, results) == 0
    assert f"--results '{results}'" in capsys.readouterr().out
    shutil.rmtree(results)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_become_plain_paths_and_printable_lines(
    tmp_path: Path, capsys, text: str
) -> None:
    names = {"model": text, "dataset": text, "recipe": text, "defense": text}
    run = write_run(tmp_path / "run", valid_record("sbr", **names))
    results = tmp_path / "results"
    assert add(run, results) == 0
    [record] = results.rglob("*.json")
    plain = r"[a-z0-9._-]+/unified/[a-z0-9._+-]+/[a-z0-9._-]+\.json"
    assert re.fullmatch(plain, record.relative_to(results).as_posix())
    assert main(["leaderboard", "check", "--results", str(results)]) == 0
    edit_record(record, lambda content: content["assets"].update(profile=text))
    other = valid_record("sbr", **{**names, "recipe": "pwws"})
    assert add(write_run(tmp_path / "other", other), results) == 2
    edit_record(record, lambda content: content["dataset"].update(name=f"{text}2", split=text))
    assert main(["leaderboard", "check", "--results", str(results)]) == 1
    written = capsys.readouterr()
    lines = [*written.out.splitlines(), *written.err.splitlines()]
    assert all(line.isprintable() for line in lines)
    assert all(line.startswith((str(results), "Added", "Next", "robustbert: ")) for line in lines)


@pytest.mark.parametrize("places", [("r", "r/run"), ("run/r", "run"), ("run", "run")])
def test_a_run_with_texts_is_not_inside_of_results(tmp_path: Path, places: tuple[str, str]) -> None:
    results, run = (tmp_path / place for place in places)
    write_run(run, *new_cells())
    before = content(tmp_path)
    with pytest.raises(InputError, match="are inside each other; give results a folder of its own"):
        file_run(run, results)
    assert content(tmp_path) == before


def test_of_two_runs_that_are_filed_at_once_one_is_refused(
    run: Path, results: Path, tmp_path: Path, monkeypatch
) -> None:
    other = write_run(tmp_path / "other", *new_cells(seed=1))

    def checked_first(*arguments: object) -> None:
        monkeypatch.setattr(filing, "_check", lambda *_: None)
        file_run(other, results)

    monkeypatch.setattr(filing, "_check", checked_first)
    with pytest.raises(
        OutputError, match=r"pwws\.json \(File exists\); nothing was changed; repeat"
    ):
        file_run(run, results)
    assert read_record(results / NEW / "pwws.json").protocol.seed == 1
    assert len(read_published(results)) == 6
    assert not list(results.rglob(".*"))
