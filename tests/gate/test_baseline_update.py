"""``robustbert baseline save``: a baseline is replaced only by a run that passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.cli import main
from robustbert.errors import InputError
from robustbert.gate import GatePolicy
from robustbert.gate.baseline_update import update_baseline
from robustbert.records import Acceptance, read_baseline
from tests.gate.small_runs import TIME, baseline_of, small_run, write_run

GOOD = {"skipped": 2, "broken": 20, "robust": 40}
BAD = {"skipped": 2, "broken": 50, "robust": 10}


def test_the_first_baseline_holds_the_run():
    run = small_run(recipes=("pwws", "textfooler"))
    update = update_baseline(None, run)
    assert update.decision == "new"
    assert update.exit_code == 0
    assert [cell.record.recipe.name for cell in update.baseline.cells] == ["pwws", "textfooler"]
    assert update.baseline.statuses_of(update.baseline.cells[0]) == run.cells[0].statuses
    assert len(update.baseline.example_ids) == 1, "both cells share one list of ids"


def test_the_same_run_changes_nothing():
    earlier = baseline_of(small_run())
    for accept in (None, "a reason"):
        update = update_baseline(earlier, small_run(), accept=accept)
        assert (update.decision, update.baseline, update.exit_code) == ("unchanged", earlier, 0)


def test_a_run_that_passes_replaces_the_baseline_and_keeps_earlier_acceptances():
    acceptance = Acceptance(created_at=TIME, reason="smaller model", failures=["a"])
    earlier = baseline_of(small_run(), acceptance, created_at="2026-01-01T00:00:00Z")
    update = update_baseline(earlier, small_run(broken=19, robust=41), accept="not needed")
    assert update.decision == "passed"
    assert update.baseline.acceptances == [acceptance]
    assert update.baseline.created_at > earlier.created_at
    assert update.baseline.cells[0].record.counts.robust == 41


def test_a_regression_keeps_the_baseline():
    earlier = baseline_of(small_run(**GOOD))
    update = update_baseline(earlier, small_run(**BAD))
    assert (update.decision, update.baseline, update.exit_code) == ("rejected", earlier, 1)


def test_a_drop_that_the_policy_allows_passes():
    earlier = baseline_of(small_run(**GOOD))
    update = update_baseline(earlier, small_run(**BAD), GatePolicy(max_drop=0.6))
    assert update.decision == "passed"


def test_an_accepted_regression_is_kept_with_its_reason():
    first = Acceptance(created_at=TIME, reason="first", failures=[])
    earlier = baseline_of(small_run(**GOOD), first)
    reason = " faster\nmodel \udcff"
    baseline = update_baseline(earlier, small_run(**BAD), accept=reason).baseline
    assert [one.reason for one in baseline.acceptances] == ["first", r"faster model \udcff"]
    [failure] = baseline.acceptances[1].failures
    assert failure.startswith(
        "mini rotten_tomatoes unified pwws: regression: 64.5 to 16.1 on 62 examples, adjusted p = "
    )


def test_what_is_not_comparable_is_refused_or_accepted():
    earlier = baseline_of(small_run())
    other = small_run(seed=1, training_seed=None)
    update = update_baseline(earlier, other)
    assert (update.decision, update.exit_code) == ("rejected", 2)
    accepted = update_baseline(earlier, other, accept="new examples").baseline
    [failure] = accepted.acceptances[0].failures
    assert "pwws: not compared: " in failure
    assert "seed" in failure


def test_rows_that_do_not_match_are_an_error_unless_accepted():
    earlier = baseline_of(small_run(models=("a", "b")))
    with pytest.raises(InputError, match=r"rows c and d, but base\.json a and b.*--row.*--accept"):
        update_baseline(earlier, small_run(models=("c", "d")), place="base.json")
    update = update_baseline(earlier, small_run(models=("c", "d")), accept="new models")
    assert update.decision == "accepted"
    assert update.comparison is None
    [failure] = update.baseline.acceptances[0].failures
    assert failure == "run has the rows c and d, but the baseline a and b"


def test_a_run_with_errors_is_refused_unless_they_are_allowed():
    run = small_run(error=2)
    with pytest.raises(InputError, match=r"2 examples with the status error.*--allow errors"):
        update_baseline(None, run)
    assert update_baseline(None, run, allow=["errors"]).decision == "new"


def test_two_equal_cells_are_an_error():
    with pytest.raises(InputError, match="two cells of mini"):
        update_baseline(None, small_run(recipes=("pwws", "pwws")))


@pytest.fixture
def save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run ``robustbert baseline save`` in a folder of its own: exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["baseline", "save", *arguments])
        return code, *capsys.readouterr()

    return run


def test_the_command_saves_compares_and_accepts(save):
    write_run(Path("good"), **GOOD)
    write_run(Path("bad"), **BAD)
    out = Path("robustbert-baseline.json")
    code, text, _ = save("good")
    assert (code, text) == (0, "Saved 1 cell to robustbert-baseline.json.\n")
    saved = out.read_bytes()
    assert b"a fine film" not in saved, "a baseline holds no texts"
    code, text, _ = save("good")
    assert (code, text.endswith("nothing was changed.\n")) == (0, True)
    code, text, errors = save("bad")
    assert code == 1
    assert "pwws" in text, "the comparison is shown"
    assert "--accept" in errors
    assert errors.count("\n") == 1
    assert out.read_bytes() == saved
    assert save("bad", "--accept", "")[0] == 2
    code, text, _ = save("bad", "--accept", "a faster model")
    assert code == 0
    assert [one.reason for one in read_baseline(out).acceptances] == ["a faster model"]


def test_the_command_saves_one_row_to_the_file_of_the_configuration(save):
    write_run(Path("run"), model="a", **GOOD)
    write_run(Path("run"), model="b", **GOOD)
    Path("robustbert.toml").write_text('[gate]\nbaseline = "gates/base.json"\n')
    assert save("run", "--row", "b")[0] == 0
    assert [cell.record.model.name for cell in read_baseline(Path("gates/base.json")).cells] == [
        "b"
    ]
    code, _, errors = save("run", "--row", "c")
    assert (code, "has no row 'c'; it has a and b" in errors) == (2, True)


def test_what_cannot_be_saved_is_one_line(save):
    write_run(Path("run"), **GOOD)
    Path("run/outcomes/imdb--mini--none--unified--pwws.0a1b.partial").write_text("")
    Path("damaged.json").write_text("<<<<<<< HEAD\n")
    Path("folder").mkdir()
    for arguments, message in (
        (["run"], "has 1 unfinished cell, such as imdb--mini--none--unified--pwws; repeat"),
        (["nowhere"], "nowhere does not exist"),
        (["run", "--allow", "missing", "--out", "folder"], "folder is a folder"),
        (["run", "--allow", "missing", "--out", "damaged.json"], "damaged.json: not JSON"),
    ):
        code, text, errors = save(*arguments)
        assert (code, text, errors.count("\n")) == (2, "", 1), arguments
        assert message in errors
    assert Path("damaged.json").read_text() == "<<<<<<< HEAD\n"
    assert save("run", "--allow", "missing", "--out", "new.json")[0] == 0
