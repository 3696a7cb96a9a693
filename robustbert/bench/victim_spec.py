"""Specifications of the victims of a suite."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from robustbert.bench.model_names import split_name
from robustbert.bench.suite import Suite
from robustbert.defenses import DEFENSES, DefenseSpec, compose
from robustbert.errors import InputError
from robustbert.frozen import FrozenMapping
from robustbert.models import MODELS, Classifier, TfidfBase
from robustbert.models.folders import is_pretrained, model_kind
from robustbert.models.searched_through import DEFAULT_VOTES
from robustbert.paths import user_path
from robustbert.training import make_config


@dataclass(frozen=True)
class VictimSpec:
    """The specification of a victim.

    Args:
        name: the display name in tables.
        base: a model name, as listed by ``robustbert list models`` (which is trained first), a
            folder (which is trained first if ``robustbert pretrain`` wrote it), or ``hub:NAME``;
            for a classifier in memory, a hash that identifies it.
        defenses: the defenses, in the order of application; the wrapper of the first is outermost.
        training: training options that differ from the defaults.
        training_seed: the seed of its training; None if it is already trained.
        variant: 8 hex digits that distinguish victims with the same label; None if the label is
            unique.
        labels: the names of the outputs of a trained model, in order; None for those that it has.
        classifier: a classifier in memory; None for a model that is loaded or trained.
        adaptive_votes: the number of votes that searches of an adaptive attack average over if the
            victim is randomised, at least 1; None for attacks that do not know the defenses.
        num_examples: the maximum number of examples of its cells; None for no other one than that
            of the suite.
    """

    name: str
    base: str
    defenses: tuple[DefenseSpec, ...] = ()
    training: Mapping[str, Any] = FrozenMapping()
    training_seed: int | None = None
    variant: str | None = None
    labels: tuple[str, ...] | None = None
    classifier: Classifier | None = field(default=None, repr=False)
    adaptive_votes: int | None = None
    num_examples: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "training", FrozenMapping(self.training))
        object.__setattr__(self, "defenses", tuple(self.defenses))

    @property
    def label(self) -> str:
        """The name, followed by a plus sign and the name for each defense."""
        return "+".join([self.name, *(defense.name for defense in self.defenses)])

    @property
    def adaptive(self) -> bool:
        """Whether attacks know the defenses, and attack the victim through them."""
        return self.adaptive_votes is not None

    @property
    def row_label(self) -> str:
        """The label, with "(adaptive)" if attacks know the defenses."""
        return f"{self.label} (adaptive)" if self.adaptive else self.label

    @property
    def defense_names(self) -> str | None:
        """The names of the defenses, joined by `` + ``, as in records; None if there are none."""
        return " + ".join(defense.name for defense in self.defenses) or None

    @property
    def needs_training(self) -> bool:
        """Whether it must be trained.

        True if its base is a model name or a pre-trained folder, or if it has training options or a
        defense that trains.
        """
        if self.classifier is None and (
            self.base in MODELS or self.training or is_pretrained(user_path(self.base))
        ):
            return True
        return compose(self.defenses).trains

    @property
    def has_gradients(self) -> bool:
        """Whether it provides gradients.

        All models in files do, except classical ones and those whose defense takes them away.
        """
        if not all(defense.keeps_gradients for defense in compose(self.defenses).defenses):
            return False
        if self.classifier is not None:
            return self.classifier.has_gradients
        if self.base in MODELS:
            return not isinstance(MODELS.load(self.base), TfidfBase)
        return model_kind(user_path(self.base)) != "classical"


def victim_specs(
    suite: Suite, defenses: tuple[DefenseSpec, ...] = (), *, adaptive: bool = False
) -> list[VictimSpec]:
    """The victims of a suite in its order, one per training seed.

    Args:
        suite: the suite.
        defenses: the defenses of every victim; none for those in the suite.
        adaptive: whether attacks know the defenses of every victim, and not only where the suite
            says so.

    Raises:
        InputError: a victim has its own defenses and others are given, two victims are identical,
            there are training seeds and every model is already trained, there are label names and
            no model uses them, or an adaptive attack has nothing to adapt to.
    """
    named = [_victim_spec(name, suite, adaptive) for name in dict.fromkeys(suite.models)]
    victims = with_variants([_with_defenses(victim, defenses) for victim in named])
    for victim in victims:
        check_adaptive(victim)
    check_training_seeds(victims, suite.training_seeds or ())
    if suite.labels and not any(victim.labels == suite.labels for victim in victims):
        raise InputError(
            "the names of the labels are given, but every model has its own; leave them out, or "
            "give a trained model"
        )
    return replicates(victims, suite.training_seeds or (suite.seed,))


def check_training_seeds(victims: Sequence[VictimSpec], seeds: Sequence[int]) -> None:
    """Check that a victim uses the training seeds, if there are any.

    Raises:
        InputError: every victim is already trained.
    """
    if seeds and not any(victim.needs_training for victim in victims):
        raise InputError(
            "training seeds are given, but every model is already trained; leave them out, or name "
            "a model that robustbert trains"
        )


def classifier_spec(classifier: Classifier, name: str | None = None) -> VictimSpec:
    """The specification of a classifier in memory, with its own name unless one is given."""
    info = classifier.info
    return VictimSpec(name or info.name, info.sha256, classifier=classifier)


def model_spec(model: str, labels: Sequence[str] | None = None) -> VictimSpec:
    """The specification of a model that is given as a string.

    Args:
        model: a model name, a folder or ``hub:NAME``, optionally preceded by ``NAME=``, the name
            in tables.
        labels: the names of the outputs of a trained model, in order; None for those that it has.
    """
    name, base = split_name(model)
    if name is None:
        known = base in MODELS or base.startswith("hub:")
        name = base if known else user_path(base).resolve().name or "model"
    own = None if labels is None or base in MODELS else tuple(labels)
    return VictimSpec(name, base, labels=own)


def replicates(victims: Sequence[VictimSpec], seeds: Sequence[int]) -> list[VictimSpec]:
    """One copy per distinct seed of each victim that needs training; the others as they are."""
    distinct = tuple(dict.fromkeys(seeds))
    return [replicate for victim in victims for replicate in _replicates(victim, distinct)]


def _victim_spec(name: str, suite: Suite, adaptive: bool) -> VictimSpec:
    table = suite.model.get(name)
    if table is None:
        spec = model_spec(name, suite.labels)
    else:
        adaptive = adaptive or table.adaptive
        spec = VictimSpec(
            table.name or name,
            table.base,
            table.defenses(),
            table.training,
            labels=table.labels,
            num_examples=table.num_examples,
        )
    return replace(spec, adaptive_votes=DEFAULT_VOTES if adaptive else None)


def check_adaptive(victim: VictimSpec) -> None:
    """Check before any training that an adaptive attack may have something to adapt to.

    Raises:
        InputError: no defense is randomised or transforms texts. A defense that is not built in
            may do so without declaring it, and so may the wrapper of a classifier in memory.
    """
    built_in = {entry.name for entry in DEFENSES.built_in()}
    defenses = compose(victim.defenses)
    could_adapt = any(
        one.is_randomised
        or one.transforms_texts
        or (one.overrides("wrap") and name not in built_in)
        for name, one in zip(defenses.names, defenses.defenses, strict=True)
    )
    if victim.adaptive and victim.classifier is None and not could_adapt:
        raise nothing_to_adapt_to(victim)


def nothing_to_adapt_to(victim: VictimSpec) -> InputError:
    """The error for an adaptive attack on a victim whose defenses it cannot use."""
    return InputError(
        f"an adaptive attack has nothing to adapt to: {victim.label} has no defense that is "
        "randomised or transforms texts; leave out adaptive, or choose another defense (safer, "
        "ranmask, spell-correction, …)"
    )


def _with_defenses(victim: VictimSpec, defenses: tuple[DefenseSpec, ...]) -> VictimSpec:
    if defenses and victim.defenses:
        raise InputError(
            f"the model {victim.name} has the defense {victim.defense_names} in the suite, and "
            f"{defenses[0].name} is given for all models; choose other models with --models"
        )
    return replace(victim, defenses=defenses or victim.defenses)


def _replicates(victim: VictimSpec, seeds: Sequence[int]) -> list[VictimSpec]:
    """One copy of the victim per training seed; only the victim if it is already trained."""
    if not victim.needs_training:
        return [victim]
    return [replace(victim, training_seed=seed) for seed in seeds]


def with_variants(victims: Sequence[VictimSpec]) -> list[VictimSpec]:
    """The victims; those whose label is not unique get a variant.

    Raises:
        InputError: two victims are identical.
    """
    labels = Counter(victim.row_label for victim in victims)
    first: dict[str, VictimSpec] = {}
    for victim in victims:
        if first.setdefault(_build_key(victim), victim) is not victim:
            raise InputError(
                f"two models named {victim.name!r} have the same base, defense and options; remove "
                "one of them"
            )
    return [
        replace(victim, variant=_variant(victim)) if labels[victim.row_label] > 1 else victim
        for victim in victims
    ]


def _build_key(victim: VictimSpec) -> str:
    """Everything that determines a victim, including defaults, as JSON."""
    config = make_config(victim.training, seed=0) if victim.needs_training else None
    return json.dumps(
        {
            "label": victim.row_label,
            "base": _absolute(victim),
            "labels": victim.labels,
            "training": config.as_dict() if config else None,
            "params": [defense.params() for defense in compose(victim.defenses).defenses],
        },
        sort_keys=True,
    )


def _variant(victim: VictimSpec) -> str:
    """The first 8 hex digits of a hash of the base, the labels and the options in the suite."""
    params = [defense.params for defense in victim.defenses] or [FrozenMapping()]
    # a single defense is not in a list, so that variants are those of earlier versions
    given: list[Any] = [_absolute(victim), victim.training]
    given += [params[0] if len(params) == 1 else params]
    given += [] if victim.labels is None else [victim.labels]
    return hashlib.sha256(json.dumps(given, sort_keys=True, default=dict).encode()).hexdigest()[:8]


def _absolute(victim: VictimSpec) -> str:
    """The base of a victim; the path of a folder is made absolute."""
    base = victim.base
    if victim.classifier is not None or base in MODELS or base.startswith("hub:"):
        return base
    return str(user_path(base).resolve())
