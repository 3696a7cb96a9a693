"""Verify a successful attack before it is counted.

During a search, texts are scored in batches and possibly in bfloat16, and constraints are checked
after each change. Verification scores only the final text, in float32 and with a batch size of 1,
and checks it against the limits again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from robustbert.attacks.scheduler.clients import PooledEncoder, PooledVictim
from robustbert.attacks.similarity import text_similarity
from robustbert.attacks.word_changes import count_words_changed
from robustbert.data.words import words_of


@dataclass(frozen=True)
class Verdict:
    """The measurements of a final adversarial text.

    Args:
        prediction: the victim's predicted label for the text.
        label_probability: the victim's probability of the true label for the text, in [0, 1]. Like
            the prediction, computed in float32 with a batch size of 1.
        words_changed: number of words replaced, inserted or removed.
        similarity: the lowest angular similarity between a changed stretch and its original, in
            [0, 1]; 1.0 if nothing changed.
        holds: whether the text fools the victim and satisfies the limits.
    """

    prediction: int
    label_probability: float
    words_changed: int
    similarity: float
    holds: bool


@dataclass(frozen=True)
class Verifier:
    """Verify the final texts of searches.

    Args:
        victim: the model that was attacked.
        encoder: the sentence encoder.
        min_similarity: the minimum similarity, or None if similarity is not limited.
        stretch: minimum number of words in a stretch (:mod:`robustbert.attacks.word_changes`).
    """

    victim: PooledVictim
    encoder: PooledEncoder
    min_similarity: float | None
    stretch: int

    def check(
        self,
        original: str,
        adversarial: str,
        label: int,
        satisfies_constraints: Callable[[str, str], bool],
    ) -> Verdict:
        """Measure an adversarial text and check it.

        Args:
            original: the original text.
            adversarial: the final text of the search.
            label: the true label.
            satisfies_constraints: called with both texts; returns whether the adversarial text
                satisfies the constraints of the attack.
        """
        before, after = words_of(original), words_of(adversarial)
        (probabilities,) = self.victim.exact([adversarial])
        prediction = int(probabilities.argmax())
        similarity = text_similarity(before, after, self.stretch, self.encoder.uncached)
        return Verdict(
            prediction=prediction,
            label_probability=float(probabilities[label]),
            words_changed=count_words_changed(before, after),
            similarity=similarity,
            holds=prediction != label
            and adversarial != original
            and self._similar_enough(before, similarity)
            and satisfies_constraints(original, adversarial),
        )

    def _similar_enough(self, words: Sequence[str], similarity: float) -> bool:
        if self.min_similarity is None or len(words) < self.stretch:
            return True
        # 1e-6 allows for rounding: the search summed the same numbers in a different order.
        return similarity >= self.min_similarity - 1e-6
