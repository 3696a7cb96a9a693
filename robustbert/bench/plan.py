"""From a suite to the cells to run, everything named checked before anything is trained."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from robustbert.attacks import UnifiedLimits
from robustbert.attacks.recipes import recipe
from robustbert.bench.suite import Suite
from robustbert.bench.suite_checks import check_suite, make_limits
from robustbert.defenses import make_defense
from robustbert.errors import InputError
from robustbert.models import MODELS, TfidfBase
from robustbert.models.folders import model_kind
from robustbert.records.names import cell_name, replicate_seed
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
        training_seed: of its training; None for one that comes trained.
        variant: 8 hex digits that tell victims of one label apart; None where there is one.
    """

    name: str
    base: str
    defense: str | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    training_seed: int | None = None
    variant: str | None = None

    @property
    def label(self) -> str:
        """Its name and, after a plus sign, its defense."""
        return f"{self.name}+{self.defense}" if self.defense else self.name

    @property
    def trained(self) -> bool:
        """Whether it has to be trained: a table name, own settings, or a defense that trains."""
        if self.base in MODELS or self.training:
            return True
        return self.defense is not None and make_defense(self.defense, self.params).trains


@dataclass(frozen=True)
class Cell:
    """What one record is about.

    Args:
        dataset: a name, ``file:PATH`` or ``hub:NAME``.
        victim: what is attacked.
        track: its name.
        recipe: its name.
        n: number of examples.
        replicate: the victim's training seed where it is not the run's seed; None elsewhere.
    """

    dataset: str
    victim: VictimSpec
    track: str
    recipe: str
    n: int
    replicate: int | None = None

    def describe(self) -> str:
        """The cell in a few words, for progress."""
        victim = self.victim
        parts = [victim.label, *([f"v{victim.variant}"] if victim.variant else [])]
        parts += [f"seed {self.replicate}"] if self.replicate is not None else []
        return " ".join([self.dataset, *parts, self.track, self.recipe])

    def file_name(self, dataset: str) -> str:
        """What its files are called, given the name that its loaded dataset has."""
        return cell_name(
            dataset,
            self.victim.name,
            self.victim.defense,
            self.track,
            self.recipe,
            training_seed=self.replicate,
            variant=self.victim.variant,
        )


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
    training_seeds: Sequence[int] | None = None


def make_plan(suite: Suite, choices: Choices | None = None) -> Plan:
    """The cells of ``suite`` with what was chosen otherwise.

    Raises:
        UnknownNameError: a dataset, model, recipe, track, defense or setting that does not exist.
        MissingAssetError: a recipe that cannot run offline.
        ModelError: a model that is neither known nor a folder.
        InputError: a number out of range, one victim twice, or no cell that can run.
    """
    suite = _chosen(suite, choices or Choices())
    check_suite(suite)
    make_config({}, seed=suite.seed)
    victims = _told_apart([_victim(name, suite) for name in dict.fromkeys(suite.models)])
    if suite.training_seeds and not any(victim.trained for victim in victims):
        raise InputError(
            "training seeds are given, but every model comes trained; leave them out, or name a "
            "model that is trained"
        )
    seeds = tuple(dict.fromkeys(suite.training_seeds or (suite.seed,)))
    victims = [replicate for victim in victims for replicate in _replicates(victim, seeds)]
    cells = [
        Cell(
            dataset,
            victim,
            track,
            recipe_name,
            suite.examples_of(dataset, recipe_name),
            replicate_seed(victim.training_seed, suite.seed),
        )
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
    for key in ("datasets", "models", "recipes", "tracks", "training_seeds"):
        if key in given:
            given[key] = tuple(given[key])
    negative = [seed for seed in given.get("training_seeds", ()) if seed < 0]
    if negative:
        raise InputError(f"--training-seeds has {negative[0]}; give whole numbers of at least 0")
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
    return model_kind(Path(base).expanduser()) == "classical"


def _replicates(victim: VictimSpec, seeds: Sequence[int]) -> Iterator[VictimSpec]:
    """The victim once for each training seed; itself if it comes trained."""
    if not victim.trained:
        yield victim
        return
    for seed in seeds:
        yield replace(victim, training_seed=seed)


def _told_apart(victims: Sequence[VictimSpec]) -> list[VictimSpec]:
    """The victims, with a variant where several have one label.

    Raises:
        InputError: two of them are made in the same way.
    """
    labels = Counter(victim.label for victim in victims)
    made: dict[str, VictimSpec] = {}
    for victim in victims:
        other = made.setdefault(_way_made(victim), victim)
        if other is not victim:
            raise InputError(
                f"two models of the suite are the same: {victim.name!r}, with one base, defense "
                "and settings; remove one of them"
            )
    return [
        replace(victim, variant=_variant(victim)) if labels[victim.label] > 1 else victim
        for victim in victims
    ]


def _way_made(victim: VictimSpec) -> str:
    """What makes a victim what it is, with every default filled in."""
    config = make_config(victim.training, seed=0) if victim.trained else None
    defense = make_defense(victim.defense, victim.params) if victim.defense else None
    return json.dumps(
        {
            "label": victim.label,
            "base": _base_name(victim.base),
            "training": config.as_dict() if config else None,
            "params": defense.params() if defense else None,
        },
        sort_keys=True,
    )


def _variant(victim: VictimSpec) -> str:
    """8 hex digits of the base and the settings that a suite gives."""
    given = [_base_name(victim.base), victim.training, victim.params]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:8]


def _base_name(base: str) -> str:
    known = base in MODELS or base.startswith("hub:")
    return base if known else str(Path(base).expanduser().resolve())
