"""RDE and the Mahalanobis distance against numpy and scipy, on given features and a tiny BERT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.covariance import MinCovDet

from robustbert.detection import Detector, TextMeasure
from robustbert.detection.first_token import labelled_features
from robustbert.detection.mahalanobis import Mahalanobis
from robustbert.detection.rde import Rde
from robustbert.errors import InputError, ModelError
from robustbert.models import load_model
from tests.detection.words import BagOfWords, fitting_data
from tests.tiny import toy_reviews

DIMENSIONS = 4


class GivenFeatures:
    """Texts that are numbers, with a feature vector and a predicted label each."""

    def __init__(self, features: np.ndarray, predicted: Sequence[int]) -> None:
        self.rows = np.concatenate([np.array(predicted)[:, None], features], axis=1)

    def __call__(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        yield from (self.rows[int(text)] for text in texts)


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    """Two classes of 60 texts around different means; the last 20 are far away."""
    random = np.random.default_rng(0)
    mixing = random.normal(size=(DIMENSIONS, DIMENSIONS))
    points = random.normal(size=(140, DIMENSIONS)) @ mixing
    points[60:120] += 3
    points[120:] += 9
    return points


LABELS = [0] * 60 + [1] * 60
PREDICTED = [*LABELS, *([0, 1] * 10)]


def fit(detector: Detector, features: np.ndarray, seed: int = 0):
    measure = TextMeasure(GivenFeatures(features, PREDICTED), "features")
    texts = [str(i) for i in range(120)]
    return detector.fit_measured(measure, fitting_data((), texts, LABELS), seed)


EVERY = [str(i) for i in range(140)]


def test_the_plain_mahalanobis_distance_is_that_of_numpy(features):
    found = fit(Mahalanobis(robust=False), features).score(EVERY)
    means = [features[:60].mean(axis=0), features[60:120].mean(axis=0)]
    residuals = np.concatenate([features[:60] - means[0], features[60:120] - means[1]])
    inverse = np.linalg.inv(residuals.T @ residuals / 120)
    expected = [min((x - mean) @ inverse @ (x - mean) for mean in means) for x in features]
    assert found == pytest.approx(expected)
    assert found[120:].min() > np.quantile(found[:120], 0.95)


def test_the_robust_mahalanobis_distance_is_from_the_robust_centre(features):
    found = fit(Mahalanobis(), features, seed=3).score(EVERY)
    means = [features[:60].mean(axis=0), features[60:120].mean(axis=0)]
    residuals = np.concatenate([features[:60] - means[0], features[60:120] - means[1]])
    robust = MinCovDet(random_state=3).fit(residuals)
    centres = [mean + robust.location_ for mean in means]
    inverse = np.linalg.inv(robust.covariance_)
    expected = [min((x - c) @ inverse @ (x - c) for c in centres) for x in features]
    assert found == pytest.approx(expected)


def test_principal_components_come_first(features):
    found = fit(Mahalanobis(robust=False, dimensions=2), features).score(EVERY)
    centred = features[:120] - features[:120].mean(axis=0)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:2]
    reduced = features @ directions.T
    same = fit(Mahalanobis(robust=False), reduced).score(EVERY)
    assert found == pytest.approx(same)


def test_outliers_among_the_training_texts_do_not_hide_others(features):
    dirty = features.copy()
    dirty[:9] += 40
    ratios = []
    for robust in (False, True):
        scores = fit(Mahalanobis(robust=robust), dirty).score(EVERY)
        ratios.append(np.median(scores[120:]) / np.median(scores[9:120]))
    assert ratios[1] > 2 * ratios[0]


def test_rde_is_a_density_after_kernel_pca(features):
    found = fit(Rde(dimensions=3), features, seed=2).score(EVERY)
    training = features[:120]

    def kernel(points: np.ndarray) -> np.ndarray:
        squared = ((points[:, None] - training[None]) ** 2).sum(axis=2)
        return np.exp(-squared / DIMENSIONS)

    own = kernel(training)
    values, vectors = np.linalg.eigh(
        own - own.mean(axis=0) - own.mean(axis=1)[:, None] + own.mean()
    )
    values, vectors = values[::-1][:3], vectors[:, ::-1][:, :3]
    other = kernel(features)
    centred = other - own.mean(axis=0) - other.mean(axis=1)[:, None] + own.mean()
    points = centred @ vectors / np.sqrt(values)
    for label in (0, 1):
        rows = [i for i, predicted in enumerate(PREDICTED) if predicted == label]
        fitted = MinCovDet(random_state=2).fit(points[:120][np.array(LABELS) == label])
        density = multivariate_normal(fitted.location_, fitted.covariance_)
        assert found[rows] == pytest.approx(-density.logpdf(points[rows]), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("detector", [Rde(dimensions=3), Mahalanobis()])
def test_a_label_without_training_texts_is_refused(features, detector):
    """Also the last one, which a text can be predicted as."""
    measure = TextMeasure(GivenFeatures(features, PREDICTED), "features")
    data = fitting_data((), [str(i) for i in range(120)], LABELS, num_labels=3)
    with pytest.raises(InputError, match="label 2 has 0 training texts"):
        detector.fit_measured(measure, data, seed=0)


def test_a_sample_of_many_training_texts_is_taken(features):
    few = fit(Mahalanobis(robust=False, max_texts=50), features).score(EVERY)
    assert not np.allclose(few, fit(Mahalanobis(robust=False), features).score(EVERY))
    again = fit(Mahalanobis(robust=False, max_texts=50), features).score(EVERY)
    np.testing.assert_array_equal(few, again)


def test_too_few_or_equal_training_texts_are_refused(features):
    with pytest.raises(InputError, match="label 0 has 60 training texts, but the detector needs"):
        fit(Rde(dimensions=31), features)
    flat = features.copy()
    flat[:, 1] = flat[:, 0]
    with pytest.raises(InputError, match="do not span 4 dimensions"):
        fit(Mahalanobis(), flat)


def test_features_are_the_last_hidden_states_of_the_first_token(bert):
    classifier = load_model(bert, dtype="float32", device="cpu")
    texts = [*toy_reviews(6)[0], "good", "a very good film and a great story"]
    found = np.array(list(labelled_features(classifier, texts)))
    network = classifier.embedded_network()
    for text, row in zip(texts, found, strict=True):
        inputs = network.tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            output = network.model(**inputs, output_hidden_states=True)
        assert row[0] == output.logits.argmax()
        assert row[1:] == pytest.approx(output.hidden_states[-1][0, 0].numpy(), abs=1e-4)


def test_a_tiny_network_is_scored(bert):
    texts, labels = toy_reviews(60)
    classifier = load_model(bert, dtype="float32", device="cpu")
    data = fitting_data((), texts, labels)
    for detector in (Rde(dimensions=2), Mahalanobis(dimensions=2)):
        scores = detector.fit(classifier, data, seed=0).score(["zzz qqq 99", *texts[:3]])
        assert np.isfinite(scores).all()
        assert scores.dtype == np.float64
        assert scores[0] > scores[1:].max(), "letters and digits are far from the reviews"


@pytest.mark.parametrize("detector", [Rde(), Mahalanobis()], ids=["rde", "mahalanobis"])
def test_a_classical_model_has_no_features(detector):
    with pytest.raises(ModelError, match=r"reads the features of a network .* such as wdr or fgws"):
        detector.measure(BagOfWords({"good": (0, 1)}))


@pytest.mark.parametrize("kind", [Rde, Mahalanobis])
def test_wrong_parameters_are_refused(kind):
    with pytest.raises(InputError, match="dimensions is 0"):
        kind(dimensions=0)
    with pytest.raises(InputError, match="max_texts is 0"):
        kind(max_texts=0)
