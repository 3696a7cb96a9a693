"""A classifier that averages its predictions over random changes of a text."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustbert.defenses.text_noise import TextNoise
from robustbert.models import Classifier
from robustbert.models.classifier_wrapper import ClassifierWrapper
from robustbert.models.huggingface import CLOSE_MARGIN
from robustbert.seeds import derive_seed
from robustbert.validation import check_at_least

#: Changed texts that are classified at once.
CHUNK_TEXTS = 8_192
#: Changed texts of one text that are drawn and summed at once; it affects how sums are rounded.
BLOCK_TEXTS = 1_024

Score = Callable[[Sequence[str]], NDArray[np.float32]]


class VotingClassifier(ClassifierWrapper):
    """A classifier whose predictions are averaged over random changes of a text.

    The random numbers are derived from the text and the seed, so a text has the same changes in
    every call, at every precision, and other changes than a text that differs in one word.

    It has no logits, because the average of probabilities is the softmax of none of the averaged
    logits, and no gradients, because it does not depend continuously on the embeddings of the text.

    Args:
        classifier: the classifier of changed texts.
        noise: the random changes.
        votes: the number of changed texts per text, at least 1.
        hard_votes: whether a label's probability is the share of changed texts that get it, instead
            of the mean of their probabilities.
        seed: at least 0; other seeds give other changes.

    Raises:
        InputError: a number is out of range.
    """

    def __init__(
        self,
        classifier: Classifier,
        noise: TextNoise,
        *,
        votes: int,
        hard_votes: bool = False,
        seed: int = 0,
    ) -> None:
        check_at_least(1, votes=votes)
        check_at_least(0, seed=seed)
        super().__init__(classifier)
        self._votes = votes
        self._hard_votes = hard_votes
        self._seed = seed
        self.noise = noise

    @property
    def num_votes(self) -> int:
        """The number of changed texts per text."""
        return self._votes

    def redrawn(self, seed: int, votes: int | None = None) -> VotingClassifier:
        """See :meth:`Classifier.redrawn`; a wrapped classifier keeps its own number of votes.

        Raises:
            InputError: a number is out of range.
        """
        check_at_least(1, optional=True, votes=votes)
        changed = self.with_votes(seed, self._votes if votes is None else votes)
        changed._inner = self._inner.redrawn(seed)
        return changed

    def with_votes(self, seed: int, votes: int) -> VotingClassifier:
        """The votes of the same classifier on other random changes.

        Unlike :meth:`redrawn`, it leaves the classifier of changed texts as it is, also if that
        one is randomised.

        Args:
            seed: determines the changes, at least 0.
            votes: the number of changed texts per text, at least 1.

        Raises:
            InputError: a number is out of range.
        """
        check_at_least(0, seed=seed)
        check_at_least(1, votes=votes)
        changed = copy.copy(self)
        changed._seed, changed._votes = seed, votes
        return changed

    def with_temperature(self, temperature: float) -> Classifier:
        """The average of the wrapped classifier's predictions at a temperature.

        See :meth:`Classifier.with_temperature`; predicted labels may change unless votes are hard.
        """
        return self._around(self._inner.with_temperature(temperature))

    def vote_counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The number of changed texts of each text that get each label: int64 (n, k).

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: the wrapped classifier returns something else than probabilities.
        """
        sums = self._sums(texts, self._inner.predict_proba, hard=True)
        return sums.astype(np.int64)

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._averages(texts, self._inner.predict_proba)

    def _unbatched(self, texts: Sequence[str]) -> np.ndarray:
        return self._averages(texts, self._inner.predict_proba_unbatched)

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        return self._averages(texts, self._inner.predict_proba_exact, exact=True)

    def _truncated(self, texts: Sequence[str]) -> np.ndarray:
        """Whether any changed text is truncated."""
        found = np.zeros(len(texts), dtype=bool)
        for chunk in self._chunks(texts):
            for block, truncated in chunk.apply(self._inner.truncated):
                found[block] |= truncated.any()
        return found

    def _averages(self, texts: Sequence[str], score: Score, *, exact: bool = False) -> np.ndarray:
        """The averaged probabilities, float64 (n, k)."""
        sums = self._sums(texts, score, hard=self._hard_votes)
        rows: NDArray[np.float64] = sums / sums.sum(axis=1, keepdims=True)
        # the labels of hard votes are those of float32 already
        if not (exact or self._hard_votes or self.info.dtype in ("float32", "float64")):
            best = np.partition(rows, -2, axis=1)
            margin = CLOSE_MARGIN / math.sqrt(self._votes)  # errors of different votes average out
            close = np.flatnonzero(best[:, -1] - best[:, -2] < margin).tolist()
            if close:
                rows[close] = self._exact([texts[row] for row in close])
        return rows

    def _sums(self, texts: Sequence[str], score: Score, *, hard: bool) -> NDArray[np.float64]:
        """The sums of the votes of each text, float64 (n, k)."""
        sums = np.zeros((len(texts), len(self.label_names)))
        for chunk in self._chunks(texts):
            for row, votes in chunk.apply(score):
                if hard:
                    votes = np.eye(votes.shape[1])[votes.argmax(axis=1)]
                sums[row] += votes.sum(axis=0, dtype=np.float64)
        return sums

    def _chunks(self, texts: Sequence[str]) -> Iterator[_Chunk]:
        """The changed texts of all texts, in blocks that depend on their text alone."""
        chunk = _Chunk([], [])
        for row, text in enumerate(texts):
            generator = np.random.default_rng(derive_seed("votes", self._seed, text))
            for start in range(0, self._votes, BLOCK_TEXTS):
                count = min(BLOCK_TEXTS, self._votes - start)
                if chunk.rows and chunk.size + count > CHUNK_TEXTS:
                    yield chunk
                    chunk = _Chunk([], [])
                chunk.rows.append(row)
                chunk.blocks.append(self.noise.draw(text, generator, count))
        yield chunk


@dataclass(frozen=True)
class _Chunk:
    """Changed texts that are classified together.

    Args:
        rows: the text that each block is of.
        blocks: changed texts of one text each.
    """

    rows: list[int]
    blocks: list[list[str]]

    @property
    def size(self) -> int:
        """The number of changed texts."""
        return sum(map(len, self.blocks))

    def apply(self, function: Callable[[Sequence[str]], np.ndarray]) -> Iterator[tuple[int, Any]]:
        """Apply a function to the distinct changed texts; yield each block's row and results."""
        indices: dict[str, int] = {}
        places = [
            [indices.setdefault(text, len(indices)) for text in block] for block in self.blocks
        ]
        results = function(list(indices))
        for row, block in zip(self.rows, places, strict=True):
            yield row, results[block]
