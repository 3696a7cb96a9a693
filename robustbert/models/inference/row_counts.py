"""Find the numbers of rows with which a linear layer is batch invariant on this machine.

The library chooses the order in which a matmul adds its terms by the number of rows. So the results
of one row can differ in their last bits from batch to batch. Which row counts are safe depends on
the CPU: in bfloat16 with AMX, a layer from 1,536 to 384 features computes batches of 48 to 368 rows
differently from all larger ones; with AVX-512 there is no such range. So row counts are checked on
the machine at hand: a short list of candidates when a layer is first used, other multiples of 16 on
demand. Batches are then padded with repeated rows to a verified row count.

The check uses inputs and weights whose exact dot products are 0, so that the output is pure
rounding error, which depends on the order of the sum. (In bfloat16, a different order changes 1
in 10,000 outputs with ordinary inputs, but 9 in 10 with these inputs.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from robustbert.models.inference.invariance_cache import InvarianceCache, machine_invariance_cache

Kernel = Callable[[Any], Any]
"""Computes a linear layer without padding its rows: rows (n, i) to rows (n, o)."""

MakeKernel = Callable[[Any, Any], Kernel]
"""Makes the kernel of a layer from its weight, shape (o, i), and bias, shape (o,)."""

#: Row counts that are compared with each other when a layer is first used.
CANDIDATE_ROW_COUNTS = (16, 32, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048)
#: Other multiples of this are checked on demand.
ROW_COUNT_STEP = 16
#: Larger batches are split into chunks of verified row counts.
MAX_ROWS = 4096
#: Number of distinct test rows, which are repeated to fill a batch. It is a prime, so that the
#: repetition does not align with the blocks of a kernel.
DISTINCT_ROWS = 61
#: Offsets into the test rows at which a batch starts: two, so that each position of a batch is
#: checked with two different rows.
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
        self._verified: tuple[int, ...] | None = None

    @property
    def verified(self) -> tuple[int, ...]:
        """The candidate row counts whose outputs are bit-identical to the reference.

        The reference is the output at the largest candidate row count (at least `DISTINCT_ROWS`) at
        which the output for a row does not depend on its position in the batch. If there is none,
        no row count is verified. The first access computes the result; torch's number of threads
        must then be ``spec.threads``.
        """
        if self._verified is None:
            with self._lock:
                if self._verified is None:
                    self._verified = self._find_verified()
        return self._verified

    @property
    def checked(self) -> bool:
        """Whether :attr:`verified` has been computed."""
        return self._verified is not None

    def padded_count(self, rows: int) -> int | None:
        """The verified row count to pad ``rows`` to, or None if there is none.

        This is the next multiple of `ROW_COUNT_STEP` if it matches the reference, otherwise the
        next of the :attr:`verified` row counts. A multiple without a cached result is checked now.
        """
        try:
            return self._padded_counts[rows]
        except KeyError:
            verified = self.verified
            with self._lock:
                count = self._padded_counts[rows] = self._find_padded_count(rows, verified)
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
        if not self.verified:
            return kernel(rows)
        chunks = -(-len(rows) // self.verified[-1])
        return torch.cat([self.apply(kernel, chunk) for chunk in rows.chunk(chunks)])

    def _find_padded_count(self, rows: int, verified: tuple[int, ...]) -> int | None:
        if rows == 0:
            return 0
        first = -(-rows // ROW_COUNT_STEP) * ROW_COUNT_STEP
        if verified and first <= MAX_ROWS and self._matches(first, verified[-1]):
            return first
        return next((count for count in verified if count >= first), None)

    def _find_verified(self) -> tuple[int, ...]:
        results = {count: self._cache.get(str(self.spec), count) for count in CANDIDATE_ROW_COUNTS}
        if None in results.values():
            check = _KernelCheck(self.spec, self._make_kernel)
            candidates = [
                count for count in reversed(CANDIDATE_ROW_COUNTS) if count >= DISTINCT_ROWS
            ]
            references = (check.make_reference(count) for count in candidates)
            reference = next((found for found in references if found is not None), None)
            for count in CANDIDATE_ROW_COUNTS:
                results[count] = reference is not None and check.matches(count, reference, OFFSETS)
                self._cache.put(str(self.spec), bool(results[count]), count)
            self._reference = reference
        return tuple(count for count in CANDIDATE_ROW_COUNTS if results[count])

    def _matches(self, rows: int, reference_count: int) -> bool:
        result = self._cache.get(str(self.spec), rows)
        if result is None:
            check = _KernelCheck(self.spec, self._make_kernel)
            if self._reference is None:  # the verified counts came from the cache
                self._reference = check.make_reference(reference_count)
            result = self._reference is not None and check.matches(
                rows, self._reference, OFFSETS[-1:]
            )
            self._cache.put(str(self.spec), result, rows)
        return result


class _KernelCheck:
    """Run a layer's kernel on inputs and weights whose exact dot products are 0."""

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
            a tensor of shape (`DISTINCT_ROWS`, o); None if the output for a row depends on its
            position.
        """
        results = self._compute(OFFSETS[0], count)
        reference = results[:DISTINCT_ROWS].clone()
        same = results.equal(reference[self._row_indices(OFFSETS[0], count)])
        return reference if same and self.matches(count, reference, OFFSETS[1:]) else None

    def matches(self, count: int, reference: Any, offsets: Sequence[int]) -> bool:
        """Whether a batch of ``count`` rows is bit-identical to the reference at every position."""
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
    """Random inputs (n, i) and a weight (o, i), float32, whose exact dot products are all 0.

    The values of an input row form pairs of a number and its negative, at random positions. In a
    weight row, the two positions of each pair have the same value. All values can be represented in
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
    """The `RowCounts` for a spec, shared by all linear layers of this process with that spec."""
    cache = machine_invariance_cache()
    found = cache.shared.get(spec)
    if found is None:
        with _LOCK:
            new = RowCounts(spec, make_kernel, cache)
            found = cache.shared.setdefault(spec, new)
    assert isinstance(found, RowCounts)
    return found
