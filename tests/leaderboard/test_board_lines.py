from __future__ import annotations

import csv
import io
from dataclasses import fields
from pathlib import PurePosixPath
from typing import Any

import pytest

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard import Claim, Leaderboard, make_leaderboard
from robustbert.leaderboard.board_lines import BOARD_COLUMNS, leaderboard_csv
from robustbert.leaderboard.board_tables import ranked_table
from robustbert.reports import TABLE_COLUMNS, to_csv
from robustbert.reports.long_lines import Line
from tests.leaderboard.published import cell, core_cells

CORE = " ".join(CORE_RECIPES)
CLAIM: dict[str, Any] = {
    "paper": "=A defense",
    "year": 2026,
    "url": "https://example.org",
    "measure": "worst_case",
    "value": 0.5,
}


def lines(leaderboard: Leaderboard, metric: str) -> list[dict[str, str]]:
    rows = csv.DictReader(io.StringIO(leaderboard_csv(leaderboard)))
    return [row for row in rows if row["metric"] == metric]


@pytest.fixture(scope="module")
def leaderboard() -> Leaderboard:
    """Row a ranks, has a best known attack and claims; row b lacks a core recipe."""
    cells = [
        *core_cells("rrrrb", model="a", model_sha256="1" * 64),
        cell("brrrb", model="a", model_sha256="1" * 64, recipe="iga"),
        *core_cells("rrrrb", model="b", model_sha256="2" * 64)[1:],
    ]
    recipe = {"measure": "accuracy_under_attack", "recipe": "=pwws", "note": "other texts"}
    claims = [Claim(**CLAIM), Claim(**{**CLAIM, **recipe})]
    return make_leaderboard(cells, {cells[0].path.parent: claims})


def test_columns_are_those_of_a_table_and_the_source() -> None:
    assert (*TABLE_COLUMNS, "source") == BOARD_COLUMNS
    assert {field.name for field in fields(Line)} == set(TABLE_COLUMNS)


def test_lines_of_the_table_are_unchanged(leaderboard: Leaderboard) -> None:
    table = to_csv(ranked_table(leaderboard)).splitlines()[1:]
    found = leaderboard_csv(leaderboard).splitlines()[1:]
    assert [f"{line}," for line in table] == found[: len(table)]


def test_each_row_has_a_rank(leaderboard: Leaderboard) -> None:
    a, b = lines(leaderboard, "rank")
    assert [a[name] for name in ("label", "recipe", "unit")] == ["a", CORE, "rank"]
    assert [a[name] for name in ("value", "low", "high", "n")] == ["1", "1", "1", "5"]
    assert [b[name] for name in ("label", "value", "low", "high", "n")] == ["b", "", "", "", ""]


def test_rows_of_other_tracks_have_no_rank() -> None:
    assert lines(make_leaderboard(core_cells("rb", track="published")), "rank") == []


def test_a_row_without_core_recipes_has_an_empty_rank() -> None:
    [line] = lines(make_leaderboard([cell("rb", recipe="iga")]), "rank")
    assert line["value"] == ""


def test_best_known(leaderboard: Leaderboard) -> None:
    [line] = lines(leaderboard, "best_known_accuracy")
    assert (line["label"], line["recipe"], line["n"]) == ("a", f"{CORE} iga", "5")
    assert float(line["value"]) == 0.6
    assert float(line["low"]) < 0.6 < float(line["high"])


def test_claims_have_a_source_and_nothing_of_a_record(leaderboard: Leaderboard) -> None:
    [worst] = lines(leaderboard, "claimed_worst_case_accuracy")
    [recipe] = lines(leaderboard, "claimed_accuracy_under_attack")
    assert worst["source"] == "'=A defense (2026), https://example.org"
    assert recipe["source"] == "'=A defense (2026), https://example.org; other texts"
    assert (worst["recipe"], recipe["recipe"]) == (CORE, "'=pwws")
    assert (worst["label"], worst["model_sha256"], worst["value"]) == ("a", "1" * 64, "0.5")
    of_records = BOARD_COLUMNS[BOARD_COLUMNS.index("failed_checks") : -1]
    assert {worst[name] for name in ("low", "high", "n", *of_records)} == {""}


def test_replicates_share_the_lines_of_their_row() -> None:
    cells = [
        one
        for seed in (0, 1)
        for one in [
            *core_cells("rrrb", **replicate(seed)),
            cell("brrb", recipe="iga", **replicate(seed)),
        ]
    ]
    board = make_leaderboard(cells)
    [rank] = lines(board, "rank")
    [best] = lines(board, "best_known_accuracy")
    for line in (rank, best):
        assert line["model_sha256"] == f"{0:064d} {1:064d}"
        assert line["training_seed"] == ""
    assert [best[name] for name in ("value", "low", "high", "n")] == ["0.5", "", "", "4"]


def replicate(seed: int) -> dict[str, Any]:
    return {"model_sha256": f"{seed:064d}", "training_seed": seed, "training": {"epochs": 2}}


def test_claims_of_other_folders_are_ignored() -> None:
    place = PurePosixPath("rotten_tomatoes/unified/other-12345678")
    board = make_leaderboard(core_cells("rb"), {place: [Claim(**CLAIM)]})
    assert lines(board, "claimed_worst_case_accuracy") == []
