from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.cli import main
from robustbert.leaderboard import Claim, Leaderboard, make_leaderboard
from robustbert.leaderboard.board_tables import FORMATS, ranked_table
from robustbert.reports import render_markdown, render_text, table_html
from tests.leaderboard.published import cell, core_cells, write_published

HOSTILE = "<b>&|[x](https://e.org) @me $\\input{x}$ =1+1"
CLAIM = Claim(
    paper=HOSTILE, year=2026, url="https://example.org/a_b", measure="worst_case", value=0.5
)


def markdown_rows(text: str) -> list[list[str]]:
    """The cells of the first table."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[part.strip() for part in line.split("|")[1:-1]] for line in lines]


@pytest.fixture(scope="module")
def leaderboard() -> Leaderboard:
    cells = [
        *core_cells("r" * 20, model="a", model_sha256="1" * 64),
        *core_cells("r" * 10 + "b" * 10, model="b", model_sha256="2" * 64),
        cell("b" + "r" * 19, model="b", model_sha256="2" * 64, recipe="iga"),
        *core_cells("r" * 20, model="c", model_sha256="3" * 64)[1:],
    ]
    recipe = Claim(
        **{**CLAIM.model_dump(), "measure": "accuracy_under_attack", "recipe": HOSTILE, "value": 1}
    )
    paths = [one.path.parent for one in cells]
    return make_leaderboard(cells, {paths[0]: [CLAIM, recipe], paths[4]: [CLAIM]})


class TestMarkdown:
    def test_details_of_recipes_are_left_out(self, leaderboard: Leaderboard) -> None:
        assert "success rate" in render_markdown(ranked_table(leaderboard))
        assert "success rate" not in FORMATS["markdown"](leaderboard)

    def test_worst_case_follows_clean_accuracy(self, leaderboard: Leaderboard) -> None:
        header = markdown_rows(FORMATS["markdown"](leaderboard))[0]
        assert header == [
            *("rank", "model", "clean accuracy", "worst case", "best known", "claimed"),
            *CORE_RECIPES,
            *("iga", "queries", "words changed"),
        ]

    def test_rows_have_ranks_and_figures(self, leaderboard: Leaderboard) -> None:
        a, b, c = markdown_rows(FORMATS["markdown"](leaderboard))[2:5]
        assert a[:2] == ["1 [1, 1]", "a"]
        assert a[4:6] == ["", "50.0, 100.0 (claims 1, 2)"]
        assert b[:2] == ["2 [2, 2]", "b"]
        assert b[3].startswith("50.0 [")
        assert b[4].startswith("45.0 [")
        assert b[5] == "50.0 (claim 1)"
        assert c[:2] == ["–", "c"]
        assert c[3:6] == ["n/a", "", ""]

    def test_notes_explain_them(self, leaderboard: Leaderboard) -> None:
        text = FORMATS["markdown"](leaderboard)
        assert "Rank: one more than the number of rows that are better" in text
        assert f"- c does not rank: not attacked by {CORE_RECIPES[0]}." in text
        assert "b: 1 more example by iga." in text
        assert "- Claim 1: worst case according to " in text
        assert "- Claim 2: accuracy under " in text
        assert "Claim 3" not in text

    def test_texts_of_claims_are_no_markup(self, leaderboard: Leaderboard) -> None:
        text = FORMATS["markdown"](leaderboard)
        assert "<b>" not in text
        assert r"\[x\](" in text
        assert "https://" not in text  # GitHub would make it a link
        assert r"\$\\input{x}\$" in text


def test_latex_has_the_same_columns(leaderboard: Leaderboard) -> None:
    text = FORMATS["latex"](leaderboard)
    assert text.count(r"\begin{table}") == 1
    assert r"rank & model & clean accuracy & worst case & best known & claimed" in text
    assert r"\begin{tabular}{ll" in text
    assert r"\input{x}" not in text
    assert r"\textbackslash{}input\{x\}" in text
    assert "Rank: one more than" in text


def test_terminal_and_notebook_show_the_model_first(leaderboard: Leaderboard) -> None:
    table = ranked_table(leaderboard)
    assert render_text(table, 300).split("\n")[3].split()[:2] == ["model", "rank"]
    assert "<b>" not in table_html(table)
    assert table_html(table).index(">model<") < table_html(table).index(">rank<")


def test_columns_without_figures_are_left_out() -> None:
    header = markdown_rows(FORMATS["markdown"](make_leaderboard(core_cells("rb"))))[0]
    assert header[:4] == ["rank", "model", "clean accuracy", "worst case"]
    assert not {"best known", "claimed"} & set(header)


def test_other_tracks_have_no_ranks() -> None:
    text = FORMATS["markdown"](make_leaderboard(core_cells("rb", track="published")))
    assert markdown_rows(text)[0][:2] == ["model", "clean accuracy"]
    assert "rank" not in text.lower().replace("ranked", "")


def test_replicates_have_a_mean_best_known_accuracy() -> None:
    cells = [
        one
        for seed in (0, 1)
        for one in [
            *core_cells("rrrb", **replicate(seed)),
            cell("brrb", recipe="iga", **replicate(seed)),
        ]
    ]
    [row] = markdown_rows(FORMATS["markdown"](make_leaderboard(cells)))[2:]
    assert row[3:5] == ["75.0 ± 0.0 (n=2 seeds) #", "50.0 ± 0.0 (n=2 seeds) #"]


def replicate(seed: int) -> dict[str, Any]:
    return {"model_sha256": f"{seed:064d}", "training_seed": seed, "training": {"epochs": 2}}


class TestCommand:
    @pytest.fixture
    def results(self, tmp_path: Path) -> Path:
        cells = [
            *core_cells("rb"),
            *core_cells("rr", track="published"),
            *core_cells("br", dataset="imdb"),
        ]
        write_published(cells, tmp_path / "results")
        return tmp_path / "results"

    def run(self, results: Path, *arguments: str) -> int:
        return main(["leaderboard", "build", "--results", str(results), *arguments])

    @pytest.mark.parametrize("name", FORMATS)
    def test_it_prints_the_table(self, results: Path, capsys, name: str) -> None:
        from robustbert.leaderboard import read_leaderboard

        assert self.run(results, "--format", name) == 0
        assert capsys.readouterr().out == FORMATS[name](read_leaderboard(results))

    def test_it_is_shown_in_the_terminal(self, results: Path, capsys, monkeypatch) -> None:
        monkeypatch.setenv("COLUMNS", "100")
        options = ["--dataset", "rotten_tomatoes", "--track", "unified"]
        assert main(["leaderboard", "show", "--results", str(results), *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith("rotten_tomatoes (test, n=2), unified track")
        assert max(map(len, lines)) <= 100
        [row] = [line.split() for line in lines if line.startswith("minilm")][:1]
        assert row[:2] == ["minilm", "1"]

    def test_it_writes_a_file(self, results: Path, tmp_path: Path, capsys) -> None:
        out = tmp_path / "new" / "table.md"
        assert self.run(results, "--format", "markdown", "--out", str(out)) == 0
        assert capsys.readouterr().out == f"{out}\n"
        assert "unified track" in out.read_text()

    def test_it_selects_tables(self, results: Path, capsys) -> None:
        assert self.run(results, "--format", "markdown", "--track", "published") == 0
        assert [line for line in capsys.readouterr().out.splitlines() if line[:3] == "###"] == [
            "### rotten_tomatoes (test, n=2), published track: accuracy in %, 95% intervals"
        ]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                ["--dataset", "x"],
                "no results of the dataset 'x'; there are imdb and rotten_tomatoes",
            ),
            (["--track", "x"], "no results of the track 'x'; there are unified and published"),
            (
                ["--dataset", "imdb", "--track", "published"],
                "no results of the track 'published'; there are unified",
            ),
        ],
    )
    def test_a_wrong_selection_is_refused(
        self, results: Path, capsys, options: list[str], message: str
    ) -> None:
        assert self.run(results, "--format", "csv", *options) == 2
        assert capsys.readouterr().err == f"robustbert: {message}\n"

    def test_it_does_not_overwrite_results(self, results: Path, capsys) -> None:
        before = {path: path.read_bytes() for path in results.rglob("*.json*")}
        for path in before:
            assert self.run(results, "--format", "csv", "--out", str(path)) == 2
            assert "is in the results folder; choose another folder" in capsys.readouterr().err
        assert {path: path.read_bytes() for path in before} == before

    def test_a_folder_without_results_is_refused(self, tmp_path: Path, capsys) -> None:
        assert self.run(tmp_path, "--format", "csv") == 2
        assert "contains no published results" in capsys.readouterr().err


def test_boards_are_selected(leaderboard: Leaderboard) -> None:
    assert leaderboard.only() == leaderboard
    assert leaderboard.only("rotten_tomatoes", "unified") == leaderboard
    assert Leaderboard(()).only() == Leaderboard(())
