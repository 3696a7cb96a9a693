"""Attributions: how much each word of a text contributes to a prediction."""

from robustbert.explanations.attribution import Attribution
from robustbert.explanations.explain_texts import explain
from robustbert.explanations.explainer import Explainer
from robustbert.explanations.explainer_registry import EXPLAINERS, make_explainer

__all__ = ["EXPLAINERS", "Attribution", "Explainer", "explain", "make_explainer"]
