"""Readable predictions: the label, its name and the probabilities of each text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

from robustbert.errors import InputError
from robustbert.models.classifier import Classifier
from robustbert.models.model_registry import load_model


@dataclass(frozen=True)
class Prediction:
    """The prediction for one text.

    Args:
        label: the index of the most probable label.
        name: that label's name.
        probabilities: one per label, in the order of the classifier's label names; they sum to 1.
        truncated: whether the text is longer than the model's maximum length; then the prediction
            ignores its end.
    """

    label: int
    name: str
    probabilities: tuple[float, ...]
    truncated: bool


def predict(classifier: Classifier, texts: Sequence[str]) -> list[Prediction]:
    """Classify texts.

    Raises:
        InputError: a text is empty, blank or not valid Unicode.
    """
    rows = classifier.predict_proba(texts)
    labels = rows.argmax(axis=1)
    return [
        Prediction(int(label), classifier.label_names[label], tuple(row.tolist()), bool(truncated))
        for label, row, truncated in zip(labels, rows, classifier.truncated(texts), strict=True)
    ]


def classify(
    texts: str | Sequence[str],
    *,
    model: Classifier | str | PathLike[str],
    dtype: str = "auto",
    device: str = "auto",
    labels: Sequence[str] | None = None,
) -> list[Prediction]:
    """Classify one or more texts with a model.

    Args:
        texts: one text, or several.
        model: a classifier, a model folder, or ``hub:NAME``.
        dtype: auto, float32 or bfloat16, for a model that is loaded.
        device: auto, cpu, cuda, cuda:N or mps, for a model that is loaded.
        labels: the names of the loaded model's outputs, in order; None for those that it has.

    Raises:
        InputError: a text is empty, blank or not valid Unicode, there is no such device, or
            ``labels`` are given for a classifier, which has its own.
        ModelError: the model cannot be loaded.
        UnknownNameError: there is no such dtype.
    """
    texts = [texts] if isinstance(texts, str) else list(texts)
    if not isinstance(model, Classifier):
        model = load_model(model, dtype=dtype, device=device, labels=labels)
    elif labels is not None:
        raise InputError("labels are given for a classifier, which has label_names; leave them out")
    return predict(model, texts)
