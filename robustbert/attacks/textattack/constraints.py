"""Implementations of TextAttack's ``Constraint``, and a check of constraints on final texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from textattack.constraints import Constraint
from textattack.constraints.overlap import LevenshteinEditDistance, MaxWordsPerturbed
from textattack.constraints.semantics.sentence_encoders import SentenceEncoder
from textattack.shared import AttackedText

from robustbert.attacks.scheduler.clients import PooledEncoder
from robustbert.attacks.similarity import pair_similarities
from robustbert.attacks.word_changes import changed_stretches, count_words_changed

#: For each metric, the distance from the threshold within which scores are recomputed in float32.
#: Measured on 1,614 pairs of stretches of reviews and news with similarity above 0.7: bfloat16
#: changes an angular similarity by at most 0.0011 and a cosine similarity by at most 0.0027.
BORDERLINE = {"angular": 0.002, "cosine": 0.004}


class PooledSentenceEncoder(SentenceEncoder):
    """TextAttack's sentence-similarity constraint with the pool's encoder.

    Windows, metric and comparison are those of TextAttack; only the encoder differs.

    Args:
        encoder: computes the embeddings.
        threshold: the minimum similarity.
        metric: ``"cosine"`` or ``"angular"``.
        options: further keyword arguments of TextAttack's constraint.
    """

    def __init__(
        self, encoder: PooledEncoder, threshold: float, metric: str, **options: Any
    ) -> None:
        super().__init__(threshold=threshold, metric=metric, **options)
        self._encoder = encoder
        self._embed = encoder.embed
        self._borderline = BORDERLINE[metric]

    def encode(self, sentences: Sequence[str]) -> torch.Tensor:
        """Unit-norm embeddings: float32, shape (n, d)."""
        return torch.from_numpy(np.stack(self._embed(sentences)))

    def _score_list(self, starting_text: Any, transformed_texts: Sequence[Any]) -> torch.Tensor:
        scores = torch.ones(len(transformed_texts))
        # The crossover of two equal parents changes no word, so there is no window to compare.
        changed = [
            index
            for index, text in enumerate(transformed_texts)
            if text.attack_attrs["newly_modified_indices"]
        ]
        if changed:
            texts = [transformed_texts[index] for index in changed]
            scores[changed] = self._changed_scores(starting_text, texts)
        return scores

    def _changed_scores(self, starting_text: Any, transformed_texts: Sequence[Any]) -> torch.Tensor:
        scores: torch.Tensor = super()._score_list(starting_text, transformed_texts)
        close = ((scores - self.threshold).abs() < self._borderline).nonzero().flatten().tolist()
        if close:
            self._embed = self._encoder.exact
            try:
                texts = [transformed_texts[index] for index in close]
                scores[close] = super()._score_list(starting_text, texts)
            finally:
                self._embed = self._encoder.embed
        return scores

    def _sim_score(self, starting_text: Any, transformed_text: Any) -> float:
        # TextAttack calls this for single texts: the crossover offspring of a genetic search.
        return float(self._score_list(starting_text, [transformed_text])[0])


def encoders_last(constraints: Iterable[Any]) -> list[Any]:
    """The constraints in their order, but those that run a sentence encoder after all others.

    A text passes if it satisfies every constraint, whatever their order. A recipe may check the
    similarity before cheaper constraints (``a2t`` does), and so encode many texts that these
    reject.
    """
    return sorted(constraints, key=lambda one: isinstance(one, SentenceEncoder))


class WordsChangedLimit(Constraint):
    """A limit on the number of words replaced, inserted or removed since the original text.

    Args:
        limit: maximum number of words, at least 0.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(compare_against_original=True)
        self.limit = limit

    def _check_constraint(self, transformed_text: Any, reference_text: Any) -> bool:
        return count_words_changed(reference_text.words, transformed_text.words) <= self.limit

    def extra_repr_keys(self) -> list[str]:
        """The fields that TextAttack prints."""
        return ["limit"]


class StretchSimilarity(Constraint):
    """A minimum angular similarity between every changed stretch and the original stretch.

    A stretch is a segment of the text (:mod:`robustbert.attacks.word_changes`). Texts shorter than
    a stretch are exempt, just as TextFooler exempts texts shorter than its window. See
    :func:`robustbert.attacks.similarity.text_similarity` for the differences from TextFooler.

    Args:
        encoder: computes the embeddings.
        threshold: the minimum similarity, in [0, 1].
        stretch: minimum number of words in a stretch.
    """

    def __init__(self, encoder: PooledEncoder, threshold: float, stretch: int) -> None:
        super().__init__(compare_against_original=True)
        self._encoder = encoder
        self.threshold = threshold
        self.stretch = stretch

    def _check_constraint_many(
        self, transformed_texts: Sequence[Any], reference_text: Any
    ) -> list[Any]:
        if len(reference_text.words) < self.stretch:
            similarities = np.ones(len(transformed_texts))
        else:
            similarities = self._similarities(reference_text.words, transformed_texts)
        for text, similarity in zip(transformed_texts, similarities, strict=True):
            text.attack_attrs["similarity_score"] = float(similarity)
        return [
            text
            for text, similarity in zip(transformed_texts, similarities, strict=True)
            if similarity >= self.threshold
        ]

    def _check_constraint(self, transformed_text: Any, reference_text: Any) -> bool:
        return bool(self._check_constraint_many([transformed_text], reference_text))

    def _similarities(
        self, original: Sequence[str], transformed_texts: Sequence[Any]
    ) -> np.ndarray:
        changes = [
            changed_stretches(original, text.words, self.stretch) for text in transformed_texts
        ]
        pairs = list(dict.fromkeys(pair for change in changes for pair in change))
        similarities = pair_similarities(pairs, self._encoder.embed)
        close = np.flatnonzero(np.abs(similarities - self.threshold) < BORDERLINE["angular"])
        if len(close):
            borderline = [pairs[index] for index in close]
            similarities[close] = pair_similarities(borderline, self._encoder.exact)
        by_pair = dict(zip(pairs, similarities, strict=True))
        return np.array([min((by_pair[p] for p in change), default=1.0) for change in changes])

    def extra_repr_keys(self) -> list[str]:
        """The fields that TextAttack prints."""
        return ["threshold", "stretch"]


# Constraints that depend only on the original and the final text, not on the texts between them.
_TEXT_CONSTRAINTS = (LevenshteinEditDistance, MaxWordsPerturbed, WordsChangedLimit)


def satisfies_text_constraints(constraints: Iterable[Any], original: str, adversarial: str) -> bool:
    """Whether a final text satisfies the constraints that depend only on it and the original.

    Args:
        constraints: the constraints of an attack; those that depend on other texts of the search
            are ignored.
        original: the original text.
        adversarial: the final text of the search.
    """
    before, after = AttackedText(original), AttackedText(adversarial)
    # TextAttack's constraints raise an error for a text without this attribute.
    after.attack_attrs.setdefault("last_transformation", None)
    return all(
        constraint(after, before)
        for constraint in constraints
        if isinstance(constraint, _TEXT_CONSTRAINTS)
    )
