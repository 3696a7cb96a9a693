"""Certificates against brute force: every substitution and every mask of short texts."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, product

import pytest
from scipy.stats import binom

from robustbert.errors import InputError
from robustbert.metrics.certificates import (
    clopper_pearson_low,
    is_certified_for_masks,
    is_certified_for_substitutions,
    mask_radius,
    set_overlap,
    smallest_overlap,
    substitution_radius,
)

Words = tuple[str, ...]
Labels = Callable[[Words], int]


class TestTheLowerBound:
    @pytest.mark.parametrize(("k", "n"), [(1, 1), (3, 10), (40, 50), (999, 1000), (1000, 1000)])
    def test_is_where_that_many_successes_become_unlikely(self, k, n):
        low = clopper_pearson_low(k, n, 0.99)
        assert binom.sf(k - 1, n, low) == pytest.approx(0.01)

    def test_of_successes_alone_is_a_root(self):
        assert clopper_pearson_low(50, 50, 0.95) == pytest.approx(0.05 ** (1 / 50))

    def test_without_successes_is_zero(self):
        assert clopper_pearson_low(0, 7, 0.99) == 0

    @pytest.mark.parametrize("share", [0.3, 0.5, 0.93])
    def test_is_too_high_no_more_often_than_stated(self, share):
        n = 40
        missed = sum(
            binom.pmf(k, n, share) for k in range(n + 1) if clopper_pearson_low(k, n, 0.9) > share
        )
        assert 0.03 < missed <= 0.1

    @pytest.mark.parametrize("wrong", [(-1, 5, 0.9), (6, 5, 0.9), (0, 0, 0.9), (1, 2, 1.0)])
    def test_of_wrong_numbers_is_refused(self, wrong):
        with pytest.raises(InputError):
            clopper_pearson_low(*wrong)


def random_labels(chance: random.Random) -> Labels:
    """A classifier that knows nothing but chance, the same for the same words."""
    known: dict[Words, int] = {}
    often = chance.choice([0.5, 0.8, 0.95, 1.0])
    return lambda words: known.setdefault(words, int(chance.random() < often))


def worst_labels(own: Sequence[Words], other: Sequence[Words], spared: int) -> Labels:
    """A classifier that gives label 1 to changed texts that only the first text can become.

    Also to ``spared`` of those that both can become.
    """
    common = sorted(set(own) & set(other))
    chosen = {*own, *common[:spared]} - {*common[spared:]}
    return lambda words: int(words in chosen)


def share_of(label: Labels, texts: Sequence[Words]) -> Fraction:
    return Fraction(sum(label(text) for text in texts), len(texts))


def random_sets(chance: random.Random, vocabulary: str) -> dict[str, set[str]]:
    """For each word what it is replaced by, itself included; the sizes differ."""
    others = {word: vocabulary.replace(word, "") for word in vocabulary}
    return {
        word: {word, *chance.sample(others[word], chance.randint(2, len(vocabulary) - 1))}
        for word in vocabulary
    }


def replaced(text: Sequence[str], sets: Mapping[str, set[str]]) -> list[Words]:
    """All texts that the random replacement of words can give, all as likely."""
    return list(product(*(sorted(sets[word]) for word in text)))


def attacked(text: Words, substitutes: Mapping[str, set[str]], changes: int) -> list[Words]:
    """All texts that an attack can make by replacing at most some words."""
    found = []
    for other in product(*([word, *sorted(substitutes[word])] for word in text)):
        if sum(a != b for a, b in zip(text, other, strict=True)) <= changes:
            found.append(other)
    return found


def unsound_overlap(own: set[str], others: Sequence[set[str]]) -> Fraction:
    return min((Fraction(len(own & other), len(own)) for other in others), default=Fraction(1))


def false_certificates(overlap: Callable[..., Fraction]) -> tuple[int, int]:
    """How many certificates are given with an overlap, and how many of these are false."""
    given = false = 0
    chance = random.Random(0)
    for trial in range(300):
        sets = random_sets(chance, vocabulary := "abcdef")
        substitutes = {w: set(chance.sample(vocabulary, chance.randint(0, 2))) - {w} for w in sets}
        text = tuple(chance.choices(vocabulary, k=chance.randint(1, 3)))
        changes = chance.randint(1, len(text))
        others = attacked(text, substitutes, changes)
        changed = replaced(text, sets)
        label = random_labels(chance)
        if trial % 3:
            target = replaced(chance.choice(others), sets)
            label = worst_labels(changed, target, chance.randint(0, len(set(changed) & {*target})))
        exact = share_of(label, changed)
        overlaps = [overlap(sets[w], [sets[o] for o in sorted(substitutes[w])]) for w in text]
        if is_certified_for_substitutions(exact, overlaps, changes):
            given += 1
            false += any(share_of(label, replaced(one, sets)) < Fraction(1, 2) for one in others)
    return given, false


class TestSubstitutions:
    def test_no_certified_text_can_be_broken(self):
        given, false = false_certificates(smallest_overlap)
        assert given > 60
        assert false == 0

    def test_overlaps_by_the_size_of_the_own_set_certify_what_can_be_broken(self):
        given, false = false_certificates(unsound_overlap)
        assert false > given / 20

    def test_the_overlap_is_one_minus_the_total_variation_distance(self):
        chance = random.Random(1)
        for _ in range(50):
            first, second = (set(chance.sample("abcdefgh", chance.randint(1, 8))) for _ in "ab")
            distance = sum(
                abs(Fraction(x in first, len(first)) - Fraction(x in second, len(second)))
                for x in "abcdefgh"
            )
            assert set_overlap(first, second) == 1 - distance / 2

    def test_the_radius_is_the_largest_certified_number_of_words(self):
        chance = random.Random(2)
        radii = set()
        for _ in range(60):
            overlaps = [Fraction(chance.randint(80, 100), 100) for _ in range(6)]
            low = chance.uniform(0.4, 1)
            certified = [
                changes
                for changes in range(7)
                if low - 1 + math.prod(map(float, sorted(overlaps)[:changes])) >= 0.5
            ]
            radius = substitution_radius(low, overlaps)
            assert radius == max(certified, default=None)
            assert is_certified_for_substitutions(low, overlaps) == (radius == 6)
            radii.add(radius)
        assert {None, 0, 1, 2, 3} <= radii

    def test_words_without_substitutes_cost_nothing(self):
        assert smallest_overlap({"a", "b"}, []) == 1
        assert substitution_radius(0.5, [Fraction(1)] * 4) == 4
        assert not is_certified_for_substitutions(0.499999, [])

    def test_rounding_certifies_nothing(self):
        """The sum is 1/2 - 1e-17, which floats round to 1/2."""
        low = 0.75
        overlap = Fraction(3, 4) - Fraction(1, 10**17)
        assert low - 1 + float(overlap) == 0.5
        assert not is_certified_for_substitutions(low, [overlap])
        assert is_certified_for_substitutions(low, [Fraction(3, 4)])


def masked(text: Sequence[str], kept: int) -> list[Words]:
    """The texts with every set of that many words kept, all as likely."""
    return [
        tuple(word if position in chosen else "#" for position, word in enumerate(text))
        for chosen in combinations(range(len(text)), kept)
    ]


def rewritten(text: Words, vocabulary: str, changes: int) -> list[Words]:
    """All texts with other words in at most some places."""
    return [
        other
        for other in product(vocabulary, repeat=len(text))
        if sum(a != b for a, b in zip(text, other, strict=True)) <= changes
    ]


def mask_cases() -> list[tuple[Words, int, Labels, dict[int, list[Words]]]]:
    """Texts of 4 or 5 words, the words kept, a classifier, and what attacks can make of them.

    Two thirds of the classifiers give label 0 wherever a word is not the text's own.
    """
    chance, cases = random.Random(3), []
    for trial in range(60):
        words = chance.choice([4, 5])
        text = tuple(chance.choices("ab", k=words))
        own = random_labels(chance)
        label = own
        if trial % 3:
            known = set(masked(text, kept := chance.randint(1, words - 1)))
            label = lambda words, own=own, known=known: own(words) * (words in known)  # noqa: E731
        else:
            kept = chance.randint(1, words - 1)
        others = {changes: rewritten(text, "abc", changes) for changes in range(words + 1)}
        cases.append((text, kept, label, others))
    return cases


def breakable(label: Labels, others: Sequence[Words], kept: int) -> bool:
    return any(share_of(label, masked(other, kept)) <= Fraction(1, 2) for other in others)


def authors_radius(bound: float, size: int, kept: int, factor: float) -> int:
    """Zeng et al.'s loop, which ends with the first number of words that is not certified."""
    radius = 0
    while radius <= size - kept:
        share = Fraction(math.comb(size - radius, kept), math.comb(size, kept))
        if (0.5 + factor - bound) / factor >= share:
            break
        radius += 1
    return radius


class TestMasks:
    def test_no_certified_text_can_be_broken(self):
        radii = []
        for text, kept, label, others in mask_cases():
            radius = mask_radius(share_of(label, masked(text, kept)), len(text), kept)
            if radius is not None:
                assert not breakable(label, others[radius], kept)
                radii.append(radius)
        assert {0, 1} <= set(radii)
        assert len(radii) > 15

    def test_the_first_radius_that_fails_certifies_what_can_be_broken(self):
        false = 0
        for text, kept, label, others in mask_cases():
            exact = share_of(label, masked(text, kept))
            radius = authors_radius(float(exact), len(text), kept, 1.0)
            false += exact > 0.5 and breakable(label, others[min(radius, len(text))], kept)
        assert false > 5

    def test_an_estimated_factor_certifies_what_can_be_broken(self):
        """With the label's share of votes in place of 1, as in their ``classifier.py``.

        One of 20 words is kept, and the label is that of 16 of them; an attack changes 7 of these.
        """
        text = tuple(f"w{number}" for number in range(20))

        def label(words: Words) -> int:
            return int(any(word in text[:16] for word in words))

        exact = share_of(label, masked(text, 1))
        assert exact == Fraction(16, 20)
        first_that_fails = authors_radius(float(exact), 20, 1, float(exact))
        assert first_that_fails == 8, "they certify 7 words even if the last one is left out"
        attack = ("x",) * 7 + text[7:]
        assert share_of(label, masked(attack, 1)) == Fraction(9, 20)
        assert mask_radius(exact, 20, 1) == 5
        assert share_of(label, masked(("x",) * 5 + text[5:], 1)) == Fraction(11, 20)

    def test_the_radius_is_the_largest_certified_number_of_words(self):
        for words, kept, low in product((1, 4, 20), (0, 1, 3), (0.3, 0.5, 0.56, 0.81, 0.99)):
            if kept > words:
                continue
            certified = [
                d
                for d in range(words + 1)
                if low - (1 - math.comb(words - d, kept) / math.comb(words, kept)) > 0.5
            ]
            assert mask_radius(low, words, kept) == max(certified, default=None)

    def test_no_text_of_20_words_is_certified_for_a_third_of_them(self):
        """With at least two words kept, as ranmask does, even if the vote is unanimous."""
        assert max(mask_radius(1.0, 20, kept) for kept in range(2, 21)) == 5
        assert not is_certified_for_masks(1.0, 20, 2, 6)

    @pytest.mark.parametrize(("kept", "changes"), [(-1, 0), (6, 0), (2, -1), (2, 6)])
    def test_wrong_numbers_are_refused(self, kept, changes):
        with pytest.raises(InputError, match="must be 0 to 5"):
            is_certified_for_masks(0.9, 5, kept, changes)
