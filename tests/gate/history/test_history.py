"""``robustbert history``: accuracies over the commits of a baseline, and where they changed."""

from __future__ import annotations

import json
import os
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from robustbert.cli import main
from robustbert.errors import InputError
from robustbert.gate import GateRun, History, Snapshot, read_history
from robustbert.gate.history.history_json import history_json
from robustbert.gate.history.history_plot import history_svg
from robustbert.gate.history.history_text import history_text
from robustbert.gate.history.steps import build_history
from robustbert.metrics import holm, mcnemar_exact
from robustbert.records import Acceptance, baseline_bytes
from tests.gate.gate_page import described, keys
from tests.gate.runs import make_cell
from tests.gate.small_runs import TIME, baseline_of, small_run
from tests.records.builders import make_outcomes

FILE = "robustbert-baseline.json"
GOOD, BAD = {"broken": 20, "robust": 40}, {"broken": 50, "robust": 10}
REASON = Acceptance(created_at=TIME, reason="a faster model", failures=["pwws: regression"])


class Repository:
    """A git repository whose commits are a day apart."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._day = folder, 0
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> None:
        self._day += 1
        who = {f"GIT_{role}_{part}": "a@b" for role in ("AUTHOR", "COMMITTER")
               for part in ("NAME", "EMAIL")}  # fmt: skip
        date = f"2026-01-{self._day:02d}T12:00:00Z"
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run(
            ["git", *arguments], cwd=self.folder, check=True, capture_output=True,
            env={**os.environ, **who, **dates, **nobody},
        )  # fmt: skip

    def write(self, content: bytes, name: str = FILE) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    def commit(self, content: bytes, subject: str, name: str = FILE) -> Path:
        path = self.write(content, name)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)
        return path


def content(*acceptances: Acceptance, **changes: Any) -> bytes:
    return baseline_bytes(baseline_of(small_run(**changes), *acceptances))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def subjects(history: History) -> list[str]:
    return [snapshot.subject for snapshot in history.snapshots]


def history_of(*runs: GateRun | None, **options: Any) -> History:
    """The history of commits with the subjects 0, 1, …; None is a version that cannot be read."""
    snapshots = [
        Snapshot(f"{i:040x}", f"2026-01-{i + 1:02d}", str(i), run, None if run else "not JSON")
        for i, run in enumerate(runs)
    ]
    return build_history("base.json", snapshots, **options)


def series_of(history: History, measure: str) -> Any:
    [series] = [one for one in history.series if one.measure == measure]
    return series


def steps(history: History, measure: str) -> list[int]:
    points = series_of(history, measure).points
    return [point.snapshot for point in points if point.change and point.change.is_step]


# --- reading from git


def test_versions_are_read_in_order_and_the_step_is_found(repository):
    repository.commit(content(**GOOD), "first")
    repository.commit(content(broken=19, robust=41), "second")
    repository.commit(b"unrelated", "other", "other.txt")
    path = repository.commit(content(REASON, **BAD), "third")
    history = read_history(path)
    assert subjects(history) == ["first", "second", "third"]
    assert [len(s.acceptances) for s in history.snapshots] == [0, 0, 1]
    assert history.snapshots[0].date == "2026-01-03", "init and add took a day each"
    assert steps(history, "pwws") == [2]
    assert steps(history, "clean") == []
    assert read_history(path, max_commits=2).snapshots == history.snapshots[1:]
    assert "newest 2 versions" in read_history(path, max_commits=2).notes[0]


def test_the_working_tree_is_the_last_point_if_it_differs(repository):
    path = repository.commit(content(**GOOD), "first")
    reformatted = json.dumps(json.loads(path.read_bytes()), indent=4).encode()
    repository.write(reformatted)
    assert subjects(read_history(path)) == ["first"], "the same results in another format"
    repository.write(content(**BAD))
    history = read_history(path)
    assert [snapshot.commit is None for snapshot in history.snapshots] == [False, True]
    assert steps(history, "pwws") == [1]


def test_a_file_that_was_never_committed_is_one_point(repository):
    path = repository.write(content(**GOOD))
    for _ in range(2):  # without any commit, then with another one
        history = read_history(path)
        assert [snapshot.commit for snapshot in history.snapshots] == [None]
        assert history.notes == ("No commit has this file yet.",)
        repository.git("commit", "--quiet", "--allow-empty", "--message", "empty")


def test_unreadable_and_deleted_versions_are_listed_and_skipped(repository):
    repository.commit(content(**GOOD), "first")
    repository.commit(b"<<<<<<< HEAD\n", "conflict")
    repository.git("rm", "--quiet", FILE)
    repository.git("commit", "--quiet", "--message", "deleted")
    path = repository.commit(content(**BAD), "again")
    history = read_history(path)
    problems = [snapshot.problem for snapshot in history.snapshots]
    assert problems[0] is problems[3] is None
    assert problems[1].startswith("not JSON in UTF-8")
    assert problems[2] == "the file is not there"
    assert steps(history, "pwws") == [3], "the neighbours are the versions that can be read"
    assert "is left out: the file is not there" in history_text(history)


def test_a_renamed_file_is_followed_and_a_copied_one_is_not(repository):
    repository.commit(content(**GOOD), "first", "-- a :(glob)*.json")
    repository.git("mv", "--", "-- a :(glob)*.json", FILE)
    repository.git("commit", "--quiet", "--message", "rename")
    path = repository.commit(content(broken=19, robust=41), "second")
    assert subjects(read_history(path)) == ["first", "second"]
    copy = repository.commit(path.read_bytes(), "copy", "copy.json")
    assert subjects(read_history(copy)) == ["copy"]


def test_a_name_that_looks_like_an_option_or_a_pattern_is_a_name(repository):
    repository.commit(content(**BAD), "another file", "plain.json")
    path = repository.commit(content(**GOOD), "odd", "folder one/--output=:(glob)*\n.json")
    history = read_history(path)
    assert subjects(history) == ["odd"]
    assert history.series[1].points[0].accuracy.value == pytest.approx(40 / 62)


def test_a_merge_is_one_commit_of_the_main_line(repository):
    repository.commit(content(**GOOD), "first")
    repository.git("checkout", "--quiet", "-b", "branch")
    repository.commit(content(broken=25, robust=35), "on the branch")
    path = repository.commit(content(**BAD), "on the branch too")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message", "merge", "branch")
    history = read_history(path)
    assert subjects(history) == ["first", "merge"]
    assert steps(history, "pwws") == [1]


def test_a_shallow_clone_is_mentioned(repository, tmp_path):
    repository.commit(content(**GOOD), "first")
    repository.commit(content(**BAD), "second")
    source = repository.folder.as_uri()
    repository.git("clone", "--quiet", "--depth", "1", source, str(tmp_path / "clone"))
    history = read_history(tmp_path / "clone" / FILE)
    assert subjects(history) == ["second"]
    assert "shallow clone" in history.notes[0]


def test_variables_of_a_git_hook_do_not_hide_the_repository(repository, monkeypatch):
    path = repository.commit(content(**GOOD), "first")
    monkeypatch.setenv("GIT_DIR", "elsewhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "elsewhere")
    assert subjects(read_history(path)) == ["first"]


def test_what_cannot_be_read_is_an_error(repository, tmp_path, monkeypatch):
    path = repository.commit(b"{}", "damaged")
    outside = tmp_path / FILE
    outside.write_bytes(content())
    for place, message in (
        (path, "no version of .* can be read; the last one: baseline_version"),
        (repository.folder / "none.json", "does not exist, and no commit has it"),
        (repository.folder, "is a folder"),
        (outside, "is not in a git repository"),
        (repository.folder / ".git" / "x.json", "is not the working tree"),
    ):
        with pytest.raises(InputError, match=message):
            read_history(place)
    with pytest.raises(InputError, match="at least 1"):
        read_history(path, max_commits=0)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="git is not installed"):
        read_history(path)


# --- steps


def test_the_p_values_are_those_of_mcnemar_with_holm_over_all_steps():
    numbers = [(20, 40), (26, 34), (30, 30), (45, 15)]
    runs = [small_run(broken=broken, robust=robust) for broken, robust in numbers]
    history = history_of(*runs)
    changes = [point.change for point in series_of(history, "pwws").points[1:]]
    outcomes = [make_outcomes(skipped=2, broken=b, robust=r) for b, r in numbers]
    raw = [mcnemar_exact(old, new).p_value for old, new in pairwise(outcomes)]
    assert [change.p_value for change in changes] == raw
    # the three changes of clean accuracy, which stays the same, have a p of 1
    expected = holm([*raw, 1.0, 1.0, 1.0])[:3]
    assert [change.adjusted_p for change in changes] == list(expected)
    assert [change.value for change in changes] == [-6 / 62, -4 / 62, -15 / 62]
    assert history.num_tests == 6
    assert steps(history, "pwws") == [3]


def test_many_small_drops_are_found_between_the_first_and_the_last_version():
    history = history_of(*(small_run(broken=b, robust=60 - b) for b in range(20, 50, 3)))
    assert steps(history, "pwws") == []
    drift = series_of(history, "pwws").drift
    assert drift.is_step
    assert drift.value == pytest.approx(-27 / 62)
    assert series_of(history_of(small_run(), small_run(broken=50, robust=10)), "pwws").drift is None


def test_other_conditions_break_the_line():
    other = {"profile": "canonical"}
    history = history_of(small_run(**GOOD), small_run(**BAD, **other), small_run(**GOOD, **other))
    gap = "assets profile canonical instead of offline"
    for measure in ("pwws", "clean"):
        series = series_of(history, measure)
        assert [point.gap for point in series.points] == [None, gap, None]
        assert series.drift is None
        assert series.drift_gap == gap
    assert steps(history, "pwws") == [2]


def test_a_worst_case_over_other_recipes_is_not_compared():
    two, three = ("pwws", "textfooler"), ("pwws", "textfooler", "textbugger")
    history = history_of(small_run(recipes=two, **GOOD), small_run(recipes=three, **BAD))
    worst = series_of(history, "worst_case")
    assert worst.points[1].gap == "the worst case was computed over other recipes"
    assert worst.points[1].change is None
    assert steps(history, "pwws") == [1]
    assert [point.snapshot for point in series_of(history, "textbugger").points] == [1]


def test_an_allowed_difference_is_compared_and_marked():
    runs = (small_run(**GOOD), small_run(profile="canonical", **BAD), small_run(**BAD))
    history = history_of(*runs, allow=["assets"])
    difference = "assets profile canonical instead of offline"
    back = "assets profile offline instead of canonical"
    for measure in ("pwws", "clean"):
        points = series_of(history, measure).points
        assert [point.gap for point in points] == [None, None, None]
        assert [point.allowed for point in points] == [(), (difference,), (back,)]
    assert series_of(history, "pwws").drift_allowed == (), "the first and the last are the same"
    assert steps(history, "pwws") == [1]
    assert "‡ allowed since the version before: assets profile canonical" in history_text(history)
    assert "--allow" not in history_text(history), "nothing is left to allow"
    assert "‡1" in history_svg(history)
    assert f"1: ‡ allowed since the version before: {difference}" in history_svg(history)
    content_ = json.loads(history_json(history))
    assert content_["series"][1]["points"][1]["allowed"] == [difference]
    assert "--allow assets" in history_text(history_of(*runs)), "the option is named"


def test_an_acceptance_of_many_failures_is_one_short_sentence():
    acceptance = REASON.model_copy(update={"failures": [f"cell {i}" for i in range(1000)]})
    snapshot = Snapshot("a" * 40, "2026-01-01", "0", small_run(), None, (acceptance,))
    text = " ".join(history_text(build_history("b.json", [snapshot])).split())
    assert "(what did not pass: cell 0; cell 1; cell 2; and 997 more)" in text


def test_a_worst_case_over_other_recipes_can_be_allowed():
    two, three = ("pwws", "textfooler"), ("pwws", "textfooler", "textbugger")
    runs = (small_run(recipes=three, **GOOD), small_run(recipes=two, **BAD))
    gap = series_of(history_of(*runs), "worst_case").points[1].gap
    assert gap == "the worst case was computed over other recipes"
    point = series_of(history_of(*runs, allow=["missing"]), "worst_case").points[1]
    assert point.change.is_step
    assert point.allowed == (f"{gap}: compared over pwws and textfooler",)


def test_errors_are_never_refused_nor_marked():
    run = GateRun("a", (make_cell("rrbbe"),))
    points = series_of(history_of(run, run, allow=["seed"]), "pwws").points
    assert points[1].change is not None
    assert points[1].allowed == ()


def test_a_single_row_is_followed_under_another_name_and_several_by_name():
    renamed = history_of(small_run(models=("a",), **GOOD), small_run(models=("b",), **BAD))
    assert {series.row for series in renamed.series} == {"b"}
    assert steps(renamed, "pwws") == [1]
    several = history_of(
        small_run(models=("a", "b"), **GOOD),
        small_run(models=("b", "c"), **BAD),
        small_run(models=("c", "a"), **GOOD),
    )
    found = {s.row: [p.snapshot for p in s.points] for s in several.series if s.track}
    assert found == {"a": [0, 2], "b": [0, 1], "c": [1, 2]}


def test_errors_are_left_out_of_both_versions():
    history = history_of(GateRun("a", (make_cell("rrbbe"),)), GateRun("b", (make_cell("rebbr"),)))
    points = series_of(history, "pwws").points
    assert [(point.accuracy.value, point.accuracy.n) for point in points] == [(0.5, 4), (0.5, 4)]
    assert points[1].change.n == 3


def test_alpha_is_a_level():
    run = small_run()
    assert steps(history_of(run, small_run(broken=27, robust=33), alpha=0.05), "pwws") == [1]
    assert steps(history_of(run, small_run(broken=27, robust=33), alpha=0.01), "pwws") == []
    with pytest.raises(InputError, match="alpha is 0"):
        history_of(run, alpha=0)


# --- reports

NASTY = "_<b>$x_1$& \x1b[31m\u202e漢 | **"


def nasty_history() -> History:
    recipes = ("pwws", f"x:{NASTY}")
    runs = [
        small_run(recipes=recipes, models=(NASTY, "b"), dataset=NASTY, **numbers)
        for numbers in (GOOD, BAD, GOOD, {**BAD, "profile": "canonical"})
    ]
    acceptance = Acceptance(created_at=TIME, reason=NASTY, failures=[NASTY])
    snapshots = [
        Snapshot(f"{i:040x}", f"2026-01-{i + 1:02d}", NASTY, run, None, (acceptance,))
        for i, run in enumerate(runs)
    ]
    return build_history(NASTY, [*snapshots, Snapshot("f" * 40, "", NASTY, None, NASTY)])


@pytest.mark.parametrize("width", [80, 200])
def test_the_text_is_aligned_and_shows_names_literally(width):
    text = history_text(nasty_history(), width)
    assert all(line.isprintable() for line in text.splitlines())
    bars = {line.index("│") for line in text.splitlines() if "│" in line}
    assert len(bars) == 1
    assert r"_<b>$x_1$& \x1b[31m\u202e漢 | **" in text
    assert text.count("▼") > 1
    assert "~ not comparable with the version before: assets profile canonical" in text
    assert "was accepted: " in text


def test_the_plot_is_svg_with_names_as_texts_and_always_the_same():
    history = nasty_history()
    svg = history_svg(history)
    assert svg == history_svg(history)
    texts = [element.text or "" for element in ElementTree.fromstring(svg).iter()]
    written = " ".join(texts)
    assert r"_<b>$x_1$& \x1b[31m\u202e漢 | **" in written, "neither markup nor a formula"
    for part in ("clean accuracy", "2026-01-02", "▼ -48.4", "▲ +48.4", "†", " 1"):
        assert any(part in text for text in texts), part
    assert "2026-11" not in svg, "the time of writing is not in the file"


@pytest.mark.parametrize(("versions", "labels"), [(1, 1), (8, 8), (60, 8)])
def test_a_plot_labels_at_most_8_versions_per_panel(versions, labels):
    svg = history_svg(history_of(*(small_run() for _ in range(versions))))
    texts = [element.text or "" for element in ElementTree.fromstring(svg).iter()]
    dates = [text for text in texts if text.startswith("2026-01-")]
    assert len(dates) == 2 * labels, "clean accuracy and pwws have a panel each"
    assert dates[-1] == f"2026-01-{versions:02d}" or dates[0] == f"2026-01-{versions:02d}"


def test_the_command_writes_all_formats(repository, capsys, monkeypatch):
    repository.commit(content(**GOOD), "first")
    repository.commit(content(REASON, **BAD), "second")
    monkeypatch.chdir(repository.folder)
    assert main(["history", "--svg", "plots/h.svg", "--json", "h.json"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"History of {FILE}: 2 versions, 2026-01-03 to 2026-01-05\n")
    unwrapped = " ".join(text.split())
    assert "was accepted: a faster model (what did not pass: pwws: regression)" in unwrapped
    assert ElementTree.parse("plots/h.svg").getroot().tag.endswith("svg")
    content_ = json.loads(Path("h.json").read_text())
    assert keys(content_) - {"created_at", "reason", "failures"} <= described("JSON of a history")
    pwws = next(series for series in content_["series"] if series["measure"] == "pwws")
    assert pwws["points"][1]["change"]["step"] is True
    assert pwws["points"][1]["change"]["value"] == pytest.approx(-30 / 62)
    assert [version["subject"] for version in content_["versions"]] == ["first", "second"]
    assert main(["history", "none.json"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_reads_the_gate_table(repository, capsys, monkeypatch):
    repository.commit(content(**GOOD), "first", name="kept.json")
    monkeypatch.chdir(repository.folder)
    table = '[gate]\nbaseline = "kept.json"\nalpha = 0.001\n'
    Path("robustbert.toml").write_text(table, encoding="utf-8")
    for given, alpha in (([], 0.001), (["--alpha", "0.01"], 0.01)):
        assert main(["history", *given, "--json", "h.json"]) == 0
        assert json.loads(Path("h.json").read_text())["alpha"] == alpha
    Path("robustbert.toml").rename("other.toml")
    assert main(["history"]) == 2
    assert main(["history", "--config", "other.toml"]) == 0
    assert "History of kept.json" in capsys.readouterr().out


def test_the_command_reads_the_gate_table_and_shows_no_absolute_path(
    repository, capsys, monkeypatch, tmp_path
):
    repository.commit(content(**GOOD), "first")
    path = repository.commit(content(profile="canonical", **BAD), "second")
    monkeypatch.chdir(tmp_path)
    assert main(["history", str(path), "--svg", "h.svg", "--json", "h.json"]) == 0
    assert "~ not comparable" in capsys.readouterr().out
    assert str(tmp_path) not in Path("h.svg").read_text() + Path("h.json").read_text()
    Path("gate.toml").write_text('[gate]\nallow = ["assets"]\nalpha = 0.01\n')
    assert main(["history", str(path), "--config", "gate.toml"]) == 0
    text = capsys.readouterr().out
    assert "‡ allowed since the version before: assets profile" in text
    assert "is at most 0.01" in text
    assert main(["history", str(path), "--allow", "asset"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
