"""What a classifier returns is checked before it is believed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax as scipy_softmax

from robustbert.errors import ModelError
from robustbert.models import Classifier, ModelInfo
from robustbert.models.output_checks import are_probabilities, normalized, softmax

LABELS = ("neg", "pos")


class Constant(Classifier):
    """A classifier of one's own that returns the same rows for all texts."""

    def __init__(self, rows, label_names=LABELS) -> None:
        self.label_names = label_names
        self.info = ModelInfo("constant", "here", "ab" * 32, "float32", None, None)
        self._rows = rows

    def _probabilities(self, texts):
        return self._rows

    def _exact(self, texts):
        return self._rows


METHODS = ["predict_proba", "predict_proba_exact", "predict_proba_unbatched"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[2.0, -1.0]], "returned -1, which is not a probability.*apply softmax, or pass outputs="),
        ([[-3.5, -1.0]], r"returned -3\.5, which is not a probability"),
        ([[0.4, 0.4]], r"sum to 0\.8 for a text, not to 1"),
        ([[0.9, 0.102]], r"sum to 1\.002 for a text"),
        ([[np.nan, 0.5]], "NaN or infinity"),
        ([[np.inf, 0.5]], "NaN or infinity"),
        ([[0.2, 0.3, 0.5]], r"returned 3 columns for 2 labels \(neg, pos\)"),
        ([0.5, 0.5], r"shape \(2,\) for 1 text and 2 labels"),
        ([[0.5, 0.5]] * 2, r"shape \(2, 2\) for 1 text and"),
        ([["a", "b"]], "instead of an array of numbers"),
        ([[1j, 0]], "complex128 instead of an array of numbers"),
    ],
)
def test_invalid_outputs_give_one_line(rows, message, method):
    with pytest.raises(ModelError, match=f"model 'constant' .*{message}") as caught:
        getattr(Constant(np.array(rows)), method)(["a film"])
    assert "\n" not in str(caught.value)


def test_other_types_are_named():
    with pytest.raises(ModelError, match="returned NoneType instead of an array of numbers"):
        Constant(None).predict_proba_exact(["a film"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("row", [[0.25, 0.75], [0, 1], [0.2504, 0.75], [-1e-9, 1.0]])
def test_rounded_probabilities_are_accepted(row, method):
    found = getattr(Constant(np.array([row])), method)(["a film"])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [row], atol=1e-7)


def test_many_labels_make_a_short_message():
    labels = tuple(f"two\nlines {i}" for i in range(100))
    with pytest.raises(ModelError) as caught:
        Constant(np.full((1, 2), 0.5), labels).predict_proba(["a film"])
    assert "and 90 more" in str(caught.value)
    assert "\n" not in str(caught.value)


logits = arrays(np.float64, (4, 3), elements=st.floats(-1e6, 1e6))


@given(logits)
def test_softmax_is_scipys(rows):
    np.testing.assert_allclose(softmax(rows), scipy_softmax(rows, axis=1), atol=1e-12)
    assert are_probabilities(softmax(rows))


@given(arrays(np.float32, (4, 3), elements=st.floats(0.125, 1, width=32)))
def test_normalized_rows_sum_to_one_in_float32(rows):
    found = normalized(rows).astype(np.float32)
    assert np.abs(found.sum(axis=1, dtype=np.float64) - 1).max() <= 1e-6
    np.testing.assert_allclose(found, rows / rows.sum(axis=1, keepdims=True), rtol=1e-5)


def test_repr_names_model_and_labels():
    classifier = Constant(None, ("<b>", "two\nlines", *map(str, range(20))))
    text = repr(classifier)
    assert text.startswith("Constant(name='constant', label_names=('<b>', 'two\\nlines', '0'")
    assert text.endswith("'7', …), dtype='float32', sha256='abababababab'…)")
    assert "\n" not in text
    assert classifier.identified
