"""Random substitutions and masks: their distributions, and their certificates by brute force."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import pytest

from robustbert.defenses.perturbation_sets import PerturbationSets
from robustbert.defenses.word_noise import MaskNoise, SubstitutionNoise

SUBSTITUTES = {"film": ("movie", "pic"), "movie": ("film",), "pic": ("film",), "bad": ("poor",)}
SETS = {
    "film": ("film", "movie", "pic", "cinema"),
    "movie": ("movie", "film"),
    "pic": ("pic", "film", "movie"),
    "bad": ("bad", "poor"),
    "poor": ("bad", "poor"),
}
TEXT = "A Film, a BAD 'film'; it's\tnot  mOvie-like."
NOISES = {
    "substitution": SubstitutionNoise(
        PerturbationSets(
            lambda word: SUBSTITUTES.get(word, ()), lambda word: SETS.get(word, (word,))
        )
    ),
    "mask": MaskNoise("#", 0.5),
}


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
@pytest.mark.parametrize("text", [TEXT, "xyz", "film"])
def test_drawing_twice_is_drawing_more(noise, text):
    one, two = (np.random.default_rng(5) for _ in range(2))
    assert noise.draw(text, one, 3) + noise.draw(text, one, 4) == noise.draw(text, two, 7)


class TestSubstitutions:
    def test_put_a_word_of_its_set_into_the_place_of_each_word(self):
        found = NOISES["substitution"].draw(TEXT, np.random.default_rng(0), 2000)
        assert set(found) == {
            f"A {one.capitalize()}, a {two.upper()} '{three}'; it's\tnot  mOvie-like."
            for one in SETS["film"]
            for two in SETS["bad"]
            for three in SETS["film"]
        }
        assert max(Counter(found).values()) < 100, "all 32 are about as likely"

    def test_keep_the_spelling(self):
        noise = NOISES["substitution"]
        for text, expected in (
            ("BAD", {"BAD", "POOR"}),
            ("Bad", {"Bad", "Poor"}),
            ("bAD", {"bad", "poor"}),
            ("bad_film", {"bad_film"}),
            ("?!", {"?!"}),
        ):
            assert set(noise.draw(text, np.random.default_rng(0), 20)) == expected

    def test_certified_texts_cannot_be_broken(self):
        """All texts of 2 words, and classifiers that know which changed texts the attack avoids."""
        noise, chance, radii = NOISES["substitution"], random.Random(0), []
        for words in product(("film", "movie", "pic", "bad", "so"), repeat=2):
            for _ in range(12):
                text = " ".join(words)
                changed = _substituted(words)
                attacks = _attacks(words)
                avoided = set(_substituted(chance.choice(attacks[2])))
                kept = set(chance.sample(sorted(avoided), chance.randint(0, len(avoided))))
                positive = {one for one in changed if one not in avoided or one in kept}
                share = _share(positive, changed)
                radius = noise.certified_radius(text, share)
                radii.append(radius)
                if radius is not None:
                    for attack in attacks[radius]:
                        assert _share(positive, _substituted(attack)) >= Fraction(1, 2)
        assert {None, 0, 1, 2} == set(radii)

    def test_words_are_counted_as_attacks_do(self):
        assert NOISES["substitution"].num_words(TEXT) == 8


def _substituted(words):
    return list(product(*(SETS.get(word, (word,)) for word in words)))


def _attacks(words):
    """The texts that an attack can make by changing at most 0, 1 and 2 words."""
    found = list(product(*((word, *SUBSTITUTES.get(word, ())) for word in words)))
    return [
        [other for other in found if sum(map(str.__ne__, words, other)) <= changes]
        for changes in range(3)
    ]


def _share(positive, changed):
    return Fraction(sum(one in positive for one in changed), len(changed))


class TestMasks:
    @pytest.mark.parametrize(
        ("words", "share", "kept"),
        [(1, 0.9, 1), (2, 0.9, 2), (3, 1.0, 2), (10, 0.3, 7), (10, 0.7, 3), (20, 0.0, 20)],
    )
    def test_keep_a_share_of_the_words_in_their_places(self, words, share, kept):
        own = [f"w{number}" for number in range(words)]
        noise = MaskNoise("[MASK]", share)
        found = noise.draw("  ".join(own), np.random.default_rng(0), 50)
        for text in found:
            pairs = list(zip(text.split(" "), own, strict=True))
            assert all(new in (old, "[MASK]") for new, old in pairs)
            assert sum(new == old for new, old in pairs) == kept
        assert noise.num_kept(words) == kept
        assert noise.num_words("  ".join(own)) == words

    def test_all_sets_of_words_are_as_likely(self):
        found = Counter(MaskNoise("#", 0.6).draw("a b c d e", np.random.default_rng(0), 5000))
        assert set(found) == {
            " ".join("abcde"[i] if i in kept else "#" for i in range(5))
            for kept in combinations(range(5), 2)
        }
        assert max(found.values()) < 600
        assert min(found.values()) > 400

    @pytest.mark.parametrize(("words", "share"), [(2, 0.9), (5, 0.9), (10, 0.7), (20, 0.9)])
    def test_the_certificate_counts_the_words_that_are_kept(self, words, share):
        """Not those of the share alone: of two words none is masked, so none is certified."""
        noise, text = MaskNoise("#", share), " ".join("abcdefghijklmnopqrst"[:words])
        (drawn,) = noise.draw(text, np.random.default_rng(0), 1)
        kept = words - drawn.count("#")
        radius = max(d for d in range(words + 1) if 2 * comb(words - d, kept) > comb(words, kept))
        assert noise.certified_radius(text, 1.0) == radius
        assert noise.certified_radius(text, 0.5) is None
        if words == 2:
            assert radius == 0
