"""Compare models on a dataset from Python: ``rb.bench``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from robustbert.assets.profiles import using_profile
from robustbert.attacks import UnifiedLimits, check_track, runnable_recipe
from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.bench.plan import Plan, build_plan
from robustbert.bench.run import BenchResult, run_plan
from robustbert.bench.run_options import RayCluster, RunOptions
from robustbert.bench.suite import DEFAULT_EXAMPLES
from robustbert.bench.victim_spec import (
    VictimSpec,
    check_adaptive,
    check_training_seeds,
    classifier_spec,
    model_spec,
    replicates,
    with_variants,
)
from robustbert.data import DatasetSource, TextDataset, load_dataset
from robustbert.errors import InputError
from robustbert.models import Classifier
from robustbert.models.adapters.adapter import check_name
from robustbert.models.searched_through import DEFAULT_VOTES
from robustbert.validation import check_at_least

Model: TypeAlias = Classifier | str | Path
"""A classifier in memory, or the name of a model, a folder or ``hub:NAME``."""


def bench(
    models: Model | Sequence[Model] | Mapping[str, Model],
    recipes: str | Sequence[str] = CORE_RECIPES,
    dataset: Any = None,
    *,
    n: int | None = None,
    split: str | None = None,
    tracks: str | Sequence[str] = "unified",
    limits: UnifiedLimits | None = None,
    seed: int = 0,
    training_seeds: Sequence[int] = (),
    adaptive: bool = False,
    out: Path | str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    lanes: int | None = None,
    cluster: RayCluster | None = None,
    assets: str | None = None,
) -> BenchResult:
    """Attack classifiers with recipes and tabulate their accuracy.

    Args:
        models: classifiers, names (see ``robustbert list models``; these are trained first),
            folders or ``hub:NAME``. The keys of a mapping are the names in the table.
        recipes: names, as listed by ``robustbert list recipes``.
        dataset: a dataset of :func:`robustbert.load_dataset`, or anything that it accepts.
        n: the number of examples; None for 100, or all if there are fewer.
        split: the split to attack; None for ``"test"``, or for all of a table or list.
        tracks: ``unified``, ``published`` or ``unified-li``.
        limits: the limits of the ``unified`` track.
        seed: at least 0; determines the examples, the attacks and the training.
        training_seeds: train each model that is given by name once per seed.
        adaptive: whether attacks know that models are randomised, or transform texts.
        out: a folder for records, outcomes and tables, in which an interrupted run is resumed;
            None stores nothing.
        dtype: auto, float32 or bfloat16, for models that are loaded and the sentence encoder.
        device: auto, cpu, cuda, cuda:N or mps, for the same models.
        lanes: the number of concurrent searches, at least 1; does not affect results.
        cluster: where to attack; None for this process. It does not affect results either.
        assets: ``offline``, or ``canonical`` for the original assets, which are downloaded; None
            for the current profile.

    Raises:
        RobustbertError: a model, a recipe or the dataset cannot be used; an argument is missing or
            out of range; a model's labels are not those of the dataset; a model returns something
            that is not probabilities; or results of a model without a name are to be stored.
    """
    _check_types(out, limits)
    options: dict[str, Any] = {"n": n, "split": split, "tracks": tracks, "limits": limits}
    options |= {"seed": seed, "training_seeds": training_seeds, "adaptive": adaptive}
    with using_profile(assets):
        plan = plan_models(models, recipes, dataset, **options, stored=out is not None)
    with result_folder(out) as folder:
        return run_plan(plan, RunOptions(folder, dtype, device, lanes, cluster=cluster))


def plan_models(
    models: Model | Sequence[Model] | Mapping[str, Model],
    recipes: str | Sequence[str],
    dataset: Any,
    *,
    n: int | None,
    split: str | None,
    tracks: str | Sequence[str],
    seed: int,
    limits: UnifiedLimits | None = None,
    training_seeds: Sequence[int] = (),
    adaptive: bool = False,
    stored: bool,
) -> Plan:
    """The plan of :func:`bench`, whose arguments these are; loads the dataset, but no model.

    ``stored`` says whether the results will be kept, for which every model needs a name.

    Raises:
        RobustbertError: see :func:`bench`.
    """
    _check_numbers(n, seed, training_seeds)
    loaded, victims = _load(dataset, split), _victims(models, adaptive, stored=stored)
    check_training_seeds(victims, training_seeds)
    return build_plan(
        suite=None,
        sources={loaded.name: DatasetSource(source=loaded, whole=split == "all")},
        victims=replicates(victims, [int(number) for number in training_seeds] or [int(seed)]),
        tracks=_names(tracks, "tracks", check_track),
        recipes=_names(recipes, "recipes", runnable_recipe),
        examples=lambda dataset, recipe: int(n or DEFAULT_EXAMPLES),
        at_most=n is None,
        split=_attacked_split(loaded, split),
        seed=int(seed),
        limits=limits or UnifiedLimits(),
    )


def _check_numbers(n: int | None, seed: int, training_seeds: Sequence[int]) -> None:
    check_at_least(1, optional=True, n=n)
    check_at_least(0, seed=seed)
    seeds: dict[str, Any] = {f"training_seeds[{i}]": s for i, s in enumerate(training_seeds)}
    check_at_least(0, **seeds)


def _check_types(out: Any, limits: Any) -> None:
    if not isinstance(out, Path | str | None):
        raise InputError(f"out is {out!r:.80}; give a folder, or None to store nothing")
    if not isinstance(limits, UnifiedLimits | None):
        raise InputError(
            f"limits is a {type(limits).__name__}; give robustbert.attacks.UnifiedLimits(...)"
        )


def _load(dataset: Any, split: str | None) -> TextDataset:
    """The dataset itself, or what :func:`load_dataset` makes of it."""
    if dataset is None:
        raise InputError("dataset is missing; give a name, a dataset, a data frame or lists")
    if isinstance(dataset, TextDataset):
        return dataset
    whole = split == "all" or (split is None and not _has_splits(dataset))
    return load_dataset(dataset, split="all" if whole else None)


def _has_splits(dataset: Any) -> bool:
    """Whether a dataset is a name or a mapping of splits, not a table or lists."""
    return isinstance(dataset, str | Path | Mapping)


def _attacked_split(dataset: TextDataset, split: str | None) -> str:
    if split is not None:
        return split
    return "all" if "all" in dataset.splits else "test"


def _victims(
    models: Model | Sequence[Model] | Mapping[str, Model], adaptive: bool, *, stored: bool
) -> list[VictimSpec]:
    named: Iterable[tuple[str | None, Any]]
    if isinstance(models, Mapping):
        named = [(check_name(str(name), ""), model) for name, model in models.items()]
    elif isinstance(models, Iterable) and not isinstance(models, str):
        named = [(None, model) for model in models]
    else:
        named = [(None, models)]
    votes = DEFAULT_VOTES if adaptive else None
    victims = [replace(_victim(model, name), adaptive_votes=votes) for name, model in named]
    for victim in victims:
        check_adaptive(victim)
    if not victims:
        raise InputError("there is no model; give at least one")
    if stored:
        _check_identified(victims)
    return with_variants(victims)


def _victim(model: Any, name: str | None) -> VictimSpec:
    model = checked_model(model)
    if isinstance(model, Classifier):
        return classifier_spec(model, name)
    spec = model_spec(model)
    return spec if name is None else replace(spec, name=name)


def checked_model(model: Any) -> Classifier | str:
    """The model itself; a path as a string.

    Raises:
        InputError: it is neither a classifier nor a string nor a path.
    """
    if isinstance(model, Path):
        return str(model)
    if isinstance(model, Classifier | str):
        return model
    kind = f"class {model.__name__}" if isinstance(model, type) else type(model).__name__
    raise InputError(
        f"a model is a {kind}; wrap it in TorchClassifier, SklearnClassifier or "
        "CallableClassifier, or give a model folder"
    )


def _check_identified(victims: Sequence[VictimSpec]) -> None:
    for victim in victims:
        if victim.classifier is not None and not victim.classifier.identified:
            raise InputError(
                f"{victim.name} has no name of its own, so stored results could not be told from "
                "those of another function; create the classifier with name=, or do not pass out="
            )


def _names(
    names: str | Sequence[str], argument: str, check: Callable[[str], object]
) -> tuple[str, ...]:
    """One or several names, each of which is checked."""
    one = isinstance(names, str) or not isinstance(names, Iterable)
    found: tuple[Any, ...] = (names,) if one else tuple(names)
    if not all(isinstance(name, str) for name in found):
        raise InputError(f"{argument} is {names!r:.80}; give one name, or a list of names")
    if not found:
        raise InputError(f"{argument} is empty; give at least one name")
    for name in found:
        check(name)
    return found


@contextmanager
def result_folder(out: Path | str | None) -> Iterator[Path]:
    """The output folder, or a temporary one."""
    if out is not None:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory(prefix="robustbert-") as folder:
        yield Path(folder)
