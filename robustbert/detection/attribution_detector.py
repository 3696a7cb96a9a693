"""Detection by attributions of words (Huber et al. 2022).

Huber, Kühn, Mosca and Groh 2022, "Detecting Word-Level Adversarial Text Attacks via SHapley
Additive exPlanations": the attributions of adversarial texts differ from those of originals. The
scores of the words for the predicted class are sorted, the largest first, and a classifier learns
which texts are adversarial.

The code is huberl/adversarial_shap_detect_Repl4NLP (``src/features/shap_vals.py``,
``src/models/train_detector.py``). Different from it:

- Its scores are SHAP values of tokens. Here they are integrated gradients of words by default,
  which need 50 gradients per text; the method ``shap`` gives SHAP values of words, for any
  classifier.
- It compares random forests, support vector machines and a network. Here the classifier is that of
  :mod:`robustbert.detection.wdr`, so that the two detectors differ in what they measure alone.
- It splits originals and adversarial texts at random, so the original of a training text can be in
  the test set. Here the test texts come from another split of the dataset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustbert.data.word_split import WordSplit
from robustbert.detection.detector import Detector, FittedDetector, FittingData
from robustbert.detection.row_classifier import RowClassifier
from robustbert.detection.text_measure import TextMeasure
from robustbert.errors import ModelError
from robustbert.explanations import EXPLAINERS, Explainer, make_explainer
from robustbert.models import Classifier
from robustbert.validation import check_at_least, settings_from_text

# Texts per call of the explainer.
_BATCH = 256


@dataclass(frozen=True)
class AttributionDetector(Detector):
    """Classify texts by how much each word contributes to the prediction.

    Args:
        method: the explanation method, as listed by ``robustbert list explainers``.
        settings: parameters of the method, each as ``NAME=VALUE``, such as ``steps=10``.
        max_words: the largest number of words of a text that count, at least 1.

    Raises:
        UnknownNameError: there is no such method, or it has no such parameter.
        InputError: a value is out of range.
    """

    name: ClassVar[str] = "attribution"
    paper: ClassVar[str] = "Huber et al. 2022"
    needs_pairs: ClassVar[bool] = True
    shows_progress: ClassVar[bool] = True

    method: str = "integrated-gradients"
    settings: tuple[str, ...] = ()
    max_words: int = 512

    def __post_init__(self) -> None:
        check_at_least(1, max_words=self.max_words)
        self._explainer()

    def check(self, classifier: Classifier) -> None:
        """See :meth:`Detector.check`; whether a network is needed depends on the method."""
        super().check(classifier)
        try:
            self._explainer().check(classifier)
        except ModelError:
            raise ModelError(
                f"the method {self.method} reads the gradients or the attention of a network of "
                f"transformers, which model {classifier.info.name!r} does not provide; choose "
                "another method, such as shap"
            ) from None

    def _explainer(self) -> Explainer:
        kind = EXPLAINERS.load(self.method)
        return make_explainer(self.method, settings_from_text(kind, self.settings, self.method))

    def _measured(self, classifier: Classifier, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """Yield the scores of each text's words, the largest first."""
        explainer = self._explainer()
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            worded = [text for text in batch if WordSplit.of(text).words]
            found = iter(explainer.explain(classifier, worded) if worded else ())
            for text in batch:
                scores = next(found).scores if WordSplit.of(text).words else ()
                yield np.sort(np.array(scores, dtype=np.float64))[::-1]

    def _fit(self, measure: TextMeasure, data: FittingData, seed: int) -> FittedDetector:
        fitted = RowClassifier.fit(
            measure(data.originals), measure(data.adversarials), self.max_words, seed
        )
        return FittedDetector(self, lambda texts: fitted.scores(measure(texts)))
