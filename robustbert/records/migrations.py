"""Reading files of earlier schema versions: each step is a pure function from dict to dict.

A step adds the fields of the next version, with what the old file implies or null, and checks
nothing else: damaged content stays damaged, for the schema to refuse. Only a field that the old
version did not have is refused here, since the next one might have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any, TypeAlias

Content: TypeAlias = dict[str, Any]
Migrations: TypeAlias = Mapping[int, Callable[[Content], Content]]


def migrate_record_1_to_2(record: Content) -> Content:
    """A record of version 1 as one of version 2.

    Version 1 knew one revision of the protocol and of each defense, trained with the seed of the
    run, and counted queries as TextAttack does. It made no reliability checks.

    Raises:
        ValueError: it has a field of version 2.
    """
    new = deepcopy(record)
    # added while version 1 was current: its first records lack them
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


def migrate_outcome_1_to_2(outcome: Content) -> Content:
    """An outcome of version 1 as one of version 2: its ``queries`` are TextAttack's own count."""
    new = {**outcome, **dict.fromkeys(_OUTCOME_FIELDS_2)}
    return {**new, "textattack_queries": outcome.get("queries")}


# Version 2 added these to an environment, and to an outcome.
_ENVIRONMENT_FIELDS_2 = ("tokenizers", "nltk", "scikit_learn", "processor_class")
_OUTCOME_FIELDS_2 = (
    "textattack_queries",
    "gradient_queries",
    "label_probability",
    "adversarial_label_probability",
)

#: How a record of a version becomes one of the next version.
RECORD_MIGRATIONS: Migrations = MappingProxyType({1: migrate_record_1_to_2})
#: The same for an outcome.
OUTCOME_MIGRATIONS: Migrations = MappingProxyType({1: migrate_outcome_1_to_2})


def outcome_version(outcome: Mapping[str, Any]) -> int:
    """The schema version of an outcome, which its fields tell: a line does not name it."""
    return 2 if any(name in outcome for name in _OUTCOME_FIELDS_2) else 1


def migrate(content: Content, version: int, migrations: Migrations) -> Content:
    """``content`` of that version, taken through every step that there is from there.

    Raises:
        ValueError: it has a field that its version did not have.
    """
    while version in migrations:
        content = migrations[version](content)
        version += 1
    return content


def _part(content: Content, name: str) -> Content:
    """The object called ``name``; where there is none, an empty one that is part of nothing."""
    part = content.get(name)
    return part if isinstance(part, dict) else {}


def _add(part: Content, **fields: Any) -> None:
    for name, value in fields.items():
        if name in part:
            raise ValueError(f"{name}: a field that this schema version does not have")
        part[name] = value
