"""Turn what a user's function returns into an array of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robustbert.errors import ModelError
from robustbert.models.huggingface_files import one_line


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
    try:
        array = np.asarray(value)
    except Exception as error:  # objects may raise anything when they are converted
        raise ModelError(
            f"the function of model {model!r} returned a {type(answer).__name__} that is no array "
            f"({one_line(error)}); return one row of numbers per text, all of the "
            "same length"
        ) from error
    if array.dtype.kind not in "fiu":
        raise ModelError(
            f"the function of model {model!r} returned a {type(answer).__name__} of {array.dtype} "
            "values, not of numbers; return one row of numbers per text"
        )
    return array
