"""Verify a successful attack before it is counted.

The search scored its texts in batches and perhaps in bfloat16, and its constraints looked at one
change at a time. Here only the final text is checked: it is scored again, alone and in float32, and
its limits are measured again.
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
        prediction: the victim's label for it, alone and in float32.
        label_probability: its probability of the true label, alone and in float32, in [0, 1].
        words_changed: number of words replaced, inserted or removed.
        similarity: minimum angular similarity of a changed stretch to the original, in [0, 1].
        holds: whether it fools the victim and satisfies the limits.
    """

    prediction: int
    label_probability: float
    words_changed: int
    similarity: float
    holds: bool


@dataclass(frozen=True)
class Verifier:
    """Verifies the final texts of searches.

    Args:
        victim: the model that was attacked.
        encoder: the sentence encoder.
        min_similarity: the minimum similarity, or None if there is no such limit.
        stretch: minimum number of words in a stretch whose similarity is measured.
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
        """Measure an adversarial text.

        Args:
            original: the original text.
            adversarial: the final text of the search.
            label: the true label.
            satisfies_constraints: called with both texts; whether the adversarial one satisfies the
                constraints of the attack itself.
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
        # 1e-6 for rounding: the search added up the same numbers in a different order.
        return similarity >= self.min_similarity - 1e-6
