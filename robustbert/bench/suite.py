"""Suite files: TOML files that specify what to run; they are checked before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, ValidationInfo, model_validator

from robustbert.assets.profiles import check_profile, using_profile
from robustbert.attacks import RECIPES, UnifiedLimits, check_track, runnable_recipe
from robustbert.bench.model_names import split_name
from robustbert.bench.suite_tables import (
    DatasetTable,
    ModelTable,
    Names,
    Options,
    Positive,
    Seed,
    Text,
    TomlTable,
)
from robustbert.bench.toml_files import describe_invalid, read_toml
from robustbert.data.dataset import ALL, SPLITS
from robustbert.data.dataset_source import DatasetSource
from robustbert.defenses import compose
from robustbert.errors import InputError, ModelError, RobustbertError, SuiteError, UnknownNameError
from robustbert.models import MODELS
from robustbert.paths import suite_names, suites_folder, user_path
from robustbert.training import make_config
from robustbert.validation import build_from_settings

DEFAULT_EXAMPLES = 100
"""The number of examples per dataset, unless a suite gives one or a dataset has fewer."""
_TABLES: dict[object, type[TomlTable]] = {"model": ModelTable, "dataset": DatasetTable}


class Suite(TomlTable):
    """What to run: the product of datasets, models, tracks and recipes.

    All names and options are checked on construction.

    Attributes:
        name: the name of the suite in records and run folders.
        summary: a description in one line.
        datasets: keys of :attr:`dataset`, dataset names as listed by ``robustbert list datasets``,
            ``file:PATH`` or ``hub:NAME``. If there are none, the command line must name one.
        models: keys of :attr:`model`, model names as listed by ``robustbert list models``, folders,
            or ``hub:NAME``; ``NAME=MODEL`` gives the name in tables.
        recipes: recipe names, as listed by ``robustbert list recipes``.
        tracks: any of ``published``, ``unified`` and ``unified-li``.
        split: the split whose examples are attacked; ``all`` loads the datasets without splitting
            them, for models that are already trained.
        num_examples: number of examples per dataset, at least 1; None for 100, or for all if a
            dataset has fewer.
        seed: seed for example selection and attacks, and for training unless there are
            training seeds; at least 0.
        training_seeds: train each model once per seed; all of them are attacked on the same
            examples. None trains with :attr:`seed`.
        dataset_examples: maximum number of examples per dataset, keyed by dataset name.
        recipe_examples: maximum number of examples per recipe, keyed by recipe name.
        dataset: the ``[dataset.NAME]`` tables, keyed by name.
        labels: the names of the outputs, in order, of every trained model that is not in
            :attr:`model`; None for those that the models have.
        model: the ``[model.NAME]`` tables, keyed by name.
        limits: overrides of the limits of the ``unified`` track.
        assets: the assets profile, ``offline`` or ``canonical``; None for the current one.

    Raises:
        ValidationError: a missing or unknown key, or a value of the wrong type or out of range.
        RobustbertError: an unknown name or option. If the validation context contains the file's
            path under ``"source"``, this is a :class:`SuiteError` with the position in the file.
    """

    name: Text
    summary: str = ""
    datasets: tuple[Text, ...] = ()
    models: Names
    recipes: Names
    tracks: Names = ("unified",)
    split: Text = "test"
    num_examples: Positive | None = None
    seed: Seed = 0
    training_seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] | None = None
    dataset_examples: dict[str, Positive] = Field(default_factory=dict)
    recipe_examples: dict[str, Positive] = Field(default_factory=dict)
    dataset: dict[str, DatasetTable] = Field(default_factory=dict)
    labels: Names | None = None
    model: dict[str, ModelTable] = Field(default_factory=dict)
    limits: Options = Field(default_factory=dict)
    assets: Text | None = None

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> Suite:
        check_fields(self, type(self).model_fields, source=(info.context or {}).get("source", ""))
        return self

    def examples_of(self, dataset: str, recipe: str) -> int:
        """The number of examples of a dataset that a recipe attacks.

        It is a maximum if :attr:`num_examples` is None.
        """
        most = DEFAULT_EXAMPLES if self.num_examples is None else self.num_examples
        return min(
            most,
            self.dataset_examples.get(dataset, most),
            self.recipe_examples.get(recipe, most),
        )

    def source_of(self, dataset: str) -> DatasetSource:
        """How to read one of :attr:`datasets`.

        Raises:
            UnknownNameError: it is neither a table nor a dataset.
            InputError: its table is not valid.
        """
        table = self.dataset.get(dataset)
        if table is not None:
            return table.dataset_source(dataset)
        try:
            return DatasetSource(dataset)
        except UnknownNameError as error:
            raise UnknownNameError(error.kind, dataset, [*self.dataset, *error.known]) from None

    def unified_limits(self) -> UnifiedLimits:
        """The limits of the ``unified`` track with the overrides of the suite.

        Raises:
            UnknownNameError: no such limit.
            InputError: a value of the wrong type or out of range.
        """
        return build_from_settings(UnifiedLimits, self.limits, "unified limits")


def load_suite(name: str) -> Suite:
    """Load and check the built-in suite called ``name``, or the suite file with that path.

    Raises:
        UnknownNameError: no such suite; the message suggests similar names.
        SuiteError: the file cannot be read or is invalid; the message gives the position and
            suggests similar names.
    """
    if name in suite_names():
        return _read_suite(suites_folder() / f"{name}.toml")
    path = user_path(name)
    if path.suffix == ".toml" or path.exists():
        return _read_suite(path)
    raise UnknownNameError("suite", name, suite_names())


def check_fields(suite: Suite, fields: Container[str], source: str = "") -> None:
    """Check the names and options in some fields of a suite.

    Args:
        suite: the suite to check.
        fields: names of the fields to check.
        source: the path of the suite file; errors then give the position in it.

    Raises:
        RobustbertError: the first error; a :class:`SuiteError` if ``source`` is given.
    """
    if suite.assets is not None:
        with _located(source, "assets"):
            check_profile(suite.assets)
    with using_profile(suite.assets):
        for place, check in _checks(suite):
            if place.partition(".")[0] in fields:
                with _located(source, place):
                    check()


def _checks(suite: Suite) -> Iterator[tuple[str, Callable[[], object]]]:
    """The checks of a suite, each with its position in the file, ``field`` or ``field.name``."""
    for name in suite.dataset:
        yield f"dataset.{name}", partial(suite.source_of, name)
    named: tuple[tuple[str, Iterable[str], Callable[[str], object]], ...] = (
        ("recipes", suite.recipes, runnable_recipe),
        ("dataset_examples", suite.dataset_examples, suite.source_of),
        ("recipe_examples", suite.recipe_examples, RECIPES.entry),
        ("tracks", suite.tracks, check_track),
        (
            "datasets",
            [name for name in suite.datasets if name not in suite.dataset],
            suite.source_of,
        ),
        ("split", [suite.split], _check_split),
    )
    for field, names, check in named:
        for name in names:
            yield field, partial(check, name)
    for name, table in suite.model.items():
        yield f"model.{name}", partial(_check_table, table)
    for name in suite.models:
        if name not in suite.model:
            yield "models", partial(_check_model, name, suite.model)
    yield "labels", partial(_check_labels, suite.labels)
    yield "limits", suite.unified_limits
    yield "seed", partial(make_config, {}, seed=suite.seed)
    for seed in suite.training_seeds or ():
        yield "training_seeds", partial(make_config, {}, seed=seed)


def _check_table(table: ModelTable) -> None:
    _check_base(table.base)
    _check_labels(table.labels)
    make_config(table.training, seed=0)
    compose(table.defenses())


def _check_labels(labels: Sequence[str] | None) -> None:
    if labels is not None and len(set(labels)) < max(2, len(labels)):
        raise InputError(f"labels is {', '.join(labels)}; give at least two names that differ")


def _check_model(model: str, tables: Iterable[str]) -> None:
    _check_base(split_name(model)[1], tables)


def _check_base(base: str, tables: Iterable[str] = ()) -> None:
    """Check that a model is a known name, ``hub:NAME`` or a folder.

    Args:
        base: the model.
        tables: further names to suggest for an unknown name.
    """
    if base in MODELS or base.startswith("hub:") or user_path(base).is_dir():
        return
    if user_path(base).exists():
        raise ModelError(f"the model {base} is a file; give the folder that holds it")
    if os.sep in base:
        raise ModelError(f"no model folder {base!r}; give a folder, hub:NAME or a name")
    raise UnknownNameError("model", base, [*tables, *MODELS])


def _check_split(name: str) -> None:
    if name not in (*SPLITS, ALL):
        raise UnknownNameError("split", name, (*SPLITS, ALL))


@contextmanager
def _located(source: str, place: str) -> Iterator[None]:
    """Prefix the message of an error with the file and the position in it."""
    try:
        yield
    except RobustbertError as error:
        if not source:
            raise
        raise SuiteError(f"{source}: {place}: {error}") from error


def _read_suite(path: Path) -> Suite:
    content = read_toml(path, "suite")
    try:
        return Suite.model_validate(content, context={"source": str(path)})
    except ValidationError as error:
        raise SuiteError(f"{path}: {describe_invalid(error, Suite, _TABLES)}") from error
