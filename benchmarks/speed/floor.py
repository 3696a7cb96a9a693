"""Lower bound of an attack's time on this machine: bare forward passes, and peak matmul throughput.

The forward passes are over the texts that an attack queried; each token sequence is run once. All
texts are tokenized beforehand, so search, constraints and scheduling are excluded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

#: Rows of a timed matmul, and its number of repetitions.
ROWS, REPEATS = 2048, 5
#: The number of inputs that are run before timing.
WARM_UP_INPUTS = 16


@dataclass(frozen=True)
class QueriedTexts:
    """The distinct texts that an attack passed to the victim and to the sentence encoder."""

    victim: tuple[str, ...]
    encoder: tuple[str, ...]


@dataclass(frozen=True)
class Floor:
    """Seconds for a given dtype, on all threads.

    Args:
        victim: forward passes of the victim.
        encoder: forward passes of the sentence encoder.
        victim_at_peak: the time of all the victim's matmuls at peak ``gflops``, without padding.
            robustbert skips about a quarter of them (``robustbert/models/inference/packed.py``),
            so a shorter time is possible.
        gflops: the best measured throughput of the network's linear layers (torch's or
            robustbert's), in 1e9 operations per second.
    """

    victim: float
    encoder: float
    victim_at_peak: float
    gflops: float

    @property
    def forward_seconds(self) -> float:
        """Seconds of the forward passes of both networks."""
        return self.victim + self.encoder


def measure_floor(folder: Path, queried: QueriedTexts, dtype: str) -> Floor:
    """Time the forward passes over ``queried`` with the BERT in ``folder``, and its matmuls."""
    from transformers import AutoModel, AutoModelForSequenceClassification

    from robustbert.assets import sentence_encoder_folder
    from robustbert.models.inference.packed import PackedBert, PackedNetwork
    from robustbert.models.sentence_encoder import MAX_LENGTH

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    victim = PackedNetwork(model, dtype).logits
    tokens = _tokens(folder, queried.victim, None)
    encoder_folder = sentence_encoder_folder()
    encoder = PackedBert(AutoModel.from_pretrained(encoder_folder).eval(), dtype).means
    encoder_tokens = _tokens(encoder_folder, queried.encoder, MAX_LENGTH)
    gflops = peak(model.config, dtype)
    return Floor(
        victim=_seconds(victim, tokens),
        encoder=_seconds(encoder, encoder_tokens),
        victim_at_peak=sum(operations(model.config, len(ids)) for ids in tokens) / gflops / 1e9,
        gflops=gflops,
    )


def operations(config, length: int) -> float:
    """Number of operations (multiplications and additions) of a BERT on ``length`` tokens."""
    width, inner = config.hidden_size, config.intermediate_size
    linear = 2 * length * (4 * width * width + 2 * width * inner)
    attention = 4 * length * length * width
    return config.num_hidden_layers * (linear + attention)


def peak(config, dtype: str) -> float:
    """Peak throughput of a layer's matmuls, one per thread, in 1e9 operations per second."""
    import torch

    from robustbert.models.inference.linear import Linear
    from robustbert.models.inference.threads import map_in_threads, thread_count

    width, inner = config.hidden_size, config.intermediate_size
    throughputs = []
    for inputs, outputs in ((width, 3 * width), (width, inner), (inner, width)):
        plain = torch.nn.Linear(inputs, outputs, dtype=getattr(torch, dtype))
        rows = torch.randn(ROWS, inputs).to(plain.weight.dtype)
        for layer in (plain, Linear(plain.weight, plain.bias, plain.weight.dtype)):

            def run_layer(rows, layer=layer):
                with torch.inference_mode():
                    for _ in range(REPEATS):
                        layer(rows)

            per_thread = [rows] * thread_count()
            best = min(_seconds(partial(map_in_threads, run_layer), per_thread) for _ in range(4))
            total = 2 * ROWS * inputs * outputs * REPEATS * len(per_thread)
            throughputs.append(total / best / 1e9)
    return max(throughputs)


def _tokens(folder: Path, texts: Sequence[str], max_length: int | None) -> list[tuple[int, ...]]:
    from transformers import AutoTokenizer

    from robustbert.models.inference.batching import unique_sequences

    if not texts:
        return []
    tokenizer = AutoTokenizer.from_pretrained(folder)
    max_length = max_length or tokenizer.model_max_length
    encoded = tokenizer(list(texts), truncation=True, max_length=max_length)
    return unique_sequences(encoded["input_ids"]).items


def _seconds(function: Callable, inputs: Sequence) -> float:
    if not inputs:
        return 0.0
    function(inputs[:WARM_UP_INPUTS])
    began = time.perf_counter()
    function(inputs)
    return time.perf_counter() - began
