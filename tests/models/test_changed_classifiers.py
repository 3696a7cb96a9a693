"""Classifiers at another temperature, and classifiers that are attacked through another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from robustbert.defenses.transformed_classifier import TransformedClassifier
from robustbert.errors import ModelError
from robustbert.models import Classifier, load_model, relabel
from robustbert.models.classifier import ModelInfo
from robustbert.models.searched_through import MORE_VOTES_SEED, attack_through
from robustbert.models.temperature_scaling import at_temperature
from tests.rechecks.toy_rechecks import WordLogits
from tests.tiny import toy_reviews
from tests.voting import MaskedVotes

TEXTS = [*dict.fromkeys(toy_reviews(20)[0])]


@pytest.mark.parametrize("model", ["svm", "bert"])
@pytest.mark.parametrize("temperature", [0.1, 7.0])
def test_probabilities_are_the_softmax_of_divided_logits(model, temperature, request) -> None:
    folder: Path = request.getfixturevalue(model)
    plain = load_model(folder, dtype="float32", device="cpu")
    scaled = at_temperature(plain, temperature)
    expected = plain.predict_logits(TEXTS).astype(np.float64) / temperature
    np.testing.assert_allclose(scaled.predict_logits(TEXTS), expected, rtol=1e-5, atol=1e-6)
    for predict in (scaled.predict_proba, scaled.predict_proba_exact):
        np.testing.assert_allclose(predict(TEXTS), softmax(expected, axis=1), atol=2e-5)
    assert (scaled.predict_proba(TEXTS).argmax(1) == plain.predict_proba(TEXTS).argmax(1)).all()
    assert scaled.info == plain.info
    assert scaled.has_gradients == plain.has_gradients
    alone = np.concatenate([scaled.predict_proba([text]) for text in TEXTS])
    assert (scaled.predict_proba_unbatched(TEXTS) == alone).all()
    assert (scaled.truncated(TEXTS) == plain.truncated(TEXTS)).all()


def test_a_model_without_logits_has_no_temperature() -> None:
    with pytest.raises(ModelError, match="'votes' has no logits"):
        at_temperature(MaskedVotes(), 2.0)


class Votes(Classifier):
    """Reads its probabilities for the second label from the text: its own, and of further votes."""

    label_names = ("neg", "pos")
    info = ModelInfo("read", "test", "d" * 64, "float64", None, None)

    def __init__(self, votes: int, column: int = 0) -> None:
        self._column = column
        self._votes = votes

    @property
    def num_votes(self) -> int:
        return self._votes

    def redrawn(self, seed: int, votes: int | None = None) -> Votes:
        return Votes(self._votes if votes is None else votes, 1 if seed else 0)

    def _probabilities(self, texts):
        positive = np.array([float(text.split()[self._column]) for text in texts])
        return np.stack([1 - positive, positive], axis=1)

    _exact = _probabilities


@pytest.mark.parametrize(
    ("own", "further", "followed"),
    [
        (0.6, 0.8, 0.75),  # 2 of 8 votes are its own
        (0.2, 0.4, 0.35),
        (0.6, 0.4, 0.6),  # the average is fooled where its own votes are not
        (0.4, 0.9, 0.4),  # and the reverse
        (0.9, 0.5, 0.6),
        (0.5, 0.6, 0.5),  # a tie of its own votes is the first label, as an argmax has it
    ],
)
def test_searches_follow_more_votes_with_the_labels_of_the_attacked(own, further, followed) -> None:
    text = [f"{own} {further}"]
    attacked = Votes(2)
    through = attack_through(attacked, 8)
    for predict in (through.predict_proba, through.predict_proba_unbatched):
        [row] = predict(text)
        np.testing.assert_allclose(row, [1 - followed, followed], atol=1e-7)
        assert row.argmax() == attacked.predict_proba(text).argmax()
    assert (through.predict_proba_exact(text) == attacked.predict_proba_exact(text)).all()
    assert through.num_votes == 8
    assert (through.info, through.label_names) == (attacked.info, attacked.label_names)
    [other] = through.redrawn(3).predict_proba(text)
    np.testing.assert_allclose(other, [1 - further, further], atol=1e-7)


def test_its_own_votes_are_computed_once() -> None:
    drawn = []

    class Counted(MaskedVotes):
        def redrawn(self, seed, votes=None):
            return Counted(self.votes if votes is None else votes, seed)

        def _probabilities(self, texts):
            drawn.append((self.seed, self.votes))
            return super()._probabilities(texts)

    attack_through(Counted(8), 32).predict_proba(TEXTS)
    assert drawn == [(0, 8), (MORE_VOTES_SEED, 24)]


def test_a_model_that_is_not_random_stays_so_when_it_is_searched_through() -> None:
    through = attack_through(TransformedClassifier(WordLogits(), str.lower), 8)
    assert through.redrawn(3) is through


def test_what_a_classifier_sees_goes_through_all_wrappers() -> None:
    inner = TransformedClassifier(MaskedVotes(votes=2), str.lower)
    outer = TransformedClassifier(inner, lambda text: text.replace("!", ""))
    exchanged = relabel(outer, ["pos", "neg"])
    for classifier in (outer, exchanged, attack_through(exchanged, 4)):
        assert classifier.transforms_texts
        assert classifier.seen_as(["A Good film!"]) == ["a good film"]
    assert not MaskedVotes().transforms_texts
    assert MaskedVotes().seen_as(["A Good film!"]) == ["A Good film!"]


@pytest.mark.parametrize(("own", "asked", "used"), [(2, 9, 9), (9, 9, 9), (40, 9, 40)])
def test_searches_never_average_over_fewer_votes_than_the_model(own, asked, used) -> None:
    wrapped = relabel(TransformedClassifier(MaskedVotes(votes=own), str.lower), ["pos", "neg"])
    assert wrapped.num_votes == own
    through = attack_through(wrapped, asked)
    assert through.num_votes == used
    plain = wrapped.predict_proba(TEXTS)
    assert (through.predict_proba(TEXTS).argmax(axis=1) == plain.argmax(axis=1)).all()
    assert (through.predict_proba(TEXTS) == plain).all() == (used == own)
    assert WordLogits().num_votes is None


def test_redrawn_goes_through_all_wrappers() -> None:
    wrapped = relabel(TransformedClassifier(MaskedVotes(votes=2), str.lower), ["pos", "neg"])
    other = MaskedVotes(votes=9, seed=4).predict_proba([text.lower() for text in TEXTS])
    assert (wrapped.redrawn(4, 9).predict_proba(TEXTS) == other[:, ::-1]).all()
    assert attack_through(wrapped, 9) is not None
    plain = relabel(WordLogits(), ["pos", "neg"])
    assert plain.redrawn(4) is plain
