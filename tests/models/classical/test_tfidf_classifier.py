from __future__ import annotations

import random

import numpy as np
import pytest

from robustbert.errors import InputError, ModelError
from robustbert.models import load_model
from robustbert.models.classical.estimators import ESTIMATORS
from robustbert.models.classical.tfidf_classifier import TfidfClassifier, _make_estimator, fit_tfidf
from robustbert.models.classical.tfidf_features import TfidfFeatures
from tests.tiny import WORDS, toy_reviews

KINDS = list(ESTIMATORS)
THREE = ("bad", "fair", "good")


def noisy_texts(n: int, seed: int) -> tuple[list[str], list[int]]:
    """Random texts whose labels depend weakly on a few words, so that probabilities vary."""
    chance = random.Random(seed)
    words = WORDS.split()
    labels = [i % 3 for i in range(n)]
    texts = [
        " ".join(chance.choices(words + ["bad", "rather", "good"][label:][:1] * 9, k=12))
        for label in labels
    ]
    return texts, labels


@pytest.fixture(scope="module", params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def fitted(kind) -> TfidfClassifier:
    return fit_tfidf(kind, *noisy_texts(300, 0), THREE, seed=0)


@pytest.fixture(scope="module")
def oracle(kind):
    """scikit-learn's own pipeline with the same settings."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    ngrams = (1, 1) if kind == "random-forest" else (1, 2)
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=ngrams)
    return make_pipeline(vectorizer, _make_estimator(kind, 0)).fit(*noisy_texts(300, 0))


def test_probabilities_match_scikit_learn(kind, fitted, oracle):
    from scipy.special import softmax

    texts, _ = noisy_texts(200, 1)
    rows = fitted.predict_proba(texts)
    if kind == "linear-svm":
        expected = softmax(oracle.decision_function(texts), axis=1)
    else:
        expected = oracle.predict_proba(texts)
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    assert rows.dtype == np.float32
    assert np.unique(rows.round(3)).size > 20, "the texts are too easy to test much"


def test_binary_svm_probability_is_the_sigmoid_of_the_margin():
    from scipy.special import expit
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts, labels = toy_reviews(80)
    model = fit_tfidf("linear-svm", texts, labels, ("neg", "pos"), seed=0)
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2))
    svm = _make_estimator("linear-svm", 0).fit(vectorizer.fit_transform(texts), labels)
    margins = svm.decision_function(vectorizer.transform(texts))
    np.testing.assert_allclose(model.predict_proba(texts)[:, 1], expit(margins), atol=1e-6)


def test_features_match_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["A film, a FILM; the film's Überraschung", "the film was bad bad bad", "!!! 🙂"]
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit(texts)
    terms = tuple(vectorizer.get_feature_names_out())
    own = TfidfFeatures(terms, vectorizer.idf_, 2).transform(texts)
    np.testing.assert_allclose(own.toarray(), vectorizer.transform(texts).toarray(), atol=1e-12)


def test_a_row_does_not_depend_on_the_other_texts(fitted):
    texts, _ = noisy_texts(60, 2)
    together = fitted.predict_proba(texts)
    order = np.random.default_rng(0).permutation(60)
    np.testing.assert_array_equal(fitted.predict_proba([texts[i] for i in order]), together[order])
    for text, row in zip(texts[:10], together[:10], strict=True):
        np.testing.assert_array_equal(fitted.predict_proba_exact([text])[0], row)


def test_save_and_load_without_pickles(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "arrays.npz",
        "model.json",
    ]
    with np.load(tmp_path / "model" / "arrays.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)
    again = load_model(str(tmp_path / "model"))
    texts, _ = noisy_texts(50, 3)
    np.testing.assert_array_equal(again.predict_proba(texts), fitted.predict_proba(texts))
    assert again.info.dtype == "float64"
    assert again.info.max_length is None


def test_the_same_seed_gives_the_same_files(kind, fitted, tmp_path):
    fitted.save(tmp_path / "a")
    fit_tfidf(kind, *noisy_texts(300, 0), THREE, seed=0).save(tmp_path / "b")
    assert (
        load_model(str(tmp_path / "a")).info.sha256 == load_model(str(tmp_path / "b")).info.sha256
    )


@pytest.mark.parametrize("text", ["🙂", "\0", "zzzz qqqq", "שלום", "film " * 10_000])
def test_texts_without_known_words_are_classified(fitted, text):
    row = fitted.predict_proba([text])[0]
    assert np.isfinite(row).all()
    assert row.sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    assert not fitted.truncated([text]).any()


def test_logits_match_scikit_learn(kind, fitted, oracle):
    """The decision function of the SVM, the joint log-likelihood of naive Bayes."""
    texts, _ = noisy_texts(200, 1)
    assert fitted.has_logits == (kind != "random-forest")
    if kind == "random-forest":
        with pytest.raises(ModelError, match="has no logits; call predict_proba instead"):
            fitted.predict_logits(texts)
        return
    logits = fitted.predict_logits(texts)
    assert (logits.dtype, logits.shape) == (np.float32, (200, 3))
    if kind == "linear-svm":
        expected = oracle.decision_function(texts)
    else:
        expected = oracle[-1].predict_joint_log_proba(oracle[:-1].transform(texts))
    np.testing.assert_allclose(logits, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(fitted.predict_logits(texts[7:9]), logits[7:9])
    assert fitted.predict_logits([]).shape == (0, 3)


def test_logits_of_two_labels_differ_by_the_margin():
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts, labels = toy_reviews(80)
    model = fit_tfidf("linear-svm", texts, labels, ("neg", "pos"), seed=0)
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2))
    svm = _make_estimator("linear-svm", 0).fit(vectorizer.fit_transform(texts), labels)
    logits = model.predict_logits(texts)
    np.testing.assert_array_equal(logits[:, 0], 0)
    margins = svm.decision_function(vectorizer.transform(texts))
    np.testing.assert_allclose(logits[:, 1], margins, atol=1e-6)


def test_gradients_are_rejected(fitted):
    assert not fitted.has_gradients
    with pytest.raises(ModelError, match="no gradients"):
        fitted.token_gradient("a film")


def test_columns_follow_the_requested_labels(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    requested = ["good", "bad", "fair"]
    turned = load_model(str(tmp_path / "model"), label_names=requested)
    texts, _ = noisy_texts(5, 4)
    np.testing.assert_array_equal(
        turned.predict_proba(texts), fitted.predict_proba(texts)[:, [2, 0, 1]]
    )
    if fitted.has_logits:
        np.testing.assert_array_equal(
            turned.predict_logits(texts), fitted.predict_logits(texts)[:, [2, 0, 1]]
        )
    with pytest.raises(ModelError, match="has the labels"):
        load_model(str(tmp_path / "model"), label_names=["a", "b"])


def test_a_label_without_texts_is_rejected():
    with pytest.raises(InputError, match="a label has no training text"):
        fit_tfidf("naive-bayes", ["a film", "a film"], [0, 0], ("neg", "pos"), seed=0)


def test_a_single_label_is_rejected():
    with pytest.raises(InputError, match="at least two labels"):
        fit_tfidf("linear-svm", ["a film", "a film"], [0, 0], ("good",), seed=0)


def test_texts_without_a_common_word_are_rejected():
    with pytest.raises(InputError, match="no word occurs in two"):
        fit_tfidf("naive-bayes", ["one", "two"], [0, 1], ("neg", "pos"), seed=0)


def test_a_model_that_could_not_be_loaded_is_not_saved(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr("robustbert.models.classical.tfidf_classifier.MAX_CONFIG_BYTES", 100)
    with pytest.raises(ModelError, match="too large to be loaded again"):
        fitted.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_forest_does_not_depend_on_the_size_of_its_chunks(monkeypatch):
    forest = fit_tfidf("random-forest", *noisy_texts(300, 0), THREE, seed=0)
    texts, _ = noisy_texts(50, 1)
    expected = forest.predict_proba(texts)
    for numbers in (1, 2000):
        monkeypatch.setattr("robustbert.models.classical.estimators.FOREST_CHUNK_VALUES", numbers)
        np.testing.assert_array_equal(forest.predict_proba(texts), expected)
