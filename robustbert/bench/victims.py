"""Victims: trained when they are needed, kept in a cache keyed by everything that made them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from robustbert.bench.model_cache import CachedModel, find_cached, make_cached
from robustbert.bench.plan import VictimSpec
from robustbert.data import TextDataset
from robustbert.defenses import Defense, make_defense
from robustbert.models import Classifier, load_model
from robustbert.models.devices import choose_device, choose_dtype
from robustbert.models.pretrained import find_base
from robustbert.records.schema import DefenseRef, Params
from robustbert.training import TrainingConfig, make_config, train

# What training does beyond its settings; a change here makes every cached checkpoint stale.
TRAINING_REVISION = 2


@dataclass(frozen=True)
class Victim:
    """A classifier ready to be attacked.

    Args:
        name: what tables call it.
        variant: what tells it apart from others of that name; None where there is one.
        classifier: with its labels in the dataset's order.
        defenses: what defended it, in the order of application.
        training_seed: of its training; None if it came trained.
        training: the other settings of its training, as a record holds them; None if it came
            trained.
        train_seconds: what all its training cost when it was trained; None if it came trained, or
            was not trained in one go.
    """

    name: str
    variant: str | None
    classifier: Classifier
    defenses: tuple[DefenseRef, ...]
    training_seed: int | None
    training: Params | None
    train_seconds: float | None


def prepare_victim(
    spec: VictimSpec,
    dataset: TextDataset,
    *,
    seed: int,
    dtype: str = "auto",
    device: str = "auto",
    token_budget: int | None = None,
) -> Victim:
    """Load a victim, from the cache where it was trained before; train it otherwise.

    Args:
        spec: which model, and how it is made.
        dataset: what it is trained on, and whose labels it has.
        seed: of training, at least 0, unless the victim has its own.
        dtype: auto, float32 or bfloat16: the number format of queries.
        device: auto, cpu, cuda, cuda:N or mps.
        token_budget: tokens of a batch of queries; None takes what suits the device.

    Raises:
        ModelError: the model cannot be loaded, or its labels are not the dataset's.
    """
    made = _made(spec, dataset, seed, device) if spec.trained else None
    classifier = load_model(
        str(made.folder) if made else spec.base,
        dtype=dtype,
        device=device,
        token_budget=token_budget,
        label_names=dataset.label_names,
    )
    classifier.info = replace(classifier.info, name=spec.name)
    return Victim(
        name=spec.name,
        variant=spec.variant,
        classifier=classifier,
        defenses=_defense_refs(spec),
        training_seed=training_seed(spec, seed) if made else None,
        training=_training(spec, seed, device) if made else None,
        train_seconds=made.seconds if made else None,
    )


def training_seed(spec: VictimSpec, seed: int) -> int:
    """The victim's own training seed, or else that of the run."""
    return seed if spec.training_seed is None else spec.training_seed


def find_made(
    spec: VictimSpec, dataset: TextDataset, *, seed: int, device: str = "auto"
) -> Path | None:
    """The folder of a victim that was trained before; None if it would have to be trained.

    Reads the assets of its defense, which must be there.
    """
    config = _config(spec, seed, device)
    found = find_cached(_key(spec, dataset, config))
    if found and spec.defense is not None:
        defense = make_defense(spec.defense, spec.params)
        found = find_cached(_defended_key(spec, dataset, config, defense))
    return found.folder if found else None


def _made(spec: VictimSpec, dataset: TextDataset, seed: int, device: str) -> CachedModel:
    """The trained victim and the seconds of all its training."""
    config = _config(spec, seed, device)
    plain = make_cached(
        _key(spec, dataset, config),
        lambda out: train(dataset, spec.base, config, out, resume=True),
    )
    if spec.defense is None:
        return plain
    defense = make_defense(spec.defense, spec.params)
    defended = make_cached(
        _defended_key(spec, dataset, config, defense),
        lambda out: defense.train(dataset, plain.folder, config, out, resume=True),
    )
    known = plain.seconds is not None and defended.seconds is not None
    seconds = (plain.seconds or 0.0) + (defended.seconds or 0.0)
    return CachedModel(defended.folder, seconds if known else None)


def _training(spec: VictimSpec, seed: int, device: str) -> Params:
    """What decides a training beside its data and its seed."""
    config = _config(spec, seed, device)
    left_out = ("seed", "device", "tensorboard")
    settings: Params = asdict(config)
    dtype = choose_dtype(config.dtype, choose_device(config.device))
    base = {"base_sha256": find_base(spec.base).sha256, "revision": TRAINING_REVISION}
    kept = {name: value for name, value in settings.items() if name not in left_out}
    return {**kept, **base, "dtype": dtype}


def _config(spec: VictimSpec, seed: int, device: str) -> TrainingConfig:
    return make_config({"device": device, **spec.training}, seed=training_seed(spec, seed))


def _defense_refs(spec: VictimSpec) -> tuple[DefenseRef, ...]:
    if spec.defense is None:
        return ()
    defense = make_defense(spec.defense, spec.params)
    return (DefenseRef(name=spec.defense, params=defense.params(), revision=defense.revision),)


def _defended_key(
    spec: VictimSpec, dataset: TextDataset, config: TrainingConfig, defense: Defense
) -> dict[str, Any]:
    return _key(spec, dataset, config) | {
        "defense": spec.defense,
        "defense_revision": defense.revision,
        "params": defense.params(),
        "ingredients": defense.ingredients(),
    }


def _key(spec: VictimSpec, dataset: TextDataset, config: TrainingConfig) -> dict[str, Any]:
    base = find_base(spec.base)
    device = choose_device(config.device)
    return {
        "revision": TRAINING_REVISION,
        "dataset": dataset.sha256(),
        "labels": list(dataset.label_names),
        "base": {"source": base.source, "sha256": base.sha256},
        "config": config.as_dict()
        | {"device": str(device), "dtype": choose_dtype(config.dtype, device)},
        "versions": {name: version(name) for name in ("torch", "transformers", "scikit-learn")},
    }
