"""Clean accuracies below chance."""

from __future__ import annotations

import pytest

from robustbert.records import Record
from robustbert.reports import leaderboard_table, render_text
from robustbert.reports.chance import below_chance
from tests.records.builders import make_outcomes, make_record
from tests.reports.tables import changed


def record_of(correct: int, wrong: int, names: list[str] | None) -> Record:
    outcomes = make_outcomes(robust=correct, skipped=wrong)
    return changed(make_record(outcomes), dataset={"label_names": names})


@pytest.mark.parametrize(
    ("correct", "wrong", "classes", "description"),
    [
        (0, 4, 3, "0.0% is below chance (33.3%) for 3 classes"),
        (1, 3, 2, "25.0% is below chance (50.0%) for 2 classes"),
        (2, 2, 2, None),
        (4, 0, 2, None),
        (1, 3, 4, None),
        (1, 4, 4, "20.0% is below chance (25.0%) for 4 classes"),
    ],
)
def test_below_chance(correct: int, wrong: int, classes: int, description: str | None) -> None:
    record = record_of(correct, wrong, [f"class{i}" for i in range(classes)])
    assert below_chance(record) == description
    text = " ".join(render_text(leaderboard_table([record]), 400).split())
    note = "the model's labels may be in another order."
    assert (note in text) == (description is not None)
    if description:
        assert f"minilm: the clean accuracy {description}; {note}" in text


def test_the_number_of_classes_is_unknown() -> None:
    assert below_chance(record_of(0, 4, None)) is None
