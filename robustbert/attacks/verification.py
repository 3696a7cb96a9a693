"""Checking a broken example before it is believed.

The search scored its texts in batches and perhaps in bfloat16, and its constraints looked at one
change at a time. Here only the finished text is checked: scored again by itself in float32, its
limits measured again on the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textattack.constraints.overlap import LevenshteinEditDistance, MaxWordsPerturbed
from textattack.shared import AttackedText

from robustbert.attacks.similarity import text_similarity
from robustbert.attacks.textattack.constraints import FRESH_ENCODER, WordsChangedLimit
from robustbert.attacks.textattack.model_wrapper import EXACT_VICTIM, Ask
from robustbert.attacks.word_changes import count_words_changed

# Limits that a text either keeps or breaks, whatever path the search took to it.
_MEASURABLE = (LevenshteinEditDistance, MaxWordsPerturbed, WordsChangedLimit)


@dataclass(frozen=True)
class Verdict:
    """What a finished adversarial text measures.

    Args:
        prediction: the victim's label for it, alone and in float32.
        label_probability: its probability of the true label, alone and in float32, in [0, 1].
        words_changed: words replaced, inserted or removed.
        similarity: least angular similarity of a changed stretch, in [0, 1].
        holds: whether it breaks the victim and keeps the limits.
    """

    prediction: int
    label_probability: float
    words_changed: int
    similarity: float
    holds: bool


@dataclass(frozen=True)
class Verifier:
    """Checks finished texts.

    Args:
        ask: how the victim's and the sentence encoder's answers in float32 are obtained.
        min_similarity: the least similarity that is asked for, or None.
        stretch: the least words of a stretch whose similarity is measured.
    """

    ask: Ask
    min_similarity: float | None
    stretch: int

    def check(
        self, original: str, adversarial: str, label: int, constraints: Sequence[Any]
    ) -> Verdict:
        """Measure ``adversarial`` against ``original`` and the attack's own constraints."""
        before, after = AttackedText(original), AttackedText(adversarial)
        (answer,) = self.ask(EXACT_VICTIM, [adversarial])
        prediction = int(answer.argmax())
        similarity = text_similarity(
            before.words, after.words, self.stretch, lambda texts: self.ask(FRESH_ENCODER, texts)
        )
        return Verdict(
            prediction=prediction,
            label_probability=float(answer[label]),
            words_changed=count_words_changed(before.words, after.words),
            similarity=similarity,
            holds=prediction != label
            and adversarial != original
            and self._similar_enough(before.words, similarity)
            and all(
                constraint(_as_transformed(after), before)
                for constraint in constraints
                if isinstance(constraint, _MEASURABLE)
            ),
        )

    def _similar_enough(self, words: Sequence[str], similarity: float) -> bool:
        if self.min_similarity is None or len(words) < self.stretch:
            return True
        # 1e-6 for rounding: the search compared the same numbers in another order of additions
        return similarity >= self.min_similarity - 1e-6


def _as_transformed(text: AttackedText) -> AttackedText:
    """``text`` with the attribute without which TextAttack's constraints refuse to look."""
    text.attack_attrs.setdefault("last_transformation", None)
    return text
