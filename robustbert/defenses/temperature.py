"""Temperature: train with a softmax at a high temperature.

Raina et al. 2024, "Extreme Miscalibration and the Illusion of Adversarial Robustness": the logits
are divided by a temperature T in the training loss, so that the network learns logits that are
about T times as large.

Where such a network is attacked matters more than how it was trained. With the usual softmax, at
temperature 1, its probabilities are 0 or 1 almost everywhere. Searches that follow small changes of
the probability, and gradients, then see nothing, and the model looks robust: the paper shows that
this gain disappears when the attacker divides the logits by a suitable temperature. It also finds
a gain of training at a high temperature that remains after this calibration.

So the classifier that is attacked gets a temperature of its own, ``inference_temperature``, by
default that of training, at which the network was fitted. Give 1 to measure the illusion instead.
It changes probabilities, logits and gradients, and no predicted label.

The default of 20 is not from the paper; choose it on validation data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.base import Defense
from robustbert.errors import InputError

if TYPE_CHECKING:
    import torch

    from robustbert.models import Classifier


@dataclass(frozen=True)
class Temperature(Defense):
    """Training with a high softmax temperature.

    Args:
        temperature: what the logits are divided by in the training loss, above 0; 1 is plain
            training.
        inference_temperature: what the trained classifier's logits are divided by, above 0; None
            for that of training.

    Raises:
        InputError: a temperature is not a positive number.
    """

    paper: ClassVar[str] = "Raina et al. 2024"

    temperature: float = 20.0
    inference_temperature: float | None = None

    def __post_init__(self) -> None:
        for name in ("temperature", "inference_temperature"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value!r}; give a number above 0")

    def training_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The cross-entropy of the logits divided by the temperature."""
        from torch.nn.functional import cross_entropy

        logits = model(inputs["input_ids"], inputs["attention_mask"]).logits
        return cross_entropy(logits / self.temperature, inputs["labels"])

    def wrap(self, classifier: Classifier) -> Classifier:
        """The classifier at the inference temperature.

        Raises:
            ModelError: the classifier is not a network of transformers.
        """
        used = self.inference_temperature
        return classifier.with_temperature(self.temperature if used is None else used)
