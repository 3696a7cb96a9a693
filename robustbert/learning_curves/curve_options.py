"""What a learning curve varies, and what it measures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast, get_args

from robustbert.assets.profiles import CANONICAL, is_canonical
from robustbert.attacks import check_track, runnable_recipe
from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.bench import VictimSpec, check_dtype_and_device
from robustbert.bench.training_revision import TRAINING_REVISION
from robustbert.defenses import DefenseSpec, compose
from robustbert.errors import InputError, UnknownNameError
from robustbert.frozen import FrozenMapping
from robustbert.learning_curves.curve_record import CurveSplit
from robustbert.models.devices import choose_device, choose_dtype
from robustbert.models.pretrained import find_base
from robustbert.training import TrainingConfig, make_config
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    from robustbert.data import Examples, TextDataset

SIZES = (0.1, 0.25, 0.5, 1.0)
NOISES = (0.0, 0.1, 0.2)
SEEDS = (0, 1, 2)
CURVE_RECIPES = ("deepwordbug", "pwws")
"""The defaults: shares of the training split, shares of wrong labels, seeds, and recipes."""
#: The seed of the attacked examples and of the attacks, as in the default of ``bench``.
ATTACK_SEED = 0
_DEFAULT_EXAMPLES = 100
_TRACK = "unified"


@dataclass(frozen=True)
class GridPoint:
    """One training of a learning curve.

    Args:
        size: the share of the training split.
        noise: the share of its labels that are wrong.
        seed: of the subset, the wrong labels and the training.
    """

    size: float
    noise: float
    seed: int

    def __str__(self) -> str:
        """The point in words."""
        return f"size {self.size:g}, noise {self.noise:g}, seed {self.seed}"


@dataclass(frozen=True)
class CurveOptions:
    """What a learning curve varies, and what it measures.

    Args:
        model: the base model: a name, a folder or ``hub:NAME``.
        sizes: shares of the training split, above 0 and at most 1.
        noises: shares of wrong labels, from 0 to below 1.
        seeds: each draws the subsets and the wrong labels, and is the seed of the training.
        full_grid: whether every noise is measured at every size. If not, all sizes have the lowest
            noise, and all noises the largest size.
        recipes: the attacks; none for clean accuracy alone.
        num_examples: the number of attacked examples; None for 100, or all if there are fewer.
        track: ``unified``, ``published`` or ``unified-li``.
        split: ``test`` or ``validation``: the split on which accuracies are measured.
        defenses: of every model.
        training: fields of :class:`robustbert.TrainingConfig` that differ from its defaults.
        dtype: of training and inference: auto, float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.

    Raises:
        InputError: a value is out of range or given twice, or a setting has no effect.
        UnknownNameError: there is no such recipe, track, split, defense, dtype or device.
    """

    model: str = "minilm"
    sizes: tuple[float, ...] = SIZES
    noises: tuple[float, ...] = NOISES
    seeds: tuple[int, ...] = SEEDS
    full_grid: bool = False
    recipes: tuple[str, ...] = CURVE_RECIPES
    num_examples: int | None = None
    track: str = _TRACK
    split: str = "test"
    defenses: tuple[DefenseSpec, ...] = ()
    training: Mapping[str, Any] = FrozenMapping()
    dtype: str = "auto"
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check the values."""
        object.__setattr__(self, "training", FrozenMapping(self.training))
        for name, values in (
            ("sizes", self.sizes),
            ("noises", self.noises),
            ("seeds", self.seeds),
            ("recipes", self.recipes),
        ):
            if len(set(values)) < len(values):
                raise InputError(f"{name}: a value is given twice; give each once")
            if not values and name != "recipes":
                raise InputError(f"{name}: there is no value; give at least one")
        for size in self.sizes:
            if not 0 < size <= 1:
                raise InputError(
                    f"size {size:g} is no share of the training split; give numbers above 0 and at "
                    "most 1"
                )
        for noise in self.noises:
            if not 0 <= noise < 1:
                raise InputError(
                    f"noise {noise:g} is no share of wrong labels; give numbers from 0 to below 1"
                )
        check_at_least(1, optional=True, num_examples=self.num_examples)
        check_split(self.split)
        check_dtype_and_device(self.dtype, self.device)
        check_track(self.track)
        self._check_effect()
        for recipe in self.recipes:
            runnable_recipe(recipe)
        for seed in self.seeds:
            self.config(seed)
        compose(self.defenses)

    def _check_effect(self) -> None:
        """Refuse settings of attacks if nothing is attacked."""
        is_given = {"num_examples": self.num_examples is not None, "track": self.track != _TRACK}
        for name, given in is_given.items():
            if given and not self.recipes:
                raise InputError(f"{name} has no effect without recipes; leave it out")

    def grid(self) -> tuple[GridPoint, ...]:
        """The points in the order in which they are measured: whole curves, seed by seed."""
        largest, lowest = max(self.sizes), min(self.noises)
        pairs = [
            (size, noise)
            for noise in sorted(self.noises)
            for size in sorted(self.sizes)
            if self.full_grid or size == largest or noise == lowest
        ]
        return tuple(GridPoint(*pair, seed) for seed in self.seeds for pair in pairs)

    def config(self, seed: int) -> TrainingConfig:
        """The training settings for a seed."""
        fixed = {"seed": seed, "dtype": self.dtype, "device": self.device}
        return make_config(self.training, **fixed)

    def spec(self) -> VictimSpec:
        """The model with its defenses."""
        # all settings are given: a trained model is then trained again, not loaded
        config = self.config(0).as_dict()
        training = {name: value for name, value in config.items() if name != "seed"}
        name = find_base(self.model).name
        return VictimSpec(name, self.model, self.defenses, training)

    def check_model(self) -> None:
        """Check that the model can be trained with the defenses and attacked with the recipes.

        Raises:
            UnknownNameError: there is no such model.
            ModelError: it cannot be trained, or does not support a defense.
            InputError: a recipe needs gradients that it does not have, or a training setting has
                no effect on it.
        """
        base = find_base(self.model)
        compose(self.defenses).check_base(self.model)
        if base.kind is not None and self.training:
            name = next(iter(self.training))
            raise InputError(
                f"{name} has no effect on {base.name}, which is not fine-tuned; leave it out"
            )
        has_gradients = base.kind is None and all(
            defense.keeps_gradients for defense in compose(self.defenses).defenses
        )
        for recipe in self.recipes:
            if runnable_recipe(recipe).gradients and not has_gradients:
                raise InputError(
                    f"recipe {recipe} needs gradients, which {self.spec().label} does not have; "
                    "choose another recipe"
                )

    def configuration(self, dataset: TextDataset, examples: Examples | None) -> dict[str, Any]:
        """Everything that determines a point, except size, noise and seed, as JSON."""
        base, device = find_base(self.model), choose_device(self.device)
        fixed = ("seed", "device", "dtype", "tensorboard")
        config = self.config(0).as_dict()
        content = {
            "dataset": dataset.sha256(),
            "label names": dataset.label_names,
            "model": base.sha256 or base.source,
            "defenses": [ref.model_dump() for ref in compose(self.defenses).refs()],
            "training": {name: value for name, value in config.items() if name not in fixed},
            "recipes": self.recipes,
            "track": self.track if self.recipes else None,
            "split": self.split,
            "attacked examples": examples.sha256 if examples else None,
            "text length": dataset.length if self.recipes or self.defenses else None,
            "dtype": choose_dtype(self.dtype, device),
            "device": str(device),
            "training revision": TRAINING_REVISION,
            "protocol revision": PROTOCOL_REVISION,
            "torch": version("torch"),
            "transformers": version("transformers"),
            "textattack": version("textattack") if self.recipes else None,
            **({"assets": CANONICAL} if is_canonical() else {}),
        }
        normal: dict[str, Any] = json.loads(json.dumps(content))
        return normal

    def select(self, dataset: TextDataset) -> Examples | None:
        """The attacked examples; None if nothing is attacked.

        Raises:
            DatasetError: the split is missing.
            InputError: there are fewer examples than ``num_examples``.
        """
        from robustbert.data import select_examples

        dataset.split(self.split)
        if not self.recipes:
            return None
        if self.num_examples is not None:
            return select_examples(dataset, self.split, self.num_examples, ATTACK_SEED)
        number = min(
            _DEFAULT_EXAMPLES, len(select_examples(dataset, self.split, None, ATTACK_SEED))
        )
        return select_examples(dataset, self.split, number, ATTACK_SEED)


def check_split(split: str) -> CurveSplit:
    """Return ``split``, which must be ``test`` or ``validation``.

    Raises:
        UnknownNameError: it is not one on which curves are measured.
    """
    if split not in get_args(CurveSplit):
        raise UnknownNameError("split", split, get_args(CurveSplit))
    return cast(CurveSplit, split)


def recipe_names(names: Sequence[str]) -> tuple[str, ...]:
    """The recipes of a command line, on which ``none`` stands for no attack.

    Raises:
        InputError: ``none`` is given together with a recipe.

    >>> recipe_names(["none"]), recipe_names(["pwws"])
    ((), ('pwws',))
    """
    if "none" not in names:
        return tuple(names)
    if len(names) > 1:
        raise InputError("recipes: none is given with recipes; give either none or recipes")
    return ()
