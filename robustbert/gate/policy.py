"""What a gate allows: how large a drop, at which level of significance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from robustbert.attacks import TRACKS
from robustbert.attacks.recipes import RECIPES
from robustbert.errors import InputError, UnknownNameError
from robustbert.validation import is_proportion

#: The measure that counts an example only if it survives every core recipe.
WORST_CASE: Final = "worst_case"
#: The measure of the accuracy without an attack.
CLEAN: Final = "clean"
#: The power that reports refer to.
POWER: Final = 0.8
#: The smallest share of discordant examples that computations of power assume.
LEAST_DISCORDANT: Final = 0.05
#: The differences between two cells that can be allowed, and what each covers.
DIFFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "assets": "another assets profile, or other assets",
        "seed": "another seed for example selection and attacks",
        "protocol": "another protocol revision, other limits or other parameters of the recipe",
        "versions": "other versions of Python or of packages that affect outcomes",
        "examples": "other examples: only the shared ones are compared",
        "errors": "examples whose attack failed with an error: they are left out",
        "missing": "cells and rows of the base that the candidate does not have",
    }
)


@dataclass(frozen=True)
class Rule:
    """The drop that is allowed for some measures.

    Args:
        max_drop: the allowed drop of accuracy, in [0, 1].
        dataset: name of the dataset it applies to; None for all.
        track: name of the track; None for all.
        recipe: a recipe, ``worst_case`` or ``clean``; None for all.

    Raises:
        InputError: ``max_drop`` is out of range.
        UnknownNameError: there is no such track or recipe.
    """

    max_drop: float
    dataset: str | None = None
    track: str | None = None
    recipe: str | None = None

    def __post_init__(self) -> None:
        check_max_drop(self.max_drop)
        if self.track is not None and self.track not in TRACKS:
            raise UnknownNameError("track", self.track, TRACKS)
        if self.recipe is not None and self.recipe not in (WORST_CASE, CLEAN):
            try:
                RECIPES.entry(self.recipe)
            except UnknownNameError as error:
                known = [WORST_CASE, CLEAN, *error.known]
                raise UnknownNameError("measure", self.recipe, known) from None

    @property
    def text(self) -> str:
        """What it applies to and allows, as ``dataset=imdb recipe=pwws max_drop=0.05``."""
        parts = {"dataset": self.dataset, "track": self.track, "recipe": self.recipe}
        chosen = [f"{name}={value}" for name, value in parts.items() if value is not None]
        return " ".join([*chosen, f"max_drop={self.max_drop}"])

    def matches(self, dataset: str, track: str | None, measure: str) -> bool:
        """Whether the rule applies to a measure; ``track`` is None for clean accuracy."""
        pairs = ((self.dataset, dataset), (self.track, track), (self.recipe, measure))
        return all(wanted in (None, found) for wanted, found in pairs)


@dataclass(frozen=True)
class GatePolicy:
    """When a drop of accuracy is a regression: if it is significant and larger than allowed.

    Args:
        max_drop: the allowed drop of accuracy, in [0, 1]; 0.02 is two points.
        alpha: the level of significance for all tests of a comparison together, in (0, 1).
        strict: whether too little power to see the allowed drop is a failure.
        rules: exceptions from ``max_drop``; the last one that matches decides.

    Raises:
        InputError: a number is out of range.
    """

    max_drop: float = 0.02
    alpha: float = 0.05
    strict: bool = False
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        check_max_drop(self.max_drop)
        if not (is_proportion(self.alpha) and 0 < self.alpha < 1):
            raise InputError(f"alpha is {self.alpha!r:.80}; give a number above 0 and below 1")

    def max_drop_of(self, dataset: str, track: str | None, measure: str) -> float:
        """The allowed drop of a measure: a recipe, ``worst_case`` or ``clean``."""
        for rule in reversed(self.rules):
            if rule.matches(dataset, track, measure):
                return rule.max_drop
        return self.max_drop


def check_max_drop(max_drop: float) -> None:
    """Check that an allowed drop is a proportion.

    Raises:
        InputError: it is not from 0 to 1.
    """
    if not is_proportion(max_drop):
        raise InputError(
            f"max_drop is {max_drop!r:.80}; give a proportion from 0 to 1, such as 0.02 for two "
            "points"
        )


def check_differences(kinds: Iterable[str]) -> frozenset[str]:
    """Check the names of differences to allow; a single one may be a string.

    Raises:
        UnknownNameError: one is not in :data:`DIFFERENCES`.
    """
    kinds = frozenset([kinds] if isinstance(kinds, str) else kinds)
    for kind in sorted(kinds):
        if kind not in DIFFERENCES:
            raise UnknownNameError("difference", kind, DIFFERENCES)
    return kinds
