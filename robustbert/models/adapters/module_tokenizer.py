"""The tokenizer of a PyTorch module: a tokenizer of transformers, or a function."""

from __future__ import annotations

import random
from typing import Any

from robustbert.errors import InputError
from robustbert.models.huggingface_files import max_input_length, tokenizer_limit
from robustbert.models.inference.invariance import WORD_COUNTS, sample_texts
from robustbert.models.tokenization import (
    FunctionTokenization,
    Tokenization,
    TransformersTokenization,
)

#: Fewer distinct tokens than this in the sample texts check too little.
MIN_DISTINCT = 10


def make_tokenization(
    tokenizer: Any, module: Any, max_length: int | None, empty_id: int
) -> Tokenization:
    """Wrap the tokenizer of a module.

    Args:
        tokenizer: a tokenizer of transformers, or a function.
        module: the module; a model of transformers limits the length.
        max_length: the maximum number of tokens; None for the limit of tokenizer or module.
        empty_id: the single token of a text for which a function returns no tokens.

    Raises:
        InputError: it is neither a tokenizer of transformers nor a function.
    """
    if _is_transformers(tokenizer):
        if max_length is None:
            known = hasattr(getattr(module, "config", None), "model_type")
            max_length = (
                max_input_length(module, tokenizer) if known else tokenizer_limit(tokenizer)
            )
        return TransformersTokenization(tokenizer, max_length)
    if callable(tokenizer):
        return FunctionTokenization(tokenizer, max_length, empty_id)
    raise InputError(
        f"tokenizer is a {type(tokenizer).__name__}; pass a tokenizer of transformers, or a "
        "function that maps a list of strings to one list of token ids each"
    )


def padding_id(tokenizer: Any, pad_token_id: int | None, model: str, *, needed: bool) -> int:
    """The token to pad with: ``pad_token_id``, or else the tokenizer's; 0 if none is needed.

    Raises:
        InputError: one is needed and there is none.
    """
    if pad_token_id is None and _is_transformers(tokenizer):
        pad_token_id = tokenizer.pad_token_id
    if pad_token_id is None and needed:
        raise InputError(
            f"model {model!r} takes an attention mask but its tokenizer has no padding token; set "
            "tokenizer.pad_token (for example to tokenizer.eos_token), or pass pad_token_id="
        )
    return pad_token_id or 0


def probe_sequences(tokenization: Tokenization, embedding: Any) -> list[list[int]]:
    """Token sequences for a check of batch invariance.

    These are the tokens of the sample texts. If a tokenizer knows hardly any of their words, they
    are random tokens of the embedding layer instead, if it is a ``torch.nn.Embedding``.
    """
    sequences = tokenization.encode(sample_texts())
    number = getattr(embedding, "num_embeddings", None)
    if number is None or len({token for tokens in sequences for token in tokens}) >= MIN_DISTINCT:
        return sequences
    generator = random.Random(0)
    longest = tokenization.max_length or max(WORD_COUNTS)
    return [
        [generator.randrange(number) for _ in range(min(count, longest))] for count in WORD_COUNTS
    ]


def _is_transformers(tokenizer: Any) -> bool:
    return hasattr(tokenizer, "convert_ids_to_tokens") and hasattr(tokenizer, "pad_token_id")
