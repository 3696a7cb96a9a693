"""From a suite to the cells to run, everything named checked before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robustbert.attacks.recipes import runnable_recipe
from robustbert.attacks.tracks import UnifiedLimits, check_track
from robustbert.bench.suite import ModelTable, Suite
from robustbert.data import DATASETS
from robustbert.defenses import make_defense
from robustbert.errors import InputError, UnknownNameError
from robustbert.models import MODELS
from robustbert.training import make_config


@dataclass(frozen=True, eq=False)
class VictimSpec:
    """How a victim is made.

    Args:
        name: what tables call it.
        base: a name of the table of models (trained first), a folder, or ``hub:NAME``.
        defense: a name of the table of defenses, or None.
        training: settings of the fine-tuning core that differ from its defaults.
        params: parameters of the defense that differ from its defaults.
    """

    name: str
    base: str
    defense: str | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name and, after a plus sign, its defense."""
        return f"{self.name}+{self.defense}" if self.defense else self.name

    @property
    def trained(self) -> bool:
        """Whether it has to be trained: a table name, or any base with a defense."""
        return self.base in MODELS or self.defense is not None or bool(self.training)


@dataclass(frozen=True)
class Cell:
    """What one record is about."""

    dataset: str
    victim: VictimSpec
    track: str
    recipe: str
    n: int


@dataclass(frozen=True)
class Plan:
    """The cells of a suite, in the order in which they run.

    Args:
        suite: the suite's name.
        cells: those of one victim on one dataset stand together.
        split: whose examples are attacked.
        seed: what examples and attacks are derived from.
        limits: of the unified track.
    """

    suite: str
    cells: tuple[Cell, ...]
    split: str
    seed: int
    limits: UnifiedLimits

    def recipes(self) -> tuple[str, ...]:
        """Each recipe once, in order."""
        return tuple(dict.fromkeys(cell.recipe for cell in self.cells))


@dataclass(frozen=True)
class Choices:
    """What the command line changes in a suite; None leaves it as it is."""

    datasets: Sequence[str] | None = None
    models: Sequence[str] | None = None
    recipes: Sequence[str] | None = None
    tracks: Sequence[str] | None = None
    num_examples: int | None = None
    seed: int | None = None


def make_plan(suite: Suite, choices: Choices | None = None) -> Plan:
    """The cells of ``suite`` with what was chosen otherwise.

    Raises:
        UnknownNameError: a dataset, model, recipe, track, defense or setting that does not exist.
        MissingAssetError: a recipe that cannot run offline.
        InputError: a number out of range.
    """
    choices = choices or Choices()
    changed = {
        key: tuple(value) if isinstance(value, (list, tuple)) else value
        for key, value in vars(choices).items()
        if value is not None
    }
    if changed.get("num_examples", 1) < 1:
        raise InputError(f"--num-examples is {choices.num_examples}; give a number above 0")
    if changed.get("seed", 0) < 0:
        raise InputError(f"--seed is {choices.seed}; give a number of at least 0")
    suite = suite.model_copy(update=changed)
    for recipe in suite.recipes:
        runnable_recipe(recipe)
    for track in suite.tracks:
        check_track(track)
    for dataset in suite.datasets:
        _check_dataset(dataset)
    victims = [_victim(name, suite) for name in dict.fromkeys(suite.models)]
    _check_distinct(victims)
    cells = tuple(
        Cell(dataset, victim, track, recipe, suite.examples_of(recipe))
        for dataset in dict.fromkeys(suite.datasets)
        for victim in victims
        for track in dict.fromkeys(suite.tracks)
        for recipe in dict.fromkeys(suite.recipes)
    )
    limits: dict[str, Any] = dict(suite.limits)
    return Plan(suite.name, cells, suite.split, suite.seed, UnifiedLimits(**limits))


def _check_dataset(name: str) -> None:
    if name not in DATASETS and not name.startswith(("file:", "hub:")):
        raise UnknownNameError("dataset", name, [*DATASETS, f"file:{name}", f"hub:{name}"])


def _check_distinct(victims: Sequence[VictimSpec]) -> None:
    seen = set()
    for victim in victims:
        if (victim.name, victim.defense) in seen:
            raise InputError(
                f"two models of the suite are called {victim.name!r} with the same defense; "
                "give one of them another name"
            )
        seen.add((victim.name, victim.defense))


def _victim(name: str, suite: Suite) -> VictimSpec:
    table = suite.model.get(name) or ModelTable(base=name)
    known = [*suite.model, *MODELS]
    if table.base not in MODELS and not table.base.startswith("hub:"):
        if not Path(table.base).expanduser().is_dir():
            raise UnknownNameError("model (neither a name nor a folder)", table.base, known)
        name = Path(name).name if name == table.base else name
    make_config(table.training)
    if table.defense is not None:
        make_defense(table.defense, table.params)
    elif table.params:
        raise InputError(f"model {name!r} has params but no defense; name the defense")
    return VictimSpec(table.name or name, table.base, table.defense, table.training, table.params)
