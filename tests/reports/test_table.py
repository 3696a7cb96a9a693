"""What stands in the table: pooling, what is left out, and the notes that say so."""

from __future__ import annotations

from typing import Any

import pytest

from robustbert.errors import InputError
from robustbert.metrics import proportion
from robustbert.records import BatchInvariance, Environment, Outcome, Record, record_name
from robustbert.reports import Table, leaderboard_table
from tests.records.builders import ENVIRONMENT, make_outcome, make_outcomes, make_record

PWWS = make_outcomes(skipped=2, robust=4, broken=4)
FOOLER = make_outcomes(skipped=2, robust=1, broken=7)


def table_of(*cells: tuple[tuple[Outcome, ...], dict[str, Any]]) -> Table:
    records = [make_record(outcomes, **names) for outcomes, names in cells]
    outcomes = {record_name(record): cell[0] for record, cell in zip(records, cells, strict=True)}
    return leaderboard_table(records, outcomes)


def test_a_row_holds_its_recipes_and_their_worst_case() -> None:
    [group] = table_of((PWWS, {"recipe": "pwws"}), (FOOLER, {"recipe": "textfooler"})).groups
    assert (group.dataset, group.split, group.track) == ("rotten_tomatoes", "test", "unified")
    assert (group.n, group.recipes, group.notes) == (10, ("pwws", "textfooler"), ())
    [row] = group.rows
    assert row.label == "minilm"
    assert row.clean == proportion(8, 10)
    assert row.recipes == (proportion(4, 10), proportion(1, 10))
    # e2 … e5 survive the first recipe, e2 alone the second.
    assert row.worst_case == proportion(1, 10)


def test_queries_and_words_are_pooled_over_examples() -> None:
    few = tuple(make_outcome(f"e{i}", "broken", queries=100, words=4) for i in range(2))
    many = (make_outcome("e0", "broken", queries=10, words=20, words_changed=5),)
    many += (make_outcome("e1", "skipped", queries=9999),)
    [group] = table_of((few, {"recipe": "a"}), (many, {"recipe": "b"})).groups
    assert group.rows[0].queries == pytest.approx((100 + 100 + 10) / 3)
    assert group.rows[0].words_changed == pytest.approx((1 + 1 + 5) / (4 + 4 + 20))


def test_no_attacked_example_is_no_number() -> None:
    [group] = table_of((make_outcomes(skipped=3), {})).groups
    assert group.rows[0].queries is None
    assert group.rows[0].words_changed is None
    assert group.rows[0].worst_case == proportion(0, 3)


def test_rows_and_groups_keep_the_order_they_came_in() -> None:
    table = table_of(
        (PWWS, {"model": "z"}),
        (PWWS, {"model": "a"}),
        (PWWS, {"model": "z", "defense": "adv"}),
        (PWWS, {"model": "z", "track": "published"}),
        (PWWS, {"model": "z", "dataset": "bbc_news"}),
        (FOOLER, {"model": "z", "recipe": "textfooler"}),
    )
    assert [(g.dataset, g.track) for g in table.groups] == [
        ("rotten_tomatoes", "unified"),
        ("rotten_tomatoes", "published"),
        ("bbc_news", "unified"),
    ]
    assert [row.label for row in table.groups[0].rows] == ["z", "a", "z + adv"]


def test_a_recipe_on_fewer_examples_is_left_out() -> None:
    few = make_outcomes(broken=3)
    [group] = table_of(
        (few, {"recipe": "iga"}), (PWWS, {"recipe": "pwws"}), (FOOLER, {"recipe": "textfooler"})
    ).groups
    [row] = group.rows
    assert row.n == group.n == 10
    assert row.recipes[0] == proportion(0, 3)
    assert row.clean == proportion(8, 10)
    assert row.worst_case == proportion(1, 10)
    assert group.notes == (
        "run on another number of examples, so left out of worst case, queries and words "
        "changed: minilm / iga (n=3)",
    )


def test_a_recipe_that_was_not_run_is_missing_and_noted() -> None:
    [group] = table_of(
        (PWWS, {"model": "a"}),
        (FOOLER, {"model": "a", "recipe": "textfooler"}),
        (PWWS, {"model": "b"}),
    ).groups
    assert group.rows[1].recipes == (proportion(4, 10), None)
    assert group.rows[1].worst_case == proportion(4, 10)
    assert [note for note in group.notes if "b / textfooler" in note and "not run" in note]


def test_without_outcomes_the_records_numbers_remain() -> None:
    [group] = leaderboard_table([make_record(PWWS)]).groups
    [row] = group.rows
    assert row.recipes == (proportion(4, 10),)
    assert row.queries == 10
    assert (row.worst_case, row.words_changed) == (None, None)
    assert "minilm / pwws" in group.notes[0]


def test_runs_of_different_examples_are_noted() -> None:
    other = tuple(make_outcome(f"f{i}") for i in range(10))
    [group] = table_of((PWWS, {}), (other, {"recipe": "textfooler", "seed": 1})).groups
    assert group.rows[0].worst_case is None
    assert any("same examples" in note for note in group.notes)


def test_mixed_profiles_are_noted() -> None:
    [group] = table_of((PWWS, {}), (PWWS, {"model": "b", "profile": "canonical"})).groups
    assert group.notes == (
        "assets of different profiles, whose attacks differ: offline: minilm / pwws; "
        "canonical: b / pwws",
    )


def checked(status: str, differing: int = 0) -> Environment:
    found = BatchInvariance(
        status=status,
        ladder={"plain 384x384 float32": [16, 32]},
        answers_checked=200,
        answers_differing=differing,
        encodings_checked=10,
        encodings_differing=0,
    )
    return ENVIRONMENT.model_copy(update={"batch_invariance": found})


def test_a_row_that_is_not_verified_is_marked() -> None:
    [group] = table_of(
        (PWWS, {"model": "a", "environment": checked("verified")}),
        (FOOLER, {"model": "a", "recipe": "textfooler", "environment": checked("not verified", 3)}),
        (PWWS, {"model": "b", "environment": checked("verified")}),
        (FOOLER, {"model": "b", "recipe": "textfooler", "environment": checked("verified")}),
        (PWWS, {"model": "c"}),
        (FOOLER, {"model": "c", "recipe": "textfooler", "environment": checked("verified")}),
        (PWWS, {"model": "d", "environment": checked("not verified")}),
        (FOOLER, {"model": "d", "recipe": "textfooler"}),
    ).groups
    assert [row.label for row in group.rows] == ["a †", "b", "c", "d †"]
    assert [row.batch_invariance for row in group.rows] == [
        "not verified",
        "verified",
        None,
        "not verified",
    ]
    assert group.notes == (
        "† batch invariance not verified, so outcomes may not repeat: a / textfooler (3 of 210 "
        "answers differed when asked alone), d / pwws",
    )


def test_counts_that_change_the_reading_are_noted() -> None:
    outcomes = (
        *make_outcomes(exhausted=2, error=1),
        make_outcome("r", retracted=True),
    )
    [group] = table_of((outcomes, {"truncated": 4})).groups
    assert [note.split(" ")[0] for note in group.notes] == [
        "errors",
        "exhausted",
        "retracted",
        "clean",
    ]
    assert [note[-1] for note in group.notes] == ["1", "2", "1", "4"]


def test_long_notes_are_cut() -> None:
    outcomes = make_outcomes(exhausted=1)
    [group] = table_of(*((outcomes, {"model": f"m{i}"}) for i in range(9))).groups
    assert group.notes[0].endswith("m5 / pwws 1 and 3 more")


def test_two_records_of_a_cell_are_refused() -> None:
    record: Record = make_record(PWWS)
    with pytest.raises(InputError, match="2 records of the cell rotten_tomatoes--minilm"):
        leaderboard_table([record, record])


def test_outcomes_of_another_run_are_refused() -> None:
    record = make_record(PWWS)
    with pytest.raises(InputError, match="outcomes are not its own"):
        leaderboard_table([record], {record_name(record): FOOLER})


def test_no_records_are_an_empty_table() -> None:
    assert leaderboard_table([]).groups == ()
