"""Reliability checks that query the victim again after an attack: its gradients, its randomness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from robustbert.metrics.reliability import measured_check
from robustbert.models import Classifier
from robustbert.records import Outcome, ReliabilityCheck

#: The Euclidean norm of a text's gradient, over all tokens, up to which it counts as vanished. It
#: is in proportion to 1 - p, p the probability of the predicted label, which float32 rounds to a
#: multiple of 6e-8.
VANISHED = 1e-6
#: The seeds with which outcomes of a randomised classifier are scored again.
FRESH_SEEDS = (1, 2, 3, 4, 5)


class VictimChecks:
    """The checks of the cells of one victim; each text's gradient is computed only once.

    Args:
        classifier: the victim.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._has_vanished: dict[str, bool] = {}

    def of(
        self,
        outcomes: Sequence[Outcome],
        texts: Mapping[str, str],
        final_texts: Mapping[str, str] = MappingProxyType({}),
    ) -> list[ReliabilityCheck]:
        """The checks of a cell that apply to the victim, in a fixed order.

        Args:
            outcomes: one per example; broken ones with their adversarial texts.
            texts: the clean text of each example, by id.
            final_texts: the changed texts with which unsuccessful searches ended, by id; those of
                examples that an interrupted run attacked are not known.
        """
        attacked = [outcome for outcome in outcomes if outcome.attacked]
        if not attacked:
            return []
        found: list[ReliabilityCheck] = []
        if self._classifier.has_gradients:
            vanished = self._vanished([texts[outcome.example_id] for outcome in attacked])
            found.append(measured_check("zero-gradients", vanished / len(attacked)))
        if self._classifier.redrawn(FRESH_SEEDS[0]) is not self._classifier:
            found.append(
                measured_check("randomised", self._flips(attacked, {**texts, **final_texts}))
            )
        return found

    def _vanished(self, texts: Sequence[str]) -> int:
        """The number of texts whose gradient vanishes."""
        new = [text for text in dict.fromkeys(texts) if text not in self._has_vanished]
        for text, found in zip(new, self._classifier.token_gradients(new), strict=True):
            self._has_vanished[text] = bool(np.linalg.norm(found.gradient) <= VANISHED)
        return sum(self._has_vanished[text] for text in texts)

    def _flips(self, attacked: Sequence[Outcome], texts: Mapping[str, str]) -> float:
        """The share of outcomes that other random numbers change, as a mean over fresh seeds.

        A broken example changes if its adversarial text no longer fools the victim, another one if
        the text in ``texts``, with which its search ended, is misclassified.
        """
        broken = np.array([outcome.status == "broken" for outcome in attacked])
        labels = np.array([outcome.label for outcome in attacked])
        scored = [
            (outcome.adversarial_text if outcome.status == "broken" else None)
            or texts[outcome.example_id]
            for outcome in attacked
        ]
        shares = []
        for seed in FRESH_SEEDS:
            predicted = self._classifier.redrawn(seed).predict_proba(scored).argmax(axis=1)
            shares.append(np.mean((predicted != labels) != broken))
        return float(np.mean(shares))
