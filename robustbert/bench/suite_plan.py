"""Expand a suite, with the overrides of the command line, into a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from robustbert.assets.profiles import using_profile
from robustbert.bench.plan import Plan, build_plan
from robustbert.bench.suite import Suite, check_fields
from robustbert.bench.victim_spec import victim_specs
from robustbert.data import DatasetSource
from robustbert.data.dataset import ALL
from robustbert.defenses import DefenseSpec
from robustbert.errors import InputError


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
        labels: the names of the outputs of models that are already trained, in order.
        split: the split whose examples are attacked, or ``all``.
        text_column: the text column of every dataset.
        label_column: the label column of every dataset.
        text_length: the text length class of every dataset.
        label_names: the names of the classes of every dataset, in order.
        label_map: names in the data, and the names to use for them.
        defenses: the defenses of every model, in order; none keeps those of the suite.
        adaptive: whether attacks know the defenses of every model; False keeps what the suite says.
        assets: the assets profile.
    """

    datasets: Sequence[str | DatasetSource] | None = None
    models: Sequence[str] | None = None
    recipes: Sequence[str] | None = None
    tracks: Sequence[str] | None = None
    num_examples: int | None = None
    seed: int | None = None
    training_seeds: Sequence[int] | None = None
    labels: Sequence[str] | None = None
    split: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    text_length: str | None = None
    label_names: Sequence[str] | None = None
    label_map: Mapping[str, str] | None = None
    defenses: Sequence[DefenseSpec] = ()
    adaptive: bool = False
    assets: str | None = None


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


#: Fields whose values another assets profile may not have.
_DEPEND_ON_ASSETS = ("recipes", "model")


def make_plan(suite: Suite, overrides: Overrides | None = None) -> Plan:
    """The cells of ``suite`` with the overrides applied.

    Raises:
        UnknownNameError: a dataset, model, recipe or track that does not exist.
        MissingAssetError: a recipe that cannot run with the assets of the profile.
        ModelError: a model that is neither a name nor a folder.
        InputError: a number out of range, a duplicate victim, defenses for a model of the suite
            that has its own, an adaptive attack without a defense that it could know, no cell that
            can run, or an option for a dataset that defines it itself.
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
    with using_profile(suite.assets):
        return build_plan(
            suite=suite.name,
            sources=sources,
            victims=victim_specs(suite, tuple(overrides.defenses), adaptive=overrides.adaptive),
            tracks=suite.tracks,
            recipes=suite.recipes,
            examples=suite.examples_of,
            at_most=suite.num_examples is None,
            split=suite.split,
            seed=suite.seed,
            limits=suite.unified_limits(),
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
        if value is not None and key not in (*_OF_DATASETS, "defenses", "adaptive")
    }
    for key, minimum in (("num_examples", 1), ("seed", 0)):
        if given.get(key, minimum) < minimum:
            option = f"--{key.replace('_', '-')}"
            raise InputError(f"{option} is {given[key]}; give an integer of at least {minimum}")
    for key in ("datasets", "models", "labels", "recipes", "tracks", "training_seeds"):
        if key in given:
            given[key] = tuple(given[key])
    negative = [seed for seed in given.get("training_seeds", ()) if seed < 0]
    if negative:
        raise InputError(f"--training-seeds contains {negative[0]}; seeds must be at least 0")
    names = [name for name in given.get("datasets", ()) if isinstance(name, str)]
    checked = {*given, *_DEPEND_ON_ASSETS} if "assets" in given else given
    check_fields(suite.model_copy(update={**given, "datasets": tuple(names)}), checked)
    if "datasets" in given:
        given["datasets"] = tuple(map(_plan_name, given["datasets"]))
    return suite.model_copy(update=given)
