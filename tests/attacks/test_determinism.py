"""Outcomes depend only on the example and the seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from robustbert.attacks.recipes import recipe
from robustbert.attacks.runner import AttackRunner
from robustbert.attacks.tracks import TRACKS
from robustbert.models.inference.output_cache import OutputCache
from tests.attacks import hashing
from tests.attacks.running import run, without_time


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
    # a recipe with random edits, and a stochastic search with many queries
    short = reviews[2]
    items = [
        replace(short, example_id=f"{index}", text=f"{word} {short.text}")
        for index, word in enumerate(("one", "two", "three", "four", "five", "six", "seven"))
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
def test_examples_with_many_queries_finish_one_by_one(textattack, victim, victim_folder, reviews):
    from robustbert.models import load_model

    items = [
        replace(reviews[2], example_id=f"{i}", text=f"{reviews[2].text} {i}") for i in range(9)
    ]
    small = load_model(str(victim_folder), dtype="float32", device="cpu", token_budget=1)
    ended: list[int] = []  # the query count when each example finished
    queried = [0]
    found = AttackRunner(small, "deepwordbug", track="published", dtype="float32").run(
        items,
        on_outcome=lambda _: ended.append(queried[-1]),
        on_round=queried.append,
    )
    assert len(set(ended)) == len(items)
    usual = run(victim, "deepwordbug", items, "published")
    assert without_time(found.outcomes) == without_time(usual.outcomes)


@pytest.mark.slow
def test_outcomes_do_not_depend_on_the_hash_seed(textattack, victim_folder, reviews):
    """A new process with a fixed seed against this one, whose seed is usually random."""
    items = reviews[2:4]
    given = json.dumps([asdict(review) for review in items])
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    hashed, *others = subprocess.run(
        [sys.executable, "-m", hashing.__name__, str(victim_folder), given],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert int(hashed) != hash(hashing.WORD)
    assert hashing.outcome_lines(str(victim_folder), items) == others
    assert len(others) == 6


@pytest.mark.slow
def test_only_random_recipes_depend_on_the_seed(textattack, victim, reviews):
    for name in ("deepwordbug", "pwws", "textfooler", "a2t"):
        texts = [
            [
                o.adversarial_text
                for o in run(victim, name, reviews, "published", seed=seed).outcomes
            ]
            for seed in (0, 1)
        ]
        assert (texts[0] != texts[1]) == recipe(name).random, name


def test_a_shared_cache_saves_queries_and_changes_no_outcome(textattack, victim, reviews):
    alone = {track: run(victim, "pruthi", reviews, track=track) for track in TRACKS}
    output_cache = OutputCache(victim.predict_proba)
    for track in TRACKS:
        shared = run(victim, "pruthi", reviews, track=track, output_cache=output_cache)
        assert without_time(shared.outcomes) == without_time(alone[track].outcomes)
    assert 0 < shared.victim_queries < alone[track].victim_queries
