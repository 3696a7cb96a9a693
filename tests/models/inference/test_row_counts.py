"""Which row counts are used, on fake layers whose rows depend on how many there are and where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustbert.models.inference.findings import Findings
from robustbert.models.inference.row_counts import (
    LADDER,
    MOST_ROWS,
    Layer,
    RowCounts,
    cancelling_factors,
    fill_rows,
)

WIDTH = 4
Differs = Callable[[int, int], bool]


class FakeLayer:
    """Sums its rows, exactly, and adds 1 where ``differs(number of rows, position)``."""

    def __init__(self, differs: Differs) -> None:
        self.differs = differs
        self.calls: list[int] = []

    def make(self, _weight: torch.Tensor, _bias: torch.Tensor) -> Callable:
        return self

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        self.calls.append(len(rows))
        added = [float(self.differs(len(rows), place)) for place in range(len(rows))]
        return rows.double().sum(dim=1, keepdim=True) + torch.tensor(added).unsqueeze(1)


def counts_of(layer: FakeLayer, findings: Findings | None = None) -> RowCounts:
    return RowCounts(Layer("fake", WIDTH, 1, "float32", 1), layer.make, findings or Findings(None))


def test_where_no_row_count_differs_rows_are_filled_to_the_next_multiple_of_16():
    counts = counts_of(FakeLayer(lambda count, place: False))
    assert counts.ladder == LADDER
    assert [counts.fit(rows) for rows in (1, 16, 17, 100, 2049, 4096)] == [
        *(16, 16, 32, 112, 2064, 4096)
    ]
    assert counts.fit(0) == 0


def test_row_counts_that_differ_are_filled_up_to_the_next_rung_that_does_not():
    """As bfloat16 with AMX, from 1,536 to 384 features."""
    counts = counts_of(FakeLayer(lambda count, place: 48 <= count < 384))
    assert counts.ladder == (16, 32, 384, 512, 768, 1024, 1536, 2048)
    assert [counts.fit(rows) for rows in (5, 32, 33, 200, 383, 385)] == [16, 32, 384, 384, 384, 400]


def test_one_position_that_differs_is_enough():
    counts = counts_of(FakeLayer(lambda count, place: count in (64, 80) and place == count - 1))
    assert counts.ladder == tuple(rung for rung in LADDER if rung != 64)
    assert counts.fit(70) == 128


def test_the_reference_is_the_largest_rung_whose_rows_do_not_depend_on_their_place():
    layer = FakeLayer(lambda count, place: count > 1024 and place % 7 == 3)
    counts = counts_of(layer)
    assert counts.ladder == tuple(rung for rung in LADDER if rung <= 1024)
    assert counts.fit(1025) is None
    rows = torch.ones(3000, WIDTH)
    layer.calls.clear()
    assert counts.apply(layer, rows).eq(WIDTH).all()
    assert layer.calls[-3:] == [1008, 1008, 1008], "in three pieces of 1,000 rows"


def test_two_kinds_of_row_counts_are_not_mixed():
    """Each is consistent in itself; the larger ones are taken."""
    counts = counts_of(FakeLayer(lambda count, place: count <= 256))
    assert counts.ladder == (384, 512, 768, 1024, 1536, 2048)
    assert counts.fit(1) == 384


def test_where_nothing_agrees_rows_are_computed_as_they_are():
    layer = FakeLayer(lambda count, place: place % 2 == 1)
    counts = counts_of(layer)
    assert counts.ladder == ()
    assert counts.fit(5) is None
    layer.calls.clear()
    assert counts.apply(layer, torch.ones(5, WIDTH)).shape == (5, 1)
    assert layer.calls == [5]


@settings(max_examples=30)
@given(
    st.sets(st.integers(1, 260).map(lambda step: 16 * step), max_size=40),
    st.lists(st.integers(1, MOST_ROWS + 900), min_size=1, max_size=5),
)
def test_a_row_is_that_of_the_reference_whatever_the_row_count(bad: set[int], sizes: list[int]):
    layer = FakeLayer(lambda count, place: count in bad or count % 16 != 0)
    counts = counts_of(layer)
    if not counts.ladder:
        return
    wrong = float(counts.ladder[-1] in bad)
    for size in sizes:
        rows = torch.arange(size, dtype=torch.float64).unsqueeze(1).expand(-1, WIDTH)
        expected = rows.sum(dim=1, keepdim=True) + wrong
        assert counts.apply(layer, rows).equal(expected)


def test_what_was_found_is_remembered_by_the_next_process(tmp_path: Path):
    path = tmp_path / "new" / "findings.jsonl"
    first = counts_of(FakeLayer(lambda count, place: count == 64), Findings(path))
    assert [first.fit(rows) for rows in (60, 100)] == [128, 112]
    with path.open("a") as file:
        file.write('["fake 4x1 float32", 144, tr')  # its process was killed
    layer = FakeLayer(lambda count, place: pytest.fail("computed again"))
    again = counts_of(layer, Findings(path))
    assert again.ladder == first.ladder
    assert [again.fit(rows) for rows in (60, 100)] == [128, 112]
    assert [json.loads(line)[1] for line in path.read_text().splitlines()[:-1]] == [*LADDER, 112]


def test_a_row_count_that_was_not_remembered_is_checked_against_the_same_reference(tmp_path: Path):
    path = tmp_path / "findings.jsonl"

    def differs(count: int, place: int) -> bool:
        return count in (2048, 160) and place > 60

    counts_of(FakeLayer(differs), Findings(path)).fit(16)
    again = counts_of(FakeLayer(differs), Findings(path))
    assert again.ladder[-1] == 1536
    assert [again.fit(rows) for rows in (140, 150)] == [144, 256]


def test_findings_that_cannot_be_written_last_as_long_as_the_process(tmp_path: Path):
    (tmp_path / "file").write_text("")
    findings = Findings(tmp_path / "file" / "findings.jsonl")
    findings.note("layer", True, 16)
    assert findings.get("layer", 16)


def test_the_products_of_the_check_cancel_and_show_another_order_of_summation():
    generator = torch.Generator().manual_seed(0)
    rows, weight = cancelling_factors(61, 384, 96, generator)
    assert (rows.double() @ weight.double().T).eq(0).all()
    assert rows.bfloat16().float().equal(rows)
    assert weight.bfloat16().float().equal(weight)
    terms = (rows.unsqueeze(1) * weight).numpy()
    one, other = (torch.from_numpy(x.cumsum(axis=2)[..., -1]) for x in (terms, terms[..., ::-1]))
    assert (one != other).float().mean() > 0.8
    assert (one.bfloat16() != other.bfloat16()).float().mean() > 0.8


def test_an_odd_number_of_features():
    rows, weight = cancelling_factors(3, 5, 2, torch.Generator().manual_seed(0))
    assert (rows.double() @ weight.double().T).eq(0).all()
    assert cancelling_factors(3, 1, 2, torch.Generator())[0].shape == (3, 1)


def test_rows_are_filled_with_the_last():
    rows = torch.tensor([[1.0], [2.0]])
    assert fill_rows(rows, 4).flatten().tolist() == [1, 2, 2, 2]
    assert fill_rows(rows, 2) is rows
