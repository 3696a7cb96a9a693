"""The classifier that votes over random changes of a text."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

import numpy as np
import pytest

from robustbert.defenses import make_defense, voting_classifier
from robustbert.defenses.text_noise import TextNoise
from robustbert.defenses.voting_classifier import VotingClassifier
from robustbert.errors import InputError, ModelError
from robustbert.models import CallableClassifier, load_model

TEXTS = [
    "the film was very good and charming",
    "a dull and tedious plot",
    "so boring",
    "it is a film of the actors",
    "the movie was wonderful but the story was poor",
]
LABELS = ("neg", "pos", "other")


class LastWord(TextNoise):
    """Adds a random number to a text."""

    certified_attacks = "none"

    def draw(self, text: str, generator: np.random.Generator, count: int) -> list[str]:
        return [f"{text} {number}" for number in generator.integers(9, size=count).tolist()]

    def num_words(self, text: str) -> int:
        raise NotImplementedError

    def certified_radius(self, text: str, low: float) -> int | None:
        raise NotImplementedError


def row_of(text: str) -> np.ndarray:
    """Probabilities that are no round numbers, and depend on all of a text."""
    weights = np.frombuffer(hashlib.sha256(text.encode()).digest()[:3], dtype=np.uint8) + 1.0
    return np.asarray((weights / weights.sum()).astype(np.float32))


class Scores:
    """A function of texts that knows which texts it was called with."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: list[str]) -> np.ndarray:
        self.calls.append(list(texts))
        return np.stack([row_of(text) for text in texts])


def voting(
    scores: Scores | None = None, *, votes: int = 5, batch_size: int = 10**6, **options
) -> VotingClassifier:
    inner = CallableClassifier(
        scores or Scores(), LABELS, name="scores", batch_size=batch_size, retries=0
    )
    return VotingClassifier(inner, LastWord(), votes=votes, **options)


def changes_of(text: str, votes: int, seed: int = 0) -> list[str]:
    digest = hashlib.sha256(f"votes\x1f{seed}\x1f{text}".encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:4], "big"))
    return LastWord().draw(text, generator, votes)


def expected(texts: Sequence[str], votes: int, seed: int = 0, *, hard: bool = False) -> np.ndarray:
    rows = []
    for text in texts:
        each = np.stack([row_of(one) for one in changes_of(text, votes, seed)]).astype(float)
        if hard:
            each = np.array([np.eye(3)[row.argmax()] for row in each])
        rows.append(each.mean(axis=0))
    return np.stack(rows)


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("votes", [1, 5, 2500])
def test_it_averages_over_changes_that_the_text_determines(votes, hard):
    found = voting(votes=votes, hard_votes=hard)
    goal = expected(TEXTS, votes, hard=hard)
    np.testing.assert_allclose(found.predict_proba(TEXTS), goal, atol=1e-6)
    np.testing.assert_allclose(found.predict_proba_exact(TEXTS[:2]), goal[:2], atol=1e-6)
    assert len({*changes_of(TEXTS[0], 50)}) > 1


@pytest.mark.parametrize("votes", [7, 2500])
def test_a_text_has_the_same_bits_whatever_the_call(votes, monkeypatch):
    """2,500 votes are three blocks, which can be in three calls of the inner classifier."""
    found = voting(votes=votes)
    rows = found.predict_proba(TEXTS)
    np.testing.assert_array_equal(found.predict_proba_unbatched(TEXTS[:2]), rows[:2])
    chance = random.Random(0)
    for size in (voting_classifier.CHUNK_TEXTS, 1, 1500):
        monkeypatch.setattr(voting_classifier, "CHUNK_TEXTS", size)
        chosen = chance.choices(range(len(TEXTS)), k=6)
        some = found.predict_proba([TEXTS[row] for row in chosen])
        np.testing.assert_array_equal(some, rows[chosen])


def test_equal_changes_are_classified_once_and_all_texts_together():
    scores = Scores()
    voting(scores, votes=50).predict_proba(TEXTS)
    (call,) = scores.calls
    assert len(call) == len(set(call)) == len({c for text in TEXTS for c in changes_of(text, 50)})


def test_many_votes_are_classified_in_chunks(monkeypatch):
    class Spread(LastWord):
        def draw(self, text: str, generator: np.random.Generator, count: int) -> list[str]:
            return [f"{text} {number}" for number in generator.integers(10**9, size=count)]

    scores = Scores()
    found = voting(scores, votes=2500)
    found.noise = Spread()
    monkeypatch.setattr(voting_classifier, "CHUNK_TEXTS", 1500)
    found.predict_proba(TEXTS[:2])
    assert max(map(len, scores.calls)) <= 1500
    assert sum(map(len, scores.calls)) == 5000


def test_the_votes_are_counted():
    found = voting(votes=2500)
    counts = found.vote_counts(TEXTS)
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts, np.rint(2500 * expected(TEXTS, 2500, hard=True)))
    assert voting(votes=3).vote_counts([]).shape == (0, 3)


class TestRedrawn:
    def test_with_another_seed_has_other_changes(self):
        found = voting()
        other = found.redrawn(3)
        np.testing.assert_allclose(other.predict_proba(TEXTS), expected(TEXTS, 5, 3), atol=1e-6)
        assert (other.predict_proba(TEXTS) != found.predict_proba(TEXTS)).any()
        np.testing.assert_array_equal(
            other.redrawn(0).predict_proba(TEXTS), found.predict_proba(TEXTS)
        )
        assert (other.info, other.label_names) == (found.info, found.label_names)

    def test_can_have_another_number_of_votes(self):
        found = voting().redrawn(0, votes=64)
        np.testing.assert_allclose(found.predict_proba(TEXTS), expected(TEXTS, 64), atol=1e-6)
        assert found.redrawn(1).vote_counts(TEXTS).sum() == 64 * len(TEXTS)
        assert (voting().num_votes, found.num_votes, found.redrawn(1).num_votes) == (5, 64, 64)

    def test_redraws_what_it_wraps(self):
        twice = VotingClassifier(voting(votes=3), LastWord(), votes=2)
        expected_rows = []
        for text in TEXTS:
            first = changes_of(text, 2, seed=4)
            expected_rows.append(expected(first, 3, seed=4).mean(axis=0))
        found = twice.redrawn(4).predict_proba(TEXTS)
        np.testing.assert_allclose(found, np.stack(expected_rows), atol=1e-6)

    def test_other_votes_of_the_same_classifier_leave_what_it_wraps(self):
        twice = VotingClassifier(voting(votes=3), LastWord(), votes=2)
        rows = [expected(changes_of(text, 7, seed=4), 3, seed=0).mean(axis=0) for text in TEXTS]
        found = twice.with_votes(4, 7).predict_proba(TEXTS)
        np.testing.assert_allclose(found, np.stack(rows), atol=1e-6)

    @pytest.mark.parametrize(("seed", "votes"), [(-1, None), (0, 0), (True, 3)])
    def test_refuses_wrong_numbers(self, seed, votes):
        with pytest.raises(InputError, match="give an integer of at least"):
            voting().redrawn(seed, votes)


@pytest.mark.parametrize("wrong", [{"votes": 0}, {"votes": 1.5}, {"seed": -1}])
def test_wrong_numbers_are_refused(wrong):
    with pytest.raises(InputError, match="give an integer of at least"):
        voting(**wrong)


def test_it_describes_itself_as_the_classifier_that_it_wraps():
    inner = CallableClassifier(Scores(), LABELS, batch_size=1)
    found = VotingClassifier(inner, LastWord(), votes=2)
    assert (found.info, found.label_names) == (inner.info, LABELS)
    assert not found.identified
    assert found.batch_invariance.verified
    assert voting().identified
    assert not found.has_logits
    assert not found.has_gradients
    with pytest.raises(ModelError, match="has no logits"):
        found.predict_logits(TEXTS)
    with pytest.raises(ModelError, match="has no gradients"):
        found.token_gradient(TEXTS[0])
    assert found.with_temperature(1) is found


@pytest.fixture(scope="module", params=["safer", "ranmask"])
def defense(request):
    return make_defense(request.param, {"votes": 6})


@pytest.fixture(scope="module")
def plain(tiny_victim):
    return load_model(str(tiny_victim), dtype="float32", device="cpu")


class TestOfANetwork:
    @pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
    def test_a_text_has_the_same_bits_whatever_the_call(self, defense, tiny_victim, dtype):
        model = load_model(str(tiny_victim), dtype=dtype, device="cpu")
        found = defense.wrap(model)
        assert found.batch_invariance.verified
        assert found.token_budget == model.token_budget
        rows = found.predict_proba(TEXTS)
        np.testing.assert_array_equal(found.predict_proba_unbatched(TEXTS), rows)
        chance = random.Random(0)
        for _ in range(4):
            chosen = chance.choices(range(len(TEXTS)), k=7)
            some = found.predict_proba([TEXTS[row] for row in chosen])
            np.testing.assert_array_equal(some, rows[chosen])

    def test_in_bfloat16_labels_are_those_of_float32(
        self, defense, plain, tiny_victim, monkeypatch
    ):
        """Texts with close averages are computed again in float32."""
        monkeypatch.setattr(voting_classifier, "CLOSE_MARGIN", 9.0)  # all of them
        model = load_model(str(tiny_victim), dtype="bfloat16", device="cpu")
        exact = defense.wrap(plain).predict_proba_exact(TEXTS)
        np.testing.assert_array_equal(defense.wrap(model).predict_proba(TEXTS), exact)
        monkeypatch.setattr(voting_classifier, "CLOSE_MARGIN", 0.0)
        rough = defense.wrap(model).predict_proba(TEXTS)
        np.testing.assert_allclose(rough, exact, atol=0.05)
        assert (rough != exact).any()

    def test_a_text_is_truncated_if_a_change_of_it_is(self, defense, plain):
        found = defense.wrap(plain)
        long = "good " * 200
        assert found.truncated([TEXTS[0], long, TEXTS[1]]).tolist() == [False, True, False]

    def test_a_temperature_is_that_of_the_network(self, defense, plain):
        np.testing.assert_array_equal(
            defense.wrap(plain).with_temperature(3.0).predict_proba(TEXTS),
            defense.wrap(plain.with_temperature(3.0)).predict_proba(TEXTS),
        )

    def test_it_draws_from_no_global_generator(self, defense, plain):
        np.random.seed(0)
        random.seed(0)
        states = np.random.get_state()[1].tolist(), random.getstate()
        defense.wrap(plain).predict_proba(TEXTS)
        assert np.random.get_state()[1].tolist() == states[0]
        assert random.getstate() == states[1]
