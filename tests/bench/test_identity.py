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
        (
            "model.sha256",
            "d" * 64,
            f"model (model sha256 is {'b' * 23}… there, but {'d' * 23}… here)",
        ),
        ("model.max_length", None, "model (model max_length is 512 there, but none here)"),
        ("model.dtype", "bfloat16", "dtype (dtype is float32 there, but bfloat16 here)"),
        (
            "defenses",
            [DEFENSE],
            "defense (defense is none there, but [{'name': 'a', 'params'… here)",
        ),
        ("training_seed", 1, "training seed (training seed is 0 there, but 1 here)"),
        (
            "dataset.sha256",
            "d" * 64,
            f"data (data sha256 is {'a' * 23}… there, but {'d' * 23}… here)",
        ),
        ("dataset.length", "long", "data (data length is none there, but long here)"),
        ("protocol.revision", 3, "protocol (protocol revision is 2 there, but 3 here)"),
        ("protocol.query_budget", 7, "protocol (protocol query_budget is 50 there, but 7 here)"),
        ("track", "published", "track (track is unified there, but published here)"),
        (
            "environment.torch",
            "2.14.0",
            "versions (versions torch is 2.13.0 there, but 2.14.0 here)",
        ),
        ("environment.nltk", "3.10", "versions (versions nltk is 3.9.2 there, but 3.10 here)"),
        ("environment.python", "3.12.1", "versions (versions python is 3.11 there, but 3.12 here)"),
        (
            "environment.processor_class",
            "f" * 24,
            f"processor (processor class is 0123456789abcdef01234567 there, but {'f' * 24} here)",
        ),
        (
            "environment.device",
            "cuda:1",
            "processor (processor device is cpu there, but cuda here)",
        ),
    ],
)
def test_the_difference_names_the_part(place: str, value: Any, difference: str) -> None:
    now, before = cell_identity(changed(place, value)), cell_identity(RECORD)
    assert now.difference(before) == difference
    assert now.sha256() != before.sha256()


def test_an_adaptive_attack_belongs_to_the_identity() -> None:
    known = changed("protocol.adaptive", False)
    assert cell_identity(known).sha256() == cell_identity(RECORD).sha256(), "earlier: not known"
    now = changed("protocol.adaptive", True)
    difference = "protocol (protocol adaptive is none there, but True here)"
    assert cell_identity(now).difference(cell_identity(RECORD)) == difference
    more = changed("protocol.adaptive_votes", 64, now)
    difference = "protocol (protocol adaptive_votes is none there, but 64 here)"
    assert cell_identity(more).difference(cell_identity(now)) == difference


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
    assert found.startswith("model and versions (model sha256 is ")


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
