"""The table of explanation methods: one method per module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robustbert.explanations.explainer import Explainer
from robustbert.registry import Entry, Registry
from robustbert.validation import build_from_settings


def _is_explainer(target: object) -> bool:
    # A subclass that is not a dataclass itself would ignore its parameters.
    return (
        isinstance(target, type)
        and issubclass(target, Explainer)
        and "__dataclass_params__" in vars(target)
    )


#: The registry of explanation methods; each target is a subclass of ``Explainer``.
EXPLAINERS = Registry(
    "explainer",
    [
        Entry(
            "attention-rollout",
            "robustbert.explanations.attention_rollout:AttentionRollout",
            "attention, multiplied through the layers; the same for every class",
        ),
        Entry(
            "saliency",
            "robustbert.explanations.saliency:Saliency",
            "gradient times input embedding",
        ),
        Entry(
            "integrated-gradients",
            "robustbert.explanations.integrated_gradients:IntegratedGradients",
            "gradients along the line from a text of padding tokens",
        ),
        Entry(
            "grad-cam",
            "robustbert.explanations.grad_cam:GradCam",
            "hidden states of a layer, weighted by their average gradients",
        ),
        Entry(
            "shap",
            "robustbert.explanations.partition_shap:PartitionShap",
            "Shapley values of words, by halving the text",
        ),
        Entry(
            "lime",
            "robustbert.explanations.lime_words:LimeWords",
            "a linear model of the predictions for texts with hidden words",
        ),
        Entry(
            "occlusion",
            "robustbert.explanations.occlusion:Occlusion",
            "leave out one word at a time",
        ),
    ],
    accepts=_is_explainer,
    expected="a subclass of Explainer that is a dataclass",
)


def make_explainer(name: str, params: Mapping[str, Any]) -> Explainer:
    """Build an explanation method from its name and parameters.

    Raises:
        UnknownNameError: there is no such method or parameter; the message lists the near names.
        InputError: a value has the wrong type or is out of range, or an import path leads to
            something else.
    """
    explainer: Explainer = build_from_settings(EXPLAINERS.load(name), params, name)
    return explainer
