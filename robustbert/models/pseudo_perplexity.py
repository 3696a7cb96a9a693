"""Pseudo-perplexity: how unlikely a text is to a masked language model.

Salazar, Liang, Nguyen and Kirchhoff 2020, "Masked Language Model Scoring": each token is masked in
turn and predicted from all others, and the perplexity is the exponential of the mean negative
log-likelihood of the tokens. Two things differ from it:

- **The rest of the word is masked too** (Kauf and Ivanova 2023, "A Better Way to Do Masked Language
  Model Scoring", PLL-word-l2r): the tokens that follow in the same word. Otherwise the pieces of a
  rare word give each other away, and the misspelt words of an attack, which are split into pieces,
  would count as likely.
- **Copies of a text are limited** to :data:`MAX_ROWS`. Up to that many tokens, each token is
  predicted in a copy of its own, as in the papers. In a longer text, one of every :data:`MAX_ROWS`
  tokens of a copy is predicted, about 3%, which is less than in the training of such models. So the
  cost grows with the length of a text, not with its square.

It is no probability of the text, and compares to no perplexity of a left-to-right model: only to
that of other texts under the same model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from robustbert.models.inference.batching import TOKEN_BUDGET
from robustbert.models.inference.threads import map_in_threads
from robustbert.models.input_checks import replace_surrogates

if TYPE_CHECKING:
    from robustbert.models.masked_language_model import MaskedLanguageModel

#: The largest number of copies of a text with different masks.
MAX_ROWS = 32
# Texts per call of the tokenizer.
_CHUNK = 64


class PseudoPerplexity:
    """Measures texts with a masked language model, on the CPU in float32.

    The copies of a text have one length, so they are batched without padding, and no other text is
    in their batches: on one machine, a text's result depends on that text alone, bit for bit, and
    not on the number of threads. Texts are measured in parallel.

    Args:
        model: the masked language model.
    """

    def __init__(self, model: MaskedLanguageModel) -> None:
        self.model = model
        self._max_length = model.network.config.max_position_embeddings

    def log_perplexities(self, texts: Sequence[str]) -> Iterator[float]:
        """Yield the mean negative log-likelihood per token of each text, in order.

        Args:
            texts: any strings; what is longer than the model's maximum length is cut off.

        Yields:
            a number of nats, at least 0, whose exponential is the perplexity; NaN for a text
            without tokens, such as one of control characters.
        """
        for start in range(0, len(texts), _CHUNK):
            chunk = [replace_surrogates(text) for text in texts[start : start + _CHUNK]]
            encoded = self.model.tokenizer(chunk, truncation=True, max_length=self._max_length)
            # Only here, because a tokenizer must not be used by two threads.
            tokens = [(ids, encoded.word_ids(row)) for row, ids in enumerate(encoded["input_ids"])]
            yield from map_in_threads(self._log_perplexity, tokens)

    def _log_perplexity(self, tokens: tuple[Sequence[int], Sequence[int | None]]) -> float:
        import torch

        ids, words = tokens
        rows = _masked_rows(words)
        if not rows:
            return float("nan")
        inputs = torch.tensor([ids]).repeat(len(rows), 1)
        for row, positions in zip(inputs, rows, strict=True):
            for position in positions:
                row[position : _word_end(words, position)] = self.model.tokenizer.mask_token_id
        size = max(1, TOKEN_BUDGET // len(ids))
        with torch.inference_mode():
            batches = (
                self._log_likelihood(inputs[start : start + size], rows[start : start + size], ids)
                for start in range(0, len(rows), size)
            )
            return -sum(batches) / sum(map(len, rows))

    def _log_likelihood(
        self, inputs: Any, rows: Sequence[Sequence[int]], ids: Sequence[int]
    ) -> float:
        """The sum of the log-likelihoods of the tokens at the positions of each row."""
        import torch

        row_of = [row for row, positions in enumerate(rows) for _ in positions]
        columns = [position for positions in rows for position in positions]
        hidden = self.model.network.bert(input_ids=inputs).last_hidden_state
        logits = self.model.network.cls(hidden[row_of, columns])
        found = logits.log_softmax(dim=1)[range(len(columns)), [ids[column] for column in columns]]
        return float(torch.sum(found, dtype=torch.float64))


def _masked_rows(words: Sequence[int | None]) -> list[list[int]]:
    """The positions to predict in each copy of a text.

    Args:
        words: the word of each token; None for tokens that do not belong to the text.

    >>> _masked_rows([None, 0, 0, 1, None])
    [[1], [2], [3]]
    """
    targets = [position for position, word in enumerate(words) if word is not None]
    return [targets[first::MAX_ROWS] for first in range(min(len(targets), MAX_ROWS))]


def _word_end(words: Sequence[int | None], position: int) -> int:
    """The position after the word of the token at ``position``.

    >>> _word_end([None, 0, 0, 1, None], 1)
    3
    """
    end = position + 1
    while words[end] == words[position]:
        end += 1
    return end
