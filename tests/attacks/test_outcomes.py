"""The engine against TextAttack run plainly, and against itself under other conditions."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from robustbert.attacks.recipes import recipe
from robustbert.attacks.runner import AttackRunner
from robustbert.errors import AttackError, UnknownNameError
from robustbert.models.inference.answer_cache import AnswerCache
from robustbert.records.schema import Outcome
from robustbert.seeds import derive_seed

# Recipes of which no part is replaced, so that TextAttack alone can be the oracle.
UNMODIFIED = ("deepwordbug", "pruthi", "pwws", "iga", "leap")
TRACKS = ("published", "unified", "unified-li")


def without_time(outcomes) -> list[Outcome]:
    return [outcome.model_copy(update={"seconds": 0.0}) for outcome in outcomes]


def run(victim, name: str, reviews, track: str = "unified", **options):
    return AttackRunner(victim, name, track=track, dtype="float32", **options).run(reviews)


def seeded(name: str, track: str, review) -> None:
    seed = derive_seed(0, name, track, review.example_id)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@pytest.fixture(scope="module")
def counting(textattack, victim_folder):
    """TextAttack's own wrapper (padding to the full length) that counts distinct strings."""
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
def test_published_is_textattack(textattack, victim, counting, reviews, name: str):
    from robustbert.attacks.textattack.bootstrap import no_downloads

    reviews = reviews[:3] if name in ("iga", "leap") else reviews
    found = run(victim, name, reviews, track="published").outcomes
    for outcome, review in zip(found, reviews, strict=True):
        wrapper = counting()
        with no_downloads():
            attack = recipe(name).load().build(wrapper)
        if name == "iga":
            attack.search_method.post_crossover_check = True  # the one deviation
        seeded(name, "published", review)
        result = attack.attack(review.text, review.label)
        assert outcome.status == STATUSES[type(result).__name__]
        assert_same(outcome, result, len(wrapper.strings))


def with_set_budget(goal_function, budget: int):
    """A plain goal function of TextAttack whose budget counts a set of strings."""
    from textattack.goal_functions import UntargetedClassification

    class CountsASet(UntargetedClassification):
        def get_results(self, texts, check_skip=False):
            kept = []
            for text in texts:
                if len(self.strings | {text.text}) > budget:
                    break
                self.strings.add(text.text)
                kept.append(text)
            return super().get_results(kept, check_skip)[0], len(self.strings) == budget

    made = CountsASet(goal_function.model)
    made.strings = set()
    return made


@pytest.mark.slow
@pytest.mark.parametrize("per_word", [50, 2])
@pytest.mark.parametrize("name", ["deepwordbug", "pwws", "iga", "leap"])
def test_unified_budgets_are_those_of_a_counted_set(
    textattack, victim, counting, reviews, name: str, per_word: int
):
    """Plain TextAttack with the unified constraints and a goal function that counts a set."""
    from robustbert.attacks.textattack.bootstrap import no_downloads
    from robustbert.attacks.textattack.model_wrapper import QueuedVictim
    from robustbert.attacks.tracks import TrackLimits, UnifiedLimits
    from robustbert.data.words import words_of

    limits = UnifiedLimits(queries_per_word=per_word)
    runner = AttackRunner(victim, name, limits=limits, dtype="float32")
    reviews = reviews[:3] if name in ("iga", "leap") else reviews
    ended = set()
    for outcome, review in zip(runner.run(reviews).outcomes, reviews, strict=True):
        with no_downloads():
            own = recipe(name).load().build(counting())

        def encode(server, texts):
            return list(runner.encoder.encode_exact(list(texts)))

        words = len(words_of(review.text))
        track = TrackLimits("unified", "short", limits)
        attack = track.apply(name, own, QueuedVictim(victim, encode), words, encode)
        goal = with_set_budget(own.goal_function, per_word * words)
        if hasattr(attack.search_method, "post_crossover_check"):
            attack.search_method.post_crossover_check = True
        constraints = [*attack.pre_transformation_constraints, *attack.constraints]
        plain = textattack.Attack(goal, constraints, attack.transformation, attack.search_method)
        seeded(name, "unified", review)
        result = plain.attack(review.text, review.label)
        expected = STATUSES[type(result).__name__]
        if expected == "robust" and len(goal.strings) == per_word * words:
            expected = "exhausted"
        assert outcome.status == expected
        assert_same(outcome, result, len(goal.strings))
        ended.add(outcome.status)
    if name in ("deepwordbug", "pwws"):  # the others break this victim at once
        assert ("exhausted" in ended) == (per_word == 2)


@pytest.mark.slow
@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("name", ["deepwordbug", "textbugger", "textfooler", "a2t"])
def test_outcomes_depend_on_the_example_alone(textattack, victim, reviews, name: str, track: str):
    together = without_time(run(victim, name, reviews, track).outcomes)
    one_at_a_time = without_time(run(victim, name, reviews, track, lanes=1).outcomes)
    backwards = without_time(run(victim, name, reviews[::-1], track, lanes=3).outcomes)
    alone = without_time(run(victim, name, reviews[2:3], track).outcomes)
    assert one_at_a_time == together
    assert backwards[::-1] == together
    assert alone == together[2:3]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deepwordbug", "iga"])
def test_outcomes_do_not_depend_on_lanes_or_order(textattack, victim, reviews, name: str):
    # a random-letter recipe, and a search that draws, which asks much
    short = reviews[2]
    items = [
        replace(short, example_id=f"{place}", text=f"{word} {short.text}")
        for place, word in enumerate(("one", "two", "three", "four", "five", "six", "seven"))
    ]
    if name == "deepwordbug":
        items = [
            replace(item, example_id=f"{item.example_id}-{copy}", text=f"{item.text} {copy}")
            for item in items
            for copy in range(10)
        ]
    one = without_time(run(victim, name, items, "published", lanes=1).outcomes)
    assert "broken" in [outcome.status for outcome in one]
    for lanes in (8, 64):
        found = run(victim, name, items[::-1], "published", lanes=lanes).outcomes
        assert without_time(found)[::-1] == one


@pytest.mark.slow
def test_examples_that_ask_much_end_one_by_one(textattack, victim, victim_folder, reviews):
    from robustbert.models import load_model

    items = [
        replace(reviews[2], example_id=f"{i}", text=f"{reviews[2].text} {i}") for i in range(9)
    ]
    small = load_model(str(victim_folder), dtype="float32", device="cpu", token_budget=1)
    ended: list[int] = []  # how much had been asked
    asked = [0]
    found = AttackRunner(small, "deepwordbug", track="published", dtype="float32").run(
        items,
        on_outcome=lambda _: ended.append(asked[-1]),
        on_round=asked.append,
    )
    assert len(set(ended)) == len(items)
    usual = run(victim, "deepwordbug", items, "published")
    assert without_time(found.outcomes) == without_time(usual.outcomes)


HASHED = """
import json, sys
from types import SimpleNamespace
from robustbert.attacks.runner import AttackRunner
from robustbert.models import load_model

victim = load_model(sys.argv[1], dtype="float32", device="cpu")
items = [SimpleNamespace(**item) for item in json.loads(sys.argv[2])]
for name in ("deepwordbug", "iga", "textfooler"):
    runner = AttackRunner(victim, name, track="published", dtype="float32")
    for outcome in runner.run(items).outcomes:
        print(json.dumps(outcome.model_copy(update={"seconds": 0.0}).model_dump()))
"""


@pytest.mark.slow
def test_outcomes_do_not_depend_on_the_hash_seed(textattack, victim_folder, reviews):
    given = json.dumps([asdict(review) for review in reviews[2:4]])
    command = [sys.executable, "-c", HASHED, str(victim_folder), given]
    found = [
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert found[0] == found[1]
    assert found[0].count("\n") == 6


@pytest.mark.slow
def test_only_recipes_that_draw_depend_on_the_seed(textattack, victim, reviews):
    for name in ("deepwordbug", "pwws", "textfooler", "a2t"):
        texts = [
            [
                o.adversarial_text
                for o in run(victim, name, reviews, "published", seed=seed).outcomes
            ]
            for seed in (0, 1)
        ]
        assert (texts[0] != texts[1]) == recipe(name).random, name


def test_what_is_wrong_already_is_not_attacked(textattack, victim, reviews):
    outcome = run(victim, "pwws", reviews).outcomes[-1]
    assert outcome.status == "skipped"
    assert outcome.queries == 1
    assert outcome.clean_prediction != outcome.label


@pytest.mark.parametrize("name", ["deepwordbug", "pruthi", "pwws", "textfooler"])
def test_broken_texts_break_the_victim_and_keep_the_limits(textattack, victim, reviews, name: str):
    from robustbert.attacks.word_changes import count_words_changed
    from robustbert.data.words import words_of

    outcomes = run(victim, name, reviews).outcomes
    broken = [outcome for outcome in outcomes if outcome.status == "broken"]
    assert broken
    for outcome in broken:
        answer = victim.predict_proba_exact([outcome.adversarial_text]).argmax()
        assert answer == outcome.adversarial_prediction != outcome.label
        before, after = words_of(outcome.text), words_of(outcome.adversarial_text)
        assert outcome.words == len(before)
        assert outcome.words_changed == count_words_changed(before, after)
        assert outcome.words_changed <= math.ceil(0.3 * len(before))
        assert outcome.queries <= 50 * len(before)
        if len(before) >= 15:
            assert outcome.similarity >= 0.84 - 1e-6


def test_a_victim_that_takes_its_answer_back_is_robust_and_retracted(textattack, victim, reviews):
    same = [review for review in reviews[:-1] if review.label == reviews[0].label]

    class Wavering(type(victim)):
        """Asked alone, it gives the true label."""

        def predict_proba_exact(self, texts: Sequence[str]) -> np.ndarray:
            return np.eye(2, dtype=np.float32)[[same[0].label] * len(texts)]

    wavering = object.__new__(Wavering)
    wavering.__dict__.update(victim.__dict__)
    believed = run(victim, "pwws", same).outcomes
    doubted = run(wavering, "pwws", same).outcomes
    assert "broken" in [outcome.status for outcome in believed]
    for before, after in zip(believed, doubted, strict=True):
        assert after.retracted == (before.status == "broken")
        assert after.status == ("robust" if before.status == "broken" else before.status)
        assert after.adversarial_text == before.adversarial_text


def test_an_exhausted_budget_is_told_from_a_failed_search(textattack, victim, reviews):
    from robustbert.attacks.tracks import UnifiedLimits

    outcomes = run(victim, "pwws", reviews, limits=UnifiedLimits(queries_per_word=2)).outcomes
    assert any(outcome.status == "exhausted" for outcome in outcomes)
    for outcome in outcomes:
        assert outcome.queries <= 2 * outcome.words
        assert (outcome.status == "exhausted") <= (outcome.queries == 2 * outcome.words)


def test_a_search_that_fails_is_an_error_with_its_reason(textattack, victim, reviews, monkeypatch):
    from textattack.search_methods import GreedyWordSwapWIR

    search = GreedyWordSwapWIR.perform_search

    def sometimes(self, initial_result):
        if "tedious" in initial_result.attacked_text.text:
            raise ZeroDivisionError("no words\nleft")
        return search(self, initial_result)

    monkeypatch.setattr(GreedyWordSwapWIR, "perform_search", sometimes)
    outcomes = run(victim, "deepwordbug", reviews).outcomes
    assert [outcome.status for outcome in outcomes].count("error") == 1
    message, _, place = outcomes[1].error.partition(" (")
    assert message == "ZeroDivisionError: no words left"
    assert place.startswith("in tests.attacks.test_outcomes.sometimes, line ")
    assert outcomes[1].clean_prediction == outcomes[1].label
    assert outcomes[1].queries == 1  # the clean text's


def test_a_check_that_fails_is_an_error_with_its_reason(textattack, victim, reviews, monkeypatch):
    from robustbert.attacks.verification import Verifier

    def fail(self, *_: object) -> None:
        raise KeyError("last_transformation")

    monkeypatch.setattr(Verifier, "check", fail)
    outcomes = run(victim, "deepwordbug", reviews).outcomes
    failed = [outcome for outcome in outcomes if outcome.status == "error"]
    assert failed
    assert {outcome.status for outcome in outcomes} <= {"error", "robust", "exhausted", "skipped"}
    for outcome in failed:
        assert outcome.error.startswith("KeyError: 'last_transformation' (in tests.")
        assert outcome.queries > 1


def test_hostile_texts_are_texts(textattack, victim, reviews):
    texts = {
        "emoji": "\U0001f600 \U0001f3ac \U0001f37f \U0001f44d great film \U0001f600 really lovely",
        "right-to-left": "הסרט הזה היה \u202eטוב מאוד\u202c באמת",
        "control": "a \x07 bad \x1b[31m film \x00 with \x7f awful music and no plot",
        "no words": "!!! ??? ... --- *** &&&",
        "markup": "<b>great</b> | film | `x` [a](b) with <script>alert(1)</script>",
        "long": "the plot was dull " * 200,
    }
    items = []
    for key, text in texts.items():
        label = int(victim.predict_proba([text])[0].argmax())
        items.append(replace(reviews[0], example_id=key, text=text, label=label))
    for outcome in run(victim, "deepwordbug", items).outcomes:
        assert outcome.error is None, outcome
        assert outcome.text == texts[outcome.example_id]


def test_outcomes_come_as_they_end_and_return_in_order(textattack, victim, reviews):
    heard = []
    runner = AttackRunner(victim, "deepwordbug", dtype="float32")
    found = runner.run(reviews, heard.append)
    assert sorted(o.example_id for o in heard) == [r.example_id for r in reviews]
    assert [o.example_id for o in found.outcomes] == [r.example_id for r in reviews]
    assert found.victim_queries > 0
    assert found.recipe.textattack_version == "0.3.11"
    assert set(runner.asset_hashes) == {
        "wordnet", "pos-tagger", "stopwords", "tagset", "sentence-encoder",
    }  # fmt: skip


def test_runners_that_share_answers_ask_less_and_find_the_same(textattack, victim, reviews):
    alone = {track: run(victim, "pruthi", reviews, track=track) for track in TRACKS}
    answers = AnswerCache(victim.predict_proba)
    for track in TRACKS:
        shared = run(victim, "pruthi", reviews, track=track, answers=answers)
        assert without_time(shared.outcomes) == without_time(alone[track].outcomes)
    assert 0 < shared.victim_queries < alone[track].victim_queries


def test_an_example_twice_is_refused(textattack, victim, reviews):
    with pytest.raises(AttackError, match="same id"):
        run(victim, "pwws", [reviews[0], reviews[0]])


def test_a_track_that_does_not_exist_is_refused(victim):
    with pytest.raises(UnknownNameError, match="published, unified, unified-li"):
        AttackRunner(victim, "pwws", track="strict")
