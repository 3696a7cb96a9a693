"""The rows of a pre-training, each of which depends on its number and the seed alone.

So a training that is resumed from a checkpoint gets the rows that an uninterrupted one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from robustbert.errors import DatasetError
from robustbert.progress import progress_bar
from robustbert.seeds import derive_seed
from robustbert.training.pretraining.document_sentences import split_sentences
from robustbert.training.pretraining.pretraining_config import PretrainingConfig
from robustbert.training.pretraining.pretraining_tokens import (
    Tokens,
    cut_tokens,
    join_tokens,
    tokenize_texts,
)
from robustbert.training.pretraining.sentence_pairs import SentencePairs
from robustbert.training.pretraining.token_masks import TokenMasker
from robustbert.training.sampling import LengthGroups

#: The share of the documents that must have several sentences for next sentence prediction.
_MIN_WITH_PAIRS = 0.5


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a row is made of: one span, or two of which ``is_random`` says what the second is."""

    spans: tuple[Tokens, ...]
    is_random: bool | None = None


class RowSource:
    """The pieces of documents, or the runs of sentences, that rows are drawn from.

    Args:
        documents: the documents.
        tokenizer: a fast tokenizer.
        config: the settings.
        what: which documents they are, for progress and messages.

    Attributes:
        lengths: about how many tokens each of them has.

    Raises:
        DatasetError: next sentence prediction is wanted, but too few documents have two sentences.
    """

    def __init__(
        self, documents: Sequence[str], tokenizer: Any, config: PretrainingConfig, what: str
    ) -> None:
        self._pairs: SentencePairs | None = None
        self._pieces: list[Tokens] = []
        if config.pairs_sentences:
            sentences = _sentences(documents, tokenizer, what)
            self._pairs = SentencePairs(sentences, config.max_length - 3)
            self.lengths = self._pairs.lengths
        else:
            texts = tokenize_texts(tokenizer, documents, f"tokenizing {what}")
            self._pieces = [p for text in texts for p in cut_tokens(text, config.max_length - 2)]
            self.lengths = [len(piece) for piece in self._pieces]
        if not self.lengths:
            raise DatasetError(f"the {what} have no tokens; give other texts")

    def draw(self, index: int, number: int, generator: np.random.Generator) -> Drawn:
        """Draw what row ``number`` is made of from the piece or the run ``index``."""
        if self._pairs is None:
            return Drawn((self._pieces[index],))
        pair = self._pairs.draw(index, number, generator)
        return Drawn((pair.first, pair.second), pair.is_random)


class PretrainingRows:
    """Rows as ``BertForPreTraining`` gets them: ``[CLS] A [SEP]`` or ``[CLS] A [SEP] B [SEP]``.

    Args:
        source: what they are drawn from.
        order: the piece or run of each row.
        tokenizer: gives the special tokens.
        masker: masks tokens; None if they are not predicted.
        seed: decides pairs and masks, together with the number of the row.
    """

    def __init__(
        self,
        source: RowSource,
        order: Sequence[int],
        tokenizer: Any,
        masker: TokenMasker | None,
        seed: int,
    ) -> None:
        self._source = source
        self._order = order
        self._cls = Tokens(np.array([tokenizer.cls_token_id]), np.array([True]))
        self._sep = Tokens(np.array([tokenizer.sep_token_id]), np.array([True]))
        self._masker = masker
        self._seed = seed

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int) -> dict[str, Any]:
        """The token ids, the segment of each, and the labels of the objectives."""
        generator = np.random.default_rng(derive_seed(self._seed, "pre-training row", number))
        drawn = self._source.draw(self._order[number], number, generator)
        parts = [self._cls]
        for span in drawn.spans:
            parts += [span, self._sep]
        joined = join_tokens(parts)
        ids, starts = joined.ids, joined.starts
        starts[1:] |= np.isin(ids[:-1], [self._cls.ids[0], self._sep.ids[0]])
        second = 2 + len(drawn.spans[0])
        row = {"token_type_ids": [0] * second + [1] * (len(ids) - second)}
        if self._masker is not None:
            masked = self._masker.mask(ids, starts, generator)
            ids, row["labels"] = masked.ids, masked.labels.tolist()
        row["input_ids"] = ids.tolist()
        if drawn.is_random is None:
            return row
        return {**row, "next_sentence_label": int(drawn.is_random)}


def training_order(lengths: Sequence[int], batch_size: int, seed: int, num_rows: int) -> list[int]:
    """The piece or run of each training row: epoch after epoch, in batches of similar length.

    The last batch of an epoch, if it is not full, is left out, unless it is the only one.

    Args:
        lengths: the lengths of the pieces or runs.
        batch_size: rows per batch.
        seed: decides the order.
        num_rows: the number of rows.
    """
    groups = LengthGroups(lengths, batch_size, seed)
    order: list[int] = []
    epoch = 0
    while len(order) < num_rows:
        groups.set_epoch(epoch)
        shuffled = list(groups)
        order += shuffled[: len(shuffled) // batch_size * batch_size or len(shuffled)]
        epoch += 1
    return order[:num_rows]


def _sentences(documents: Sequence[str], tokenizer: Any, what: str) -> list[list[Tokens]]:
    """The sentences of the documents that have at least two."""
    split = []
    with progress_bar(len(documents), f"splitting {what} into sentences", "document") as bar:
        for document in documents:
            split.append(split_sentences(document))
            bar.update(1)
    sentences = [sentence for one in split for sentence in one]
    tokens = iter(tokenize_texts(tokenizer, sentences, f"tokenizing {what}"))
    found = [[some for some in islice(tokens, len(one)) if len(some)] for one in split]
    several = [one for one in found if len(one) > 1]
    if len(several) < max(2, _MIN_WITH_PAIRS * len(documents)):
        raise DatasetError(
            f"next sentence prediction needs documents of several sentences, but only "
            f"{len(several)} of {len(documents)} {what} have two; leave out the objective nsp, or "
            "pre-train on longer texts, such as imdb"
        )
    return several
