"""The base class, the registry and the function that explains texts."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest

from robustbert.errors import InputError, MissingAssetError, ModelError, UnknownNameError
from robustbert.explanations import EXPLAINERS, explain, make_explainer
from robustbert.explanations.black_box import log_odds
from robustbert.explanations.explainer import Scores
from robustbert.explanations.occlusion import Occlusion
from robustbert.explanations.token_words import OUTSIDE, SPECIAL, sum_by_word, words_of_tokens
from robustbert.models import CallableClassifier
from robustbert.models.relabel import relabel
from robustbert.models.tokenization import TokenSpan
from tests.explanations.toys import WEIGHTS

TEXTS = [
    "A fine, charming film!",
    "it's a dull-witted and terribly boring plot; don't",
    "so bad\n that I laughed, (twice)",
]
NAMES = [entry.name for entry in EXPLAINERS.built_in()]
NETWORK_NAMES = [name for name in NAMES if EXPLAINERS.load(name).needs_network]


SMALL = {
    "integrated-gradients": {"steps": 5},
    "shap": {"max_evals": 60},
    "lime": {"num_samples": 50},
}


def small(name):
    """A method with parameters that make it fast."""
    return make_explainer(name, SMALL.get(name, {}))


@pytest.mark.parametrize("name", NAMES)
def test_each_method_gives_each_word_a_finite_score(name, tiny):
    method = small(name)
    assert method.name == name
    assert method.paper
    rows = tiny.predict_proba(TEXTS)
    for text, row, found in zip(TEXTS, rows, method.explain(tiny, TEXTS), strict=True):
        assert [text[start:end] for start, end in found.spans] == list(found.words)
        assert len(found.scores) == len(found.words) > 0
        assert all(map(math.isfinite, found.scores))
        assert found.target == found.predicted == row.argmax()
        assert found.label == tiny.label_names[found.target]
        assert found.probability == row[found.target]
        assert dict(found.params) == method.params()
        assert json.loads(json.dumps(found.as_dict()))["spans"] == [list(s) for s in found.spans]
        assert (found.special_score is not None) == method.needs_network


@pytest.mark.parametrize("name", NAMES)
def test_scores_do_not_depend_on_the_other_texts(name, tiny):
    method = small(name)
    together = method.explain(tiny, TEXTS)
    np.random.seed(1)
    state = np.random.get_state()[1].tolist()
    assert [method.explain(tiny, [text])[0] for text in TEXTS[::-1]] == together[::-1]
    assert np.random.get_state()[1].tolist() == state


def test_what_several_texts_ask_is_predicted_in_one_call(linear, monkeypatch):
    calls = []
    predict = linear.predict_proba
    monkeypatch.setattr(
        linear, "predict_proba", lambda texts: calls.append(list(texts)) or predict(texts)
    )
    texts = ["a fine film", "a bad, awful film"]
    explain(texts, model=linear, method="occlusion")
    predicted, variants = calls
    assert predicted == texts
    assert len(variants) == len(set(variants)) == (1 + 3) + (1 + 4)


def test_an_error_of_a_method_is_raised(linear, monkeypatch):
    def fail(*_):
        raise ValueError("it went wrong")

    monkeypatch.setattr(Occlusion, "word_scores", fail)
    with pytest.raises(ValueError, match="it went wrong"):
        explain("a film", model=linear, method="occlusion")


@pytest.mark.parametrize("name", NAMES)
def test_the_explained_class_can_be_chosen(name, tiny):
    method = small(name)
    neg, pos = (method.explain(tiny, TEXTS[:1], target)[0] for target in ("neg", 1))
    assert (neg.label, pos.label) == ("neg", "pos")
    assert neg.probability + pos.probability == pytest.approx(1)
    assert (neg.scores != pos.scores) == method.is_class_specific
    renamed = relabel(tiny, ("pos", "neg"))
    assert method.explain(renamed, TEXTS[:1], "neg")[0].scores == pytest.approx(neg.scores)


def test_scores_that_are_not_finite_are_an_error(linear, monkeypatch):
    scores = Scores(np.array([np.nan, 1.0]))
    monkeypatch.setattr(Occlusion, "word_scores", lambda *_: scores)
    with pytest.raises(ModelError, match="occlusion gives scores of 'linear' that are not finite"):
        explain("a film", model=linear, method="occlusion")


def test_each_text_can_have_a_class_of_its_own(linear):
    found = explain(
        ["fine film", "bad film"], model=linear, method="occlusion", target=["neg", None]
    )
    assert [one.label for one in found] == ["neg", "neg"]
    (one,) = explain("fine film", model=linear, method="occlusion", target=np.int64(0))
    assert one.label == "neg"


@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_methods_that_need_a_network_refuse_other_models(name, linear):
    with pytest.raises(ModelError, match=f"^{name} needs a network: model 'linear' has no"):
        small(name).explain(linear, ["a fine film"])


def test_a_model_without_logits_is_refused_if_they_are_to_be_explained():
    model = CallableClassifier(lambda texts: [[0.5, 0.5]] * len(texts), ("neg", "pos"))
    with pytest.raises(ModelError, match="has no logits"):
        explain("a fine film", model=model, method="occlusion", output="log-odds")


def test_invalid_arguments_get_one_clear_line(linear):
    with pytest.raises(UnknownNameError, match="unknown explainer 'occlusio'; did you mean occl"):
        explain("a film", model=linear, method="occlusio")
    with pytest.raises(
        UnknownNameError, match="occlusion: unknown setting 'maks'; did you mean ma"
    ):
        explain("a film", model=linear, method="occlusion", maks="")
    with pytest.raises(InputError, match="leave out mask"):
        explain("a film", model=linear, method=make_explainer("occlusion", {}), mask="")
    with pytest.raises(InputError, match="text 2 of 2 is empty"):
        explain(["a film", " "], model=linear, method="occlusion")
    with pytest.raises(InputError, match="text 1 of 1 has no words"):
        explain("?!", model=linear, method="occlusion")
    with pytest.raises(UnknownNameError, match="unknown label 'po'; did you mean pos"):
        explain("a film", model=linear, method="occlusion", target="po")
    for target in (2, 1.0, True):
        with pytest.raises(InputError, match=f"target is {target}; give an integer from 0 to 1"):
            explain(["a film"], model=linear, method="occlusion", target=[target])
    with pytest.raises(InputError, match="mask is not valid Unicode"):
        explain("a film", model=linear, method="occlusion", mask="\ud800")
    with pytest.raises(InputError, match="2 targets are given for 1 texts"):
        explain("a film", model=linear, method="occlusion", target=["pos", "neg"])
    with pytest.raises(InputError, match="output is 'loss'; give one of probability, log-odds"):
        explain("a film", model=linear, method="occlusion", output="loss")


def test_a_missing_package_names_the_extra(monkeypatch, tiny):
    monkeypatch.setitem(sys.modules, "captum", None)
    with pytest.raises(MissingAssetError, match=r"pip install 'robustbert\[explain\]'"):
        explain("a film", model=tiny, method="saliency")


def test_tokens_belong_to_the_first_word_that_they_share_a_character_with():
    words = [(0, 4), (5, 9), (12, 15)]
    tokens = [
        TokenSpan(0, 0, True),
        TokenSpan(0, 2, False),
        TokenSpan(2, 4, False),
        TokenSpan(4, 7, False),  # begins with a space
        TokenSpan(7, 13, False),  # two words
        TokenSpan(9, 10, False),
        TokenSpan(13, 15, False),
        TokenSpan(15, 16, False),
        TokenSpan(0, 0, True),
    ]
    expected = [SPECIAL, 0, 0, 1, 1, OUTSIDE, 2, OUTSIDE, SPECIAL]
    assert words_of_tokens(words, tokens).tolist() == expected
    scores = 2.0 ** np.arange(9)
    found = sum_by_word(words, tokens, scores, {})
    assert found.words.tolist() == [2 + 4, 8 + 16, 64]
    assert found.special == 1 + 256
    assert found.other == 32 + 128


@pytest.mark.parametrize("name", [*NETWORK_NAMES, "occlusion"])
def test_words_beyond_the_maximum_length_have_the_score_zero(name, tiny):
    text = " ".join(["film", "bad"] * 100)
    (found,) = small(name).explain(tiny, [text])
    assert found.truncated
    assert len(found.scores) == 200
    read = tiny.info.max_length - 2
    assert any(found.scores[:read])
    assert not any(found.scores[read:])


def test_shap_scores_words_that_move_up_when_others_are_left_out(tiny):
    (found,) = small("shap").explain(tiny, ["film " * 150 + "awful " * 50])
    assert found.truncated
    assert any(found.scores[tiny.info.max_length :])


def test_occlusion_of_a_linear_model_gives_its_weights(linear):
    text = "Great film, not awful: great"
    (found,) = explain(text, model=linear, method="occlusion", output="log-odds", target="pos")
    expected = [WEIGHTS.get(word.lower(), 0.0) for word in found.words]
    assert found.scores == pytest.approx(expected, abs=1e-6)
    assert found.output == "log-odds"


def test_log_odds_of_the_two_classes_of_a_classical_model_are_opposite(svm):
    neg, pos = (
        explain("a wonderful film", model=svm, method="occlusion", output="log-odds", target=name)
        for name in ("neg", "pos")
    )
    assert any(pos[0].scores)
    assert neg[0].scores == pytest.approx([-score for score in pos[0].scores])


def test_log_odds_are_those_of_the_probability():
    logits = np.array([[0.5, -1.0, 2.0], [30.0, -30.0, 0.0]])
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    others = probabilities.sum(axis=1, keepdims=True) - probabilities
    np.testing.assert_allclose(log_odds(logits)[0], np.log(probabilities / others)[0])
    assert log_odds(logits)[1] == pytest.approx([30.0, -60.0, -30.0], abs=1e-6)


def test_occlusion_with_a_mask(linear):
    found = explain(
        "awful", model=linear, method="occlusion", output="log-odds", mask="good", target=1
    )
    assert found[0].scores == pytest.approx([-3.0 - 1.0])


def test_saliency_of_a_linear_network_is_weight_times_embedding(mean):
    text = "a fine film"
    (found,) = explain(text, model=mean, method="saliency", target="pos")
    network = mean.token_network()
    ids, _ = network.encode(text)
    embeddings = network.embed(ids)[0]
    tokens = (embeddings @ network.module.head.weight[1]).detach().numpy() / ids.shape[1]
    assert found.special_score == pytest.approx(tokens[0] + tokens[-1], rel=1e-5)
    # the letters of "fine" are no tokens of their own: the vocabulary has the word
    assert found.scores == pytest.approx(tokens[1:-1], rel=1e-4, abs=1e-6)
