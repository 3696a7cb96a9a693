"""The history of a model: the accuracies of its records in earlier commits."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.leaderboard import read_leaderboard
from robustbert.leaderboard.site.model_history import SectionHistory, read_results_history
from robustbert.leaderboard.site.site_models import site_models
from tests.leaderboard.published import core_cells, write_published
from tests.leaderboard.site_results import commit


def history_of(results: Path) -> SectionHistory:
    models = site_models(read_leaderboard(results))
    (section,) = models[0].sections
    return read_results_history(results, models).of_section(section)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Three commits: 2 of 4 examples survive, then 1, then the row is as before."""
    folder = tmp_path / "results"
    for subject, letters in (("first", "rrbb"), ("worse", "rbbb")):
        write_published(core_cells(letters), folder)
        commit(tmp_path, subject)
    write_published(core_cells("xbbb"), folder)
    commit(tmp_path, "exhausted")
    return folder


def test_accuracies_of_the_past_newest_first(results: Path) -> None:
    history = history_of(results)
    assert history.recipes == ("deepwordbug", "pwws", "textbugger", "textfooler")
    first_recipe = [(c.subject, c.cells[0].text, c.cells[0].is_changed) for c in history.commits]
    assert first_recipe == [
        ("exhausted", "25.0", False),
        ("worse", "25.0", True),
        ("first", "50.0", True),
    ]
    assert history.commits[0].cells[0].detail == "n=4"
    assert history.notes == ()


def test_a_commit_that_leaves_a_record_as_it_is_says_nothing_about_it(results: Path) -> None:
    cells = [commit.cells[1].text for commit in history_of(results).commits]
    assert cells == ["100.0", "", "100.0"]


def test_changes_that_are_not_committed_are_mentioned(results: Path) -> None:
    write_published(core_cells("rrrr"), results)
    assert history_of(results).notes == ("4 records of this page differ from the last commit.",)


def test_an_unreadable_version_is_shown_as_such(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    write_published(core_cells("rrbb"), folder)
    for path in folder.rglob("pwws.json"):
        content = path.read_text()
        path.write_text("{}")
        commit(tmp_path, "broken")
        path.write_text(content)
        commit(tmp_path, "repaired")
    assert [c.cells[1].text for c in history_of(folder).commits] == ["100.0", "not readable"]


def test_outside_of_git_there_is_none(tmp_path: Path) -> None:
    write_published(core_cells("rrbb"), tmp_path / "results")
    history = history_of(tmp_path / "results")
    assert history.commits == ()
    assert history.notes == ("There is none, because the results are not in a git checkout.",)


def test_without_git_there_is_none(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    history = history_of(results)
    assert history.commits == ()
    assert history.notes == (
        "There is none, because git is not installed where this site was built.",
    )


def test_the_folder_of_one_dataset_has_the_same_history(results: Path) -> None:
    assert history_of(results / "rotten_tomatoes").commits == history_of(results).commits
