"""Constraints of our own, as TextAttack's search methods call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from textattack.constraints import Constraint
from textattack.constraints.semantics.sentence_encoders import SentenceEncoder

from robustbert.attacks.similarity import pair_similarities
from robustbert.attacks.textattack.model_wrapper import Ask
from robustbert.attacks.word_changes import changed_stretches, count_words_changed

ENCODER = "encoder"
EXACT_ENCODER = "encoder-exact"
FRESH_ENCODER = "encoder-fresh"

#: By metric, scores this close to a threshold are taken again in float32. Measured on 1,614 pairs
#: of stretches of reviews and news whose similarity is above 0.7, bfloat16 moves an angular
#: similarity by 0.0011 at most and a cosine by 0.0027.
BORDERLINE = {"angular": 0.002, "cosine": 0.004}


class PooledSentenceEncoder(SentenceEncoder):
    """TextAttack's sentence-similarity constraint over the pool's encoder.

    Windows, metric and comparison are TextAttack's; only the encoder differs.

    Args:
        ask: how encodings are obtained.
        threshold: the least similarity.
        metric: ``"cosine"`` or ``"angular"``.
        options: what else TextAttack's constraint takes.
    """

    def __init__(self, ask: Ask, threshold: float, metric: str, **options: Any) -> None:
        super().__init__(threshold=threshold, metric=metric, **options)
        self._ask = ask
        self._server = ENCODER
        self._borderline = BORDERLINE[metric]

    def encode(self, sentences: Sequence[str]) -> torch.Tensor:
        """Unit-norm encodings: float32, shape (n, d)."""
        return torch.from_numpy(np.stack(self._ask(self._server, sentences)))

    def _score_list(self, starting_text: Any, transformed_texts: Sequence[Any]) -> torch.Tensor:
        scores = torch.ones(len(transformed_texts))
        # a child of two equal parents is not changed: there is no window to compare
        changed = [
            place
            for place, text in enumerate(transformed_texts)
            if text.attack_attrs["newly_modified_indices"]
        ]
        if changed:
            texts = [transformed_texts[place] for place in changed]
            scores[changed] = self._changed_scores(starting_text, texts)
        return scores

    def _changed_scores(self, starting_text: Any, transformed_texts: Sequence[Any]) -> torch.Tensor:
        scores: torch.Tensor = super()._score_list(starting_text, transformed_texts)
        close = ((scores - self.threshold).abs() < self._borderline).nonzero().flatten().tolist()
        if close:
            self._server = EXACT_ENCODER
            try:
                texts = [transformed_texts[index] for index in close]
                scores[close] = super()._score_list(starting_text, texts)
            finally:
                self._server = ENCODER
        return scores

    def _sim_score(self, starting_text: Any, transformed_text: Any) -> float:
        # TextAttack asks for one text where a genetic search checks a child of two parents
        return float(self._score_list(starting_text, [transformed_text])[0])


class WordsChangedLimit(Constraint):
    """At most so many words replaced, inserted or removed since the original text.

    Args:
        limit: words, at least 0.
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
    """At least this angular similarity of every changed stretch to the original.

    Texts shorter than a stretch are exempt, as they are shorter than the window in TextFooler.
    See :func:`robustbert.attacks.similarity.text_similarity` for where it differs from TextFooler.

    Args:
        ask: how encodings are obtained.
        threshold: the least similarity, in [0, 1].
        stretch: the least words of a stretch.
    """

    def __init__(self, ask: Ask, threshold: float, stretch: int) -> None:
        super().__init__(compare_against_original=True)
        self._ask = ask
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
        found = pair_similarities(pairs, lambda texts: self._ask(ENCODER, texts))
        close = np.flatnonzero(np.abs(found - self.threshold) < BORDERLINE["angular"])
        if len(close):
            exact = [pairs[index] for index in close]
            found[close] = pair_similarities(exact, lambda texts: self._ask(EXACT_ENCODER, texts))
        by_pair = dict(zip(pairs, found, strict=True))
        return np.array([min((by_pair[p] for p in change), default=1.0) for change in changes])

    def extra_repr_keys(self) -> list[str]:
        """The fields that TextAttack prints."""
        return ["threshold", "stretch"]
