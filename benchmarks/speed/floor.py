"""What this machine allows: bare forward passes, and the peak of its matrix products.

The forward passes are those of the very texts that an attack asked, each token sequence once, all
at hand at the start and cut into tokens, so that no search, no check and no waiting is in them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

#: Rows of the products that are timed, and how often each is repeated.
ROWS, TIMES = 2048, 5
#: How many of what is timed go first, untimed.
WARM = 16


@dataclass(frozen=True)
class Asked:
    """The distinct texts that an attack asked of the victim and of the sentence encoder."""

    victim: tuple[str, ...]
    encoder: tuple[str, ...]


@dataclass(frozen=True)
class Floor:
    """Seconds in a number format, on all threads.

    Args:
        victim: the victim's forward passes.
        encoder: the sentence encoder's.
        victim_at_peak: what the victim's products would take at ``gflops``: all of the network's,
            on texts without padding. robustbert leaves out about a quarter of them
            (``robustbert/models/inference/packed.py``), so that less than this is possible.
        gflops: the best of the network's own products, torch's or robustbert's, measured: 1e9
            operations a second.
    """

    victim: float
    encoder: float
    victim_at_peak: float
    gflops: float

    @property
    def bare(self) -> float:
        """All forward passes."""
        return self.victim + self.encoder


def measure_floor(folder: Path, asked: Asked, dtype: str) -> Floor:
    """Time the forward passes of ``asked`` on the BERT in ``folder``, and its products."""
    from transformers import AutoModel, AutoModelForSequenceClassification

    from robustbert.assets import sentence_encoder_folder
    from robustbert.models.inference.packed import PackedBert, PackedNetwork
    from robustbert.models.sentence_encoder import MAX_LENGTH

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    victim = PackedNetwork(model, dtype).logits
    tokens = _tokens(folder, asked.victim, None)
    encoder_folder = sentence_encoder_folder()
    encoder = PackedBert(AutoModel.from_pretrained(encoder_folder).eval(), dtype).means
    encoder_tokens = _tokens(encoder_folder, asked.encoder, MAX_LENGTH)
    gflops = peak(model.config, dtype)
    return Floor(
        victim=_seconds(victim, tokens),
        encoder=_seconds(encoder, encoder_tokens),
        victim_at_peak=sum(operations(model.config, len(ids)) for ids in tokens) / gflops / 1e9,
        gflops=gflops,
    )


def operations(config, length: int) -> float:
    """Multiplications and additions of a BERT's layers on one text of so many tokens."""
    width, inner = config.hidden_size, config.intermediate_size
    products = 2 * length * (4 * width * width + 2 * width * inner)
    attention = 4 * length * length * width
    return config.num_hidden_layers * (products + attention)


def peak(config, dtype: str) -> float:
    """The best of a layer's products, one on each thread: 1e9 operations a second."""
    import torch

    from robustbert.models.inference.linear import Linear
    from robustbert.models.inference.threads import map_in_threads, thread_count

    width, inner = config.hidden_size, config.intermediate_size
    found = []
    for columns, rows in ((width, 3 * width), (width, inner), (inner, width)):
        plain = torch.nn.Linear(columns, rows, dtype=getattr(torch, dtype))
        given = torch.randn(ROWS, columns).to(plain.weight.dtype)
        for layer in (plain, Linear(plain.weight, plain.bias, plain.weight.dtype)):

            def product(given, layer=layer):
                with torch.inference_mode():
                    for _ in range(TIMES):
                        layer(given)

            inputs = [given] * thread_count()
            best = min(_seconds(partial(map_in_threads, product), inputs) for _ in range(4))
            found.append(2 * ROWS * columns * rows * TIMES * len(inputs) / best / 1e9)
    return max(found)


def _tokens(folder: Path, texts: Sequence[str], longest: int | None) -> list[tuple[int, ...]]:
    from transformers import AutoTokenizer

    from robustbert.models.inference.batching import unique_sequences

    if not texts:
        return []
    tokenizer = AutoTokenizer.from_pretrained(folder)
    longest = longest or tokenizer.model_max_length
    return unique_sequences(
        tokenizer(list(texts), truncation=True, max_length=longest)["input_ids"]
    ).items


def _seconds(function: Callable, given: Sequence) -> float:
    if not given:
        return 0.0
    function(given[:WARM])
    began = time.perf_counter()
    function(given)
    return time.perf_counter() - began
