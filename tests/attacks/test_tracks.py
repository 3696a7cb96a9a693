from __future__ import annotations

import pytest

from robustbert.attacks.recipes import runnable_recipe
from robustbert.attacks.tracks import UnifiedLimits, check_track, unify
from robustbert.errors import InputError, UnknownNameError


@pytest.fixture
def build(textattack, victim):
    from robustbert.attacks.building import build_attack
    from robustbert.attacks.victim import QueuedVictim

    def silent(server: str, texts) -> list:
        return []

    def unified(name: str, words: int = 20):
        attack = build_attack(runnable_recipe(name), QueuedVictim(victim, silent), silent)
        return unify(attack, UnifiedLimits(), words, silent)

    return unified


def names(attack) -> set[str]:
    constraints = [*attack.constraints, *attack.pre_transformation_constraints]
    return {type(constraint).__name__ for constraint in constraints}


SHARED = {"RepeatModification", "StopwordModification", "WordsChangedLimit", "StretchSimilarity"}
KEPT = {
    "deepwordbug": set(),
    "pruthi": {"MinWordLength", "MaxWordsPerturbed"},
    "pwws": set(),
    "textbugger": set(),
    "textfooler": {"WordEmbeddingDistance", "PartOfSpeech", "InputColumnModification"},
    "iga": {"WordEmbeddingDistance"},
    "a2t": {"WordEmbeddingDistance", "PartOfSpeech", "InputColumnModification"},
}


@pytest.mark.parametrize("name", KEPT)
def test_unified_puts_the_shared_limits_in_place_of_the_recipes_own(build, name: str):
    attack = build(name)
    assert names(attack) == SHARED | KEPT[name]
    assert attack.goal_function.query_budget == 20 * 50


def test_neighbours_are_limited_to_fifty_a_word(build):
    assert build("textfooler").transformation.max_candidates == 50
    assert build("a2t").transformation.max_candidates == 50
    swaps = build("textbugger").transformation.transformations
    assert [t.max_candidates for t in swaps if hasattr(t, "max_candidates")] == [50]


def test_children_of_two_parents_are_checked_too(build):
    assert build("iga").search_method.post_crossover_check


def test_stopwords_are_the_same_for_all(build):
    def stopwords(name: str) -> frozenset[str]:
        (constraint,) = [
            c
            for c in build(name).pre_transformation_constraints
            if type(c).__name__ == "StopwordModification"
        ]
        return frozenset(constraint.stopwords)

    assert len({stopwords(name) for name in KEPT}) == 1


@pytest.mark.parametrize(
    ("words", "limit"), [(5, 1), (6, 1), (7, 2), (10, 3), (20, 6), (100, 30), (101, 10), (230, 23)]
)
def test_words_limit_is_at_most_the_share(words: int, limit: int):
    assert UnifiedLimits().words_limit(words) == limit


@pytest.mark.parametrize(
    "limits",
    [{"max_words_changed": 0.0}, {"min_similarity": 1.5}, {"queries_per_word": 0}],
)
def test_limits_out_of_range_are_refused(limits: dict[str, float]):
    with pytest.raises(InputError, match=next(iter(limits))):
        UnifiedLimits(**limits)


def test_an_unknown_track_gets_the_near_name():
    with pytest.raises(UnknownNameError, match="did you mean unified"):
        check_track("unifed")
