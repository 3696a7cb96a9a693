"""Victims: trained on demand, and cached under a key that covers all inputs of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from robustbert.bench.model_cache import CachedModel, find_cached, find_or_train
from robustbert.bench.training_revision import training_revision
from robustbert.bench.victim_spec import VictimSpec, nothing_to_adapt_to
from robustbert.data import TextDataset
from robustbert.defenses import Composition, compose
from robustbert.models import Classifier, load_model, relabel
from robustbert.models.devices import choose_device, choose_dtype
from robustbert.models.pretrained import find_base
from robustbert.models.searched_through import SearchedThrough, attack_through
from robustbert.progress import report_step
from robustbert.records.schema import DefenseRef, Params
from robustbert.training import TrainedModel, TrainingConfig, make_config, train

_NO_DEFENSES = compose([])


@dataclass(frozen=True)
class Victim:
    """A classifier ready to be attacked.

    Args:
        name: its name in tables.
        variant: distinguishes it from other victims with the same label; None if there are none.
        classifier: the classifier, with its labels in the dataset's order.
        defenses: its defenses, in the order of application.
        asset_hashes: the SHA-256 of each asset that its defenses read at inference, by name.
        training_seed: the seed of its training; None if it was already trained.
        training: the other training settings, in the format of records; None if it was already
            trained.
        train_seconds: the total training time; None if it was already trained, or if training was
            interrupted.
        through: what an adaptive attack searches; None for attacks that do not know the defenses.
        loaded_from: the folder or ``hub:NAME`` of the model without defenses; None for a
            classifier in memory.
    """

    name: str
    variant: str | None
    classifier: Classifier
    defenses: tuple[DefenseRef, ...]
    asset_hashes: Mapping[str, str]
    training_seed: int | None
    training: Params | None
    train_seconds: float | None
    through: SearchedThrough | None = None
    loaded_from: str | None = None

    @property
    def searched(self) -> Classifier:
        """What attacks search: the classifier itself, unless they know its defenses."""
        return self.classifier if self.through is None else self.through


def prepare_victim(
    spec: VictimSpec,
    dataset: TextDataset,
    *,
    seed: int,
    dtype: str = "auto",
    device: str = "auto",
    token_budget: int | None = None,
) -> Victim:
    """Prepare a victim: loaded, given in memory, or trained first if it is not cached.

    Args:
        spec: the model, its training and its defenses.
        dataset: the training data; the victim gets its labels.
        seed: the training seed of victims that do not specify one, at least 0.
        dtype: the inference dtype: auto, float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.
        token_budget: maximum number of tokens per batch; None selects a default for the device.

    Raises:
        ModelError: the model cannot be loaded, or its labels are not the dataset's.
        InputError: an adaptive attack has nothing to adapt to.
    """
    trained = _train(spec, dataset, seed, device) if spec.needs_training else None
    model = str(trained.folder) if trained else spec.base
    classifier = load_classifier(
        spec,
        model,
        dataset.label_names,
        dtype=dtype,
        device=device,
        token_budget=token_budget,
    )
    defenses = compose(spec.defenses)
    return Victim(
        name=spec.name,
        variant=spec.variant,
        classifier=classifier,
        defenses=defenses.refs(),
        asset_hashes=defenses.wrapper_assets(),
        training_seed=training_seed(spec, seed) if trained else None,
        training=_training(spec, dataset, seed, device) if trained else None,
        train_seconds=trained.seconds if trained else None,
        through=searched_through(spec, classifier),
        loaded_from=None if spec.classifier is not None else model,
    )


def searched_through(spec: VictimSpec, classifier: Classifier) -> SearchedThrough | None:
    """What an adaptive attack on a loaded victim searches; None if its attacks are not adaptive.

    Raises:
        InputError: there is nothing to adapt to.
    """
    if spec.adaptive_votes is None:
        return None
    through = attack_through(classifier, spec.adaptive_votes)
    if through is None:
        raise nothing_to_adapt_to(spec)
    return through


def load_classifier(
    spec: VictimSpec,
    model: str,
    label_names: Sequence[str],
    *,
    dtype: str = "auto",
    device: str = "auto",
    token_budget: int | None = None,
) -> Classifier:
    """Load a victim's trained model and wrap it with its defenses.

    A loaded classifier has the victim's name and the hash of the trained weights, even if it is
    wrapped: records distinguish a wrapped classifier from the plain one by its defenses.

    Args:
        spec: the victim.
        model: the trained model, in a form that :func:`robustbert.models.load_model` accepts;
            ignored if the victim is a classifier in memory.
        label_names: those of the dataset, which the victim gets.
        dtype: the inference dtype: auto, float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.
        token_budget: maximum number of tokens per batch; None selects a default for the device.

    Raises:
        ModelError: the model cannot be loaded, its labels are not the dataset's, or a defense
            changes them.
    """
    if spec.classifier is not None:
        return relabel(spec.classifier, label_names)
    plain = load_model(
        model,
        dtype=dtype,
        device=device,
        token_budget=token_budget,
        labels=None if spec.needs_training else spec.labels,
        label_names=label_names,
    )
    plain.info = replace(plain.info, name=spec.name)
    classifier = compose(spec.defenses).wrap(plain)
    classifier.info = replace(classifier.info, name=spec.name, sha256=plain.info.sha256)
    return classifier


def check_trainable(spec: VictimSpec, dataset: TextDataset) -> None:
    """Check that a victim that needs training can be trained on a dataset.

    Raises:
        UnknownNameError: there is no such base or defense.
        ModelError: the base cannot be fine-tuned, or does not support a defense.
        DatasetError: the dataset has no training split.
        InputError: a defense cannot train on the dataset.
    """
    find_base(spec.base)
    defenses = compose(spec.defenses)
    defenses.check_base(spec.base)
    dataset.split("train")
    defenses.check_dataset(dataset)


def training_seed(spec: VictimSpec, seed: int) -> int:
    """The victim's training seed if it specifies one, else the seed of the run."""
    return seed if spec.training_seed is None else spec.training_seed


def find_trained(
    spec: VictimSpec, dataset: TextDataset, *, seed: int, device: str = "auto"
) -> Path | None:
    """The folder of a trained victim in the cache; None if it must be trained first.

    Reads the assets that its defenses depend on, which must be complete.
    """
    config, defenses = _config(spec, seed, device), compose(spec.defenses)
    found = None
    if defenses.needs_plain_model:
        found = find_cached(_key(spec.base, dataset, config, _NO_DEFENSES))
        if found is None:
            return None
    if defenses.trains:
        found = find_cached(_key(spec.base, dataset, config, defenses))
    return found.folder if found else None


def revision_of_victim(spec: VictimSpec, dataset: TextDataset, seed: int) -> int:
    """The revision of a victim's training, see :func:`training_revision`.

    Args:
        spec: the model, its training and its defenses.
        dataset: the training data.
        seed: the training seed of victims that do not specify one, at least 0.
    """
    return training_revision(
        spec.base, compose(spec.defenses), dataset, _config(spec, seed, "auto")
    )


def plain_model(base: str, dataset: TextDataset, config: TrainingConfig) -> CachedModel:
    """The plain model of a base from the cache; it is trained first if it is not cached."""
    return find_or_train(
        _key(base, dataset, config, _NO_DEFENSES),
        lambda out: _report(base, train(dataset, base, config, out, resume=True)),
    )


def _train(spec: VictimSpec, dataset: TextDataset, seed: int, device: str) -> CachedModel:
    """The victim's trained model from the cache; it is trained first if it is not cached.

    Its time is the total training time, including that of the plain model if the defenses
    need one.
    """
    config, defenses = _config(spec, seed, device), compose(spec.defenses)
    plain: CachedModel | None = None
    if defenses.needs_plain_model:
        plain = plain_model(spec.base, dataset, config)
        if not defenses.trains:
            return plain
    folder = None if plain is None else plain.folder
    defended = find_or_train(
        _key(spec.base, dataset, config, defenses),
        lambda out: _report(
            spec.label,
            defenses.train(dataset, spec.base, config, out, plain=folder, resume=True),
        ),
    )
    parts = [defended.seconds] if plain is None else [plain.seconds, defended.seconds]
    known = [seconds for seconds in parts if seconds is not None]
    return CachedModel(defended.folder, sum(known) if len(known) == len(parts) else None)


def _report(name: str, trained: TrainedModel) -> None:
    """Print the results of a training that has just finished."""
    metrics = [
        f"{metric.replace('_', ' ')} {100 * value:.1f}%"
        for metric, value in trained.metrics.items()
    ]
    report_step(f"trained {name}: {', '.join([*metrics, f'{trained.seconds:.0f} s'])}")


def _training(spec: VictimSpec, dataset: TextDataset, seed: int, device: str) -> Params:
    """The training settings except data and seed, in the format of records."""
    config = _config(spec, seed, device)
    excluded = ("seed", "device", "tensorboard")
    settings: Params = config.as_dict()
    dtype = choose_dtype(config.dtype, choose_device(config.device))
    base = find_base(spec.base)
    origin = {"base_sha256": base.sha256, "revision": revision_of_victim(spec, dataset, seed)}
    kept = {name: value for name, value in settings.items() if name not in excluded}
    return {**kept, **origin, "dtype": dtype}


def _config(spec: VictimSpec, seed: int, device: str) -> TrainingConfig:
    return make_config({"device": device, **spec.training}, seed=training_seed(spec, seed))


def _key(
    base_name: str, dataset: TextDataset, config: TrainingConfig, defenses: Composition
) -> dict[str, Any]:
    base = find_base(base_name)
    device = choose_device(config.device)
    key = {
        "revision": training_revision(base_name, defenses, dataset, config),
        "dataset": dataset.sha256(),
        "labels": list(dataset.label_names),
        "base": {"source": base.source, "sha256": base.sha256},
        "config": config.as_dict()
        | {"device": str(device), "dtype": choose_dtype(config.dtype, device)},
        "versions": {name: version(name) for name in ("torch", "transformers", "scikit-learn")},
    }
    return key | defenses.cache_key() if defenses.trains else key
