"""BERT-Attack's candidates, without scoring all combinations of sub-words.

For a word of several sub-words, TextAttack 0.3.11 computes the perplexity of each combination of
their likeliest replacements: with K replacements of each of n sub-words, K to the power of n. It
does not use the perplexities, because it drops the sorted list, and returns the first K
combinations that are one word. These are found here without the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from textattack.shared import utils
from textattack.transformations import WordSwapMaskedLM

_Transform = Callable[[Any, Any, Any], list[Any]]


def fast_get_transformations(original: _Transform) -> _Transform:
    """``WordSwapMaskedLM._get_transformations`` that returns the same texts sooner.

    It scores the vocabulary at the positions of the words to replace alone, and runs the model once
    for consecutive calls with one text.
    """

    def transformations(self: WordSwapMaskedLM, current_text: Any, indices: Any) -> list[Any]:
        if self.method != "bert-attack" or not hasattr(self._language_model, "scores"):
            return original(self, current_text, indices)
        found = []
        for index in indices:
            for word in _candidates(self, current_text, index):
                if word != current_text.words[index]:
                    found.append(current_text.replace_word_at_index(index, word))
        return found

    return transformations


def _candidates(self: WordSwapMaskedLM, text: Any, index: int) -> list[str]:
    tokenizer = self._lm_tokenizer
    masked = text.replace_word_at_index(index, tokenizer.mask_token).text
    ids = self._encode_text(masked)["input_ids"][0].tolist()
    if tokenizer.mask_token_id not in ids:  # it is beyond the maximum length
        return []
    start = ids.index(tokenizer.mask_token_id)
    size = len(tokenizer.encode(text.words[index], add_special_tokens=False))
    positions = range(start, min(start + size, self.max_length))
    if not positions:
        return []
    scores = _scores(self, text.text, positions.stop)
    likeliest = torch.topk(scores[0, list(positions)], self.max_candidates)[1].tolist()
    if len(positions) > 1:
        return _first_words(tokenizer, likeliest, self.max_candidates)
    tokens = tokenizer.convert_ids_to_tokens(likeliest[0])
    return [token for token in tokens if utils.is_one_word(token) and "##" not in token]


def _first_words(tokenizer: Any, likeliest: Sequence[Sequence[int]], count: int) -> list[str]:
    """The first ``count`` combinations of sub-words that are one word."""
    tokens = [tokenizer.convert_ids_to_tokens(ids) for ids in likeliest]
    words = ("".join(parts).replace("##", "") for parts in itertools.product(*tokens))
    return list(itertools.islice(filter(utils.is_one_word, words), count))


def _scores(self: WordSwapMaskedLM, text: str, end: int) -> Any:
    """The scores of a text's tokens, up to position ``end`` even if the text is shorter."""
    cached: tuple[str, int, Any] = getattr(self, "_robustbert_scores", ("", 0, None))
    if cached[0] == text and end <= cached[1]:
        return cached[2]
    encoded = self._encode_text(text)
    length = max(end, int(encoded["attention_mask"].sum()))
    with torch.no_grad():
        scores = self._language_model.scores(**encoded, length=length)
    self._robustbert_scores = (text, length, scores)
    return scores
