"""Comparing the identities of cells."""

from __future__ import annotations

from typing import Any

import pytest

from robustbert.bench.identity import cell_identity
from robustbert.records import DefenseRef, Record
from tests.records.builders import make_outcomes, make_record

RECORD = make_record(make_outcomes(robust=3, broken=2))
DEFENSE = DefenseRef(name="a", params={"epochs": 1}, revision=1)


def changed(place: str, value: Any, record: Record = RECORD) -> Record:
    part, _, field = place.partition(".")
    if field:
        value = getattr(record, part).model_copy(update={field: value})
    return record.model_copy(update={part: value})


@pytest.mark.parametrize(
    ("place", "value", "difference"),
    [
        ("model.sha256", "d" * 64, f"model (its model sha256 is {'b' * 23}…, not {'d' * 23}…)"),
        ("model.max_length", None, "model (its model max_length is 512, not none)"),
        ("model.dtype", "bfloat16", "dtype (its dtype is float32, not bfloat16)"),
        ("defenses", [DEFENSE], "defense (its defense is none, not [{'name': 'a', 'params'…)"),
        ("training_seed", 1, "training seed (its training seed is 0, not 1)"),
        ("dataset.sha256", "d" * 64, f"data (its data sha256 is {'a' * 23}…, not {'d' * 23}…)"),
        ("dataset.length", "long", "data (its data length is none, not long)"),
        ("protocol.revision", 3, "protocol (its protocol revision is 2, not 3)"),
        ("protocol.query_budget", 7, "protocol (its protocol query_budget is 50, not 7)"),
        ("track", "published", "track (its track is unified, not published)"),
        ("environment.torch", "2.14.0", "versions (its versions torch is 2.13.0, not 2.14.0)"),
        ("environment.nltk", "3.10", "versions (its versions nltk is 3.9.2, not 3.10)"),
        ("environment.python", "3.12.1", "versions (its versions python is 3.11, not 3.12)"),
        (
            "environment.processor_class",
            "f" * 24,
            f"processor (its processor class is 0123456789abcdef01234567, not {'f' * 24})",
        ),
        ("environment.device", "cuda:1", "processor (its processor device is cpu, not cuda)"),
    ],
)
def test_the_difference_names_the_part(place: str, value: Any, difference: str) -> None:
    now, before = cell_identity(changed(place, value)), cell_identity(RECORD)
    assert now.difference(before) == difference
    assert now.sha256() != before.sha256()


def test_the_revision_of_a_defense_belongs_to_the_identity() -> None:
    now = changed("defenses", [DEFENSE.model_copy(update={"revision": 2})])
    before = changed("defenses", [DEFENSE])
    found = cell_identity(now).difference(cell_identity(before))
    assert found is not None
    assert found.startswith("defense (")


def test_parts_are_listed_once() -> None:
    other = changed("environment.torch", "2.14.0", changed("environment.nltk", "3.10"))
    other = changed("model.max_length", 128, changed("model.sha256", "d" * 64, other))
    found = cell_identity(other).difference(cell_identity(RECORD))
    assert found is not None
    assert found.startswith("model and versions (its model sha256 is ")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("protocol.n", 4),
        ("suite", "other"),
        ("command", "robustbert bench"),
        ("created_at", None),
        ("environment.python", "3.11.9"),
        ("environment.datasets", None),
        ("environment.threads", 7),
        ("environment.git_commit", "d" * 40),
        ("model.name", "other"),
    ],
)
def test_fields_that_change_no_outcome_are_excluded(place: str, value: Any) -> None:
    now, before = cell_identity(changed(place, value)), cell_identity(RECORD)
    assert now.difference(before) is None
    assert now.sha256() == before.sha256()
