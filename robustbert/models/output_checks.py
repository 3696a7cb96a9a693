"""Checks of what a classifier returns, and the conversion of logits to probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robustbert.errors import ModelError, UnknownNameError
from robustbert.models.label_names import listed

#: The kinds of outputs that the classifiers around models in memory accept.
OUTPUT_KINDS = ("probabilities", "logits")
#: How far the sum of a row of probabilities may be from 1, and how far a value may be outside
#: [0, 1].
SUM_TOLERANCE = 1e-3
#: The same for probabilities in half precision: more than rounding to bfloat16 changes a sum.
HALF_SUM_TOLERANCE = 1e-2
RANGE_TOLERANCE = 1e-6


def check_rows(rows: Any, model: str, n: int, label_names: Sequence[str]) -> np.ndarray:
    """Check the outputs of a model: an array of finite numbers, one row per text.

    >>> check_rows(np.array([[0.25, 0.5, 0.25]]), "mine", 1, ["neg", "pos"])
    Traceback (most recent call last):
    robustbert.errors.ModelError: model 'mine' returned 3 columns for 2 labels (neg, pos); return \
one column per label, also if there are two, or name every column in label_names

    Args:
        rows: the outputs; should be numbers of shape (n, k).
        model: the model's name, for messages.
        n: the number of texts.
        label_names: the k label names.

    Returns:
        ``rows`` itself.

    Raises:
        ModelError: it is not such an array, or contains NaN or infinity.
    """
    if not isinstance(rows, np.ndarray) or rows.dtype.kind not in "fiu":
        kind = rows.dtype if isinstance(rows, np.ndarray) else type(rows).__name__
        raise ModelError(
            f"model {model!r} returned {kind} instead of an array of numbers; "
            "return one number per text and label"
        )
    k = len(label_names)
    if rows.ndim == 2 and len(rows) == n and rows.shape[1] != k:
        columns = "1 column" if rows.shape[1] == 1 else f"{rows.shape[1]} columns"
        raise ModelError(
            f"model {model!r} returned {columns} for {k} labels ({listed(label_names)}); return "
            "one column per label, also if there are two, or name every column in label_names"
        )
    if rows.shape != (n, k):
        texts = "1 text" if n == 1 else f"{n} texts"
        raise ModelError(
            f"model {model!r} returned an array of shape {rows.shape} for {texts} and {k} "
            f"labels; return shape ({n}, {k}): one row per text, one column per label"
        )
    if not np.isfinite(rows).all():
        raise ModelError(
            f"model {model!r} returned NaN or infinity; its weights or its code are broken: "
            "fix it, or train or download it again"
        )
    return rows


def check_probabilities(
    rows: np.ndarray, model: str, sum_tolerance: float = SUM_TOLERANCE
) -> np.ndarray:
    """Check that each row of finite numbers (n, k) is a probability distribution.

    >>> check_probabilities(np.array([[-1.0, 2.0]]), "mine")
    Traceback (most recent call last):
    robustbert.errors.ModelError: model 'mine' returned -1, which is not a probability; if these \
are logits, apply softmax, or pass outputs="logits", which does it

    Args:
        rows: the numbers.
        model: the model's name, for messages.
        sum_tolerance: how far the sum of a row may be from 1.

    Returns:
        ``rows`` itself.

    Raises:
        ModelError: a value is outside [0, 1], or a row does not sum to 1.
    """
    low, high = rows.min(), rows.max()
    if low < -RANGE_TOLERANCE or high > 1 + sum_tolerance:
        value = low if low < -RANGE_TOLERANCE else high
        raise ModelError(
            f"model {model!r} returned {value:.4g}, which is not a probability; if these are "
            'logits, apply softmax, or pass outputs="logits", which does it'
        )
    sums = rows.sum(axis=1, dtype=np.float64)
    errors = np.abs(sums - 1)
    if errors.max() > sum_tolerance:
        raise ModelError(
            f"model {model!r} returned probabilities that sum to {sums[errors.argmax()]:.4g} for "
            "a text, not to 1; return one probability per label, divided by their sum"
        )
    return rows


def are_probabilities(rows: np.ndarray) -> bool:
    """Whether each row of finite numbers (n, k) is a probability distribution.

    >>> are_probabilities(np.array([[0.25, 0.75]])), are_probabilities(np.array([[0.25, 1.0]]))
    (True, False)
    """
    try:
        check_probabilities(rows, "")
    except ModelError:
        return False
    return True


def normalized(rows: np.ndarray) -> np.ndarray:
    """Divide each row of checked probabilities (n, k) by its sum, in float64.

    Values that rounding put outside [0, 1] are clipped. As float32, the rows sum to 1 within 1e-6.
    """
    positive = rows.astype(np.float64).clip(min=0)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True))


def softmax(logits: np.ndarray) -> np.ndarray:
    """The softmax of finite logits (n, k), in float64. As float32, rows sum to 1 within 1e-6.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    wide = logits.astype(np.float64)
    exponentials = np.exp(wide - wide.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def check_output_kind(outputs: str) -> str:
    """Check the kind of a model's outputs.

    Raises:
        UnknownNameError: it is not one of `OUTPUT_KINDS`.
    """
    if outputs not in OUTPUT_KINDS:
        raise UnknownNameError("kind of outputs", str(outputs), OUTPUT_KINDS)
    return outputs
