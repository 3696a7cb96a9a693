"""What a search for training settings looks for, and how."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from robustbert.assets.profiles import CANONICAL, is_canonical
from robustbert.attacks import check_track, runnable_recipe
from robustbert.bench import check_dtype_and_device
from robustbert.bench.training_revision import TRAINING_REVISION
from robustbert.defenses import Composition, DefenseSpec, compose
from robustbert.errors import InputError, ModelError, UnknownNameError
from robustbert.models.devices import choose_device, choose_dtype
from robustbert.models.pretrained import Base, find_base
from robustbert.training import TrainingConfig
from robustbert.tuning.search_space import SearchSpace
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    from robustbert.data import TextDataset

OBJECTIVES = ("clean", "attacked", "both")
"""What a search maximizes on the validation split: accuracy, accuracy under attack, or both."""


@dataclass(frozen=True)
class TuneAttack:
    """The attack whose accuracy a search maximizes; a cheap one, since each model is attacked.

    Args:
        recipe: a name, as listed by ``robustbert list recipes``.
        num_examples: the number of validation examples, at least 1.
        track: ``unified``, ``published`` or ``unified-li``.

    Raises:
        RobustbertError: there is no such recipe or track, or ``num_examples`` is below 1.
    """

    recipe: str = "deepwordbug"
    num_examples: int = 100
    track: str = "unified"

    def __post_init__(self) -> None:
        """Check the values."""
        runnable_recipe(self.recipe)
        check_track(self.track)
        check_at_least(1, num_examples=self.num_examples)


@dataclass(frozen=True)
class TuneOptions:
    """What a search for training settings looks for.

    Args:
        models: the base models to choose from: names, folders or ``hub:NAME``; networks only.
        trials: the number of trainings, at least 1.
        objective: one of :data:`OBJECTIVES`.
        attack: the attack; it is not run for the objective ``clean``.
        defenses: trained with every model.
        space: the training settings to choose from.
        seed: of the search, the trainings, and the choice of the attacked examples.
        max_length: the maximum number of tokens per text of every training.
        timeout: seconds after which no further trial begins; None for no limit.
        dtype: of the training: auto, float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.

    Raises:
        InputError: a value is out of range, no setting is left to choose, or the defenses train
            nothing.
        UnknownNameError: there is no such objective, dtype or defense.
    """

    models: tuple[str, ...] = ("minilm",)
    trials: int = 20
    objective: str = "clean"
    attack: TuneAttack = field(default_factory=TuneAttack)
    defenses: tuple[DefenseSpec, ...] = ()
    space: SearchSpace = field(default_factory=SearchSpace)
    seed: int = 0
    max_length: int = 128
    timeout: float | None = None
    dtype: str = "auto"
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check the values."""
        if self.objective not in OBJECTIVES:
            raise UnknownNameError("objective", self.objective, OBJECTIVES)
        check_at_least(1, trials=self.trials)
        check_dtype_and_device(self.dtype, self.device)
        self.config({})  # checks the seed and the maximum length
        if not self.models or len(set(self.models)) < len(self.models):
            raise InputError("models are missing or given twice; give each model once")
        if self.timeout is not None and not self.timeout > 0:
            raise InputError(f"timeout is {self.timeout}; give a number of seconds above 0")
        if not self.space.open_settings and len(self.models) == 1:
            raise InputError("the search space has one point; leave more than one value to choose")
        composition = self.composition()
        if composition.names and not composition.trains:
            raise InputError(
                f"{' and '.join(composition.names)} changes predictions and trains nothing; tune "
                "the plain model, and give the defense to attack or bench"
            )

    @property
    def metrics(self) -> tuple[str, ...]:
        """The accuracies that are maximized: ``clean``, ``attacked`` or both."""
        return ("clean", "attacked") if self.objective == "both" else (self.objective,)

    @property
    def attacks(self) -> bool:
        """Whether models are attacked."""
        return self.objective != "clean"

    def composition(self) -> Composition:
        """The defenses."""
        return compose(self.defenses)

    def config(self, settings: dict[str, Any]) -> TrainingConfig:
        """The training configuration of a trial."""
        return TrainingConfig(
            **settings,
            seed=self.seed,
            max_length=self.max_length,
            dtype=self.dtype,
            device=self.device,
        )

    def bases(self) -> list[Base]:
        """The base models.

        Raises:
            UnknownNameError: there is no such model.
            ModelError: one cannot be fine-tuned, or not with the defenses.
        """
        bases = [find_base(model) for model in self.models]
        for model, base in zip(self.models, bases, strict=True):
            if base.folder is None:
                raise ModelError(
                    f"{base.name} is fitted by scikit-learn and has none of the settings that are "
                    "tuned; give networks, such as minilm"
                )
            self.composition().check_base(model)
        return bases

    def configuration(self, dataset: TextDataset, bases: Sequence[Base]) -> dict[str, Any]:
        """Everything that determines the trials, as JSON; the number of trials does not."""
        device = choose_device(self.device)
        content = {
            "dataset": dataset.sha256(),
            "label names": dataset.label_names,
            "models": self.models,
            "weights": [base.sha256 for base in bases],
            "objective": self.objective,
            "attack": asdict(self.attack) if self.attacks else None,
            # of the attack, and of the defenses that attack
            "text length": dataset.length if self.attacks or self.defenses else None,
            "defenses": [ref.model_dump() for ref in self.composition().refs()],
            "search space": asdict(self.space),
            "seed": self.seed,
            "max_length": self.max_length,
            "dtype": choose_dtype(self.dtype, device),
            "device": str(device),
            "training revision": TRAINING_REVISION,
            **({"assets": CANONICAL} if is_canonical() else {}),
        }
        normal: dict[str, Any] = json.loads(json.dumps(content))
        return normal
