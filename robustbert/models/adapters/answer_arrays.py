"""Turn what a user's function returns into an array of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robustbert.errors import ModelError


def to_array(answer: Any, label_names: Sequence[str], model: str) -> np.ndarray:
    """Convert lists, arrays, tensors and data frames to an array of numbers.

    >>> to_array([[0.25, 0.75]], ["neg", "pos"], "mine")
    array([[0.25, 0.75]])

    Args:
        answer: what the function returned. If the column names of a data frame are the label names
            in another order, the columns are put into the order of the label names.
        label_names: the label names.
        model: the model's name, for messages.

    Raises:
        ModelError: it contains something else than numbers, or rows of different lengths.
    """
    value = answer
    if hasattr(answer, "columns") and hasattr(answer, "to_numpy"):
        value = answer.to_numpy()
        columns = [str(column) for column in answer.columns]
        if sorted(columns) == sorted(label_names):
            value = value[:, [columns.index(name) for name in label_names]]
    elif hasattr(answer, "detach"):
        value = answer.detach().cpu()
        value = (value.float() if value.is_floating_point() else value).numpy()
    rows = f"return a list with one row of {len(label_names)} numbers per text"
    try:
        array = np.asarray(value)
    except Exception as error:  # objects may raise anything when they are converted
        raise ModelError(
            f"the function of model {model!r} returned a {type(answer).__name__} whose items are "
            f"not rows of numbers of the same length; {rows}"
        ) from error
    if array.dtype.kind not in "fiu":
        raise ModelError(
            f"the function of model {model!r} returned {_describe(answer, array)}, not numbers; "
            f"{rows}"
        )
    return array


def is_half(answer: Any) -> bool:
    """Whether an array or tensor has a 16-bit floating-point dtype.

    >>> is_half(np.zeros(1, dtype=np.float16)), is_half([0.5])
    (True, False)
    """
    return str(getattr(answer, "dtype", "")).endswith("float16")


def _describe(answer: Any, array: np.ndarray) -> str:
    """The type of an answer, and of the values that it contains."""
    kind = f"a {type(answer).__name__}"
    if array.ndim == 0 or not array.size:
        return kind
    return f"{kind} that contains values of type {type(array.flat[0]).__name__.rstrip('_')}"
