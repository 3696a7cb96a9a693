"""Attributions with made-up scores."""

from __future__ import annotations

from robustbert.data.word_split import WordSplit
from robustbert.explanations import Attribution
from robustbert.explanations.explainer import Example
from robustbert.reports.attributions import ShownAttribution


def make_attribution(text: str, scores=None, **changes) -> Attribution:
    """An attribution of a text; by default its scores are 1, -2, 3, and so on."""
    words = WordSplit.of(text).words
    fields = {
        "text": text,
        "words": words,
        "spans": Example(text, 0).spans,
        "scores": tuple(scores or ((-1.0) ** i * (i + 1) for i in range(len(words)))),
        "target": 1,
        "label": "pos",
        "probability": 0.75,
        "predicted": 1,
        "method": "saliency",
        "output": "logit",
        "special_score": 0.5,
        "other_score": 0.0,
    }
    return Attribution(**{**fields, **changes})


def make_shown(text: str, **changes) -> ShownAttribution:
    return ShownAttribution("text 1", make_attribution(text, **changes))
