"""Migrating files of earlier schema versions: each step is a pure function from dict to dict.

A step adds the fields of the next version, inferred from the old file or null. It validates
nothing, because the schema rejects invalid content afterwards. Only fields that the old version did
not have are rejected here, because the next version might accept them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any, TypeAlias

Content: TypeAlias = dict[str, Any]
Migrations: TypeAlias = Mapping[int, Callable[[Content], Content]]


def migrate_record_1_to_2(record: Content) -> Content:
    """Migrate a record from version 1 to 2.

    In version 1 the protocol and each defense had one revision, models were trained with the run's
    seed, queries were TextAttack's count, and there were no reliability checks.

    Raises:
        ValueError: the record has a field of version 2.
    """
    new = deepcopy(record)
    # added while version 1 was current, so its first records do not have them
    new.setdefault("engine", None)
    _part(new, "environment").setdefault("batch_invariance", None)

    trained = _part(new, "timing").get("train_seconds") is not None
    training_seed = _part(new, "protocol").get("seed") if trained else None
    _add(new, created_at=None, command=None, training_seed=training_seed, reliability=[])
    _add(_part(new, "dataset"), length=None, label_names=None)
    _add(_part(new, "model"), variant=None, training=None)
    _add(_part(new, "protocol"), revision=1)
    metrics = _part(new, "metrics")
    _add(metrics, textattack_queries_mean=metrics.get("queries_mean"))
    _add(_part(new, "environment"), **dict.fromkeys(_ENVIRONMENT_FIELDS_2))
    if "defense" in new:
        _add(_part(new, "defense"), revision=1)
        defense = new.pop("defense")
        _add(new, defenses=[] if defense is None else [defense])
    return {**new, "schema_version": 2}


def migrate_record_2_to_3(record: Content) -> Content:
    """Migrate a record from version 2 to 3, which counts predictions that changed.

    Raises:
        ValueError: the record has a field of version 3.
    """
    new = deepcopy(record)
    _add(_part(_part(new, "environment"), "batch_invariance"), answers_changed=None)
    return {**new, "schema_version": 3}


def migrate_record_3_to_4(record: Content) -> Content:
    """Migrate a record from version 3 to 4, which says whether the attack was adaptive.

    Raises:
        ValueError: the record has a field of version 4.
    """
    new = deepcopy(record)
    _add(_part(new, "protocol"), adaptive=None, adaptive_votes=None)
    return {**new, "schema_version": 4}


def migrate_record_4_to_5(record: Content) -> Content:
    """Migrate a record from version 4 to 5, which says on which workers attacks ran.

    Raises:
        ValueError: the record has a field of version 5.
    """
    new = deepcopy(record)
    if new.get("engine") is not None:
        _add(_part(new, "engine"), executor="local", workers=None)
    return {**new, "schema_version": 5}


def migrate_outcome_1_to_2(outcome: Content) -> Content:
    """Migrate an outcome from version 1 to 2: its ``queries`` are TextAttack's own count."""
    new = {**outcome, **dict.fromkeys(_OUTCOME_FIELDS_2)}
    return {**new, "textattack_queries": outcome.get("queries")}


def migrate_outcome_2_to_3(outcome: Content) -> Content:
    """Migrate an outcome from version 2 to 3: outcomes did not change."""
    return outcome


def migrate_outcome_3_to_4(outcome: Content) -> Content:
    """Migrate an outcome from version 3 to 4: outcomes did not change."""
    return outcome


def migrate_outcome_4_to_5(outcome: Content) -> Content:
    """Migrate an outcome from version 4 to 5: outcomes did not change."""
    return outcome


# The fields that version 2 added to an environment and to an outcome.
_ENVIRONMENT_FIELDS_2 = ("tokenizers", "nltk", "scikit_learn", "processor_class")
_OUTCOME_FIELDS_2 = (
    "textattack_queries",
    "gradient_queries",
    "label_probability",
    "adversarial_label_probability",
)

#: The migrations of records, keyed by the version that they start from.
RECORD_MIGRATIONS: Migrations = MappingProxyType(
    {
        1: migrate_record_1_to_2,
        2: migrate_record_2_to_3,
        3: migrate_record_3_to_4,
        4: migrate_record_4_to_5,
    }
)
#: The migrations of outcomes, keyed by the version that they start from.
OUTCOME_MIGRATIONS: Migrations = MappingProxyType(
    {
        1: migrate_outcome_1_to_2,
        2: migrate_outcome_2_to_3,
        3: migrate_outcome_3_to_4,
        4: migrate_outcome_4_to_5,
    }
)


def outcome_version(outcome: Mapping[str, Any]) -> int:
    """The first schema version with the fields of an outcome: lines have no version number."""
    return 2 if any(name in outcome for name in _OUTCOME_FIELDS_2) else 1


def migrate(content: Content, version: int, migrations: Migrations) -> Content:
    """Migrate ``content`` from ``version`` to the current version.

    Raises:
        ValueError: it has a field that its version did not have.
    """
    while version in migrations:
        content = migrations[version](content)
        version += 1
    return content


def _part(content: Content, name: str) -> Content:
    """The object at the key ``name``; if missing, a new dict that is not added to ``content``."""
    part = content.get(name)
    return part if isinstance(part, dict) else {}


def _add(part: Content, **fields: Any) -> None:
    for name, value in fields.items():
        if name in part:
            raise ValueError(f"{name}: a field that this schema version does not have")
        part[name] = value
