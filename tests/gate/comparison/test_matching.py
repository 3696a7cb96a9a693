"""Which cells of two runs are compared, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest

from robustbert.errors import InputError, UnknownNameError
from robustbert.gate import GateRun, compare_runs
from robustbert.gate.comparison.comparison_wording import relation_sentences
from robustbert.gate.comparison.matching import match_runs
from robustbert.records import AssetsRef, DefenseRef, Protocol, RecipeRef
from tests.gate.runs import make_cell, make_run
from tests.records.builders import ENVIRONMENT

PROTOCOL = make_cell("rr").record.protocol


def run_of(name: str, *cells: Any) -> GateRun:
    return GateRun(name, cells)


def protocol(**changes: Any) -> Protocol:
    return PROTOCOL.model_copy(update=changes)


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        ("assets", {"profile": "canonical"}, "assets profile canonical instead of offline"),
        (
            "assets",
            {"assets": AssetsRef(profile="offline", hashes={"wordnet": "d" * 64})},
            "hash of asset wordnet dddddd instead of cccccc",
        ),
        ("seed", {"protocol": protocol(seed=1)}, "example seed 1 instead of 0"),
        ("protocol", {"protocol": protocol(revision=3)}, "protocol revision 3 instead of 2"),
        (
            "protocol",
            {"protocol": protocol(query_budget=10)},
            "limit query_budget 10 instead of 50",
        ),
        ("protocol", {"length": "long"}, "text length class long instead of unknown"),
        (
            "protocol",
            {"recipe_ref": RecipeRef(name="pwws", textattack_version="0.3.11", params={"k": 8})},
            "parameter k 8 instead of not set",
        ),
        (
            "versions",
            {"recipe_ref": RecipeRef(name="pwws", textattack_version="0.3.10", params={})},
            "TextAttack 0.3.10 instead of 0.3.11",
        ),
        (
            "versions",
            {"environment": ENVIRONMENT.model_copy(update={"torch": "2.14.0"})},
            "torch 2.14.0 instead of 2.13.0",
        ),
        (
            "versions",
            {"environment": ENVIRONMENT.model_copy(update={"python": "3.12.1"})},
            "Python 3.12 instead of 3.11",
        ),
    ],
)
def test_a_difference_is_refused_unless_it_is_allowed(
    kind: str, changes: dict[str, Any], reason: str
) -> None:
    base, candidate = run_of("a", make_cell("rr")), run_of("b", make_cell("rb", **changes))
    matching = match_runs(base, candidate)
    assert matching.pairs == ()
    [refused] = matching.not_compared
    assert (refused.reason, refused.allow) == (reason, (kind,))

    allowed = match_runs(base, candidate, {kind})
    assert allowed.not_compared == ()
    assert [pair.allowed for pair in allowed.pairs] == [(reason,)]


def test_what_is_no_part_of_the_conditions_may_differ() -> None:
    environment = ENVIRONMENT.model_copy(
        update={"python": "3.11.9", "datasets": "6.0.0", "threads": 1, "processor_class": "f" * 24}
    )
    candidate = make_cell("rb", environment=environment, model="other", model_sha256="e" * 64)
    matching = match_runs(run_of("a", make_cell("rr")), run_of("b", candidate))
    assert len(matching.pairs) == 1
    assert matching.not_compared == ()


@pytest.mark.parametrize("defended", ["base", "candidate"])
def test_assets_that_a_defense_reads_may_differ(defended: str) -> None:
    defenses = [DefenseRef(name="spell-correction", params={}, revision=1)]
    assets = AssetsRef(profile="offline", hashes={"wordnet": "c" * 64, "spelling": "d" * 64})
    cells = {"base": make_cell("rr"), "candidate": make_cell("rb")}
    cells[defended] = make_cell("rb", defenses=defenses, assets=assets)
    matching = match_runs(run_of("a", cells["base"]), run_of("b", cells["candidate"]))
    assert [len(matching.pairs), *matching.not_compared] == [1]


def test_other_examples_are_refused_and_if_allowed_only_the_shared_ones_are_used() -> None:
    base, candidate = run_of("a", make_cell("rrrr")), run_of("b", make_cell("rrr", first=2))
    [refused] = match_runs(base, candidate).not_compared
    assert refused.allow == ("examples",)
    assert refused.reason == "3 examples instead of 4, of which 2 are the same"
    [pair] = match_runs(base, candidate, {"examples"}).pairs
    assert pair.allowed == (refused.reason,)


def test_without_a_shared_example_nothing_can_be_allowed() -> None:
    base, candidate = run_of("a", make_cell("rr")), run_of("b", make_cell("rr", first=2))
    [refused] = match_runs(base, candidate, {"examples"}).not_compared
    assert refused.reason == "no example was finished in both"
    assert refused.allow == ("examples",)


def test_errors_are_refused_unless_they_are_allowed() -> None:
    base, candidate = run_of("a", make_cell("rr")), run_of("b", make_cell("re"))
    [refused] = match_runs(base, candidate).not_compared
    assert refused.allow == ("errors",)
    assert refused.reason == "1 example of the candidate with the status error"
    assert len(match_runs(base, candidate, {"errors"}).pairs) == 1


def test_a_cell_that_only_one_run_has_is_listed_and_matters_only_if_it_is_the_base() -> None:
    base = make_run("base", pwws="rr", textfooler="rr")
    candidate = make_run("candidate", pwws="rr", deepwordbug="rr")
    missing, extra = match_runs(base, candidate).not_compared
    assert (missing.recipe, missing.reason) == ("textfooler", "only the base has it")
    assert missing.allow == ("missing",)
    assert (extra.recipe, extra.reason, extra.allow) == (
        "deepwordbug",
        "only the candidate has it",
        (),
    )
    assert [cell.allow for cell in match_runs(base, candidate, {"missing"}).not_compared] == [
        (),
        (),
    ]


def test_single_rows_are_matched_whatever_their_labels() -> None:
    base, candidate = make_cell("rr", model="old"), make_cell("rr", model="new")
    [pair] = match_runs(run_of("a", base), run_of("b", candidate)).pairs
    assert (pair.rows.base, pair.rows.candidate) == ("old", "new")


def test_several_rows_are_matched_by_label() -> None:
    base = run_of("a", make_cell("rr", model="one"), make_cell("rb", model="two"))
    candidate = run_of("b", make_cell("bb", model="two"), make_cell("rr", model="three"))
    matching = match_runs(base, candidate)
    assert [pair.rows.label for pair in matching.pairs] == ["two"]
    reasons = {cell.row: (cell.reason, cell.allow) for cell in matching.not_compared}
    assert reasons == {
        "one": ("the candidate has no such row", ("missing",)),
        "three": ("the base has no such row", ()),
    }


def test_rows_without_a_common_label_must_be_chosen() -> None:
    base = run_of("a", make_cell("rr", model="one"), make_cell("rb", model="two"))
    candidate = run_of("b", make_cell("bb", model="three"))
    with pytest.raises(InputError, match="a has the rows one and two, and b has three; choose"):
        match_runs(base, candidate)


def test_two_cells_with_one_name_are_refused() -> None:
    base = run_of("a", make_cell("rr"), make_cell("rb"))
    with pytest.raises(InputError, match="a has two cells of minilm on rotten_tomatoes under pwws"):
        match_runs(base, base)


def test_an_unknown_kind_of_difference_is_named() -> None:
    run = make_run(pwws="rr")
    with pytest.raises(UnknownNameError, match=r"unknown difference 'version'; did you mean ver"):
        match_runs(run, run, {"version"})


@pytest.mark.parametrize(
    ("changes", "relation"),
    [
        ({}, "the same model"),
        ({"model_sha256": "c" * 64}, "different models"),
        (
            {"model_sha256": "c" * 64, "training_seed": 1, "training": {"epochs": 2}},
            "the same training with another seed (0 and 1)",
        ),
        (
            {"model_sha256": "c" * 64, "training_seed": 1, "training": {"epochs": 3}},
            "different models",
        ),
        ({"defense": "adversarial-training"}, "different models"),
    ],
)
def test_the_relation_of_two_models_is_named(changes: dict[str, Any], relation: str) -> None:
    base = make_cell("rr", training_seed=0, training={"epochs": 2})
    [pair] = match_runs(
        run_of("a", base), run_of("b", make_cell("rr", **{"training_seed": 0, **changes}))
    ).pairs
    assert pair.rows.relation == relation


def test_each_dataset_has_the_models_of_its_own() -> None:
    """A row has one model per dataset: it was trained on each of them."""
    base = run_of(
        "a",
        make_cell("rr", dataset="imdb", model_sha256="1" * 64),
        make_cell("rr", dataset="yelp", model_sha256="2" * 64),
    )
    candidate = run_of(
        "b",
        make_cell("rr", dataset="imdb", model_sha256="1" * 64),
        make_cell("rr", dataset="yelp", model_sha256="3" * 64),
    )
    comparison = compare_runs(base, candidate)
    found = {measure.dataset: measure.rows for measure in comparison.measures}
    assert found["imdb"].relation == "the same model"
    assert found["yelp"].relation == "different models"
    assert (found["yelp"].base_sha256, found["yelp"].candidate_sha256) == ("2" * 64, "3" * 64)
    assert relation_sentences(comparison) == (
        "minilm on imdb: base and candidate are the same model (weights 111111). "
        "A difference between them is not due to the model.",
        "minilm on yelp: base and candidate are different models (weights 222222 and 333333).",
    )
