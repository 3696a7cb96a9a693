"""From a suite to the cells to run, everything named checked before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robustbert.attacks import UnifiedLimits
from robustbert.attacks.recipes import recipe
from robustbert.bench.checks import check_suite, make_limits
from robustbert.bench.suite import Suite
from robustbert.errors import InputError
from robustbert.models import MODELS
from robustbert.models.untrained import TfidfBase
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

    def describe(self) -> str:
        """The cell in a few words, for progress."""
        return f"{self.dataset} {self.victim.label} {self.track} {self.recipe}"


@dataclass(frozen=True)
class Plan:
    """The cells of a suite.

    Args:
        suite: the suite's name; None for a cell by itself.
        cells: in the order of tables: those of one victim on one dataset stand together.
        skipped: those that cannot be: the recipe reads gradients, the victim will have none.
        split: whose examples are attacked.
        seed: what examples and attacks are derived from.
        limits: of the unified track.
    """

    suite: str | None
    cells: tuple[Cell, ...]
    skipped: tuple[Cell, ...]
    split: str
    seed: int
    limits: UnifiedLimits

    def recipes(self) -> tuple[str, ...]:
        """Each recipe once, in order."""
        return tuple(dict.fromkeys(cell.recipe for cell in self.cells))

    def in_running_order(self) -> tuple[Cell, ...]:
        """The cells as they run: on each dataset one recipe on all victims, then the next.

        A recipe asks much the same of the sentence encoder whatever its victim, so that most of
        what the first victim's cell had encoded is still remembered for the others.
        """
        recipes, datasets = self.recipes(), [cell.dataset for cell in self.cells]
        return tuple(
            sorted(self.cells, key=lambda c: (datasets.index(c.dataset), recipes.index(c.recipe)))
        )


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
        ModelError: a model that is neither known nor a folder.
        InputError: a number out of range, or no cell that can run.
    """
    suite = _chosen(suite, choices or Choices())
    check_suite(suite)
    make_config({}, seed=suite.seed)
    victims = [_victim(name, suite) for name in dict.fromkeys(suite.models)]
    _check_distinct(victims)
    cells = [
        Cell(dataset, victim, track, recipe_name, suite.examples_of(dataset, recipe_name))
        for dataset in dict.fromkeys(suite.datasets)
        for victim in victims
        for track in dict.fromkeys(suite.tracks)
        for recipe_name in dict.fromkeys(suite.recipes)
    ]
    runnable = tuple(cell for cell in cells if _fits(cell))
    if not runnable:
        raise InputError(
            f"nothing to run: {', '.join(suite.recipes)} reads gradients, which "
            f"{', '.join(suite.models)} does not have; choose another model or recipe"
        )
    return Plan(
        suite=suite.name,
        cells=runnable,
        skipped=tuple(cell for cell in cells if cell not in runnable),
        split=suite.split,
        seed=suite.seed,
        limits=make_limits(suite),
    )


def _chosen(suite: Suite, choices: Choices) -> Suite:
    given = {key: value for key, value in vars(choices).items() if value is not None}
    for key, least in (("num_examples", 1), ("seed", 0)):
        if given.get(key, least) < least:
            option = f"--{key.replace('_', '-')}"
            raise InputError(f"{option} is {given[key]}; give a whole number of at least {least}")
    for key in ("datasets", "models", "recipes", "tracks"):
        if key in given:
            given[key] = tuple(given[key])
    return suite.model_copy(update=given)


def _victim(name: str, suite: Suite) -> VictimSpec:
    table = suite.model.get(name)
    if table is not None:
        return VictimSpec(
            table.name or name, table.base, table.defense, table.training, table.params
        )
    if name in MODELS or name.startswith("hub:"):
        return VictimSpec(name, name)
    return VictimSpec(Path(name).expanduser().resolve().name or "model", name)


def _fits(cell: Cell) -> bool:
    """Whether the victim will have the gradients that the recipe reads, if it reads any."""
    return not recipe(cell.recipe).gradients or not _is_classical(cell.victim.base)


def _is_classical(base: str) -> bool:
    if base in MODELS:
        return isinstance(MODELS.load(base), TfidfBase)
    return (Path(base).expanduser() / "model.json").is_file()


def _check_distinct(victims: Sequence[VictimSpec]) -> None:
    seen = set()
    for victim in victims:
        if victim.label in seen:
            raise InputError(
                f"two models of the suite are called {victim.label!r} in tables; "
                "give one of them another name"
            )
        seen.add(victim.label)
