"""Which cells are recomputed, and why some cannot be; tests/test_results.py recomputes some."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from robustbert.bench.training_revision import TRAINING_REVISION
from robustbert.bench.victim_spec import VictimSpec
from robustbert.cli import main
from robustbert.errors import InputError, ModelError
from robustbert.leaderboard import rebuilt_victims
from robustbert.leaderboard.cell_selection import one_per_row, select_published
from robustbert.leaderboard.recomputation import recompute
from robustbert.models.searched_through import DEFAULT_VOTES
from robustbert.records import DefenseRef, PublishedCell, read_published, read_published_cell
from tests.leaderboard.published import write_published
from tests.leaderboard.valid_results import valid_cell, write_valid
from tests.records.builders import make_outcomes, make_record

RESULTS = Path(__file__).parents[2] / "results"
MINILM = RESULTS / "rotten_tomatoes" / "unified" / "minilm-fd63b5b6" / "pwws.json"
ROW = "rotten_tomatoes/unified/minilm-97f6e7cb"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return write_valid(tmp_path / "results")


@pytest.mark.parametrize("row", ["minilm", "minilm-97f6e7cb", ROW, f"{{}}/{ROW}"])
def test_a_row_is_chosen_by_label_folder_or_path(results: Path, row: str) -> None:
    cells = read_published(results)
    chosen = select_published(cells, results, row=row.format(results))
    assert [str(cell.path) for cell in chosen] == [f"{ROW}/pwws.json", f"{ROW}/textfooler.json"]
    [cell] = select_published(cells, results, row=row.format(results), recipe="textfooler")
    assert cell == chosen[1]


def test_without_a_row_the_cheapest_recipe_of_each_is_chosen(results: Path) -> None:
    cells = read_published(results)
    metrics = cells[0].record.metrics.model_copy(update={"queries_mean": 11.0})
    record = cells[0].record.model_copy(update={"metrics": metrics})
    cells = (PublishedCell(cells[0].path, record, cells[0].outcomes), *cells[1:])
    assert [cell.path.name for cell in one_per_row(cells)] == ["textfooler.json", "pwws.json"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--recompute", "0"], "--recompute is 0; it must be at least 1"),
        (["--row", "minilm"], "--row is given without --recompute; add, say, --recompute 20"),
        (["--seed", "0"], "--seed is given without --recompute"),
        (["--recompute", "1", "--model", "m"], "--model is given without --row"),
        (["--recompute", "1", "--row", "bert"], "has no row 'bert'; it has minilm-97f6e7cb and"),
        (
            ["--recompute", "1", "--row", "minilm", "--recipe", "iga"],
            "the row 'minilm' has no recipe 'iga'; it has pwws and textfooler",
        ),
        (["--recompute", "1", "--recipe", "iga"], "has no recipe 'iga'; it has pwws and"),
    ],
)
def test_options_that_do_not_fit_are_one_line(results: Path, capsys, options, message) -> None:
    assert main(["leaderboard", "check", "--results", str(results), *options]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line


def changed(cell: PublishedCell, part: str, **changes: object) -> PublishedCell:
    """A cell with another value in a part of its record."""
    value = getattr(cell.record, part).model_copy(update=changes)
    return PublishedCell(cell.path, cell.record.model_copy(update={part: value}), cell.outcomes)


@pytest.mark.parametrize(
    ("part", "changes", "message"),
    [
        ("dataset", {"name": "mine"}, "the data of mine are not built in"),
        ("dataset", {"name": "evil.code:run"}, "it names code, evil.code:run; if that is a recipe"),
        ("recipe", {"name": "evil.code:run"}, "it names code, evil.code:run; .* with --recipe"),
        ("model", {"name": "evil.code:run"}, "is not a model that robustbert trains"),
        ("protocol", {"revision": 1}, "it has revision 1 of the protocol, but this version"),
        ("dataset", {"sha256": "a" * 64}, "that of the run is aaaaaa; install the package"),
        ("model", {"training": None}, "is not a model that robustbert trains .*; give its folder"),
        ("model", {"name": "mine"}, "mine is not a model that robustbert trains"),
        ("model", {"training": {"revision": 1}}, "was trained by another version of robustbert"),
        (
            "environment",
            {"processor_class": "f" * 24, "processor": "Other CPU"},
            r"minilm was trained on another kind of processor \(Other CPU\)",
        ),
    ],
)
def test_what_cannot_be_repeated_is_refused_with_the_reason(
    monkeypatch, part: str, changes: dict, message: str
) -> None:
    monkeypatch.setattr(rebuilt_victims, "find_trained", lambda *_, **__: None)
    cell = changed(read_published_cell(MINILM), part, **changes)
    with pytest.raises((InputError, rebuilt_victims.ModelError), match=message):
        recompute([cell], 2)
    result = recompute([cell], 2, leave_out=True)
    assert not result.cells
    [left_out] = result.left_out
    assert left_out.line("results").startswith(f"results/{cell.path.parent}: not recomputed: ")


def test_a_defense_that_no_longer_exists_is_one_line(capsys) -> None:
    for given in ([], ["--model", "tests"]):
        row = "minilm+adversarial-training-a46cab51"
        options = ["--results", str(RESULTS), "--recompute", "2", "--row", row, *given]
        assert main(["leaderboard", "check", *options]) == 2
        assert capsys.readouterr().err == (
            "robustbert: this version of robustbert has no defense adversarial-training\n"
        )


def test_a_recipe_of_own_code_is_imported_only_if_the_user_names_it() -> None:
    cell = changed(read_published_cell(MINILM), "recipe", name="evil.code:run")
    cell = changed(cell, "protocol", revision=1)
    with pytest.raises(InputError, match="it has revision 1"):
        recompute([cell], 2, trusted="evil.code:run")
    record = cell.record.model_copy(
        update={"defenses": [DefenseRef(name="other.code:run", params={}, revision=1)]}
    )
    with pytest.raises(InputError, match="it names code, other"):
        recompute([replace(cell, record=record)], 2, trusted="evil.code:run")


def test_a_recipe_that_a_parameter_names_is_not_imported() -> None:
    cell = read_published_cell(MINILM)
    for params in ({"recipe": "evil.code:run"}, {"recipes": ["pwws", "evil.code:run"]}):
        defense = DefenseRef(name="augmentation", params=params, revision=1)
        record = cell.record.model_copy(update={"defenses": [defense]})
        with pytest.raises(InputError, match="it names code, evil"):
            recompute([replace(cell, record=record)], 2)


def test_if_nothing_can_be_recomputed_the_exit_code_is_2(tmp_path: Path, capsys) -> None:
    results = tmp_path / "results"
    write_published([valid_cell("sbr", dataset="mine")], results)
    assert main(["leaderboard", "check", "--results", str(results), "--recompute", "2"]) == 2
    written = capsys.readouterr()
    assert written.out.splitlines() == [
        f"{results}: 1 valid cell, no problems",
        f"{results}/mine/unified/minilm-97f6e7cb: not recomputed: the data of mine are not built "
        "in; run bench instead",
        "recomputed 0 examples of 0 cells: none differ, 1 not recomputed",
    ]
    assert "no model could be trained again here" in written.err


@pytest.mark.parametrize(("votes", "searched"), [(64, 64), (None, DEFAULT_VOTES)])
def test_an_adaptive_row_is_trained_again_for_an_adaptive_attack(
    monkeypatch: pytest.MonkeyPatch, votes: int | None, searched: int
) -> None:
    specs = []

    def prepared(spec: VictimSpec, *_: object, **__: object) -> None:
        specs.append(spec)
        raise ModelError("enough")

    monkeypatch.setattr(rebuilt_victims, "prepare_victim", prepared)
    monkeypatch.setattr(rebuilt_victims, "find_trained", lambda *_, **__: Path())
    monkeypatch.setattr(rebuilt_victims, "revision_of_victim", lambda *_: TRAINING_REVISION)
    training = {"revision": TRAINING_REVISION}
    names = {"model": "tfidf-nb", "training": training, "defense": "safer"}
    run = make_outcomes(robust=2)
    for known in ({"adaptive": True, "adaptive_votes": votes}, {"adaptive": False}):
        with pytest.raises(ModelError, match="enough"):
            rebuilt_victims.rebuild_victim(make_record(run, **names, **known), None, "cpu")
    assert [spec.adaptive_votes for spec in specs] == [searched, None]
