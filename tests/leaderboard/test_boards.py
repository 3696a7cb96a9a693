from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard import Board, BoardRow, Leaderboard, make_leaderboard, read_leaderboard
from robustbert.leaderboard.board_tables import ranked_table
from robustbert.metrics import MeanStd, Rank, bootstrap_ranks
from robustbert.records import DefenseRef, Metric, PublishedCell
from robustbert.reports import render_text
from tests.leaderboard.published import board_of, cell, core_cells, published, write_published
from tests.reports.tables import changed

#: Training settings, without which models with other seeds are not replicates of each other.
TRAINING = {"epochs": 2}


def model(name: str, letters: str, start: int = 0, **names: Any) -> list[PublishedCell]:
    """The core cells of a model with weights of its own."""
    names.setdefault("model_sha256", f"{sum(name.encode()) % 10**6:064d}")
    return core_cells(letters, start, model=name, **names)


def ranks(board: Board) -> dict[str, Rank | None]:
    return {one.row.label: one.rank for one in board.rows}


def row(board: Board, name: str) -> BoardRow:
    [found] = [one for one in board.rows if one.row.name == name]
    return found


def test_rows_rank_by_worst_case_over_the_core_recipes() -> None:
    board = board_of(
        *model("weak", "b" * 30), *model("strong", "r" * 30), *model("middle", "rb" * 15)
    )
    assert ranks(board) == {
        "strong": Rank(1, 1, 1),
        "middle": Rank(2, 2, 2),
        "weak": Rank(3, 3, 3),
    }
    assert [one.row for one in board.rows] == list(board.group.rows)
    assert board.is_ranked


def test_equal_rows_share_a_rank() -> None:
    board = board_of(*model("a", "rb" * 15), *model("b", "rb" * 15))
    assert ranks(board) == {"a": Rank(1, 1, 2), "b": Rank(1, 1, 2)}


def test_a_single_row_has_rank_1() -> None:
    assert ranks(board_of(*model("a", "b"))) == {"a": Rank(1, 1, 1)}


def test_ranks_are_those_of_the_shares_of_surviving_examples() -> None:
    letters = {"a": "rrrrrbbbsr", "b": "rrbbxxbbsr", "c": "bbbbbbbrse"}
    cells = [one for name, run in letters.items() for one in model(name, run)]
    scores = [[float(letter in "rx") for letter in run] for run in letters.values()]
    expected = dict(zip(letters, bootstrap_ranks(scores, 0), strict=True))
    assert ranks(board_of(*cells)) == expected


def test_rows_do_not_rank_on_other_tracks() -> None:
    board = board_of(*model("a", "rb", track="published"))
    [one] = board.rows
    assert (one.rank, one.not_ranked) == (None, "rows rank on the unified track only")
    assert not board.is_ranked


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (model("odd", "rb")[1:], f"not attacked by {CORE_RECIPES[0]}"),
        (
            model("odd", "rb")[2:],
            f"not attacked by {CORE_RECIPES[0]} and {CORE_RECIPES[1]}",
        ),
        (
            [cell("rb", model="odd", recipe="iga")],
            f"not attacked by {', '.join(CORE_RECIPES[:-1])}",
        ),
        (model("odd", "rb", start=1), "attacked on other examples (2 instead of 2)"),
        (model("odd", "rbr"), "attacked on other examples (3 instead of 2)"),
        (
            [*model("odd", "rb")[1:], model("odd", "rbr")[0]],
            f"{CORE_RECIPES[0]} ran on a different number of examples",
        ),
        (
            [*model("odd", "rb")[1:], model("odd", "rb", start=3)[0]],
            "its recipes ran on different examples",
        ),
        (model("odd", "rb", profile="canonical"), "assets profile canonical instead of offline"),
    ],
)
def test_rows_that_cannot_be_compared_do_not_rank(cells: list[PublishedCell], reason: str) -> None:
    board = board_of(*cells, *model("a", "rb"), *model("b", "br"))
    odd = row(board, "odd")
    assert odd.rank is None
    assert odd.not_ranked.startswith(reason)
    assert board.rows[-1] == odd
    assert ranks(board)["a"] == Rank(1, 1, 2)


def test_a_row_under_other_limits_of_one_recipe_does_not_rank() -> None:
    first, *others = model("odd", "rb")
    record = changed(first.record, recipe={"textattack_version": "0.3.10"})
    cells = [published(record, first.outcomes), *others]
    board = board_of(*cells, *model("a", "rb"), *model("b", "br"))
    reason = f"{CORE_RECIPES[0]}: TextAttack 0.3.10 instead of 0.3.11"
    assert row(board, "odd").not_ranked == reason


def test_a_row_with_word_vectors_of_another_processor_ranks_with_a_mark() -> None:
    first, *others = model("odd", "rb")
    hashes = {**first.record.assets.hashes, "word-vectors": "d" * 64}
    record = changed(first.record, assets={"hashes": hashes})
    board = board_of(
        published(record, first.outcomes), *others, *model("a", "bb"), *model("b", "bb")
    )
    assert ranks(board)["odd"].low == 1
    assert row(board, "odd").row.marks == "‡"


def test_a_row_whose_defense_reads_an_asset_ranks() -> None:
    cells = []
    for one in model("defended", "rb", defenses=[DefenseRef(name="adv", params={}, revision=1)]):
        hashes = {**one.record.assets.hashes, "spelling": "d" * 64}
        cells.append(published(changed(one.record, assets={"hashes": hashes}), one.outcomes))
    board = board_of(*cells, *model("a", "bb"), *model("b", "bb"))
    [defended] = [one for one in board.rows if one.row.name.startswith("defended")]
    assert (defended.not_ranked, defended.row.marks) == ("", "")


def test_a_row_with_another_wordnet_does_not_rank() -> None:
    first, *others = model("odd", "rb")
    record = changed(first.record, assets={"hashes": {"wordnet": "d" * 64}})
    cells = [published(record, first.outcomes), *others]
    board = board_of(*cells, *model("a", "rb"), *model("b", "br"))
    reason = f"{CORE_RECIPES[0]}: hash of asset wordnet dddddd instead of cccccc"
    assert row(board, "odd").not_ranked == reason


def test_of_a_model_that_attacks_can_adapt_to_the_adaptive_row_ranks() -> None:
    defended = {"model": "odd", "model_sha256": "e" * 64, "defense": "safer"}
    plain = core_cells("rrrr", **defended, adaptive=False)
    adaptive = core_cells("rrbb", **defended, adaptive=True, adaptive_votes=32)
    board = board_of(*plain, *adaptive, *model("a", "bbbb"))
    name = "odd + safer"
    assert [one.row.name for one in board.rows] == [f"{name} (adaptive)", "a", name]
    reason = "attacked without knowledge of its defenses; add a row with adaptive = true"
    assert (row(board, name).rank, row(board, name).not_ranked) == (None, reason)
    assert row(board, f"{name} (adaptive)").rank.rank == 1
    assert row(board, "a").rank.rank <= 2
    only = board_of(*core_cells("rrrr", **defended), *model("a", "bbbb"))
    assert row(only, name).rank.rank == 1, "of earlier records it is not known"
    text = " ".join(render_text(ranked_table(Leaderboard((board,)))).split())
    assert f"{name} does not rank: {reason}." in text


def test_other_conditions_of_a_recipe_that_is_not_core_do_not_matter() -> None:
    one = cell("rb", model="a", recipe="iga", model_sha256="1" * 64)
    other = cell("rb", model="b", recipe="iga", model_sha256="2" * 64)
    record = changed(one.record, recipe={"params": {"population": 3}})
    board = board_of(
        *model("a", "rb", model_sha256="1" * 64),
        *model("b", "rb", model_sha256="2" * 64),
        published(record, one.outcomes),
        other,
    )
    assert ranks(board) == {"a": Rank(1, 1, 2), "b": Rank(1, 1, 2)}


class TestReplicates:
    def cells(self, seed: int, letters: str, **names: Any) -> list[PublishedCell]:
        """A replicate: its name and settings are those of the others, its weights are not."""
        return core_cells(
            letters,
            model="minilm",
            model_sha256=f"{seed:064d}",
            training_seed=seed,
            training=TRAINING,
            **names,
        )

    def test_they_are_one_row_with_mean_and_spread(self) -> None:
        board = board_of(*self.cells(0, "rrbb"), *self.cells(1, "rbbb"), *model("other", "rrbb"))
        [first, second] = board.rows
        assert first.row.name == "other"
        assert second.row.worst_case == MeanStd(0.375, pytest.approx(0.125 * 2**0.5), 2)
        assert len(second.folders) == len(set(second.folders)) == 2
        # the score of an example is the share of replicates that survive
        expected = bootstrap_ranks([[1, 1, 0, 0], [1, 0.5, 0, 0]], 0)
        assert (first.rank, second.rank) == expected

    def test_runs_of_different_suites_are_replicates(self) -> None:
        board = board_of(*self.cells(0, "rb", suite="one"), *self.cells(1, "rb", suite="two"))
        assert [len(one.row.replicates) for one in board.rows] == [2]

    def test_they_must_have_the_same_examples(self) -> None:
        board = board_of(
            *self.cells(0, "rb"),
            *[
                published(
                    one.record,
                    [o.model_copy(update={"example_id": o.example_id + "x"}) for o in one.outcomes],
                )
                for one in self.cells(1, "rb")
            ],
        )
        [one] = board.rows
        assert one.not_ranked == "its replicates ran on different examples"


def test_a_later_submission_that_knows_less_of_the_weights_joins_their_row() -> None:
    later = cell("rb", model="a", recipe="iga", model_sha256="b" * 64, suite="another")
    record = changed(later.record, model={"source": "file:/elsewhere", "training": None})
    record = record.model_copy(update={"training_seed": None})
    first = model("a", "rb", model_sha256="b" * 64, training=TRAINING)
    board = board_of(published(record, later.outcomes), *first)
    [one] = board.rows
    assert set(one.row.replicates[0].records) == {*CORE_RECIPES, "iga"}
    assert one.row.replicates[0].training_seed == 0


def test_two_models_of_one_name_are_two_rows() -> None:
    board = board_of(
        *model("a", "rb", model_sha256="1" * 64), *model("a", "br", model_sha256="2" * 64)
    )
    assert [one.row.name for one in board.rows] == ["a", "a"]
    assert len({one.row.label for one in board.rows}) == 2


def test_boards_are_per_dataset_and_track_with_the_ranked_one_first() -> None:
    cells = [
        *model("a", "rb", track="published"),
        *model("a", "rb"),
        *model("a", "rb", dataset="bbc_news", track="published"),
    ]
    boards = make_leaderboard(cells).boards
    assert [(one.group.dataset, one.group.track) for one in boards] == [
        ("bbc_news", "published"),
        ("rotten_tomatoes", "unified"),
        ("rotten_tomatoes", "published"),
    ]


def test_it_is_read_from_files(tmp_path: Path) -> None:
    write_published([*model("a", "rb"), *model("b", "rr", dataset="imdb")], tmp_path)
    boards = read_leaderboard(tmp_path).boards
    assert [one.group.dataset for one in boards] == ["imdb", "rotten_tomatoes"]
    [imdb] = read_leaderboard(tmp_path / "imdb").boards
    assert imdb.rows == boards[0].rows


def test_a_row_keeps_the_numbers_of_its_table() -> None:
    [one] = board_of(*model("a", "rrsb")).rows
    assert isinstance(one.row.worst_case, Metric)
    assert (one.row.worst_case.value, one.row.worst_case.n) == (0.5, 4)
