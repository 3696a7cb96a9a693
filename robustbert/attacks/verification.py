"""Checking a broken example before it is believed.

The search scored its texts in batches and perhaps in bfloat16, and its constraints looked at one
change at a time. Here the finished text alone is looked at: scored again by itself in float32, its
limits measured again on the words.

Import this module only after :func:`robustbert.assets.import_textattack`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textattack.constraints.overlap import LevenshteinEditDistance, MaxWordsPerturbed
from textattack.shared import AttackedText

from robustbert.attacks.constraints import WordsChangedLimit
from robustbert.attacks.similarity import Encoder, text_similarities
from robustbert.attacks.texts import count_words_changed
from robustbert.attacks.tracks import UnifiedLimits
from robustbert.models.base import Classifier

# Limits that a text either keeps or breaks, whatever path the search took to it.
_MEASURABLE = (LevenshteinEditDistance, MaxWordsPerturbed, WordsChangedLimit)


@dataclass(frozen=True)
class Claim:
    """What a search says that it found.

    Args:
        original: the text that was attacked.
        adversarial: the text that is said to fool the victim.
        label: the true label.
        constraints: those of the attack.
    """

    original: str
    adversarial: str
    label: int
    constraints: tuple[Any, ...]


@dataclass(frozen=True)
class Verdict:
    """What a finished adversarial text measures.

    Args:
        prediction: the victim's label for it, alone and in float32.
        words_changed: words replaced, inserted or removed.
        similarity: least angular similarity of a changed stretch, in [0, 1].
        holds: whether it breaks the victim and keeps the limits.
    """

    prediction: int
    words_changed: int
    similarity: float
    holds: bool


@dataclass(frozen=True)
class Verifier:
    """Checks finished texts.

    Args:
        classifier: the victim.
        encode: the sentence encoder, in float32.
        limits: the unified limits, or None on the ``published`` track.
        stretch: the least words of a stretch whose similarity is measured.
    """

    classifier: Classifier
    encode: Encoder
    limits: UnifiedLimits | None
    stretch: int

    def check(self, claims: Sequence[Claim]) -> list[Verdict]:
        """Measure each adversarial text against its original and the attack's own constraints."""
        answers = self.classifier.predict_proba_exact([claim.adversarial for claim in claims])
        before = [AttackedText(claim.original) for claim in claims]
        after = [AttackedText(claim.adversarial) for claim in claims]
        similarities = text_similarities(
            [(old.words, new.words) for old, new in zip(before, after, strict=True)],
            self.stretch,
            self.encode,
        )
        return [
            self._verdict(*parts)
            for parts in zip(
                claims, before, after, answers.argmax(axis=1), similarities, strict=True
            )
        ]

    def _verdict(
        self, claim: Claim, before: Any, after: Any, prediction: Any, similarity: float
    ) -> Verdict:
        return Verdict(
            prediction=int(prediction),
            words_changed=count_words_changed(before.words, after.words),
            similarity=similarity,
            holds=bool(prediction != claim.label)
            and claim.adversarial != claim.original
            and self._similar_enough(before.words, similarity)
            and all(
                constraint(_as_transformed(after), before)
                for constraint in claim.constraints
                if isinstance(constraint, _MEASURABLE)
            ),
        )

    def _similar_enough(self, words: Sequence[str], similarity: float) -> bool:
        if self.limits is None or len(words) < self.limits.similarity_stretch:
            return True
        # 1e-6 for rounding: the search compared the same numbers in another order of additions
        return similarity >= self.limits.min_similarity - 1e-6


def _as_transformed(text: AttackedText) -> AttackedText:
    """``text`` with the attribute without which TextAttack's constraints refuse to look."""
    text.attack_attrs.setdefault("last_transformation", None)
    return text
