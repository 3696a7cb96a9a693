"""Near-duplicates compared with a search over all pairs."""

from __future__ import annotations

import random
import re
from itertools import combinations

from robustbert.data.near_duplicates import NearDuplicates, near_duplicates

WORDS = [f"w{n}" for n in range(500)]


def similarity(one: str, other: str) -> float:
    sets = []
    for text in (one, other):
        words = re.findall(r"\w+", text.lower())
        sets.append({tuple(words[n : n + 3]) for n in range(len(words) - 2)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_pairs_match_a_comparison_of_all_pairs() -> None:
    draw = random.Random(0)
    texts = []
    for _ in range(60):
        words = draw.choices(WORDS, k=draw.randint(12, 60))
        texts.append(" ".join(words))
        for _ in range(draw.randint(0, 2)):  # copies with some words changed
            copy = [draw.choice(WORDS) if draw.random() < 0.08 else word for word in words]
            texts.append(" ".join(copy).upper() + "!")
    expected = {
        (i, j): similarity(texts[i], texts[j])
        for i, j in combinations(range(len(texts)), 2)
        if similarity(texts[i], texts[j]) >= 0.5
    }
    found = {(pair.first, pair.second): pair.similarity for pair in near_duplicates(texts)}
    assert len(expected) > 30
    assert found == expected


def test_short_texts_are_near_duplicates_only_with_the_same_words() -> None:
    texts = ["play the first song", "play the last song", "Play the first song!", "", "?", "!"]
    assert near_duplicates(texts) == (NearDuplicates(0, 2, 1.0),)
