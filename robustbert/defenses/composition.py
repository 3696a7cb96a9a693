"""Defenses by name and parameters, and the list of defenses of one model."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.defenses.base import Defense
from robustbert.defenses.defended_training import train_defended
from robustbert.defenses.defense_registry import make_defense
from robustbert.defenses.step_cost import StepCost
from robustbert.defenses.word_sources import word_dependencies
from robustbert.errors import InputError, ModelError
from robustbert.frozen import FrozenMapping
from robustbert.records import DefenseRef

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.models import Classifier
    from robustbert.training import TrainedModel, TrainingConfig


@dataclass(frozen=True)
class DefenseSpec:
    """A defense as a suite or a command line names it; nothing is imported.

    Args:
        name: a name, as listed by ``robustbert list defenses``, or an import path.
        params: the parameters that differ from the defaults.
    """

    name: str
    params: Mapping[str, Any] = FrozenMapping()

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", FrozenMapping(self.params))


@dataclass(frozen=True)
class Composition:
    """The defenses of one model, in order; without any, it stands for the plain model.

    At most one has a training loss. The rows of all are added to the training split or epochs.
    Wrappers are nested, and the first defense is the outermost.

    Args:
        names: their names, one per defense.
        defenses: the defenses.

    Raises:
        InputError: several defenses have a training loss, or one has and another weighs rows.
    """

    names: tuple[str, ...]
    defenses: tuple[Defense, ...]

    def __post_init__(self) -> None:
        losses = [name for name, defense in self._named() if defense.has_training_loss]
        if len(losses) > 1:
            raise InputError(
                f"{losses[0]} and {losses[1]} both change the training loss, and only one defense "
                "of a list can; leave one out"
            )
        weighing = [name for name, defense in self._named() if defense.weighs_rows]
        if losses and weighing:
            raise InputError(
                f"{weighing[0]} weighs rows, and {losses[0]} changes the training loss, which then "
                "has no weights; leave one out, or leave the weight at 1"
            )

    @property
    def trains(self) -> bool:
        """Whether a defense changes the training, so that there is a model to train."""
        return any(defense.trains for defense in self.defenses)

    @property
    def needs_plain_model(self) -> bool:
        """Whether the plain model must be trained: nothing else is, or a defense needs it."""
        return not self.trains or any(d.trains and d.needs_plain_model for d in self.defenses)

    @property
    def step_cost(self) -> StepCost:
        """The cost of a training step: that of the loss on a batch with all rows of every step.

        Rows of attacks, and those that not every epoch has, are not included.
        """
        copies = [d.step_cost.forward - 1 for d in self.defenses if not d.has_training_loss]
        return self.loss_cost.times(1 + sum(copies))

    @property
    def loss_cost(self) -> StepCost:
        """The cost of the loss on a batch: that of the defense with a training loss, if any."""
        costs = [defense.step_cost for defense in self.defenses if defense.has_training_loss]
        return costs[0] if costs else StepCost()

    @property
    def query_cost(self) -> int:
        """The forward passes of a prediction, those of nested wrappers multiplied."""
        return math.prod(defense.query_cost for defense in self.defenses)

    @property
    def wrappers(self) -> tuple[str, ...]:
        """The names of the defenses that change predictions."""
        return tuple(name for name, defense in self._named() if defense.overrides("wrap"))

    def wrapper_assets(self) -> dict[str, str]:
        """The SHA-256 of each asset that the wrapped classifier reads, by name."""
        return {
            name: digest
            for defense in self.defenses
            for name, digest in defense.wrapper_assets().items()
        }

    def check_base(self, base: str) -> None:
        """Check that all defenses can train a base; see :meth:`Defense.check_base`."""
        for defense in self.defenses:
            defense.check_base(base)

    def check_dataset(self, dataset: TextDataset) -> None:
        """Check that all defenses can train on a dataset; see :meth:`Defense.check_dataset`."""
        for defense in self.defenses:
            defense.check_dataset(dataset)

    def training_config(self, config: TrainingConfig) -> TrainingConfig:
        """The training settings, changed by each defense in order."""
        for defense in self.defenses:
            config = defense.training_config(config)
        return config

    def train(
        self,
        dataset: TextDataset,
        base: str | Path,
        config: TrainingConfig,
        out: Path,
        *,
        plain: Path | None = None,
        resume: bool = False,
    ) -> TrainedModel:
        """Train a model with the defenses that train; see :func:`train_defended`."""
        training = [defense for defense in self.defenses if defense.trains]
        return train_defended(training, dataset, base, config, out, plain=plain, resume=resume)

    def wrap(self, classifier: Classifier) -> Classifier:
        """Wrap a classifier with every defense, the first outermost.

        Raises:
            ModelError: a defense changes the labels.
        """
        labels, model = classifier.label_names, classifier.info.name
        for name, defense in reversed(self._named()):
            classifier = defense.wrap(classifier)
            if classifier.label_names != labels:
                raise ModelError(
                    f"the defense {name} changes the labels of {model}; a wrapped classifier must "
                    "keep them, in the same order"
                )
        return classifier

    def refs(self) -> tuple[DefenseRef, ...]:
        """Name, parameters and revision of each defense, as records hold them."""
        return tuple(
            DefenseRef(name=name, params=defense.params(), revision=defense.revision)
            for name, defense in self._named()
        )

    def cache_key(self) -> dict[str, Any]:
        """What the defenses add to the cache key of a trained model.

        Defenses that only wrap the trained model are left out.
        """
        keys = [
            {
                "defense": name,
                "defense_revision": defense.revision,
                "defense_source": source_sha256(defense),
                "params": defense.params(),
                "dependencies": {**word_dependencies(defense), **defense.dependencies()},
            }
            for name, defense in self._named()
            if defense.trains
        ]
        # one defense has its keys at the top, as in caches of versions without composition
        return keys[0] if len(keys) == 1 else {"defenses": keys}

    def _named(self) -> list[tuple[str, Defense]]:
        return list(zip(self.names, self.defenses, strict=True))


def compose(specs: Sequence[DefenseSpec]) -> Composition:
    """Make the defenses of a model.

    Raises:
        UnknownNameError: there is no such defense or parameter; the message lists the near names.
        InputError: a value has the wrong type or is out of range, an import path leads to
            something else, or several defenses have a training loss.
    """
    return Composition(
        tuple(spec.name for spec in specs),
        tuple(make_defense(spec.name, spec.params) for spec in specs),
    )


def source_sha256(defense: Defense) -> str:
    """The SHA-256 of the source files that define a defense's class and its base classes.

    Part of the cache key, so that an edited defense is trained again. :class:`Defense` itself is
    left out: its changes are covered by the revision of training.

    Raises:
        InputError: a class has no source file.
    """
    digest = hashlib.sha256()
    for kind in type(defense).__mro__:
        if kind in (Defense, object):
            continue
        try:
            source = Path(inspect.getfile(kind)).read_bytes()
        except (TypeError, OSError) as error:
            raise InputError(
                f"cannot read the source of the defense {kind.__qualname__}; define it in a file"
            ) from error
        digest.update(hashlib.sha256(source).digest())
    return digest.hexdigest()
