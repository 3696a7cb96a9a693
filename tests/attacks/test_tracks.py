from __future__ import annotations

import numpy as np
import pytest

from robustbert.attacks.recipes import load_recipe_class
from robustbert.attacks.scheduler.clients import PooledEncoder, PooledVictim
from robustbert.attacks.scheduler.pool import Pool
from robustbert.attacks.tracks import LiLimits, TrackLimits, UnifiedLimits, check_track
from robustbert.errors import InputError, UnknownNameError


@pytest.fixture
def build(textattack, victim):
    from robustbert.attacks.textattack.model_wrapper import PooledModelWrapper
    from robustbert.attacks.textattack.recipe_builder import build_attack
    from robustbert.attacks.textattack.track_limits import apply_track

    pool = Pool(lanes=1)
    nothing = np.zeros((0, 1))
    encoder = PooledEncoder(
        pool, embed=lambda _: nothing, exact=lambda _: nothing, uncached=lambda _: nothing
    )

    def under(name: str, track: str = "unified", length: str = "short", words: int = 20):
        limits = TrackLimits(track, length, UnifiedLimits())
        model = PooledModelWrapper(PooledVictim(pool, victim))
        attack = build_attack(load_recipe_class(name), model, encoder)
        return apply_track(limits, name, attack, model, words, encoder)

    return under


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
def test_unified_replaces_constraints_of_the_recipe_with_shared_limits(build, name: str):
    attack = build(name)
    assert names(attack) == SHARED | KEPT[name]
    assert attack.goal_function.get_results.budget == 20 * 50
    (words,) = [c for c in attack.constraints if type(c).__name__ == "WordsChangedLimit"]
    assert words.limit == 6
    (words,) = [c for c in build(name, length="long").constraints if hasattr(c, "limit")]
    assert words.limit == 2


def test_neighbours_are_limited_to_fifty_per_word(build):
    assert build("textfooler").transformation.max_candidates == 50
    assert build("a2t").transformation.max_candidates == 50
    swaps = build("textbugger").transformation.transformations
    assert [t.max_candidates for t in swaps if hasattr(t, "max_candidates")] == [50]


@pytest.mark.parametrize("track", ["published", "unified", "unified-li"])
def test_crossover_offspring_is_checked(build, track: str):
    assert build("iga", track).search_method.post_crossover_check


def test_published_keeps_the_constraints_of_the_recipe(build):
    assert names(build("iga", "published")) == {
        "StopwordModification", "MaxWordsPerturbed", "WordEmbeddingDistance",
    }  # fmt: skip
    assert build("iga", "published").goal_function.query_budget == float("inf")


WINDOW = {
    "PooledSentenceEncoder",
    "MaxWordsPerturbed",
    "RepeatModification",
    "StopwordModification",
}
LI = {
    "deepwordbug": WINDOW | {"LevenshteinEditDistance"},
    "pwws": WINDOW,
    "textbugger": WINDOW,
    "textfooler": WINDOW | {"PartOfSpeech", "InputColumnModification"},
}


@pytest.mark.parametrize("name", LI)
def test_unified_li_adds_its_limits_to_those_of_the_recipe(build, name: str):
    attack = build(name, "unified-li")
    assert names(attack) == LI[name]
    assert attack.goal_function.query_budget == 20 * 50
    windows = [c for c in attack.constraints if type(c).__name__ == "PooledSentenceEncoder"]
    added = windows[-1]
    assert (added.threshold, added.window_size, added.metric) == (0.840845057, 15, "angular")
    assert not added.compare_against_original
    assert added.skip_text_shorter_than_window
    (words,) = [c for c in attack.constraints if hasattr(c, "max_percent")]
    assert words.max_percent == 0.3
    (words,) = [
        c for c in build(name, "unified-li", length="long").constraints if hasattr(c, "max_percent")
    ]
    assert words.max_percent == 0.1


def test_unified_li_swaps_neighbours_or_makes_random_edits(build):
    for name in ("pwws", "textbugger", "textfooler"):
        transformation = build(name, "unified-li").transformation
        assert type(transformation).__name__ == "WordSwapEmbedding"
        assert transformation.max_candidates == 50
    edits = build("deepwordbug", "unified-li").transformation
    assert type(edits).__name__ == "RandomEdits"
    from textattack.shared import AttackedText

    np.random.seed(0)
    text = AttackedText("a wonderful film")
    made = edits(text, indices_to_modify=[1])
    assert 30 < len(made) == len({edited.text for edited in made}) <= 50
    assert all(edited.words[0] == "a" and edited.words[-1] == "film" for edited in made)


def test_the_limits_of_li_are_in_the_record():
    assert LiLimits().as_record() == {
        "max_words_changed": 0.3,
        "max_words_changed_long": 0.1,
        "min_similarity": 0.840845057,
        "similarity_window": 15,
        "max_candidates": 50,
    }


def test_stopwords_are_the_same_for_all(build):
    def stopwords(name: str) -> frozenset[str]:
        (constraint,) = [
            c
            for c in build(name).pre_transformation_constraints
            if type(c).__name__ == "StopwordModification"
        ]
        return frozenset(constraint.stopwords)

    assert len({stopwords(name) for name in KEPT}) == 1


@pytest.mark.parametrize("length", ["short", "long"])
def test_words_limit_matches_textattack(textattack, length: str):
    """For every text length, the maximum that ``MaxWordsPerturbed`` accepts."""
    from textattack.constraints.overlap import MaxWordsPerturbed
    from textattack.shared import AttackedText

    share = 0.3 if length == "short" else 0.1
    constraint = MaxWordsPerturbed(max_percent=share)
    for words in (1, 4, 5, 6, 7, 10, 19, 20, 21, 30, 100, 101, 230):
        limit = UnifiedLimits().words_limit(words, length)
        before = AttackedText(" ".join(f"w{n}" for n in range(words)))
        for changed, allowed in ((limit, True), (limit + 1, False)):
            if changed > words:
                continue
            after = before.replace_words_at_indices(
                list(range(changed)), [f"x{n}" for n in range(changed)]
            )
            assert constraint._check_constraint(after, before) == allowed, (words, changed)


def test_every_example_may_change_at_least_one_word():
    limits = UnifiedLimits()
    assert min(limits.words_limit(n, length) for n in range(5, 999) for length in ("short", "long"))


@pytest.mark.parametrize(
    "limits",
    [{"max_words_changed": 0.0}, {"min_similarity": 1.5}, {"queries_per_word": 0}],
)
def test_limits_out_of_range_are_rejected(limits: dict[str, float]):
    with pytest.raises(InputError, match=next(iter(limits))):
        UnifiedLimits(**limits)


def test_an_unknown_track_name_gets_a_suggestion():
    with pytest.raises(UnknownNameError, match="did you mean unified"):
        check_track("unifed")
