"""Choose the tokens that masked language modelling predicts, and replace them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: The label of a token that is not predicted; ``torch``'s cross-entropy ignores it.
NOT_PREDICTED = -100
#: The shares of the chosen tokens that become the mask token, and a random token; the rest stays.
MASKED, RANDOM = 0.8, 0.1


@dataclass(frozen=True, eq=False)
class MaskedTokens:
    """A row in which some tokens are replaced.

    Args:
        ids: the token ids, int64 (n,).
        labels: the original ids of the chosen tokens, and `NOT_PREDICTED` elsewhere, int64 (n,).
    """

    ids: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class TokenMasker:
    """Masks rows as BERT's pre-training does (Devlin et al. 2019, section 3.1 and appendix A.1).

    Words, or single tokens, are chosen independently of each other with the probability ``share``,
    so it is also the probability of each token. Of the chosen tokens 80% become the mask token,
    10% a random token of the vocabulary, and 10% stay. A row in which nothing was chosen gets one
    random choice. Special tokens (the unknown token included) and padding are never chosen.

    Paper and code (google-research/bert, ``create_pretraining_data.py``) differ. The paper masks
    tokens; words as a whole came with the code later, which also draws each of their tokens'
    replacement by itself. The code chooses an exact number of tokens, 15% of the length with
    ``[CLS]`` and ``[SEP]`` and at least one, and skips a word that has more tokens than are left:
    long words are rarer. It repeats the data 10 times, each with masks that stay the same, where
    masks are drawn anew in each step here (after Liu et al. 2019, "RoBERTa", section 4.1).

    transformers 4.57's collators do not serve: ``DataCollatorForLanguageModeling`` with
    ``whole_word_mask`` raises a TypeError unless all chosen tokens are masked, and takes everything
    between spaces, punctuation included, for a word; ``DataCollatorForWholeWordMask`` is deprecated
    and returns neither attention masks nor segments. Both draw from a running generator, which a
    resumed training cannot repeat, because the data loader is one batch ahead of the checkpoint.

    Args:
        share: the probability of a token, in (0, 1).
        whole_words: whether the tokens of a word are chosen together.
        mask_id: the id of the mask token.
        special_ids: the ids of all special tokens.
        vocabulary_size: the number of ids.
    """

    share: float
    whole_words: bool
    mask_id: int
    special_ids: np.ndarray
    vocabulary_size: int

    @classmethod
    def of_tokenizer(cls, tokenizer: Any, *, share: float, whole_words: bool) -> TokenMasker:
        """The masker for the vocabulary of a tokenizer."""
        return cls(
            share=share,
            whole_words=whole_words,
            mask_id=int(tokenizer.mask_token_id),
            special_ids=np.array(tokenizer.all_special_ids),
            vocabulary_size=len(tokenizer),
        )

    def mask(
        self, ids: np.ndarray, starts: np.ndarray, generator: np.random.Generator
    ) -> MaskedTokens:
        """Mask a row.

        Args:
            ids: the token ids, int64 (n,).
            starts: whether each token starts a word, bool (n,); true for special tokens and for
                the token after one.
            generator: decides the masks.
        """
        chosen = self._choose(ids, starts, generator)
        draws = generator.random(len(ids))
        random_ids = generator.integers(self.vocabulary_size, size=len(ids))
        replaced = np.where(
            draws < MASKED, self.mask_id, np.where(draws < MASKED + RANDOM, random_ids, ids)
        )
        return MaskedTokens(
            ids=np.where(chosen, replaced, ids), labels=np.where(chosen, ids, NOT_PREDICTED)
        )

    def _choose(
        self, ids: np.ndarray, starts: np.ndarray, generator: np.random.Generator
    ) -> np.ndarray:
        words = np.cumsum(starts) if self.whole_words else np.arange(len(ids))
        eligible = ~np.isin(ids, self.special_ids)
        chosen = (generator.random(len(ids) + 1) < self.share)[words] & eligible
        if not chosen.any() and eligible.any():
            chosen = (words == generator.choice(words[eligible])) & eligible
        return np.asarray(chosen)
