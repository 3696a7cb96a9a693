"""A classifier that reads transformed texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from robustbert.defenses import TransformedClassifier
from robustbert.errors import InputError, ModelError
from robustbert.models import Classifier, load_model

TEXTS = ["the FILM was very good", "a dull plot", "The film was very GOOD", "so boring"]


@pytest.fixture(scope="module")
def network(tiny_victim):
    return load_model(str(tiny_victim), dtype="float32", device="cpu")


def reverse_words(text: str) -> str:
    return " ".join(reversed(text.lower().split()))


def test_all_outputs_are_those_of_the_transformed_texts(network):
    found = TransformedClassifier(network, reverse_words)
    read = ["good very was film the", "plot dull a", "good very was film the", "boring so"]
    assert found.transform(TEXTS) == read
    for method in (
        "predict_proba",
        "predict_proba_exact",
        "predict_proba_unbatched",
        "predict_logits",
        "truncated",
    ):
        expected = getattr(network, method)(read)
        np.testing.assert_array_equal(getattr(found, method)(TEXTS), expected)
    assert not np.array_equal(found.predict_proba(TEXTS), network.predict_proba(TEXTS))
    long = ["good " * 200]
    assert not TransformedClassifier(network, lambda text: text[:4]).truncated(long)[0]
    assert network.truncated(long)[0]


def test_it_describes_itself_as_the_wrapped_classifier(network):
    found = TransformedClassifier(network, str.lower)
    assert found.label_names == network.label_names
    assert (found.info, found.token_budget) == (network.info, network.token_budget)
    assert found.batch_invariance == network.batch_invariance
    assert (found.identified, found.has_logits) == (True, True)


def test_it_has_no_gradients_and_no_embeddings(network):
    """Those of the network belong to tokens that are not those of the text."""
    found = TransformedClassifier(network, str.lower)
    assert network.has_gradients
    assert not found.has_gradients
    with pytest.raises(ModelError, match="has no gradients"):
        found.token_gradient("a film")
    with pytest.raises(ModelError, match="change its embeddings before it is wrapped"):
        found.embedded_network()


class Listing(Classifier):
    """Lists the texts that it gets; is random if it has a seed."""

    def __init__(self, like: Classifier, seed: int | None = None, votes: int | None = None) -> None:
        self.label_names, self.info = like.label_names, like.info
        self.seed, self.votes = seed, votes
        self.seen: list[str] = []

    def redrawn(self, seed: int, votes: int | None = None) -> Classifier:
        return self if self.seed is None else Listing(self, seed, votes)

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        self.seen += texts
        share = np.array([[len(text) / 100] for text in texts])
        return np.hstack([share, 1 - share])

    _exact = _probabilities


def test_equal_transformed_texts_are_read_once_per_call(network):
    inner = Listing(network)
    rows = TransformedClassifier(inner, str.lower).predict_proba(["A b", "c", "a B", "a b", "C"])
    assert inner.seen == ["a b", "c"]
    np.testing.assert_allclose(rows[:, 0], [0.03, 0.01, 0.03, 0.03, 0.01], atol=1e-6)


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_a_text_that_becomes_blank_is_read_as_it_is(network, blank):
    inner = Listing(network)
    found = TransformedClassifier(inner, lambda text: blank)
    assert found.transform(["a film"]) == ["a film"]
    found.predict_proba(["a film"])
    assert inner.seen == ["a film"]


def test_temperature_and_random_numbers_are_those_of_the_wrapped_classifier(network):
    found = TransformedClassifier(network, reverse_words)
    assert found.with_temperature(1) is found
    assert found.redrawn(3) is found, "nothing is random"
    tempered = found.with_temperature(4)
    read = found.transform(TEXTS)
    np.testing.assert_array_equal(
        tempered.predict_logits(TEXTS), network.with_temperature(4).predict_logits(read)
    )
    np.testing.assert_array_equal(found.predict_logits(TEXTS), network.predict_logits(read))

    random = TransformedClassifier(Listing(network, seed=0), str.lower)
    random.info = network.with_temperature(1).info
    again = random.redrawn(5, votes=7)
    assert (again._inner.seed, again._inner.votes) == (5, 7)
    assert again.info == random.info
    assert again.transform(["A"]) == ["a"]


CALLS: tuple[Callable[[TransformedClassifier], object], ...] = (
    lambda found: found.transform([" "]),
    lambda found: found.transform(["\udc80"]),
    lambda found: found.predict_proba([""]),
)


@pytest.mark.parametrize("call", CALLS)
def test_invalid_texts_are_refused_before_they_are_transformed(network, call):
    def never(text: str) -> str:
        raise AssertionError("not called")

    with pytest.raises(InputError):
        call(TransformedClassifier(network, never))
