"""Padding-free BERT inference on the CPU.

The same network as ``transformers.BertModel`` in evaluation mode (Devlin et al. 2019), with the
same weights, but without computation that is redundant for many short texts:

- **No padding.** The tokens of all texts form one long matrix; only attention processes texts
  grouped by length.
- **One matmul** for queries, keys and values. In the first layer it runs only for the distinct
  (token, position) pairs, because the perturbed versions of one text share most of them.
- **The last layer** computes only the first token if the output needs no other token, as in a
  classifier.

This saves a quarter of the arithmetic of a six-layer classifier. In bfloat16, only linear layers
and attention over long texts run in bfloat16; residual sums, layer norms and attention over short
texts stay in float32, which halves the error. Results differ from those of transformers only in
rounding. A text's result is a function of that text alone, bit for bit, for any number of threads,
because each linear layer runs only with verified numbers of rows
(:mod:`robustbert.models.inference.row_counts`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from robustbert.models.inference.linear import BatchInvariantLinears, Linear
from robustbert.models.inference.packs import PACK_TOKENS, Pack, Tokens, make_pack, plan_packs
from robustbert.models.inference.row_counts import ROW_COUNT_STEP, RowCounts, pad_rows
from robustbert.models.inference.threads import map_in_threads, single_threaded, thread_count

#: Up to this many tokens, unfused float32 attention is faster than torch's fused one (measured).
MAX_SHORT_LENGTH = 64


def can_pack(model: Any) -> bool:
    """Whether `PackedBert` supports a transformers model: only a standard BERT encoder."""
    config: Any = getattr(model, "config", None)
    return (
        type(model).__name__ in ("BertModel", "BertForSequenceClassification")
        and type(model).__module__ == "transformers.models.bert.modeling_bert"
        and config.hidden_act == "gelu"
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and not config.is_decoder
    )


@dataclass(frozen=True, eq=False)
class _EncoderLayer:
    """The linear layers of one encoder layer, and the (weight, bias) pairs of its layer norms."""

    attention_output: Linear
    attention_norm: tuple[Any, Any]
    intermediate: Linear
    output: Linear
    output_norm: tuple[Any, Any]


class PackedBert:
    """A BERT encoder that runs on packs of token sequences, in parallel on CPU threads.

    Args:
        model: a ``transformers.BertModel`` on the CPU. The weights of its linear layers are copied
            in the dtype and layout that their kernels need; all other weights are shared.
        dtype: float32 or bfloat16.
        token_budget: tokens per pack, at least 1.
    """

    def __init__(self, model: Any, dtype: str, token_budget: int = PACK_TOKENS) -> None:
        config = model.config
        self.dtype = dtype
        self._token_budget = token_budget
        self._dtype = getattr(torch, dtype)
        self._heads = config.num_attention_heads
        self._hidden_size = config.hidden_size
        self._epsilon = config.layer_norm_eps
        self._max_positions = config.max_position_embeddings
        embeddings = model.embeddings
        self._word_embeddings = embeddings.word_embeddings.weight.detach()
        # All token type ids are 0, so their embedding can be added to those of the positions.
        token_type = embeddings.token_type_embeddings.weight.detach()[0]
        self._position_embeddings = embeddings.position_embeddings.weight.detach() + token_type
        self._embedding_norm = _norm_weights(embeddings.LayerNorm)
        self._original_layers = model.encoder.layer
        self._layers = [self._make_layer(layer) for layer in self._original_layers]
        self._projections: dict[tuple[int, tuple[str, ...]], Linear] = {}

    def first_tokens(
        self,
        sequences: Sequence[Tokens],
        head: Callable[[Any], Any] = lambda first: first,
        *,
        unbatched: bool = False,
    ) -> Any:
        """Apply ``head`` to the last hidden states of the first tokens: tensor, shape (n, …).

        Args:
            sequences: at least one token each; all of them ids, or all of them embeddings.
            head: maps float32 hidden states, shape (m, d), of some of the sequences to one row
                per sequence; a row must not depend on the other rows.
            unbatched: put each sequence in its own pack.
        """
        return self._map_packs(
            sequences, lambda pack: head(self._first_tokens(pack)), unbatched=unbatched
        )

    def means(self, sequences: Sequence[Tokens]) -> Any:
        """The last hidden states averaged over tokens: float32 tensor, shape (n, d)."""
        return self._map_packs(sequences, self._means)

    @property
    def row_counts(self) -> Collection[RowCounts]:
        """The verified row counts of the linear layers that have been computed so far."""
        linears = [*self._projections.values()]
        for layer in self._layers:
            linears += [layer.attention_output, layer.intermediate, layer.output]
        with single_threaded():  # as when the layers run
            found = [linear.row_counts for linear in linears]
        return [counts for counts in found if counts.checked]

    def _map_packs(
        self, sequences: Sequence[Tokens], function: Callable[[Pack], Any], unbatched: bool = False
    ) -> Any:
        """Apply ``function`` to packs of the sequences; return its rows in the original order."""
        if unbatched:
            packs = [np.array([row]) for row in range(len(sequences))]
        else:
            packs = plan_packs(
                [len(tokens) for tokens in sequences],
                token_budget=self._token_budget,
                threads=thread_count(),
            )

        def run(rows: np.ndarray) -> Any:
            with torch.inference_mode():
                return function(make_pack([sequences[row] for row in rows], self._max_positions))

        results = map_in_threads(run, packs)
        with torch.inference_mode():
            order = torch.from_numpy(np.concatenate(packs))
            joined = torch.cat(results)
            return torch.empty_like(joined).index_copy_(0, order, joined)

    def _first_tokens(self, pack: Pack) -> Any:
        hidden = self._hidden_states(pack, len(self._layers) - 1)
        first = _pad_to_step(hidden[torch.from_numpy(pack.starts)])
        last = len(self._layers) - 1
        queries = self._project(last, first, "query")
        keys_values = self._project(last, hidden, "key", "value")
        context = self._attend_first(queries, keys_values, pack)
        return self._finish_layer(self._layers[last], first, context)[: len(pack.starts)]

    def _means(self, pack: Pack) -> Any:
        hidden = self._hidden_states(pack, len(self._layers))
        return torch.cat(
            [
                hidden[start : start + count * length].view(count, length, -1).mean(dim=1)
                for start, count, length in pack.groups
            ]
        )

    def _hidden_states(self, pack: Pack, layers: int) -> Any:
        """The hidden states after ``layers`` encoder layers: float32, shape (t, d)."""
        tokens, positions = (
            torch.from_numpy(x) for x in np.divmod(pack.pairs, self._max_positions)
        )
        words = self._word_embeddings[tokens] if pack.embeddings is None else pack.embeddings
        hidden = self._norm(words + self._position_embeddings[positions], self._embedding_norm)
        indices = torch.from_numpy(pack.pair_indices)
        parts = ("query", "key", "value")
        if layers:  # the first layer projects each distinct pair once
            qkv = self._project(0, hidden, *parts)[indices]
        hidden = hidden[indices]
        for index in range(layers):
            if index:
                qkv = self._project(index, hidden, *parts)
            hidden = self._finish_layer(self._layers[index], hidden, self._attend(qkv, pack))
        return hidden

    def _attend(self, qkv: Any, pack: Pack) -> Any:
        """Self-attention of every token: shape (t, d), in the dtype of ``qkv``."""
        context = qkv.new_zeros(len(qkv), self._hidden_size)
        for start, count, length in pack.groups:
            rows = slice(start, start + count * length)
            query, key, value = self._split_heads(qkv[rows], count, length, 3)
            attended = _attention(query, key, value)
            self._split_heads(context[rows], count, length, 1)[0].copy_(attended)
        return context

    def _attend_first(self, queries: Any, keys_values: Any, pack: Pack) -> Any:
        """Self-attention of first tokens only: the shape (n, d) and dtype of ``queries``."""
        context = queries.new_zeros(len(queries), self._hidden_size)
        done = 0
        for start, count, length in pack.groups:
            first = slice(done, done + count)
            key, value = self._split_heads(
                keys_values[start : start + count * length], count, length, 2
            )
            (query,) = self._split_heads(queries[first], count, 1, 1)
            attended = _attention(query, key, value)
            self._split_heads(context[first], count, 1, 1)[0].copy_(attended)
            done += count
        return context

    def _split_heads(self, rows: Any, count: int, length: int, parts: int) -> Any:
        """Views of ``rows`` by part, sequence, head and token: (parts, count, h, length, d/h)."""
        return rows.view(count, length, parts, self._heads, -1).permute(2, 0, 3, 1, 4)

    def _finish_layer(self, layer: _EncoderLayer, hidden: Any, context: Any) -> Any:
        """The part of an encoder layer after self-attention."""
        attended = torch.add(hidden, layer.attention_output(context))
        attended = self._norm(attended, layer.attention_norm)
        output = torch.add(attended, layer.output(layer.intermediate(attended)))
        return self._norm(output, layer.output_norm)

    def _norm(self, rows: Any, weights: tuple[Any, Any]) -> Any:
        return torch.nn.functional.layer_norm(rows, (self._hidden_size,), *weights, self._epsilon)

    def _make_layer(self, layer: Any) -> _EncoderLayer:
        return _EncoderLayer(
            attention_output=self._linear(layer.attention.output.dense),
            attention_norm=_norm_weights(layer.attention.output.LayerNorm),
            intermediate=self._linear(layer.intermediate.dense, "gelu"),
            output=self._linear(layer.output.dense),
            output_norm=_norm_weights(layer.output.LayerNorm),
        )

    def _project(self, index: int, rows: Any, *parts: str) -> Any:
        """The requested projections (query, key, value) of layer ``index``, concatenated."""
        projection = self._projections.get((index, parts))
        if projection is None:  # two threads may create it at the same time; both results are right
            projection = self._projections[index, parts] = self._make_projection(index, parts)
        return projection(rows)

    def _make_projection(self, index: int, parts: Sequence[str]) -> Linear:
        attention = self._original_layers[index].attention.self
        # The scale of dot-product attention is applied to the query weights.
        scale = {"query": (self._hidden_size // self._heads) ** -0.5}
        modules = [(getattr(attention, part), scale.get(part, 1.0)) for part in parts]
        weight = torch.cat([module.weight.detach() * factor for module, factor in modules])
        bias = torch.cat([module.bias.detach() * factor for module, factor in modules])
        return Linear(weight, bias, self._dtype)

    def _linear(self, module: Any, activation: str = "none") -> Linear:
        return Linear(module.weight, module.bias, self._dtype, activation)


def _attention(query: Any, key: Any, value: Any) -> Any:
    """Dot-product attention of scaled queries (n, h, q, d), keys and values (n, h, t, d)."""
    if key.shape[2] > MAX_SHORT_LENGTH:
        return torch.nn.functional.scaled_dot_product_attention(query, key, value, scale=1.0)
    # Contiguous, because on views torch.matmul picks other kernels for one text than for several.
    query, key, value = (x.float().contiguous() for x in (query, key, value))
    return torch.matmul(torch.matmul(query, key.transpose(-1, -2)).softmax(dim=-1), value)


def _norm_weights(module: Any) -> tuple[Any, Any]:
    return module.weight.detach(), module.bias.detach()


def _pad_to_step(rows: Any) -> Any:
    return pad_rows(rows, -(-len(rows) // ROW_COUNT_STEP) * ROW_COUNT_STEP)


class PackedNetwork:
    """A ``transformers.BertForSequenceClassification`` that runs on sequences without padding.

    Args:
        model: in evaluation mode, on the CPU, float32.
        dtype: float32 or bfloat16.
        token_budget: tokens per pack, at least 1.
    """

    def __init__(self, model: Any, dtype: str, token_budget: int = PACK_TOKENS) -> None:
        self.dtype = dtype
        self._encoder = PackedBert(model.bert, dtype, token_budget)
        self._pooler = model.bert.pooler
        self._classifier = model.classifier
        self._invariant_linears = BatchInvariantLinears()

    def logits(self, sequences: Sequence[Tokens], *, unbatched: bool = False) -> np.ndarray:
        """Compute logits: float32 (n, k); ``unbatched`` puts each sequence in its own pack."""
        return np.asarray(
            self._encoder.first_tokens(sequences, self._head, unbatched=unbatched).numpy()
        )

    @property
    def row_counts(self) -> Collection[RowCounts]:
        """The verified row counts of the linear layers that have been computed so far."""
        return [*self._encoder.row_counts, *self._invariant_linears.row_counts.values()]

    def _head(self, first: Any) -> Any:
        with self._invariant_linears:
            return self._classifier(self._pooler(first.unsqueeze(1)))
