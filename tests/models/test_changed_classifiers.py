"""Classifiers at another temperature, and classifiers that are attacked through another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from robustbert.defenses.transformed_classifier import TransformedClassifier
from robustbert.errors import ModelError
from robustbert.models import load_model, relabel
from robustbert.models.searched_through import SearchedThrough, attack_through
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


def test_searches_ask_more_votes_and_verdicts_the_attacked_classifier() -> None:
    attacked, search = MaskedVotes(votes=1), MaskedVotes(votes=50)
    through = SearchedThrough(attacked, search)
    assert (through.predict_proba(TEXTS) == search.predict_proba(TEXTS)).all()
    assert (through.predict_proba_unbatched(TEXTS) == search.predict_proba(TEXTS)).all()
    assert (through.predict_proba_exact(TEXTS) == attacked.predict_proba_exact(TEXTS)).all()
    assert (search.predict_proba(TEXTS) != attacked.predict_proba(TEXTS)).any()
    assert (through.info, through.label_names) == (attacked.info, attacked.label_names)


def test_what_a_classifier_sees_goes_through_all_wrappers() -> None:
    inner = TransformedClassifier(MaskedVotes(votes=2), str.lower)
    outer = TransformedClassifier(inner, lambda text: text.replace("!", ""))
    exchanged = relabel(outer, ["pos", "neg"])
    for classifier in (outer, exchanged, SearchedThrough(exchanged, exchanged)):
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
    expected = wrapped.redrawn(0, used).predict_proba(TEXTS)
    assert (through.predict_proba(TEXTS) == expected).all()
    assert WordLogits().num_votes is None


def test_redrawn_goes_through_all_wrappers() -> None:
    wrapped = relabel(TransformedClassifier(MaskedVotes(votes=2), str.lower), ["pos", "neg"])
    other = MaskedVotes(votes=9, seed=4).predict_proba([text.lower() for text in TEXTS])
    assert (wrapped.redrawn(4, 9).predict_proba(TEXTS) == other[:, ::-1]).all()
    assert attack_through(wrapped, 9) is not None
    plain = relabel(WordLogits(), ["pos", "neg"])
    assert plain.redrawn(4) is plain
