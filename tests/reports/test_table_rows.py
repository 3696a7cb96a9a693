"""Grouping of records into rows, row labels, and comparability of rows."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from robustbert.metrics import MeanStd
from robustbert.records import Record, record_name
from robustbert.reports import leaderboard_table
from tests.records.builders import make_outcome, make_outcomes, make_record
from tests.reports.tables import CORE, RUN, changed, defense, group_of, table_of

A, B, C = ("3fa4c1" + "0" * 58, "9b2e11" + "0" * 58, "c0ffee" + "0" * 58)


def labels(*records: Record) -> list[str]:
    return [row.label for row in group_of(records).rows]


def test_two_models_with_the_same_name_are_two_rows() -> None:
    records = [
        make_record(RUN, model_sha256=A, recipe="pwws"),
        make_record(RUN, model_sha256=B, recipe="textfooler"),
    ]
    group = group_of(records)
    assert [row.label for row in group.rows] == ["minilm [3fa4c1]", "minilm [9b2e11]"]
    assert [row.worst_case for row in group.rows] == [None, None]


def test_hashes_are_long_enough_to_be_unique() -> None:
    longer = A[:7] + "1" * 57
    assert labels(
        make_record(RUN, model_sha256=A), make_record(RUN, model_sha256=longer, recipe="textfooler")
    ) == ["minilm [3fa4c100]", "minilm [3fa4c101]"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"dtype": "float32"}, {"dtype": "bfloat16"}, ["float32", "bfloat16"]),
        ({"max_length": 128}, {"max_length": None}, ["max_length 128", "max_length unlimited"]),
        ({"sha256": A, "dtype": "float32"}, {"sha256": B, "dtype": "float64"}, [A[:6], B[:6]]),
    ],
)
def test_rows_are_distinguished_by_the_first_differing_attribute(
    one: dict[str, Any], other: dict[str, Any], expected: list[str]
) -> None:
    records = [
        changed(make_record(RUN, recipe="pwws"), model=one),
        changed(make_record(RUN, recipe="textfooler"), model=other),
    ]
    assert labels(*records) == [f"minilm [{text}]" for text in expected]


def test_rows_are_distinguished_by_defense_parameters() -> None:
    def with_params(variant: str, sha256: str, **params: Any) -> Record:
        what = {"variant": variant, "model_sha256": sha256}
        return make_record(RUN, defenses=[defense(**params)], **what)

    assert labels(
        with_params("a" * 8, A, examples=200, epochs=1),
        with_params("b" * 8, B, examples=400, epochs=1),
    ) == ["minilm + adv [examples=200]", "minilm + adv [examples=400]"]
    # two of three have the same parameters, so the weights distinguish all of them
    assert labels(
        with_params("a" * 8, A, examples=200),
        with_params("b" * 8, B, examples=400),
        with_params("c" * 8, C, examples=200),
    ) == ["minilm + adv [3fa4c1]", "minilm + adv [9b2e11]", "minilm + adv [c0ffee]"]


def test_different_revisions_of_a_defense_are_different_rows() -> None:
    records = [
        make_record(RUN, defenses=[defense(revision=r)], recipe=recipe)
        for r, recipe in ((1, "pwws"), (2, "textfooler"))
    ]
    assert labels(*records) == ["minilm + adv [revision=1]", "minilm + adv [revision=2]"]


def test_model_named_like_a_defended_one_gets_a_distinct_label() -> None:
    records = [
        make_record(RUN, model="minilm + adv"),
        make_record(RUN, model="minilm", defenses=[defense()]),
    ]
    assert len(set(labels(*records))) == 2


@pytest.mark.parametrize(
    ("parts", "difference"),
    [
        ({"dataset": {"sha256": B}}, "dataset hash 9b2e11 instead of aaaaaa"),
        ({"assets": {"profile": "canonical"}}, "assets profile canonical instead of offline"),
        ({"protocol": {"revision": None}}, "protocol revision unknown instead of 2"),
        ({"protocol": {"seed": 5}}, "example seed 5 instead of 0"),
        ({"protocol": {"query_budget": 9}}, "limit query_budget 9 instead of 50"),
        ({"dataset": {"length": "long"}}, "text length class long instead of unknown"),
        (
            {"protocol": {"limits": {"words_changed": 0.5, "candidates": 50, "window": None}}},
            "limit stopwords not set instead of false, limit words_changed 0.5 instead of 0.3",
        ),
        ({"recipe": {"textattack_version": "0.3.8"}}, "pwws: TextAttack 0.3.8 instead of 0.3.11"),
        ({"recipe": {"params": {"a": 1}}}, "pwws: parameter a 1 instead of not set"),
        (
            {"assets": {"hashes": {"wordnet": B}}},
            "pwws: hash of asset wordnet 9b2e11 instead of cccccc",
        ),
    ],
)
def test_row_with_different_conditions_is_marked(parts: dict[str, Any], difference: str) -> None:
    odd = changed(make_record(RUN, model="odd"), **parts)
    group = group_of([odd, make_record(RUN), make_record(RUN, model="b")])
    assert [row.marks for row in group.rows] == ["‡", "", ""]
    assert f"‡ Do not compare odd with the other rows: {difference}." in group.notes


def test_row_with_other_word_vectors_is_marked_and_may_be_compared() -> None:
    vectors = {"wordnet": C, "word-vectors": B}
    odd = changed(make_record(RUN, model="odd"), assets={"hashes": vectors})
    most = [
        changed(make_record(RUN, model=name), assets={"hashes": {**vectors, "word-vectors": A}})
        for name in "ab"
    ]
    group = group_of([odd, *most])
    assert [row.marks for row in group.rows] == ["‡", "", ""]
    [note] = [note for note in group.notes if note.startswith("‡")]
    assert note == (
        "‡ odd met other word vectors than most rows (pwws: hash of asset word-vectors 9b2e11 "
        "instead of 3fa4c1). Each kind of processor builds them with other last bits, which can "
        "change single outcomes."
    )


@pytest.mark.parametrize("defended", [1, 2])
def test_assets_that_only_defenses_read_are_no_difference(defended: int) -> None:
    """They are in the records of defended rows, whether these are the majority or not."""
    more = {"wordnet": "c" * 64, "word-vectors": B, "spelling": A}
    records = [
        make_record(RUN, model="a"),
        make_record(RUN, model="b"),
        make_record(RUN, model="c"),
    ]
    for i in range(defended):
        records[i] = changed(
            records[i].model_copy(update={"defenses": [defense()]}), assets={"hashes": more}
        )
    assert [row.marks for row in group_of(records).rows] == [""] * 3


def test_rows_with_other_assets_of_defenses_count_as_the_same_in_the_majority() -> None:
    records = [
        make_record(RUN, model="a"),
        make_record(RUN, model="b", defenses=[defense("one")]),
        make_record(RUN, model="c", defenses=[defense("two")]),
        make_record(RUN, model="e"),
        make_record(RUN, model="f"),
    ]
    for i, hashes in enumerate(
        ({}, {"spelling": A}, {"word-vectors": A}, {"wordnet": B}, {"wordnet": B})
    ):
        records[i] = changed(records[i], assets={"hashes": {"wordnet": "c" * 64, **hashes}})
    assert [row.marks for row in group_of(records).rows] == ["", "", "", "‡", "‡"]


def test_a_missing_asset_is_a_difference_without_defenses() -> None:
    odd = changed(make_record(RUN, model="odd"), assets={"hashes": {}})
    group = group_of([odd, make_record(RUN), make_record(RUN, model="b")])
    difference = "pwws: hash of asset wordnet not set instead of cccccc"
    assert f"‡ Do not compare odd with the other rows: {difference}." in group.notes


def test_another_version_of_a_recipe_s_asset_is_a_difference_with_defenses() -> None:
    odd = make_record(RUN, model="odd", defenses=[defense()])
    odd = changed(odd, assets={"hashes": {"wordnet": B, "spelling": A}})
    group = group_of([odd, make_record(RUN), make_record(RUN, model="b")])
    [note] = [note for note in group.notes if note.startswith("‡")]
    assert note.endswith("pwws: hash of asset wordnet 9b2e11 instead of cccccc.")


def test_row_on_fewer_examples_is_marked() -> None:
    few = make_outcomes(broken=3)
    [group] = table_of((RUN, {}), (RUN, {"model": "b"}), (few, {"model": "few"})).groups
    assert [row.differences for row in group.rows] == [(), (), ("3 examples instead of 10",)]


def test_row_on_different_examples_is_marked() -> None:
    other = tuple(o.model_copy(update={"example_id": f"f{o.example_id}"}) for o in RUN)
    [group] = table_of((RUN, {}), (RUN, {"model": "b"}), (other, {"model": "other"})).groups
    assert [row.marks for row in group.rows] == ["", "", "‡"]
    assert "different examples" in group.rows[2].differences[0]


def test_one_model_with_two_sets_of_limits_is_two_rows() -> None:
    loose = changed(make_record(RUN, recipe="textfooler"), protocol={"query_budget": 100})
    group = group_of([make_record(RUN, recipe="pwws"), loose])
    assert [row.label for row in group.rows] == [
        "minilm [query_budget=50]",
        "minilm [query_budget=100]",
    ]
    assert [row.marks for row in group.rows] == ["", "‡"]


def replicates(*robust: int, **changes: Any) -> list[tuple[tuple, dict[str, Any]]]:
    return [
        (
            make_outcomes(skipped=2, robust=k, broken=8 - k),
            {"training_seed": seed, "model_sha256": f"{seed}" * 64, **changes},
        )
        for seed, k in enumerate(robust)
    ]


def test_replicates_share_a_row_with_mean_and_deviation() -> None:
    [group] = table_of(*replicates(2, 3, 5), *replicates(1, 1, 6, model="b")).groups
    assert [row.label for row in group.rows] == ["minilm", "b"]
    row = group.rows[0]
    assert [one.training_seed for one in row.replicates] == [0, 1, 2]
    expected = MeanStd(pytest.approx(1 / 3), pytest.approx(statistics.stdev([0.2, 0.3, 0.5])), 3)
    assert row.accuracy_under("pwws") == row.worst_case == expected
    assert row.clean == MeanStd(0.8, 0.0, 3)
    assert row.queries == MeanStd(10, 0.0, 3)
    assert any("sample standard deviation over n training seeds" in note for note in group.notes)


@pytest.mark.parametrize(
    "changes",
    [
        {"training_seed": None},  # not trained by robustbert
        {"training_seed": 0},  # the same seed, but different weights
        {"suite": "another"},  # may use different training settings
        {"variant": "a" * 8},
        {"training": {"epochs": 3}},
        {"defenses": [defense()]},
    ],
)
def test_differences_beyond_the_seed_make_separate_rows(
    changes: dict[str, Any],
) -> None:
    first, second = replicates(2, 3)
    first[1]["recipe"] = "textfooler"  # so that the cells have distinct names
    [group] = table_of(first, (second[0], {**second[1], **changes})).groups
    assert [len(row.replicates) for row in group.rows] == [1, 1]
    assert len({row.label for row in group.rows}) == 2


def test_replicates_on_different_examples_are_not_pooled() -> None:
    few = (make_outcomes(broken=3), {"training_seed": 1, "model_sha256": "1" * 64})
    [group] = table_of(replicates(2)[0], few).groups
    assert [len(row.replicates) for row in group.rows] == [1, 1]


def test_replicate_without_a_recipe_is_noted() -> None:
    cells = replicates(2, 3, 5, recipe="pwws") + replicates(2, 3, recipe="textfooler")
    [group] = table_of(*cells).groups
    [row] = group.rows
    assert row.worst_case == MeanStd(0.25, pytest.approx(statistics.stdev([0.2, 0.3])), 2)
    assert "textfooler was run for 2 of the 3 training seeds of minilm." in group.notes
    assert (
        "There is no worst case for minilm (training seed 2): textfooler was not run."
        in group.notes
    )


def test_seeds_with_the_same_weights_are_noted() -> None:
    [group] = table_of(*replicates(2, 2, model_sha256=A)).groups
    assert "All training seeds of minilm gave the same weights." in group.notes


def test_failed_checks_are_marked_with_measured_values() -> None:
    exhausted = make_outcomes(skipped=1, broken=6, exhausted=3)
    retracted = (
        *make_outcomes(broken=9),
        make_outcome("r", retracted=True, queries=50),
    )
    little = make_outcomes(robust=5, broken=5)
    cells = zip(("pwws", "iga", "a2t"), (exhausted, retracted, little), strict=True)
    [group] = table_of(*((run, {"recipe": recipe}) for recipe, run in cells)).groups
    [row] = group.rows
    assert [row.recipe_marks(recipe) for recipe in group.recipes] == ["§#", "¶", "#"]
    notes = "\n".join(group.notes)
    assert "§ The query budget ran out for more than 10% of the attacked examples." in notes
    assert "pwws (minilm 33.3%)" in notes
    assert "¶ More than 5% of the reported adversarial texts failed verification" in notes
    assert "iga (minilm 10.0%)" in notes
    assert "# More than 30% of the surviving examples had at most 10 queries" in notes
    assert "pwws (minilm 100.0%), a2t (minilm 100.0%)" in notes
    assert row.worst_case_marks(group.core) == "§#"


def test_checks_of_old_records_are_computed_from_their_outcomes() -> None:
    record = make_record(RUN, reliability=[])
    name = record_name(record)
    [with_outcomes] = leaderboard_table([record], {name: RUN}).groups[0].rows
    assert with_outcomes.recipe_marks("pwws") == "#"
    [without] = leaderboard_table([record]).groups[0].rows
    assert without.recipe_marks("pwws") == ""


def test_unknown_check_shows_its_own_description() -> None:
    [known] = [c for c in make_record(RUN).reliability if c.name == "little-to-try"]
    check = known.model_copy(update={"name": "new", "about": "something {threshold} new"})
    group = group_of([make_record(RUN, reliability=[check])])
    assert group.rows[0].recipe_marks("pwws") == "!"
    assert any(note.startswith("! new: something") for note in group.notes)


def test_core_recipes_can_be_run() -> None:
    from robustbert.attacks.recipes import CORE_RECIPES, runnable_recipe

    assert CORE_RECIPES == CORE
    for name in CORE_RECIPES:
        runnable_recipe(name)


def test_cells_of_different_environments_are_noted() -> None:
    first, second = make_record(RUN), make_record(RUN, recipe="textfooler")
    environment = second.environment.model_copy(
        update={
            "device": "cuda:1",
            "processor_class": "f" * 24,
            "processor": "Another",
            "torch": "3.0.0",
        }
    )
    moved = second.model_copy(update={"environment": environment})
    notes = group_of([first, second]).notes
    assert not any("for that reason alone" in note for note in notes)
    notes = group_of([first, moved]).notes
    (devices, processors, torch) = [note for note in notes if "for that reason alone" in note]
    assert "on 2 types of device (cpu and cuda:1)" in devices
    assert "on 2 types of processor (Another and " in processors
    assert "with 2 versions of torch (" in torch
