"""Victims: trained when they are needed, kept in a cache keyed by everything that made them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from filelock import FileLock
from pydantic import Field

from robustbert.bench.plan import VictimSpec
from robustbert.data import TextDataset
from robustbert.defenses import Defense, make_defense
from robustbert.errors import OutputError
from robustbert.models import Classifier, load_model
from robustbert.models.devices import choose_device, choose_dtype
from robustbert.models.folders import whole_folder
from robustbert.models.json_files import StoredModel, read_checked
from robustbert.paths import cache_folder
from robustbert.records.schema import DefenseRef
from robustbert.training import TrainingConfig, find_base, make_config, train

# What training does beyond its settings; a change here makes every cached checkpoint stale.
TRAINING_REVISION = 2
# Beside a cached checkpoint: everything that made it, and the seconds that took.
MADE_FILE = "made.json"


class _Made(StoredModel):
    seconds: Annotated[float, Field(ge=0)]


@dataclass(frozen=True)
class Victim:
    """A classifier ready to be attacked.

    Args:
        name: what tables call it.
        classifier: with its labels in the dataset's order.
        defense: what defended it, or None.
        train_seconds: what all its training cost when it was trained; None if it came trained.
    """

    name: str
    classifier: Classifier
    defense: DefenseRef | None
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
        seed: of training, at least 0.
        dtype: auto, float32 or bfloat16: the number format of queries.
        device: auto, cpu, cuda, cuda:N or mps.
        token_budget: tokens of a batch of queries; None takes what suits the device.

    Raises:
        ModelError: the model cannot be loaded, or its labels are not the dataset's.
    """
    source, seconds, defense_ref = spec.base, None, None
    if spec.trained:
        config = make_config({"device": device, **spec.training}, seed=seed)
        folder = _plain(spec, dataset, config)
        seconds = _seconds(folder)
        if spec.defense is not None:
            defense = make_defense(spec.defense, spec.params)
            folder = _defended(spec, dataset, config, defense, folder)
            seconds += _seconds(folder)
            defense_ref = DefenseRef(name=spec.defense, params=defense.params())
        source = str(folder)
    classifier = load_model(
        source,
        dtype=dtype,
        device=device,
        token_budget=token_budget,
        label_names=dataset.label_names,
    )
    classifier.info = replace(classifier.info, name=spec.name)
    return Victim(spec.name, classifier, defense_ref, seconds)


def _plain(spec: VictimSpec, dataset: TextDataset, config: TrainingConfig) -> Path:
    key = _key(spec, dataset, config)
    return _cached(key, lambda out: train(dataset, spec.base, config, out))


def _defended(
    spec: VictimSpec, dataset: TextDataset, config: TrainingConfig, defense: Defense, plain: Path
) -> Path:
    key = _key(spec, dataset, config) | {
        "defense": spec.defense,
        "params": defense.params(),
        "ingredients": defense.ingredients(),
    }
    return _cached(key, lambda out: defense.train(dataset, plain, config, out))


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


def _cached(key: Mapping[str, Any], make: Callable[[Path], object]) -> Path:
    """The folder of a checkpoint, made if it is not there: by one process, all of it or nothing.

    Raises:
        OutputError: the cache cannot be written to.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    folder = cache_folder() / "models" / digest[:24]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_suffix(".lock"))
        lock.acquire()
    except OSError as error:
        raise OutputError(
            f"cannot write to the cache {folder.parent} ({error.strerror}); "
            "set ROBUSTBERT_CACHE to another folder"
        ) from error
    try:
        if not folder.is_dir():
            with whole_folder(folder) as partial:
                began = time.perf_counter()
                make(partial)
                made = {"key": key, "seconds": round(time.perf_counter() - began, 3)}
                text = json.dumps(made, sort_keys=True, indent=2)
                (partial / MADE_FILE).write_text(text + "\n", encoding="utf-8")
    finally:
        lock.release()
    return folder


def _seconds(folder: Path) -> float:
    """The seconds that a cached checkpoint took to make, including the attacks of a defense."""
    advice = f"remove {folder}, and it is made again"
    return read_checked(folder / MADE_FILE, _Made, advice=advice).seconds
