"""Row counts, tested with fake layers whose output depends on the batch size or position."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustbert.models.inference.invariance_cache import InvarianceCache
from robustbert.models.inference.row_counts import (
    CANDIDATE_ROW_COUNTS,
    MAX_ROWS,
    LinearSpec,
    RowCounts,
    cancelling_matrices,
    pad_rows,
)

WIDTH = 4
Differs = Callable[[int, int], bool]


class FakeLayer:
    """The exact sum of each row, plus 1 where ``differs(number of rows, position)``."""

    def __init__(self, differs: Differs) -> None:
        self.differs = differs
        self.calls: list[int] = []

    def make(self, _weight: torch.Tensor, _bias: torch.Tensor) -> Callable:
        return self

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        self.calls.append(len(rows))
        added = [float(self.differs(len(rows), position)) for position in range(len(rows))]
        return rows.double().sum(dim=1, keepdim=True) + torch.tensor(added).unsqueeze(1)


def row_counts(layer: FakeLayer, cache: InvarianceCache | None = None) -> RowCounts:
    spec = LinearSpec("fake", WIDTH, 1, "float32", 1)
    return RowCounts(spec, layer.make, cache or InvarianceCache(None))


def test_invariant_layer_is_padded_to_the_next_multiple_of_16():
    counts = row_counts(FakeLayer(lambda count, position: False))
    assert counts.verified == CANDIDATE_ROW_COUNTS
    assert [counts.padded_count(rows) for rows in (1, 16, 17, 100, 2049, 4096)] == [
        *(16, 16, 32, 112, 2064, 4096)
    ]
    assert counts.padded_count(0) == 0


def test_row_counts_that_differ_are_padded_to_the_next_verified_one():
    """Like bfloat16 with AMX, from 1,536 to 384 features."""
    counts = row_counts(FakeLayer(lambda count, position: 48 <= count < 384))
    assert counts.verified == (16, 32, 384, 512, 768, 1024, 1536, 2048)
    assert [counts.padded_count(rows) for rows in (5, 32, 33, 200, 383, 385)] == [
        16,
        32,
        384,
        384,
        384,
        400,
    ]


def test_one_differing_position_is_enough():
    counts = row_counts(
        FakeLayer(lambda count, position: count in (64, 80) and position == count - 1)
    )
    assert counts.verified == tuple(count for count in CANDIDATE_ROW_COUNTS if count != 64)
    assert counts.padded_count(70) == 128


def test_reference_is_the_largest_position_independent_row_count():
    layer = FakeLayer(lambda count, position: count > 1024 and position % 7 == 3)
    counts = row_counts(layer)
    assert counts.verified == tuple(count for count in CANDIDATE_ROW_COUNTS if count <= 1024)
    assert counts.padded_count(1025) is None
    rows = torch.ones(3000, WIDTH)
    layer.calls.clear()
    assert counts.apply(layer, rows).eq(WIDTH).all()
    assert layer.calls[-3:] == [1008, 1008, 1008], "in three chunks of 1,000 rows"


def test_consistent_groups_of_row_counts_are_not_mixed():
    """Two groups, each consistent in itself; the one with the larger row counts is used."""
    counts = row_counts(FakeLayer(lambda count, position: count <= 256))
    assert counts.verified == (384, 512, 768, 1024, 1536, 2048)
    assert counts.padded_count(1) == 384


def test_without_verified_row_counts_rows_are_not_padded():
    layer = FakeLayer(lambda count, position: position % 2 == 1)
    counts = row_counts(layer)
    assert counts.verified == ()
    assert counts.padded_count(5) is None
    layer.calls.clear()
    assert counts.apply(layer, torch.ones(5, WIDTH)).shape == (5, 1)
    assert layer.calls == [5]


@settings(max_examples=30)
@given(
    st.sets(st.integers(1, 260).map(lambda step: 16 * step), max_size=40),
    st.lists(st.integers(1, MAX_ROWS + 900), min_size=1, max_size=5),
)
def test_each_row_matches_the_reference_for_any_batch_size(bad: set[int], sizes: list[int]):
    layer = FakeLayer(lambda count, position: count in bad or count % 16 != 0)
    counts = row_counts(layer)
    if not counts.verified:
        return
    wrong = float(counts.verified[-1] in bad)
    for size in sizes:
        rows = torch.arange(size, dtype=torch.float64).unsqueeze(1).expand(-1, WIDTH)
        expected = rows.sum(dim=1, keepdim=True) + wrong
        assert counts.apply(layer, rows).equal(expected)


def test_results_are_cached_on_disk(tmp_path: Path):
    path = tmp_path / "new" / "results.jsonl"
    first = row_counts(FakeLayer(lambda count, position: count == 64), InvarianceCache(path))
    assert [first.padded_count(rows) for rows in (60, 100)] == [128, 112]
    with path.open("a") as file:
        file.write('["fake 4x1 float32", 144, tr')  # the writing process was killed
    layer = FakeLayer(lambda count, position: pytest.fail("computed again"))
    again = row_counts(layer, InvarianceCache(path))
    assert again.verified == first.verified
    assert [again.padded_count(rows) for rows in (60, 100)] == [128, 112]
    assert [json.loads(line)[1] for line in path.read_text().splitlines()[:-1]] == [
        *CANDIDATE_ROW_COUNTS,
        112,
    ]


def test_row_count_without_a_result_is_checked_against_the_same_reference(tmp_path: Path):
    path = tmp_path / "results.jsonl"

    def differs(count: int, position: int) -> bool:
        return count in (2048, 160) and position > 60

    row_counts(FakeLayer(differs), InvarianceCache(path)).padded_count(16)
    again = row_counts(FakeLayer(differs), InvarianceCache(path))
    assert again.verified[-1] == 1536
    assert [again.padded_count(rows) for rows in (140, 150)] == [144, 256]


def test_results_that_cannot_be_written_are_cached_in_memory(tmp_path: Path):
    (tmp_path / "file").write_text("")
    cache = InvarianceCache(tmp_path / "file" / "results.jsonl")
    cache.put("layer", True, 16)
    assert cache.get("layer", 16)


def test_test_matrices_cancel_and_reveal_the_order_of_summation():
    generator = torch.Generator().manual_seed(0)
    rows, weight = cancelling_matrices(61, 384, 96, generator)
    assert (rows.double() @ weight.double().T).eq(0).all()
    assert rows.bfloat16().float().equal(rows)
    assert weight.bfloat16().float().equal(weight)
    terms = (rows.unsqueeze(1) * weight).numpy()
    one, other = (torch.from_numpy(x.cumsum(axis=2)[..., -1]) for x in (terms, terms[..., ::-1]))
    assert (one != other).float().mean() > 0.8
    assert (one.bfloat16() != other.bfloat16()).float().mean() > 0.8


def test_odd_number_of_features():
    rows, weight = cancelling_matrices(3, 5, 2, torch.Generator().manual_seed(0))
    assert (rows.double() @ weight.double().T).eq(0).all()
    assert cancelling_matrices(3, 1, 2, torch.Generator())[0].shape == (3, 1)


def test_padding_repeats_the_last_row():
    rows = torch.tensor([[1.0], [2.0]])
    assert pad_rows(rows, 4).flatten().tolist() == [1, 2, 2, 2]
    assert pad_rows(rows, 2) is rows
