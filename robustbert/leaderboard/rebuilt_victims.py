"""Train the model of a published row again, from what its record says."""

from __future__ import annotations

from typing import Any

from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import (
    Victim,
    find_trained,
    prepare_victim,
    revision_of_victim,
)
from robustbert.data import TextDataset
from robustbert.errors import ModelError
from robustbert.gate.repeated_cells import (
    LoadedVictim,
    adaptive_votes_of,
    attack_dtype,
    defense_specs,
    loaded_victim,
)
from robustbert.machine import processor_class
from robustbert.models import MODELS, TfidfBase
from robustbert.records import Record
from robustbert.registry import is_import_path
from robustbert.reports.conditions import short_hash
from robustbert.reports.row_labels import record_label

# What records say about a training that is no setting of it.
_NO_SETTINGS = frozenset({"base_sha256", "revision"})
_ADVICE = "give its folder with --model"


def rebuild_victim(record: Record, dataset: TextDataset, device: str) -> LoadedVictim:
    """Train the model of a record again, unless it is in the cache.

    Args:
        record: a record of the row.
        dataset: its data.
        device: cpu, cuda, cuda:N or mps.

    Raises:
        ModelError: it cannot be trained from the record, or it got other weights.
    """
    _check_trainable(record)
    spec = VictimSpec(record.model.name, record.model.name, **_fields(record))
    seed = int(record.training_seed or 0)
    _check_revision(record, revision_of_victim(spec, dataset, seed))
    if find_trained(spec, dataset, seed=seed, device=device) is None:
        _check_processor(record)
    victim = prepare_victim(spec, dataset, seed=seed, dtype=attack_dtype(record), device=device)
    _check_weights(victim, record)
    return loaded_victim(victim)


def _fields(record: Record) -> dict[str, Any]:
    """The fields of a victim's specification that say how it is trained and defended."""
    training = record.model.training or {}
    settings = {name: value for name, value in training.items() if name not in _NO_SETTINGS}
    return {
        "training": settings,
        "training_seed": record.training_seed,
        "defenses": defense_specs(record),
        "adaptive_votes": adaptive_votes_of(record),
    }


def _check_trainable(record: Record) -> None:
    label, model = record_label(record), record.model
    is_known = model.name in MODELS and not is_import_path(model.name)  # a record imports nothing
    if model.training is None or not is_known:
        raise ModelError(
            f"{label} is not a model that robustbert trains (it is {model.source}); {_ADVICE}"
        )


def _check_revision(record: Record, current: int) -> None:
    """Refuse a training that today's code does otherwise."""
    assert record.model.training is not None
    if record.model.training.get("revision") != current:
        raise ModelError(
            f"{record_label(record)} was trained by another version of robustbert "
            f"({record.robustbert_version}); {_ADVICE}"
        )


def _check_processor(record: Record) -> None:
    """Refuse a long training that is known to end with other weights."""
    is_classical = isinstance(MODELS.load(record.model.name), TfidfBase)
    if not is_classical and record.environment.processor_class != processor_class():
        raise ModelError(
            f"{record_label(record)} was trained on another kind of processor "
            f"({record.environment.processor}), so training gives other weights here; {_ADVICE}"
        )


def _check_weights(victim: Victim, record: Record) -> None:
    found, expected = victim.classifier.info.sha256, record.model.sha256
    if found != expected:
        raise ModelError(
            f"{record_label(record)} gets other weights when it is trained here "
            f"({short_hash(found)} instead of {short_hash(expected)}); {_ADVICE}"
        )
