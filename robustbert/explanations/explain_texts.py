"""Explain the predictions of a model in one call."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

from robustbert.errors import InputError
from robustbert.explanations.attribution import Attribution
from robustbert.explanations.explainer import Explainer, Target
from robustbert.explanations.explainer_registry import make_explainer
from robustbert.models import Classifier, load_model


def explain(
    texts: str | Sequence[str],
    *,
    model: Classifier | str | PathLike[str],
    method: str | Explainer = "integrated-gradients",
    target: Target | Sequence[Target] = None,
    dtype: str = "auto",
    device: str = "auto",
    labels: Sequence[str] | None = None,
    **parameters: Any,
) -> list[Attribution]:
    """Explain the predictions for one or more texts: a score for each word.

    Args:
        texts: one text, or several.
        model: a classifier, a model folder, or ``hub:NAME``.
        method: a name, as listed by ``robustbert list explainers``, an import path, or a method
            with its parameters.
        target: the name or index of the explained class, or one per text; None for the predicted
            one.
        dtype: auto, float32 or bfloat16, for a model that is loaded.
        device: auto, cpu, cuda, cuda:N or mps, for a model that is loaded.
        labels: the names of the loaded model's outputs, in order; None for those that it has.
        parameters: parameters of a method that is given by name, such as ``steps=20``.

    Raises:
        InputError: a text is blank or has no words, or a parameter is invalid.
        UnknownNameError: there is no such method, parameter or class.
        ModelError: the model cannot be loaded, or the method needs gradients, which it does not
            have.
        MissingAssetError: a package that the method needs is not installed.
    """
    texts = [texts] if isinstance(texts, str) else list(texts)
    if isinstance(method, str):
        method = make_explainer(method, parameters)
    elif parameters:
        raise InputError(
            f"parameters are given for a method that has its own; leave out {min(parameters)}"
        )
    if not isinstance(model, Classifier):
        model = load_model(model, dtype=dtype, device=device, labels=labels)
    elif labels is not None:
        raise InputError("labels are given for a classifier, which has label_names; leave them out")
    return method.explain(model, texts, target)
