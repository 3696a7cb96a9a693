"""Check the batch invariance of networks of realistic size on this machine.

``python -m tests.models.inference.real_size float32``.

A BERT (packed), a RoBERTa and a GPT-2 (padded), random and as wide as MiniLM, on one thread and on
two. Prints one line per network, and exits with 1 if any row depends on its batch.
"""

from __future__ import annotations

import random
import sys

import numpy as np
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from robustbert.models.inference.packed import PackedNetwork
from robustbert.models.inference.padded import PaddedNetwork

SIZES = {
    "vocab_size": 60,
    "hidden_size": 384,
    "num_hidden_layers": 2,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "max_position_embeddings": 160,
    "initializer_range": 0.1,
    "num_labels": 3,
}
GROUPS = (1, 1, 1, 2, 3, 9, 33)


class Tokenizer:
    """The parts of a tokenizer that `PaddedNetwork` uses."""

    pad_token_id = 1
    padding_side = "right"


def make_networks(dtype: str) -> dict[str, PackedNetwork | PaddedNetwork]:
    torch.manual_seed(0)
    bert = BertForSequenceClassification(BertConfig(**SIZES)).eval()
    roberta = RobertaForSequenceClassification(RobertaConfig(**SIZES, pad_token_id=1)).eval()
    gpt2 = GPT2ForSequenceClassification(
        GPT2Config(
            vocab_size=60, n_positions=160, n_embd=384, n_layer=2, n_head=12, num_labels=3,
            pad_token_id=1,
        )
    ).eval()  # fmt: skip
    padded = {
        name: PaddedNetwork.of_transformers(
            model.to(getattr(torch, dtype)), Tokenizer(), max_length=150, token_budget=4096
        )
        for name, model in (("roberta", roberta), ("gpt2", gpt2))
    }
    return {"packed": PackedNetwork(bert, dtype), **padded}


def rows_that_differ(network: PackedNetwork | PaddedNetwork) -> int:
    """The number of rows of small batches that differ from those of one large batch."""
    chance = random.Random(0)
    lengths = [chance.choice((5, 8, 20, 24, 70, 130)) for _ in range(30)] + [22] * 40
    sequences = [[chance.randrange(2, 60) for _ in range(length)] for length in lengths]
    together = network.logits(sequences)
    differing = 0
    for size in GROUPS:
        rows = chance.sample(range(len(sequences)), size)
        found = network.logits([sequences[row] for row in rows])
        differing += int((found != together[rows]).any(axis=1).sum())
    assert np.isfinite(together).all()
    return differing


def main() -> int:
    worst = 0
    for dtype in sys.argv[1:]:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for name, network in make_networks(dtype).items():
                if name == "packed" and threads == 1:
                    continue  # with two threads, each of its layers still runs on one
                differing = rows_that_differ(network)
                print(f"{name} {dtype} {threads} threads: {differing} rows differ")
                worst = max(worst, differing)
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
