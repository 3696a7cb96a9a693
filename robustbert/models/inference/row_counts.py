"""Row counts at which a linear layer computes each row as it does in any other batch.

A matrix product sums in an order that the library chooses by the number of rows, so that a row can
get other last bits in another batch. Which row counts are safe depends on the processor: with AMX
in bfloat16, a layer from 1,536 to 384 features computes 48 to 368 rows differently from all larger
batches; with AVX-512 there is no such range. So they are checked on the machine at hand: a short
ladder when a layer is first used, any other multiple of 16 rows when it first comes up. Batches are
then filled up with repeated rows to a row count that agreed.

The check multiplies rows and weights whose products cancel: each exact sum is 0, and what is
computed is rounding noise alone, which differs wherever the order of summation does. (In bfloat16,
ordinary numbers show another order in one of 10,000 results; these show it in nine of ten.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from robustbert.models.inference.findings import Findings, machine_findings

Product = Callable[[Any], Any]
"""A linear layer: rows of shape (n, i) to rows of shape (n, o)."""

#: Row counts that are checked against each other before a layer is used.
LADDER = (16, 32, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048)
#: Between the rungs, multiples of this are checked when they come up.
STEP = 16
#: More rows than this are not checked as one: they are computed in pieces.
MOST_ROWS = 4096
#: Distinct rows of the check, a prime: no block of a kernel starts with the same row each time.
DISTINCT_ROWS = 61
#: Where the check's rows start; two starts put other rows at each position.
STARTS = (0, 23)


@dataclass(frozen=True)
class Layer:
    """What a linear layer's kernels depend on, its weights aside.

    Args:
        kind: which product: ``"prepacked"``, ``"plain"``, with its activation and other options.
        in_features: numbers in a row of the input.
        out_features: numbers in a row of the result.
        dtype: float32 or bfloat16.
        threads: how many threads share one product.
    """

    kind: str
    in_features: int
    out_features: int
    dtype: str
    threads: int

    def __str__(self) -> str:
        shape = f"{self.in_features}x{self.out_features}"
        threads = f" {self.threads} threads" if self.threads != 1 else ""
        return f"{self.kind} {shape} {self.dtype}{threads}"


class RowCounts:
    """The row counts at which a layer's rows do not depend on the batch.

    Args:
        layer: what is checked.
        make_product: ``make_product(weight, bias)`` gives the layer's product with these weights,
            tensors of shapes (o, i) and (o,) and of the layer's dtype.
        findings: where results are remembered.
    """

    def __init__(
        self, layer: Layer, make_product: Callable[[Any, Any], Product], findings: Findings
    ) -> None:
        self.layer = layer
        self._make_product = make_product
        self._findings = findings
        self._lock = threading.Lock()
        self._reference: Any = None
        self._fits: dict[int, int | None] = {}
        self._ladder: tuple[int, ...] | None = None

    @property
    def ladder(self) -> tuple[int, ...]:
        """The rungs of `LADDER` that agree with the reference; empty where no rung can be one.

        The reference is the largest rung, of at least `DISTINCT_ROWS` rows, whose rows do not
        depend on their positions. The first access computes it, on the threads that torch has then:
        they must be as many as the layer's.
        """
        if self._ladder is None:
            with self._lock:
                if self._ladder is None:
                    self._ladder = self._find_ladder()
        return self._ladder

    @property
    def checked(self) -> bool:
        """Whether the ladder is known already."""
        return self._ladder is not None

    def fit(self, rows: int) -> int | None:
        """The row count to fill ``rows`` up to; None where there is none.

        The next multiple of `STEP` if it agrees with the reference, else the next rung that does.
        A multiple that was not asked for before is checked now.
        """
        try:
            return self._fits[rows]
        except KeyError:
            ladder = self.ladder
            with self._lock:
                found = self._fits[rows] = self._find_fit(rows, ladder)
            return found

    def apply(self, product: Product, rows: Any) -> Any:
        """``product(rows)``, computed at row counts that agree: shape (n, o).

        Where no row count agrees, the product of the rows as they are.
        """
        import torch

        count = self.fit(len(rows))
        if count == len(rows):
            return product(rows)
        if count is not None:
            return product(fill_rows(rows, count))[: len(rows)]
        if not self.ladder:
            return product(rows)
        pieces = -(-len(rows) // self.ladder[-1])
        return torch.cat([self.apply(product, piece) for piece in rows.chunk(pieces)])

    def _find_fit(self, rows: int, ladder: tuple[int, ...]) -> int | None:
        if rows == 0:
            return 0
        first = -(-rows // STEP) * STEP
        if ladder and first <= MOST_ROWS and self._agrees(first, ladder[-1]):
            return first
        return next((rung for rung in ladder if rung >= first), None)

    def _find_ladder(self) -> tuple[int, ...]:
        known = {rung: self._findings.get(str(self.layer), rung) for rung in LADDER}
        if None in known.values():
            probe = _Probe(self.layer, self._make_product)
            candidates = [rung for rung in reversed(LADDER) if rung >= DISTINCT_ROWS]
            references = (probe.refer_to(rung) for rung in candidates)
            reference = next((found for found in references if found is not None), None)
            for rung in LADDER:
                known[rung] = reference is not None and probe.agrees(rung, reference, STARTS)
                self._findings.note(str(self.layer), bool(known[rung]), rung)
            self._reference = reference
        return tuple(rung for rung in LADDER if known[rung])

    def _agrees(self, rows: int, reference: int) -> bool:
        found = self._findings.get(str(self.layer), rows)
        if found is None:
            probe = _Probe(self.layer, self._make_product)
            if self._reference is None:  # the ladder was remembered, its reference was not
                self._reference = probe.refer_to(reference)
            found = self._reference is not None and probe.agrees(rows, self._reference, STARTS[-1:])
            self._findings.note(str(self.layer), found, rows)
        return found


class _Probe:
    """A layer on rows and weights that cancel."""

    def __init__(self, layer: Layer, make_product: Callable[[Any, Any], Product]) -> None:
        import torch

        generator = torch.Generator().manual_seed(0)
        dtype = getattr(torch, layer.dtype)
        with torch.inference_mode():
            rows, weight = cancelling_factors(
                DISTINCT_ROWS, layer.in_features, layer.out_features, generator
            )
            self._rows = rows.to(dtype)
            bias = torch.zeros(layer.out_features, dtype=dtype)
            self._product = make_product(weight.to(dtype), bias)

    def refer_to(self, count: int) -> Any:
        """The results at ``count`` rows, if equal rows come out equal at every position.

        A tensor of shape (`DISTINCT_ROWS`, o); None if they do not.
        """
        results = self._compute(STARTS[0], count)
        reference = results[:DISTINCT_ROWS].clone()
        same = results.equal(reference[self._which(STARTS[0], count)])
        return reference if same and self.agrees(count, reference, STARTS[1:]) else None

    def agrees(self, count: int, reference: Any, starts: Sequence[int]) -> bool:
        """Whether ``count`` rows come out as in the reference, bit by bit, at every position."""
        return all(
            self._compute(start, count).equal(reference[self._which(start, count)])
            for start in starts
        )

    def _compute(self, start: int, count: int) -> Any:
        import torch

        with torch.inference_mode():
            return self._product(self._rows[self._which(start, count)])

    def _which(self, start: int, count: int) -> Any:
        import torch

        return torch.arange(start, start + count) % len(self._rows)


def cancelling_factors(rows: int, in_features: int, out_features: int, generator: Any) -> Any:
    """Rows (n, i) and a weight (o, i), float32, whose exact products are all 0.

    Half of a row's numbers are the negatives of the other half, in random places; a weight has the
    same number at both places. All fit in bfloat16.
    """
    import torch

    half = in_features // 2
    places = torch.randperm(2 * half, generator=generator)
    first = torch.randn(rows, half, generator=generator).bfloat16().float()
    second = torch.randn(out_features, half, generator=generator).bfloat16().float()
    given = torch.zeros(rows, in_features)
    weight = torch.zeros(out_features, in_features)
    given[:, places] = torch.cat([first, -first], dim=1)
    weight[:, places] = torch.cat([second, second], dim=1)
    return given, weight


def fill_rows(rows: Any, count: int) -> Any:
    """``rows`` of shape (n, d), n >= 1, the last repeated until there are ``count``: (count, d)."""
    import torch

    missing = count - len(rows)
    return torch.cat([rows, rows[-1:].expand(missing, -1)]) if missing > 0 else rows


_LOCK = threading.Lock()


def row_counts_of(layer: Layer, make_product: Callable[[Any, Any], Product]) -> RowCounts:
    """The one `RowCounts` of a kind of layer in this process."""
    findings = machine_findings()
    found = findings.objects.get(layer)
    if found is None:
        with _LOCK:
            new = RowCounts(layer, make_product, findings)
            found = findings.objects.setdefault(layer, new)
    assert isinstance(found, RowCounts)
    return found
