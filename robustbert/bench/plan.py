"""The cells to run: the product of datasets, victims, tracks and recipes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from robustbert.assets.profiles import OFFLINE, current_profile
from robustbert.attacks import UnifiedLimits
from robustbert.attacks.recipes import recipe
from robustbert.bench.victim_spec import VictimSpec
from robustbert.data import DatasetSource
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

    def describe(self, dataset: str) -> str:
        """A short description for the progress display, given the name of the loaded dataset."""
        victim = self.victim
        parts = [victim.row_label, *([f"v{victim.variant}"] if victim.variant else [])]
        parts += [f"seed {self.replicate}"] if self.replicate is not None else []
        return " ".join([dataset, *parts, self.track, self.recipe])

    def file_name(self, dataset: str) -> str:
        """The name of its files, without extension, given the name of the loaded dataset."""
        return cell_name(
            dataset,
            self.victim.name,
            self.victim.defense_names,
            self.track,
            self.recipe,
            training_seed=self.replicate,
            variant=self.victim.variant,
            adaptive=self.victim.adaptive,
        )


@dataclass(frozen=True)
class Plan:
    """The cells of a suite.

    Args:
        suite: the name of the suite; None if there is none.
        cells: in table order: cells with the same dataset and victim are adjacent.
        skipped: cells that cannot run, because the recipe needs gradients that the victim lacks.
        split: the split whose examples are attacked.
        seed: the seed for example selection and attacks.
        limits: the limits of the ``unified`` track.
        sources: how to read each dataset, keyed by its name in the plan.
        at_most: whether the cells' numbers of examples are maxima, for datasets that have fewer.
        assets: the assets profile, ``offline`` or ``canonical``.
    """

    suite: str | None
    cells: tuple[Cell, ...]
    skipped: tuple[Cell, ...]
    split: str
    seed: int
    limits: UnifiedLimits
    sources: Mapping[str, DatasetSource]
    at_most: bool = False
    assets: str = OFFLINE

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

    def tracks(self) -> tuple[str, ...]:
        """The distinct tracks, in order."""
        return tuple(dict.fromkeys(cell.track for cell in self.cells))

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


def build_plan(
    *,
    suite: str | None,
    sources: Mapping[str, DatasetSource],
    victims: Sequence[VictimSpec],
    tracks: Sequence[str],
    recipes: Sequence[str],
    examples: Callable[[str, str], int],
    at_most: bool,
    split: str,
    seed: int,
    limits: UnifiedLimits,
) -> Plan:
    """The plan of the product of datasets, victims (one per training seed), tracks and recipes.

    Its assets profile is the current one.

    ``examples`` returns the number of examples, given the names of a dataset and a recipe. The
    other arguments are those of :class:`Plan`.

    Raises:
        InputError: no cell can run.
    """
    cells = [
        Cell(
            dataset,
            victim,
            track,
            recipe_name,
            min(examples(dataset, recipe_name), victim.num_examples or sys.maxsize),
            replicate_seed(victim.training_seed, seed),
        )
        for dataset in sources
        for victim in victims
        for track in dict.fromkeys(tracks)
        for recipe_name in dict.fromkeys(recipes)
    ]
    runnable = tuple(filter(_is_runnable, cells))
    if not runnable:
        names = dict.fromkeys(victim.name for victim in victims)
        raise InputError(
            f"nothing to run: every recipe ({', '.join(recipes)}) needs gradients, and no "
            f"model ({', '.join(names)}) provides them; choose another model or recipe"
        )
    return Plan(
        suite=suite,
        cells=runnable,
        skipped=tuple(cell for cell in cells if cell not in runnable),
        split=split,
        seed=seed,
        limits=limits,
        sources=FrozenMapping(sources),
        at_most=at_most,
        assets=current_profile(),
    )


def _is_runnable(cell: Cell) -> bool:
    """Whether the victim provides the gradients that the recipe needs, if it needs any."""
    return not recipe(cell.recipe).gradients or cell.victim.has_gradients
