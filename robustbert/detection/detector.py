"""The base class of detectors: a detector measures texts and learns from the measurements.

A detector is a frozen dataclass whose fields are its parameters, in a module of its own, which
cites the paper and says where the code differs from it. What it measures about a text on a
classifier, such as logits or features, does not depend on what it is fitted to, so one
:class:`~robustbert.detection.text_measure.TextMeasure` can serve several fits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, ClassVar

import numpy as np

from robustbert.assets import ensure_assets
from robustbert.detection.text_measure import TextMeasure
from robustbert.errors import InputError, ModelError
from robustbert.frozen import FrozenMapping
from robustbert.models import Classifier

#: The smallest number of pairs that a detector is fitted to, and that is judged.
MIN_PAIRS = 10


@dataclass(frozen=True)
class TextPair:
    """A text and what an attack made of it.

    Args:
        example_id: the id of the example.
        original: the original text.
        adversarial: the adversarial text.
    """

    example_id: str
    original: str
    adversarial: str


@dataclass(frozen=True)
class FittingData:
    """What detectors are fitted to.

    Args:
        texts: clean texts of the training split.
        labels: their labels, from 0.
        num_labels: the number of labels that the classifier tells apart.
        pairs: pairs of the validation split; no text of the test split is among them.
    """

    texts: Sequence[str]
    labels: Sequence[int]
    num_labels: int
    pairs: Sequence[TextPair]

    @property
    def originals(self) -> list[str]:
        """The original texts of the pairs."""
        return [pair.original for pair in self.pairs]

    @property
    def adversarials(self) -> list[str]:
        """The adversarial texts of the pairs."""
        return [pair.adversarial for pair in self.pairs]


@dataclass(frozen=True, eq=False)
class FittedDetector:
    """A detector that was fitted to a classifier and its attacks.

    Args:
        detector: the detector.
        scorer: maps n texts to n numbers; larger means more likely adversarial.
        chosen: what the fit chose, by name, such as a threshold of word frequencies.
    """

    detector: Detector
    scorer: Callable[[Sequence[str]], np.ndarray] = field(repr=False)
    chosen: Mapping[str, float] = field(default_factory=FrozenMapping)

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Score texts: float64 (n,); larger means more likely adversarial.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: a score is not a finite number.
        """
        if not len(texts):
            return np.zeros(0)
        scores = np.asarray(self.scorer(texts), dtype=np.float64)
        if scores.shape != (len(texts),) or not np.isfinite(scores).all():
            raise ModelError(
                f"{self.detector.name} did not give each text a finite score; report it, "
                "or choose another detector"
            )
        return scores


@dataclass(frozen=True)
class Detector(ABC):
    """A detector with its parameters.

    A subclass implements :meth:`_measured` and :meth:`_fit`.

    Attributes:
        name: its name, for messages.
        paper: a short citation, such as ``Mosca et al. 2022``.
        needs_network: whether it reads the inside of a network of transformers.
        needs_texts: whether it learns from clean training texts.
        needs_pairs: whether it learns from pairs, not from clean texts alone.
        assets: the assets that it reads.
        shows_progress: whether :meth:`_measured` shows progress itself.
    """

    name: ClassVar[str]
    paper: ClassVar[str] = ""
    needs_network: ClassVar[bool] = False
    needs_texts: ClassVar[bool] = False
    needs_pairs: ClassVar[bool] = False
    assets: ClassVar[tuple[str, ...]] = ()
    shows_progress: ClassVar[bool] = False

    @abstractmethod
    def _measured(self, classifier: Classifier, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """Yield what is measured about each text, in order: one array per text.

        It is a function of the text, the classifier and the parameters alone, up to the rounding of
        float32, which the other texts of a batch can change.
        """

    @abstractmethod
    def _fit(self, measure: TextMeasure, data: FittingData, seed: int) -> FittedDetector:
        """Fit the detector; the data are checked."""

    def params(self) -> dict[str, Any]:
        """All parameters by name, as JSON."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}

    def check(self, classifier: Classifier) -> None:
        """Check that the detector works with a classifier, before any work.

        Raises:
            ModelError: it needs the inside of a network, which the classifier does not have.
            MissingAssetError: an asset that it reads cannot be obtained.
        """
        if self.needs_network:
            try:
                classifier.embedded_network()
            except ModelError:
                raise ModelError(
                    f"{self.name} reads the features of a network of transformers, which "
                    f"model {classifier.info.name!r} does not provide; choose a detector that only "
                    "asks for predictions, such as wdr or fgws"
                ) from None
        ensure_assets(self.assets)

    def measure(self, classifier: Classifier) -> TextMeasure:
        """What the detector measures about texts on a classifier, for :meth:`fit_measured`.

        Raises:
            ModelError: see :meth:`check`.
            MissingAssetError: see :meth:`check`.
        """
        self.check(classifier)
        title = None if self.shows_progress else self.name
        return TextMeasure(partial(self._measured, classifier), title)

    def fit(self, classifier: Classifier, data: FittingData, seed: int) -> FittedDetector:
        """Fit the detector to a classifier and attacks on it.

        Args:
            classifier: the attacked classifier.
            data: clean texts and pairs.
            seed: at least 0; the same arguments give the same scores.

        Raises:
            ModelError: see :meth:`check`.
            MissingAssetError: see :meth:`check`.
            InputError: see :meth:`fit_measured`.
        """
        return self.fit_measured(self.measure(classifier), data, seed)

    def fit_measured(self, measure: TextMeasure, data: FittingData, seed: int) -> FittedDetector:
        """Fit the detector to what it measures.

        Args:
            measure: the result of :meth:`measure`.
            data: clean texts and pairs.
            seed: at least 0; the same arguments give the same scores.

        Raises:
            InputError: there are too few texts or pairs, or a label is out of range.
        """
        if seed < 0:
            raise InputError(f"the seed is {seed}; give an integer of at least 0")
        if len(data.texts) != len(data.labels):
            raise InputError(
                f"there are {len(data.texts)} texts but {len(data.labels)} labels; give one label "
                "per text"
            )
        unknown = [label for label in data.labels if not 0 <= label < data.num_labels]
        if unknown:
            raise InputError(
                f"a training text has the label {unknown[0]}, but there are {data.num_labels} "
                "labels; number them from 0"
            )
        if self.needs_pairs and len(data.pairs) < MIN_PAIRS:
            raise InputError(
                f"{self.name} learns from attacks, but only {len(data.pairs)} of the "
                f"validation split succeeded; at least {MIN_PAIRS} are needed: attack more examples"
            )
        return self._fit(measure, data, seed)
