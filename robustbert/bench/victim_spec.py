"""Specifications of the victims of a suite."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from robustbert.bench.suite import Suite
from robustbert.defenses import make_defense
from robustbert.errors import InputError
from robustbert.frozen import FrozenMapping
from robustbert.models import MODELS, TfidfBase
from robustbert.models.folders import model_kind
from robustbert.training import make_config


@dataclass(frozen=True)
class VictimSpec:
    """The specification of a victim.

    Args:
        name: the display name in tables.
        base: a model name, as listed by ``robustbert list models`` (which is trained first), a
            folder, or ``hub:NAME``.
        defense: a defense name, as listed by ``robustbert list defenses``, or None.
        training: training options that differ from the defaults.
        params: parameters of the defense that differ from the defaults.
        training_seed: the seed of its training; None if it is already trained.
        variant: 8 hex digits that distinguish victims with the same label; None if the label is
            unique.
    """

    name: str
    base: str
    defense: str | None = None
    training: Mapping[str, Any] = FrozenMapping()
    params: Mapping[str, Any] = FrozenMapping()
    training_seed: int | None = None
    variant: str | None = None

    def __post_init__(self) -> None:
        for name in ("training", "params"):
            object.__setattr__(self, name, FrozenMapping(getattr(self, name)))

    @property
    def label(self) -> str:
        """The name, followed by a plus sign and the defense if there is one."""
        return f"{self.name}+{self.defense}" if self.defense else self.name

    @property
    def needs_training(self) -> bool:
        """Whether it must be trained.

        True if its base is a model name, or if it has training options or a defense that trains.
        """
        if self.base in MODELS or self.training:
            return True
        return self.defense is not None and make_defense(self.defense, self.params).trains

    @property
    def has_gradients(self) -> bool:
        """Whether it provides gradients, as all models except classical ones do."""
        if self.base in MODELS:
            return not isinstance(MODELS.load(self.base), TfidfBase)
        return model_kind(Path(self.base).expanduser()) != "classical"


def victim_specs(suite: Suite) -> list[VictimSpec]:
    """The victims of a suite in its order, one per training seed.

    Raises:
        InputError: two victims are identical, or there are training seeds and every model is
            already trained.
    """
    victims = _with_variants([_victim_spec(name, suite) for name in dict.fromkeys(suite.models)])
    if suite.training_seeds and not any(victim.needs_training for victim in victims):
        raise InputError(
            "training seeds are given, but every model is already trained; leave them out, or name "
            "a model that robustbert trains"
        )
    seeds = tuple(dict.fromkeys(suite.training_seeds or (suite.seed,)))
    return [replicate for victim in victims for replicate in _replicates(victim, seeds)]


def _victim_spec(name: str, suite: Suite) -> VictimSpec:
    table = suite.model.get(name)
    if table is not None:
        return VictimSpec(
            table.name or name, table.base, table.defense, table.training, table.params
        )
    if name in MODELS or name.startswith("hub:"):
        return VictimSpec(name, name)
    return VictimSpec(Path(name).expanduser().resolve().name or "model", name)


def _replicates(victim: VictimSpec, seeds: Sequence[int]) -> list[VictimSpec]:
    """One copy of the victim per training seed; only the victim if it is already trained."""
    if not victim.needs_training:
        return [victim]
    return [replace(victim, training_seed=seed) for seed in seeds]


def _with_variants(victims: Sequence[VictimSpec]) -> list[VictimSpec]:
    """The victims; those whose label is not unique get a variant."""
    labels = Counter(victim.label for victim in victims)
    first: dict[str, VictimSpec] = {}
    for victim in victims:
        if first.setdefault(_build_key(victim), victim) is not victim:
            raise InputError(
                f"two models named {victim.name!r} have the same base, defense and options; remove "
                "one of them"
            )
    return [
        replace(victim, variant=_variant(victim)) if labels[victim.label] > 1 else victim
        for victim in victims
    ]


def _build_key(victim: VictimSpec) -> str:
    """Everything that determines a victim, including defaults, as JSON."""
    config = make_config(victim.training, seed=0) if victim.needs_training else None
    defense = make_defense(victim.defense, victim.params) if victim.defense else None
    return json.dumps(
        {
            "label": victim.label,
            "base": _absolute(victim.base),
            "training": config.as_dict() if config else None,
            "params": defense.params() if defense else None,
        },
        sort_keys=True,
    )


def _variant(victim: VictimSpec) -> str:
    """The first 8 hex digits of a hash of the base and of the options in the suite."""
    given = [_absolute(victim.base), victim.training, victim.params]
    return hashlib.sha256(json.dumps(given, sort_keys=True, default=dict).encode()).hexdigest()[:8]


def _absolute(base: str) -> str:
    """A base; the path of a folder is made absolute."""
    known = base in MODELS or base.startswith("hub:")
    return base if known else str(Path(base).expanduser().resolve())
