"""Measure explanation methods: their quality on texts, and what attacks do to explanations."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from robustbert.data.examples import Example
from robustbert.errors import ModelError
from robustbert.explanations.attribution import Attribution
from robustbert.explanations.attribution_change import AttributionChange, attribution_change
from robustbert.explanations.erasure import erase
from robustbert.explanations.explainer import Explainer
from robustbert.explanations.network_explainer import NetworkExplainer
from robustbert.explanations.network_quality import (
    NetworkQuality,
    NetworkQualityConfig,
    infidelity,
    network_quality,
)
from robustbert.explanations.quality_records import MethodQuality, TextChange, TextQuality
from robustbert.models import Classifier
from robustbert.records import Outcome
from robustbert.seeds import derive_seed

#: The name of random scores, with which methods are compared.
RANDOM = "random"


@dataclass(frozen=True)
class TimedExplanations:
    """Attributions, and how long they took.

    Args:
        attributions: one per text.
        seconds: per text.
    """

    attributions: tuple[Attribution, ...]
    seconds: float


def timed_explanations(
    explainer: Explainer, classifier: Classifier, texts: Sequence[str]
) -> TimedExplanations:
    """Explain the predictions for texts, at least one, and measure the time.

    The first text is explained once before, so that imports do not count.
    """
    explainer.explain(classifier, texts[:1])
    began = time.perf_counter()
    found = explainer.explain(classifier, texts)
    return TimedExplanations(tuple(found), (time.perf_counter() - began) / len(texts))


def measure_method(
    explainer: Explainer,
    classifier: Classifier,
    examples: Sequence[Example],
    explanations: TimedExplanations,
) -> MethodQuality:
    """Measure the quality of a method.

    Args:
        explainer: the method.
        classifier: what it explained.
        examples: the examples that it explained.
        explanations: of these examples.
    """
    attributions = explanations.attributions
    of_network = (
        network_quality(explainer, classifier, attributions)
        if isinstance(explainer, NetworkExplainer)
        else [None] * len(attributions)
    )
    return MethodQuality(
        method=explainer.name,
        params=dict(explainer.params()),
        seconds=explanations.seconds,
        texts=_texts(classifier, examples, attributions, of_network),
    )


def measure_random(
    classifier: Classifier,
    examples: Sequence[Example],
    attributions: Sequence[Attribution],
    seed: int,
) -> MethodQuality:
    """Measure random scores, with which methods are compared.

    Args:
        classifier: the classifier.
        examples: the examples.
        attributions: one per example, whose scores are replaced.
        seed: of the scores.
    """
    randomised = [
        replace(one, method=RANDOM, scores=_random_scores(len(one.words), seed, example.example_id))
        for one, example in zip(attributions, examples, strict=True)
    ]
    return MethodQuality(
        method=RANDOM,
        params={"seed": seed},
        seconds=None,
        texts=_texts(classifier, examples, randomised, _random_infidelity(classifier, randomised)),
    )


def measure_changes(
    explainer: Explainer,
    classifier: Classifier,
    outcomes: Sequence[Outcome],
    known: Sequence[Attribution] = (),
) -> list[TextChange]:
    """Compare the explanations of broken examples before and after the attack.

    The true class is explained, which the classifier predicts before.

    Args:
        explainer: the method.
        classifier: the victim of the attack.
        outcomes: broken examples with texts.
        known: attributions that the method has made of the classifier, which are not made again.
    """
    labels = [outcome.label for outcome in outcomes]
    asked = [(outcome.text or "", outcome.label) for outcome in outcomes]
    made = {(one.text, one.target): one for one in known}
    missing = [one for one in dict.fromkeys(asked) if one not in made]
    if missing:
        texts, targets = zip(*missing, strict=True)
        found = explainer.explain(classifier, texts, targets)
        made |= dict(zip(missing, found, strict=True))
    before = [made[one] for one in asked]
    after = explainer.explain(classifier, [one.adversarial_text or "" for one in outcomes], labels)
    return [
        _text_change(outcome.example_id, attribution_change(one, other))
        for outcome, one, other in zip(outcomes, before, after, strict=True)
    ]


def _texts(
    classifier: Classifier,
    examples: Sequence[Example],
    attributions: Sequence[Attribution],
    of_network: Sequence[NetworkQuality | None],
) -> list[TextQuality]:
    erased = erase(classifier, attributions)
    return [
        TextQuality(
            example_id=example.example_id,
            comprehensiveness=erasure.mean_comprehensiveness,
            sufficiency=erasure.mean_sufficiency,
            infidelity=quality.infidelity if quality else None,
            sensitivity=quality.sensitivity if quality else None,
        )
        for example, erasure, quality in zip(examples, erased, of_network, strict=True)
    ]


def _random_infidelity(
    classifier: Classifier, attributions: Sequence[Attribution]
) -> list[NetworkQuality | None]:
    """The infidelity of random scores; None for a classifier that is no network."""
    try:
        network = classifier.token_network()
    except ModelError:
        return [None] * len(attributions)
    config = NetworkQualityConfig()
    return [NetworkQuality(infidelity(network, one, config), None) for one in attributions]


def _random_scores(n: int, seed: int, example_id: str) -> tuple[float, ...]:
    generator = np.random.default_rng(derive_seed(seed, RANDOM, example_id))
    return tuple(generator.standard_normal(n).tolist())


def _text_change(example_id: str, change: AttributionChange) -> TextChange:
    return TextChange(
        example_id=example_id,
        num_words=change.num_words,
        num_changed=change.num_changed,
        num_changed_in_top=change.num_changed_in_top,
        rank_correlation=change.rank_correlation,
    )
