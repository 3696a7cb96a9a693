"""Expand a suite into the cells to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.attacks import UnifiedLimits
from robustbert.attacks.recipes import recipe
from robustbert.bench.suite import Suite, check_fields
from robustbert.bench.victim_spec import VictimSpec, victim_specs
from robustbert.errors import InputError
from robustbert.records.names import cell_name, replicate_seed


@dataclass(frozen=True)
class Cell:
    """A combination of dataset, victim, track and recipe; running it produces one record.

    Args:
        dataset: a name, ``file:PATH`` or ``hub:NAME``.
        victim: the model under attack.
        track: ``published``, ``unified`` or ``unified-li``.
        recipe: a recipe name, as listed by ``robustbert list recipes``.
        n: number of examples.
        replicate: the victim's training seed if it differs from the seed of the run, else None.
    """

    dataset: str
    victim: VictimSpec
    track: str
    recipe: str
    n: int
    replicate: int | None = None

    def describe(self) -> str:
        """A short description for the progress display."""
        victim = self.victim
        parts = [victim.label, *([f"v{victim.variant}"] if victim.variant else [])]
        parts += [f"seed {self.replicate}"] if self.replicate is not None else []
        return " ".join([self.dataset, *parts, self.track, self.recipe])

    def file_name(self, dataset: str) -> str:
        """The name of its files, without extension, given the name of the loaded dataset."""
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
        suite: the name of the suite; None for a single attack.
        cells: in table order: cells with the same dataset and victim are adjacent.
        skipped: cells that cannot run, because the recipe needs gradients that the victim lacks.
        split: the split whose examples are attacked.
        seed: the seed for example selection and attacks.
        limits: the limits of the ``unified`` track.
    """

    suite: str | None
    cells: tuple[Cell, ...]
    skipped: tuple[Cell, ...]
    split: str
    seed: int
    limits: UnifiedLimits

    def recipes(self) -> tuple[str, ...]:
        """The distinct recipes, in order."""
        return tuple(dict.fromkeys(cell.recipe for cell in self.cells))

    def victims(self) -> tuple[tuple[str, VictimSpec], ...]:
        """The distinct pairs of dataset and victim, in order."""
        return tuple(dict.fromkeys((cell.dataset, cell.victim) for cell in self.cells))

    def in_execution_order(self) -> tuple[Cell, ...]:
        """The cells in the order in which they run: by dataset, then by recipe.

        A recipe encodes mostly the same texts for every victim, so most sentence embeddings of
        the first victim's cell are still cached for the other victims.
        """
        recipes, datasets = self.recipes(), [cell.dataset for cell in self.cells]
        return tuple(
            sorted(self.cells, key=lambda c: (datasets.index(c.dataset), recipes.index(c.recipe)))
        )


@dataclass(frozen=True)
class Overrides:
    """Command-line overrides of a suite; None keeps the value of the suite."""

    datasets: Sequence[str] | None = None
    models: Sequence[str] | None = None
    recipes: Sequence[str] | None = None
    tracks: Sequence[str] | None = None
    num_examples: int | None = None
    seed: int | None = None
    training_seeds: Sequence[int] | None = None


def make_plan(suite: Suite, overrides: Overrides | None = None) -> Plan:
    """The cells of ``suite`` with the overrides applied.

    Raises:
        UnknownNameError: a dataset, model, recipe or track that does not exist.
        MissingAssetError: a recipe that cannot run offline.
        ModelError: a model that is neither a name nor a folder.
        InputError: a number out of range, a duplicate victim, or no cell that can run.
    """
    suite = _override(suite, overrides or Overrides())
    victims = victim_specs(suite)
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
    runnable = tuple(filter(_is_runnable, cells))
    if not runnable:
        raise InputError(
            f"nothing to run: every recipe ({', '.join(suite.recipes)}) needs gradients, and no "
            f"model ({', '.join(suite.models)}) provides them; choose another model or recipe"
        )
    return Plan(
        suite=suite.name,
        cells=runnable,
        skipped=tuple(cell for cell in cells if cell not in runnable),
        split=suite.split,
        seed=suite.seed,
        limits=suite.unified_limits(),
    )


def _override(suite: Suite, overrides: Overrides) -> Suite:
    """Check the overrides, and return a copy of the suite with them applied."""
    given = {key: value for key, value in vars(overrides).items() if value is not None}
    for key, minimum in (("num_examples", 1), ("seed", 0)):
        if given.get(key, minimum) < minimum:
            option = f"--{key.replace('_', '-')}"
            raise InputError(f"{option} is {given[key]}; give an integer of at least {minimum}")
    for key in ("datasets", "models", "recipes", "tracks", "training_seeds"):
        if key in given:
            given[key] = tuple(given[key])
    negative = [seed for seed in given.get("training_seeds", ()) if seed < 0]
    if negative:
        raise InputError(f"--training-seeds contains {negative[0]}; seeds must be at least 0")
    changed = suite.model_copy(update=given)
    check_fields(changed, given)
    return changed


def _is_runnable(cell: Cell) -> bool:
    """Whether the victim provides the gradients that the recipe needs, if it needs any."""
    return not recipe(cell.recipe).gradients or cell.victim.has_gradients
