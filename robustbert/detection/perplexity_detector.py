"""Perplexity: how unlikely a text is to a language model, whatever the classifier.

A baseline of Yoo et al. 2022 ("Detection of Word Adversarial Examples in Text Classification:
Benchmark and Baseline via Robust Density Estimation"): attacks replace words by unusual ones, so
the adversarial text should have a higher perplexity than its original.

Different from theirs: the perplexity is that of the assets' masked language model
(:mod:`robustbert.models.pseudo_perplexity`), in place of GPT-2, which reads from left to right. The
score is its logarithm, which ranks texts in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustbert.detection.detector import Detector, FittedDetector, FittingData
from robustbert.detection.text_measure import TextMeasure
from robustbert.models import Classifier
from robustbert.models.masked_language_model import ASSET, masked_language_model
from robustbert.models.pseudo_perplexity import PseudoPerplexity


@dataclass(frozen=True)
class PerplexityDetector(Detector):
    """Score texts by their log perplexity; learns nothing, and asks the classifier nothing.

    A text without tokens, such as one of control characters, gets the score of a text whose tokens
    are as unlikely as random ones: the logarithm of the size of the vocabulary.
    """

    name: ClassVar[str] = "perplexity"
    paper: ClassVar[str] = "Yoo et al. 2022"
    assets: ClassVar[tuple[str, ...]] = (ASSET,)

    def _measured(self, classifier: Classifier, texts: Sequence[str]) -> Iterator[np.ndarray]:
        model = masked_language_model()
        random = math.log(model.network.config.vocab_size)
        for found in PseudoPerplexity(model).log_perplexities(texts):
            yield np.array([random if math.isnan(found) else found])

    def _fit(self, measure: TextMeasure, data: FittingData, seed: int) -> FittedDetector:
        return FittedDetector(self, lambda texts: np.concatenate(measure(texts)))
