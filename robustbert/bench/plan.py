"""Expand a suite into the cells to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from robustbert.attacks import UnifiedLimits
from robustbert.attacks.recipes import recipe
from robustbert.bench.suite import Suite, check_fields
from robustbert.bench.victim_spec import VictimSpec, victim_specs
from robustbert.data import DatasetSource
from robustbert.data.dataset import ALL
from robustbert.errors import InputError
from robustbert.frozen import FrozenMapping
from robustbert.records.names import cell_name, replicate_seed


@dataclass(frozen=True)
class Cell:
    """A combination of dataset, victim, track and recipe; running it produces one record.

    Args:
        dataset: its name in the plan: a key of :attr:`Plan.sources`.
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
        sources: how to read each dataset, keyed by its name in the plan.
        at_most: whether the cells' numbers of examples are maxima, for datasets that have fewer.
    """

    suite: str | None
    cells: tuple[Cell, ...]
    skipped: tuple[Cell, ...]
    split: str
    seed: int
    limits: UnifiedLimits
    sources: Mapping[str, DatasetSource]
    at_most: bool = False

    def limited_to(self, available: Mapping[str, int]) -> Plan:
        """The plan with the numbers of examples limited to those that are ``available``.

        Args:
            available: the number of eligible examples of each dataset, keyed by its name in the
                plan.
        """
        if not self.at_most:
            return self

        def limited(cells: Sequence[Cell]) -> tuple[Cell, ...]:
            return tuple(replace(cell, n=min(cell.n, available[cell.dataset])) for cell in cells)

        return replace(
            self, cells=limited(self.cells), skipped=limited(self.skipped), at_most=False
        )

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
    """Command-line overrides of a suite; None keeps the value of the suite.

    Args:
        datasets: names as in a suite, or sources, such as files or objects.
        models: names as in a suite.
        recipes: recipe names.
        tracks: track names.
        num_examples: number of examples per dataset, at least 1.
        seed: the seed for example selection and attacks, at least 0.
        training_seeds: seeds of the trained models, at least 0.
        split: the split whose examples are attacked, or ``all``.
        text_column: the text column of every dataset.
        label_column: the label column of every dataset.
        text_length: the text length class of every dataset.
        label_names: the names of the classes of every dataset, in order.
        label_map: names in the data, and the names to use for them.
    """

    datasets: Sequence[str | DatasetSource] | None = None
    models: Sequence[str] | None = None
    recipes: Sequence[str] | None = None
    tracks: Sequence[str] | None = None
    num_examples: int | None = None
    seed: int | None = None
    training_seeds: Sequence[int] | None = None
    split: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    text_length: str | None = None
    label_names: Sequence[str] | None = None
    label_map: Mapping[str, str] | None = None


_OF_DATASETS = MappingProxyType(
    {
        "text_column": "text_column",
        "label_column": "label_column",
        "text_length": "length",
        "label_names": "label_names",
        "label_map": "label_map",
    }
)
"""The overrides that concern every dataset, and their names in :class:`DatasetSource`."""


def make_plan(suite: Suite, overrides: Overrides | None = None) -> Plan:
    """The cells of ``suite`` with the overrides applied.

    Raises:
        UnknownNameError: a dataset, model, recipe or track that does not exist.
        MissingAssetError: a recipe that cannot run offline.
        ModelError: a model that is neither a name nor a folder.
        InputError: a number out of range, a duplicate victim, no cell that can run, or an option
            for a dataset that defines it itself.
    """
    overrides = overrides or Overrides()
    objects = _objects(overrides.datasets or ())
    suite = _override(suite, overrides, objects)
    sources = _sources(suite, overrides, objects)
    if not sources:
        raise InputError(
            "no dataset is given; name one with --dataset, --datasets or --test-file, or in the "
            "suite (datasets)"
        )
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
        for dataset in sources
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
        sources=FrozenMapping(sources),
        at_most=suite.num_examples is None,
    )


def _plan_name(dataset: str | DatasetSource) -> str:
    """The name of a dataset in a plan."""
    return dataset if isinstance(dataset, str) else dataset.plan_name()


def _objects(datasets: Sequence[str | DatasetSource]) -> dict[str, DatasetSource]:
    """The datasets that are given as sources, keyed by their names in the plan."""
    names = [_plan_name(dataset) for dataset in datasets if not isinstance(dataset, str)]
    if len(set(names)) < len(names):
        repeated = Counter(names).most_common(1)[0][0]
        raise InputError(f"two datasets are named {repeated!r}; give them names that differ")
    return {_plan_name(source): source for source in datasets if not isinstance(source, str)}


def _sources(
    suite: Suite, overrides: Overrides, objects: Mapping[str, DatasetSource]
) -> dict[str, DatasetSource]:
    """How to read each dataset of a plan, keyed by its name in the plan."""
    changes: dict[str, Any] = {
        field: getattr(overrides, option)
        for option, field in _OF_DATASETS.items()
        if getattr(overrides, option) is not None
    }
    changes["whole"] = suite.split == ALL
    return {
        name: replace(objects.get(name) or suite.source_of(name), **changes)
        for name in dict.fromkeys(suite.datasets)
    }


def _override(suite: Suite, overrides: Overrides, objects: Mapping[str, DatasetSource]) -> Suite:
    """Check the overrides, and return a copy of the suite with them applied."""
    given = {
        key: value
        for key, value in vars(overrides).items()
        if value is not None and key not in _OF_DATASETS
    }
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
    names = [name for name in given.get("datasets", ()) if isinstance(name, str)]
    check_fields(suite.model_copy(update={**given, "datasets": tuple(names)}), given)
    if "datasets" in given:
        given["datasets"] = tuple(map(_plan_name, given["datasets"]))
    return suite.model_copy(update=given)


def _is_runnable(cell: Cell) -> bool:
    """Whether the victim provides the gradients that the recipe needs, if it needs any."""
    return not recipe(cell.recipe).gradients or cell.victim.has_gradients
