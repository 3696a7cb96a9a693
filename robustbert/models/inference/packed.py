"""Padding-free BERT inference on the CPU: texts laid end to end.

The same network as ``transformers.BertModel`` in evaluation mode (Devlin et al. 2019), with the
same weights, without the work that many short texts do not need:

- **no padding**: the tokens of all texts are one long matrix; only attention looks at texts one
  length at a time;
- **one product** for queries, keys and values, and in the first layer only for the distinct
  (token, position) pairs: the perturbations of one text differ in a few;
- **the last layer** for the first token alone where nothing else is read (a classifier's pooler).

That saves a quarter of the arithmetic for a classifier of six layers. In bfloat16 only products
are: sums, norms and attention over short texts stay in float32, which halves the error. Results
differ from transformers' in rounding only, and a text's result is a function of that text alone,
to the last bit, whatever the number of threads: each linear layer is computed at a row count that
was checked (:mod:`robustbert.models.inference.row_counts`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from robustbert.models.inference.batching import PACK_TOKENS, plan_packs
from robustbert.models.inference.linear import FilledLinears, Linear
from robustbert.models.inference.row_counts import STEP, RowCounts, fill_rows
from robustbert.models.inference.threads import in_threads, one_thread_each, thread_count

#: Attention over texts of at most this many tokens is plain products in float32, which is faster
#: there than torch's fused one (measured).
SHORT = 64

Tokens = Sequence[int]


def can_pack(model: Any) -> bool:
    """Whether `PackedBert` computes what ``model``, of transformers, does: it is a plain BERT."""
    config: Any = getattr(model, "config", None)
    return (
        type(model).__name__ in ("BertModel", "BertForSequenceClassification")
        and type(model).__module__ == "transformers.models.bert.modeling_bert"
        and config.hidden_act == "gelu"
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and not config.is_decoder
    )


@dataclass(frozen=True, eq=False)
class _Layer:
    """A layer: its products, and the pairs of weight and bias of its norms."""

    attention: Linear
    attention_norm: tuple[Any, Any]
    inner: Linear
    outer: Linear
    outer_norm: tuple[Any, Any]


@dataclass(frozen=True, eq=False)
class _Pack:
    """Some sequences laid end to end, the shortest first.

    Args:
        pairs: int64 (u,): the distinct (token, position) pairs, as one number; the last repeated to
            a multiple of `STEP`, which most products would fill it up to.
        places: int64 (t,): which pair stands at each place; filled up likewise.
        starts: int64 (n,): where each sequence starts.
        groups: of the sequences of one length: their first place, how many, and the length.
    """

    pairs: np.ndarray
    places: np.ndarray
    starts: np.ndarray
    groups: tuple[tuple[int, int, int], ...]


class PackedBert:
    """The encoder of a BERT.

    Args:
        model: a ``transformers.BertModel`` on the processor. Its products' weights are copied, in
            the dtype and the layout that products want; all others are shared.
        dtype: float32 or bfloat16.
        token_budget: tokens that one thread works on at a time, at least 1.
    """

    def __init__(self, model: Any, dtype: str, token_budget: int = PACK_TOKENS) -> None:
        import torch

        config = model.config
        self.dtype = dtype
        self._token_budget = token_budget
        self._dtype = getattr(torch, dtype)
        self._heads = config.num_attention_heads
        self._width = config.hidden_size
        self._epsilon = config.layer_norm_eps
        self._positions = config.max_position_embeddings
        embeddings = model.embeddings
        self._word = embeddings.word_embeddings.weight.detach()
        # every text is of the first type
        types = embeddings.token_type_embeddings.weight.detach()[0]
        self._position = embeddings.position_embeddings.weight.detach() + types
        self._embedding_norm = _norm_weights(embeddings.LayerNorm)
        self._own_layers = model.encoder.layer
        self._layers = [self._read(layer) for layer in self._own_layers]
        self._projections: dict[tuple[int, tuple[str, ...]], Linear] = {}

    def first_tokens(
        self,
        sequences: Sequence[Tokens],
        head: Callable[[Any], Any] = lambda first: first,
        *,
        alone: bool = False,
    ) -> Any:
        """``head`` of the last hidden states of first tokens: tensor, shape (n, …).

        Args:
            sequences: token ids, at least one each.
            head: takes float32 hidden states, shape (m, d), of some of the sequences, and
                gives a row for each, which must not depend on the others.
            alone: put each sequence in a pack of its own.
        """
        return self._spread(sequences, lambda pack: head(self._first_tokens(pack)), alone=alone)

    def means(self, sequences: Sequence[Tokens]) -> Any:
        """The means of the last hidden states over tokens: float32 tensor, shape (n, d)."""
        return self._spread(sequences, self._means)

    @property
    def row_counts(self) -> Collection[RowCounts]:
        """The row counts of the linear layers that were computed so far."""
        own = [x for layer in self._layers for x in (layer.attention, layer.inner, layer.outer)]
        with one_thread_each():  # as they are computed
            found = [linear.row_counts for linear in (*self._projections.values(), *own)]
        return [counts for counts in found if counts.checked]

    def _spread(
        self, sequences: Sequence[Tokens], function: Callable[[_Pack], Any], *, alone: bool = False
    ) -> Any:
        import torch

        if alone:
            packs = [np.array([row]) for row in range(len(sequences))]
        else:
            packs = plan_packs(
                [len(tokens) for tokens in sequences],
                token_budget=self._token_budget,
                threads=thread_count(),
            )

        def run(rows: np.ndarray) -> Any:
            with torch.inference_mode():
                return function(self._pack([sequences[row] for row in rows]))

        found = in_threads(run, packs)
        with torch.inference_mode():
            order = torch.from_numpy(np.concatenate(packs))
            together = torch.cat(found)
            return torch.empty_like(together).index_copy_(0, order, together)

    def _first_tokens(self, pack: _Pack) -> Any:
        import torch

        hidden = self._through(pack, len(self._layers) - 1)
        first = _fill(hidden[torch.from_numpy(pack.starts)])
        last = len(self._layers) - 1
        queries = self._project(last, first, "query")
        keys_values = self._project(last, hidden, "key", "value")
        context = self._attend_first(queries, keys_values, pack)
        return self._finish(self._layers[last], first, context)[: len(pack.starts)]

    def _means(self, pack: _Pack) -> Any:
        import torch

        hidden = self._through(pack, len(self._layers))
        return torch.cat(
            [
                hidden[start : start + count * length].view(count, length, -1).mean(dim=1)
                for start, count, length in pack.groups
            ]
        )

    def _through(self, pack: _Pack, layers: int) -> Any:
        """Hidden states after so many layers: float32, shape (t, d)."""
        import torch

        tokens, positions = (torch.from_numpy(x) for x in np.divmod(pack.pairs, self._positions))
        hidden = self._norm(self._word[tokens] + self._position[positions], self._embedding_norm)
        places = torch.from_numpy(pack.places)
        parts = ("query", "key", "value")
        if layers:  # the first one's only for distinct pairs
            qkv = self._project(0, hidden, *parts)[places]
        hidden = hidden[places]
        for place in range(layers):
            if place:
                qkv = self._project(place, hidden, *parts)
            hidden = self._finish(self._layers[place], hidden, self._attend(qkv, pack))
        return hidden

    def _attend(self, qkv: Any, pack: _Pack) -> Any:
        """What attention gathers for every token: in the dtype, shape (t, d)."""
        context = qkv.new_zeros(len(qkv), self._width)
        for start, count, length in pack.groups:
            rows = slice(start, start + count * length)
            query, key, value = self._split(qkv[rows], count, length, 3)
            found = _attention(query, key, value)
            self._split(context[rows], count, length, 1)[0].copy_(found)
        return context

    def _attend_first(self, queries: Any, keys_values: Any, pack: _Pack) -> Any:
        """What attention gathers for first tokens only: in the dtype, shape (n, d), filled up."""
        context = queries.new_zeros(len(queries), self._width)
        place = 0
        for start, count, length in pack.groups:
            own = slice(place, place + count)
            key, value = self._split(keys_values[start : start + count * length], count, length, 2)
            (query,) = self._split(queries[own], count, 1, 1)
            found = _attention(query, key, value)
            self._split(context[own], count, 1, 1)[0].copy_(found)
            place += count
        return context

    def _split(self, rows: Any, count: int, length: int, parts: int) -> Any:
        """Views of ``rows`` by part, sequence, head and token: (parts, count, h, length, d/h)."""
        return rows.view(count, length, parts, self._heads, -1).permute(2, 0, 3, 1, 4)

    def _finish(self, layer: _Layer, hidden: Any, context: Any) -> Any:
        """The rest of a layer, after attention."""
        import torch

        attended = torch.add(hidden, layer.attention(context))
        attended = self._norm(attended, layer.attention_norm)
        found = torch.add(attended, layer.outer(layer.inner(attended)))
        return self._norm(found, layer.outer_norm)

    def _norm(self, rows: Any, weights: tuple[Any, Any]) -> Any:
        import torch

        return torch.nn.functional.layer_norm(rows, (self._width,), *weights, self._epsilon)

    def _pack(self, sequences: Sequence[Tokens]) -> _Pack:
        lengths = np.array([len(tokens) for tokens in sequences])
        tokens = np.fromiter(chain.from_iterable(sequences), dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        positions = np.arange(len(tokens)) - np.repeat(starts, lengths)
        pairs, places = np.unique(tokens * self._positions + positions, return_inverse=True)
        pairs, places = (np.pad(x, (0, -len(x) % STEP), mode="edge") for x in (pairs, places))
        changes = np.flatnonzero(np.diff(lengths)) + 1
        groups = tuple(
            (int(starts[first]), int(last - first), int(lengths[first]))
            for first, last in zip([0, *changes], [*changes, len(lengths)], strict=True)
        )
        return _Pack(pairs, places, starts, groups)

    def _read(self, layer: Any) -> _Layer:
        return _Layer(
            attention=self._linear(layer.attention.output.dense),
            attention_norm=_norm_weights(layer.attention.output.LayerNorm),
            inner=self._linear(layer.intermediate.dense, "gelu"),
            outer=self._linear(layer.output.dense),
            outer_norm=_norm_weights(layer.output.LayerNorm),
        )

    def _project(self, place: int, rows: Any, *parts: str) -> Any:
        """What attention of a layer reads: queries, keys, values, or those of them named."""
        product = self._projections.get((place, parts))
        if product is None:  # made at its first use; two threads make the same
            product = self._projections[place, parts] = self._read_projection(place, parts)
        return product(rows)

    def _read_projection(self, place: int, parts: Sequence[str]) -> Linear:
        import torch

        own = self._own_layers[place].attention.self
        # the scale of attention goes into the queries
        scale = {"query": (self._width // self._heads) ** -0.5}
        modules = [(getattr(own, part), scale.get(part, 1.0)) for part in parts]
        weight = torch.cat([module.weight.detach() * factor for module, factor in modules])
        bias = torch.cat([module.bias.detach() * factor for module, factor in modules])
        return Linear(weight, bias, self._dtype)

    def _linear(self, module: Any, activation: str = "none") -> Linear:
        return Linear(module.weight, module.bias, self._dtype, activation)


def _attention(query: Any, key: Any, value: Any) -> Any:
    """Softmax attention, queries scaled already: shapes (n, h, q, d), (n, h, t, d) twice."""
    import torch

    if key.shape[2] > SHORT:
        return torch.nn.functional.scaled_dot_product_attention(query, key, value, scale=1.0)
    # contiguous: on views, one text alone takes another kernel than several
    query, key, value = (x.float().contiguous() for x in (query, key, value))
    return torch.matmul(torch.matmul(query, key.transpose(-1, -2)).softmax(dim=-1), value)


def _norm_weights(module: Any) -> tuple[Any, Any]:
    return module.weight.detach(), module.bias.detach()


class PackedNetwork:
    """A ``transformers.BertForSequenceClassification`` on token sequences without padding.

    Args:
        model: in evaluation mode, on the processor, float32.
        dtype: float32 or bfloat16.
        token_budget: tokens that one thread works on at a time, at least 1.
    """

    def __init__(self, model: Any, dtype: str, token_budget: int = PACK_TOKENS) -> None:
        self.dtype = dtype
        self._encoder = PackedBert(model.bert, dtype, token_budget)
        self._pooler = model.bert.pooler
        self._classifier = model.classifier
        self._filled = FilledLinears()

    def logits(self, sequences: Sequence[Tokens], *, alone: bool = False) -> np.ndarray:
        """Logits of token sequences: float32, shape (n, k); ``alone``: each in its own pack."""
        return np.asarray(self._encoder.first_tokens(sequences, self._head, alone=alone).numpy())

    @property
    def row_counts(self) -> Collection[RowCounts]:
        """The row counts of the linear layers that were computed so far."""
        return [*self._encoder.row_counts, *self._filled.row_counts.values()]

    def _head(self, first: Any) -> Any:
        with self._filled:
            return self._classifier(self._pooler(first.unsqueeze(1)))


def _fill(rows: Any) -> Any:
    return fill_rows(rows, -(-len(rows) // STEP) * STEP)
