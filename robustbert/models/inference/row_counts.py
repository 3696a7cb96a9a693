"""Find the numbers of rows with which a linear layer is batch invariant on this machine.

A matmul sums in an order that the library chooses by the number of rows. So the same row can get
different last bits in different batches. Which row counts are safe depends on the CPU: in bfloat16
with AMX, a layer from 1,536 to 384 features computes batches of 48 to 368 rows differently from all
larger ones; with AVX-512 there is no such range. So row counts are checked on the machine at hand:
a short list of them (the ladder) when a layer is first used, other multiples of 16 on demand.
Batches are then padded with repeated rows to a verified row count.

The check multiplies rows and weights whose exact products are 0, so that the output is rounding
noise, which changes with the order of summation. (In bfloat16, with ordinary inputs, 1 in 10,000
outputs reveals another order of summation; with these inputs, 9 in 10 do.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from robustbert.models.inference.invariance_cache import InvarianceCache, machine_invariance_cache

Kernel = Callable[[Any], Any]
"""Computes a linear layer as it is, without padding: rows (n, i) to rows (n, o)."""

MakeKernel = Callable[[Any, Any], Kernel]
"""``make_kernel(weight, bias)``: the kernel of a layer with these weights, shapes (o, i), (o,)."""

#: Row counts that are compared with each other when a layer is first used.
LADDER = (16, 32, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048)
#: Other multiples of this are checked on demand.
ROW_COUNT_STEP = 16
#: Larger batches are split into chunks of verified row counts.
MAX_ROWS = 4096
#: Number of distinct test rows. A prime, so that their repetition does not align with the blocks of
#: a kernel.
DISTINCT_ROWS = 61
#: Indices of the first test row. Two of them put different rows at each position.
OFFSETS = (0, 23)


@dataclass(frozen=True)
class LinearSpec:
    """The properties that determine how a linear layer is computed, without its weights.

    Args:
        kind: the kernel with its options, such as ``"prepacked"``, ``"plain"`` or
            ``"prepacked gelu"``.
        in_features: size of an input row.
        out_features: size of an output row.
        dtype: float32 or bfloat16.
        threads: number of threads that compute one matmul.
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
    """The row counts with which a linear layer is batch invariant.

    Args:
        spec: the layer to check.
        make_kernel: makes the layer's kernel from tensors of the layer's dtype.
        cache: the cache of results.
    """

    def __init__(self, spec: LinearSpec, make_kernel: MakeKernel, cache: InvarianceCache) -> None:
        self.spec = spec
        self._make_kernel = make_kernel
        self._cache = cache
        self._lock = threading.Lock()
        self._reference: Any = None
        self._padded_counts: dict[int, int | None] = {}
        self._ladder: tuple[int, ...] | None = None

    @property
    def ladder(self) -> tuple[int, ...]:
        """The verified row counts of `LADDER`: their rows are those of the reference, bit for bit.

        The reference is the largest row count, of at least `DISTINCT_ROWS`, whose rows do not
        depend on their positions. Without a reference the result is empty. The first access
        computes it; torch's number of threads must then be ``spec.threads``.
        """
        if self._ladder is None:
            with self._lock:
                if self._ladder is None:
                    self._ladder = self._find_ladder()
        return self._ladder

    @property
    def checked(self) -> bool:
        """Whether the ladder has been computed."""
        return self._ladder is not None

    def padded_count(self, rows: int) -> int | None:
        """The verified row count to pad ``rows`` to, or None if there is none.

        This is the next multiple of `ROW_COUNT_STEP` if it matches the reference, otherwise the
        next verified row count of the ladder. A multiple that has no result yet is checked now.
        """
        try:
            return self._padded_counts[rows]
        except KeyError:
            ladder = self.ladder
            with self._lock:
                count = self._padded_counts[rows] = self._find_padded_count(rows, ladder)
            return count

    def apply(self, kernel: Kernel, rows: Any) -> Any:
        """Compute ``kernel(rows)``, shape (n, o), with verified row counts.

        If the layer has no verified row count, the rows are not padded.
        """
        import torch

        count = self.padded_count(len(rows))
        if count == len(rows):
            return kernel(rows)
        if count is not None:
            return kernel(pad_rows(rows, count))[: len(rows)]
        if not self.ladder:
            return kernel(rows)
        chunks = -(-len(rows) // self.ladder[-1])
        return torch.cat([self.apply(kernel, chunk) for chunk in rows.chunk(chunks)])

    def _find_padded_count(self, rows: int, ladder: tuple[int, ...]) -> int | None:
        if rows == 0:
            return 0
        first = -(-rows // ROW_COUNT_STEP) * ROW_COUNT_STEP
        if ladder and first <= MAX_ROWS and self._matches(first, ladder[-1]):
            return first
        return next((count for count in ladder if count >= first), None)

    def _find_ladder(self) -> tuple[int, ...]:
        results = {count: self._cache.get(str(self.spec), count) for count in LADDER}
        if None in results.values():
            check = _KernelCheck(self.spec, self._make_kernel)
            candidates = [count for count in reversed(LADDER) if count >= DISTINCT_ROWS]
            references = (check.make_reference(count) for count in candidates)
            reference = next((found for found in references if found is not None), None)
            for count in LADDER:
                results[count] = reference is not None and check.matches(count, reference, OFFSETS)
                self._cache.put(str(self.spec), bool(results[count]), count)
            self._reference = reference
        return tuple(count for count in LADDER if results[count])

    def _matches(self, rows: int, reference_count: int) -> bool:
        result = self._cache.get(str(self.spec), rows)
        if result is None:
            check = _KernelCheck(self.spec, self._make_kernel)
            if self._reference is None:  # the ladder came from the cache, without its reference
                self._reference = check.make_reference(reference_count)
            result = self._reference is not None and check.matches(
                rows, self._reference, OFFSETS[-1:]
            )
            self._cache.put(str(self.spec), result, rows)
        return result


class _KernelCheck:
    """Run a layer's kernel on inputs and weights whose exact products are 0."""

    def __init__(self, spec: LinearSpec, make_kernel: MakeKernel) -> None:
        import torch

        generator = torch.Generator().manual_seed(0)
        dtype = getattr(torch, spec.dtype)
        with torch.inference_mode():
            rows, weight = cancelling_matrices(
                DISTINCT_ROWS, spec.in_features, spec.out_features, generator
            )
            self._rows = rows.to(dtype)
            bias = torch.zeros(spec.out_features, dtype=dtype)
            self._kernel = make_kernel(weight.to(dtype), bias)

    def make_reference(self, count: int) -> Any:
        """The outputs of the distinct rows in a batch of ``count`` rows.

        Returns:
            a tensor of shape (`DISTINCT_ROWS`, o); None if equal rows give different outputs at
            different positions.
        """
        results = self._compute(OFFSETS[0], count)
        reference = results[:DISTINCT_ROWS].clone()
        same = results.equal(reference[self._row_indices(OFFSETS[0], count)])
        return reference if same and self.matches(count, reference, OFFSETS[1:]) else None

    def matches(self, count: int, reference: Any, offsets: Sequence[int]) -> bool:
        """Whether a batch of ``count`` rows gives the reference's bits at every position."""
        return all(
            self._compute(offset, count).equal(reference[self._row_indices(offset, count)])
            for offset in offsets
        )

    def _compute(self, offset: int, count: int) -> Any:
        import torch

        with torch.inference_mode():
            return self._kernel(self._rows[self._row_indices(offset, count)])

    def _row_indices(self, offset: int, count: int) -> Any:
        import torch

        return torch.arange(offset, offset + count) % len(self._rows)


def cancelling_matrices(rows: int, in_features: int, out_features: int, generator: Any) -> Any:
    """Random inputs (n, i) and a weight (o, i), float32, whose exact products are all 0.

    In an input row, half of the values are the negatives of the other half, at random positions.
    In a weight row, the two positions of such a pair have the same value. All values are exact in
    bfloat16.
    """
    import torch

    half = in_features // 2
    positions = torch.randperm(2 * half, generator=generator)
    first = torch.randn(rows, half, generator=generator).bfloat16().float()
    second = torch.randn(out_features, half, generator=generator).bfloat16().float()
    inputs = torch.zeros(rows, in_features)
    weight = torch.zeros(out_features, in_features)
    inputs[:, positions] = torch.cat([first, -first], dim=1)
    weight[:, positions] = torch.cat([second, second], dim=1)
    return inputs, weight


def pad_rows(rows: Any, count: int) -> Any:
    """Repeat the last of n >= 1 rows until there are ``count``: shape (n, d) to (count, d)."""
    import torch

    missing = count - len(rows)
    return torch.cat([rows, rows[-1:].expand(missing, -1)]) if missing > 0 else rows


_LOCK = threading.Lock()


def shared_row_counts(spec: LinearSpec, make_kernel: MakeKernel) -> RowCounts:
    """The `RowCounts` of a linear layer, shared by all layers of this process with its spec."""
    cache = machine_invariance_cache()
    found = cache.shared.get(spec)
    if found is None:
        with _LOCK:
            new = RowCounts(spec, make_kernel, cache)
            found = cache.shared.setdefault(spec, new)
    assert isinstance(found, RowCounts)
    return found
