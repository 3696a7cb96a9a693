"""Pairs of text spans of which the second does or does not follow the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robustbert.training.pretraining.pretraining_tokens import Tokens, join_tokens


@dataclass(frozen=True, eq=False)
class SpanPair:
    """Two spans of text.

    Args:
        first: the first span, at least one token.
        second: the second span, at least one token.
        is_random: whether the second is from another document; if not, it follows the first.
    """

    first: Tokens
    second: Tokens
    is_random: bool


@dataclass(frozen=True)
class SentenceRun:
    """Adjacent sentences of a document, at least two.

    Args:
        document: the index of the document.
        start: the index of the first sentence.
        end: the index after the last sentence.
    """

    document: int
    start: int
    end: int


class SentencePairs:
    """Pairs for next sentence prediction (Devlin et al. 2019, section 3.1 and appendix A.2).

    A document is cut into runs of sentences that fill a row. A run is cut at a random sentence: the
    first part is the first span, and the second span is either the rest or, in every other row,
    adjacent sentences of another document that are about as long in tokens, so that neither the
    length nor a span that is cut in the middle of a sentence tells the pairs apart.

    The paper's code (google-research/bert, ``create_pretraining_data.py``) differs. It draws
    whether a span is random, and makes every pair of a run of one sentence random, so more than
    half of the pairs are. It fills random spans up to the length of a row, so that in short
    documents their length gives them away. It accepts the same document after ten draws, and
    shortens one row in ten. The sentences that a random span displaced start the next run; here
    they are used in another epoch.

    Args:
        documents: at least two documents, each at least two sentences, none of them empty.
        length: the maximum number of tokens of a pair, without special tokens, at least 2.

    Attributes:
        lengths: the number of tokens of each row as it is before it is cut to ``length``.
    """

    def __init__(self, documents: Sequence[Sequence[Tokens]], length: int) -> None:
        self._documents = documents
        self._length = length
        self._runs = [
            SentenceRun(i, *run)
            for i, document in enumerate(documents)
            for run in _runs([len(sentence) for sentence in document], length)
        ]
        self.lengths = [
            sum(len(sentence) for sentence in documents[run.document][run.start : run.end])
            for run in self._runs
        ]

    def draw(self, index: int, number: int, generator: np.random.Generator) -> SpanPair:
        """Draw a pair.

        Args:
            index: the run of sentences, from 0.
            number: the number of the row; the second span of odd rows is random.
            generator: decides where the run is cut, and the other document.
        """
        run = self._runs[index]
        cut = int(generator.integers(run.start + 1, run.end))
        sentences = self._documents[run.document]
        second = sentences[cut : run.end]
        is_random = number % 2 == 1
        if is_random:
            second = self._other_sentences(run.document, sum(map(len, second)), generator)
        first = join_tokens(sentences[run.start : cut])
        return _cut_pair(first, join_tokens(second), is_random, self._length, generator)

    def _other_sentences(
        self, document: int, size: int, generator: np.random.Generator
    ) -> Sequence[Tokens]:
        """Adjacent sentences of another document, as near to ``size`` tokens as it has them."""
        other = int(generator.integers(len(self._documents) - 1))
        sentences = self._documents[other + (other >= document)]
        ends = np.cumsum([0, *map(len, sentences)])
        sizes = ends - ends[:, None]  # from the sentence of a row to before that of a column
        distances = np.where(sizes > 0, np.abs(sizes - size), np.inf)
        starts, stops = np.nonzero(distances == distances.min())
        place = int(generator.integers(len(starts)))
        return sentences[starts[place] : stops[place]]


def _runs(lengths: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Cut sentences into runs of at most ``limit`` tokens, but at least two sentences.

    A single sentence that is left over forms a run with the one before it.
    """
    found, start, total = [], 0, 0
    for i, length in enumerate(lengths):
        if i - start >= 2 and total + length > limit:
            found.append((start, i))
            start, total = i, 0
        total += length
    if len(lengths) >= 2:
        found.append((min(start, len(lengths) - 2), len(lengths)))
    return found


def _cut_pair(
    first: Tokens, second: Tokens, is_random: bool, length: int, generator: np.random.Generator
) -> SpanPair:
    """Cut the longer span, token by token, at a random end, as the paper's code does."""
    ends = [[0, len(first)], [0, len(second)]]
    while (excess := sum(end - start for start, end in ends) - length) > 0:
        sizes = [end - start for start, end in ends]
        longer = ends[0] if sizes[0] > sizes[1] else ends[1]
        # all at once until both are as long; then one by one
        count = max(1, min(excess, abs(sizes[0] - sizes[1])))
        from_front = int(generator.binomial(count, 0.5))
        longer[0] += from_front
        longer[1] -= count - from_front
    return SpanPair(first.part(*ends[0]), second.part(*ends[1]), is_random)
