"""Outcomes compared with those of plain TextAttack."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from robustbert.attacks.recipes import recipe
from robustbert.attacks.runner import AttackRunner
from robustbert.attacks.scheduler.clients import PooledEncoder, PooledVictim
from robustbert.attacks.scheduler.pool import Pool
from robustbert.records.schema import Outcome
from robustbert.seeds import derive_seed
from tests.attacks.running import run

# Recipes that are built without replacements, so that plain TextAttack can be the reference.
UNMODIFIED = ("deepwordbug", "pruthi", "pwws", "iga", "leap", "bad-characters")
#: Recipes with many queries per text are run on fewer texts.
FEWER = {"iga": slice(3), "leap": slice(3), "bad-characters": slice(2, 3)}


def seed_generators(name: str, track: str, review) -> None:
    seed = derive_seed(0, name, track, review.example_id)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@pytest.fixture(scope="module")
def counting_wrapper(textattack, victim_folder):
    """Makes TextAttack's own wrapper (padding to the full length) that records distinct strings."""
    from textattack.models.wrappers import HuggingFaceModelWrapper
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    class Counting(HuggingFaceModelWrapper):
        def __call__(self, text_input_list):
            self.strings.update(text_input_list)
            return super().__call__(text_input_list)

    model = AutoModelForSequenceClassification.from_pretrained(victim_folder).eval()

    def wrapper():
        made = Counting(model, AutoTokenizer.from_pretrained(victim_folder))
        made.strings = set()
        return made

    return wrapper


STATUSES = {
    "SuccessfulAttackResult": "broken",
    "FailedAttackResult": "robust",
    "SkippedAttackResult": "skipped",
}


def assert_same(outcome: Outcome, result, distinct: int) -> None:
    assert outcome.queries == distinct
    assert outcome.textattack_queries == result.num_queries
    if outcome.status == "broken":
        assert outcome.adversarial_text == result.perturbed_text()
        assert outcome.adversarial_prediction == result.perturbed_result.output
    before = result.original_result.raw_output[outcome.label]
    assert outcome.label_probability == pytest.approx(float(before), abs=1e-5)
    after = outcome.adversarial_label_probability
    if outcome.status == "skipped":
        assert after is None
    else:
        expected = float(result.perturbed_result.raw_output[outcome.label])
        assert after == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", UNMODIFIED)
def test_published_track_matches_textattack(
    textattack, victim, counting_wrapper, reviews, name: str
):
    from robustbert.attacks.textattack.patches import PATCHES

    reviews = reviews[FEWER.get(name, slice(None))]
    found = run(victim, name, reviews, track="published").outcomes
    for outcome, review in zip(found, reviews, strict=True):
        wrapper = counting_wrapper()
        with PATCHES.applied():
            attack = recipe(name).load().build(wrapper)
        if name == "iga":
            attack.search_method.post_crossover_check = True  # the only deviation
        seed_generators(name, "published", review)
        result = attack.attack(review.text, review.label)
        assert outcome.status == STATUSES[type(result).__name__]
        assert_same(outcome, result, len(wrapper.strings))


def with_distinct_budget(goal_function, budget: int):
    """A TextAttack goal function whose query budget counts distinct strings."""
    from textattack.goal_functions import UntargetedClassification

    class DistinctBudget(UntargetedClassification):
        def get_results(self, texts, check_skip=False):
            kept = []
            for text in texts:
                if len(self.strings | {text.text}) > budget:
                    break
                self.strings.add(text.text)
                kept.append(text)
            return super().get_results(kept, check_skip)[0], len(self.strings) == budget

    made = DistinctBudget(goal_function.model)
    made.strings = set()
    return made


@pytest.mark.slow
@pytest.mark.parametrize("per_word", [50, 2])
@pytest.mark.parametrize("name", ["deepwordbug", "pwws", "iga", "leap"])
def test_unified_budget_counts_distinct_texts(
    textattack, victim, counting_wrapper, reviews, name: str, per_word: int
):
    """Against plain TextAttack with the unified constraints and the goal function above."""
    from robustbert.attacks.textattack.model_wrapper import PooledModelWrapper
    from robustbert.attacks.textattack.patches import PATCHES
    from robustbert.attacks.textattack.track_limits import apply_track
    from robustbert.attacks.tracks import TrackLimits, UnifiedLimits
    from robustbert.data.words import words_of

    limits = UnifiedLimits(queries_per_word=per_word)
    runner = AttackRunner(victim, name, limits=limits, dtype="float32")
    pool, exact = Pool(lanes=1), runner.encoder.encode_exact
    encoder = PooledEncoder(pool, embed=exact, exact=exact, uncached=exact)
    reviews = reviews[FEWER.get(name, slice(None))]
    ended = set()
    for outcome, review in zip(runner.run(reviews).outcomes, reviews, strict=True):
        with PATCHES.applied():
            own = recipe(name).load().build(counting_wrapper())

        words = len(words_of(review.text))
        track = TrackLimits("unified", "short", limits)
        model = PooledModelWrapper(PooledVictim(pool, victim))
        attack = apply_track(track, name, own, model, words, encoder)
        goal = with_distinct_budget(own.goal_function, per_word * words)
        if hasattr(attack.search_method, "post_crossover_check"):
            attack.search_method.post_crossover_check = True
        constraints = [*attack.pre_transformation_constraints, *attack.constraints]
        plain = textattack.Attack(goal, constraints, attack.transformation, attack.search_method)
        seed_generators(name, "unified", review)
        result = plain.attack(review.text, review.label)
        expected = STATUSES[type(result).__name__]
        if expected == "robust" and len(goal.strings) == per_word * words:
            expected = "exhausted"
        assert outcome.status == expected
        assert_same(outcome, result, len(goal.strings))
        ended.add(outcome.status)
    if name in ("deepwordbug", "pwws"):  # the others break this victim with few queries
        assert ("exhausted" in ended) == (per_word == 2)
