"""`SklearnClassifier`; the oracle is the pipeline's own predict_proba."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, LinearSVC

from robustbert.errors import InputError, ModelError
from robustbert.models import SklearnClassifier
from tests.tiny import toy_reviews

TEXTS, CODES = toy_reviews(60)
NAMES = [("neg", "pos")[code] for code in CODES]
THREE = [("dull", "fine", "great")[i % 3] for i in range(60)]


def fitted(last, labels=NAMES):
    return make_pipeline(TfidfVectorizer(), last).fit(TEXTS, labels)


@pytest.fixture(scope="module")
def pipeline():
    return fitted(LogisticRegression())


def test_probabilities_are_those_of_the_pipeline(pipeline):
    classifier = SklearnClassifier(pipeline)
    assert classifier.label_names == ("neg", "pos")
    expected = pipeline.predict_proba(TEXTS)
    np.testing.assert_allclose(classifier.predict_proba(TEXTS), expected, atol=1e-7)
    np.testing.assert_array_equal(
        classifier.predict_proba_exact(TEXTS), classifier.predict_proba(TEXTS)
    )
    assert classifier.batch_invariance.verified
    assert classifier.token_budget is None


def test_columns_are_matched_by_name(pipeline):
    turned = SklearnClassifier(pipeline, ["pos", "neg"])
    expected = pipeline.predict_proba(TEXTS)[:, ::-1]
    np.testing.assert_allclose(turned.predict_proba(TEXTS), expected, atol=1e-7)


def test_integers_are_matched_by_position():
    pipeline = fitted(LogisticRegression(), CODES)
    classifier = SklearnClassifier(pipeline, ["neg", "pos"])
    expected = pipeline.predict_proba(TEXTS)
    np.testing.assert_allclose(classifier.predict_proba(TEXTS), expected, atol=1e-7)


def test_two_classes_have_logits_of_one_score():
    pipeline = fitted(LinearSVC())
    classifier = SklearnClassifier(pipeline, outputs="logits")
    scores = pipeline.decision_function(TEXTS)
    np.testing.assert_allclose(
        classifier.predict_logits(TEXTS), np.stack([0 * scores, scores], axis=1), rtol=1e-6
    )
    np.testing.assert_allclose(
        classifier.predict_proba(TEXTS)[:, 1], 1 / (1 + np.exp(-scores)), atol=1e-6
    )
    found = [classifier.label_names[i] for i in classifier.predict_proba(TEXTS).argmax(axis=1)]
    assert found == pipeline.predict(TEXTS).tolist()
    turned = SklearnClassifier(pipeline, ["pos", "neg"], outputs="logits")
    np.testing.assert_array_equal(
        turned.predict_proba(TEXTS), classifier.predict_proba(TEXTS)[:, ::-1]
    )


def test_three_classes_have_three_logits():
    pipeline = fitted(LinearSVC(), THREE)
    classifier = SklearnClassifier(pipeline, ["great", "dull", "fine"], outputs="logits")
    expected = softmax(pipeline.decision_function(TEXTS), axis=1)[:, [2, 0, 1]]
    np.testing.assert_allclose(classifier.predict_proba(TEXTS), expected, atol=1e-6)


def test_a_row_depends_on_its_text_alone_with_dense_features():
    dense = make_pipeline(
        TfidfVectorizer(), TruncatedSVD(16, random_state=0), MLPClassifier(max_iter=20)
    )
    with pytest.warns(Warning, match="converge"):
        dense.fit(TEXTS, NAMES)
    classifier = SklearnClassifier(dense)
    together = classifier.predict_proba(TEXTS)
    assert classifier.batch_invariance.verified
    for rows in ([5], [3, 1, 2], list(range(40))):
        some = classifier.predict_proba([TEXTS[row] for row in rows])
        np.testing.assert_array_equal(some, together[rows])


def centred(matrix):
    dense = matrix.toarray()
    return dense - dense.mean(axis=0) / 2


def test_texts_are_computed_by_themselves_if_others_change_them():
    pipeline = make_pipeline(
        CountVectorizer(), FunctionTransformer(centred, accept_sparse=True), LogisticRegression()
    ).fit(TEXTS, NAMES)
    classifier = SklearnClassifier(pipeline)
    expected = np.concatenate([pipeline.predict_proba([text]) for text in TEXTS])
    assert np.abs(expected - pipeline.predict_proba(TEXTS)).max() > 0.01
    np.testing.assert_allclose(classifier.predict_proba(TEXTS), expected, atol=1e-7)
    assert classifier.batch_invariance.verified


def noisy(matrix):
    return matrix.toarray() + np.random.default_rng().normal(size=matrix.shape)


def test_randomness_is_marked():
    pipeline = make_pipeline(CountVectorizer(), FunctionTransformer(noisy), LogisticRegression())
    classifier = SklearnClassifier(pipeline.fit(TEXTS, NAMES))
    assert not classifier.batch_invariance.verified


def test_fitting_it_again_does_not_change_the_classifier():
    pipeline = fitted(LogisticRegression())
    classifier = SklearnClassifier(pipeline)
    before = classifier.predict_proba(TEXTS)
    pipeline.fit(TEXTS, NAMES[::-1])
    np.testing.assert_array_equal(classifier.predict_proba(TEXTS), before)
    assert SklearnClassifier(pipeline).info.sha256 != classifier.info.sha256


HASH = """
from tests.models.adapters.test_sklearn_pipeline import *
print(SklearnClassifier(fitted(LogisticRegression())).info.sha256)
"""


class TestHash:
    def test_is_the_same_in_another_process(self, pipeline):
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "5"}
        output = subprocess.run(
            [sys.executable, "-c", HASH], capture_output=True, text=True, check=True, env=env
        ).stdout
        assert output.strip() == SklearnClassifier(pipeline).info.sha256

    def test_covers_what_determines_the_outputs(self, pipeline):
        others = [
            SklearnClassifier(pipeline),
            SklearnClassifier(pipeline, ["pos", "neg"]),
            SklearnClassifier(pipeline, outputs="logits"),
            SklearnClassifier(fitted(LogisticRegression(C=2))),
        ]
        assert len({other.info.sha256 for other in others}) == 4
        assert others[0].identified
        assert others[0].info.name == "LogisticRegression"
        assert others[0].info.source.startswith("SklearnClassifier of sklearn.linear_model.")

    def test_is_that_of_the_name_if_the_pipeline_has_none(self):
        pipeline = make_pipeline(
            TfidfVectorizer(preprocessor=lambda text: text.lower()), LogisticRegression()
        ).fit(TEXTS, NAMES)
        one, other = SklearnClassifier(pipeline), SklearnClassifier(pipeline)
        assert not one.identified
        assert one.info.sha256 != other.info.sha256
        named = SklearnClassifier(pipeline, name="mine")
        assert named.identified
        assert named.info == SklearnClassifier(pipeline, name="mine").info


def test_a_grid_search_is_a_classifier():
    search = GridSearchCV(
        make_pipeline(TfidfVectorizer(), LogisticRegression()), {"logisticregression__C": [1, 2]}
    ).fit(TEXTS, NAMES)
    np.testing.assert_allclose(
        SklearnClassifier(search).predict_proba(TEXTS), search.predict_proba(TEXTS), atol=1e-7
    )


class TestInvalidInput:
    @pytest.mark.parametrize(
        ("make", "options", "message"),
        [
            (
                lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()),
                {},
                r"Pipeline is not fitted; call fit\(texts, labels\) first",
            ),
            (
                lambda: fitted(LinearSVC()),
                {},
                'has no predict_proba; pass outputs="logits" to use the softmax of its decision',
            ),
            (lambda: fitted(LinearRegression(), CODES), {}, "pass a classifier with predict_proba"),
            (
                lambda: LogisticRegression().fit([[0.0], [1.0]], ["neg", "pos"]),
                {},
                "predict_proba failed for a list of strings: .*; pass a pipeline that starts from",
            ),
            (
                lambda: fitted(SVC(decision_function_shape="ovo"), THREE),
                {"outputs": "logits"},
                "set decision_function_shape to 'ovr'",
            ),
            (
                lambda: fitted(LogisticRegression(), [code + 1 for code in CODES]),
                {"label_names": ["neg", "pos"]},
                r"has the classes \[1, 2\]; train it on strings, or on integers from 0 on",
            ),
            (
                lambda: fitted(LogisticRegression(), [bool(code) for code in CODES]),
                {"label_names": ["neg", "pos"]},
                r"has the classes \[False, True\]",
            ),
            (
                lambda: fitted(LogisticRegression(), CODES),
                {"label_names": ["a", "b", "c"]},
                "has 2 classes but 3 label names are given",
            ),
            (
                lambda: fitted(LogisticRegression()),
                {"label_names": ["negative", "positive"]},
                "has the classes neg, pos, but label_names are negative, positive; give the",
            ),
        ],
    )
    def test_gives_one_line(self, make, options, message):
        with pytest.raises(ModelError, match=message) as caught:
            SklearnClassifier(make(), **options)
        assert "\n" not in str(caught.value)

    def test_integers_need_names(self):
        with pytest.raises(InputError, match="has the classes 0 to 1; name them in order"):
            SklearnClassifier(fitted(LogisticRegression(), CODES))

    def test_other_objects(self):
        with pytest.raises(InputError, match="not a scikit-learn estimator"):
            SklearnClassifier(len)
        with pytest.raises(InputError, match="a class; create an instance of LogisticRegression"):
            SklearnClassifier(LogisticRegression)
