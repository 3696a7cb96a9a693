"""Whether every name and setting of a suite means something, before anything is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from robustbert.attacks import RECIPES, UnifiedLimits, check_track, runnable_recipe
from robustbert.bench.suite import ModelTable, Suite
from robustbert.data import DATASETS
from robustbert.data.splitting import SPLITS
from robustbert.defenses import make_defense
from robustbert.errors import (
    InputError,
    ModelError,
    RobustbertError,
    SuiteError,
    UnknownNameError,
)
from robustbert.models import MODELS
from robustbert.training import make_config
from robustbert.validation import build_from_settings


def check_suite(suite: Suite, source: str = "") -> None:
    """Check the names and settings of a suite.

    Args:
        suite: what is checked.
        source: its file; errors then say where in it the fault is.

    Raises:
        RobustbertError: the first fault; a :class:`SuiteError` where a source is given.
    """
    named: tuple[tuple[str, Iterable[str], Callable[[str], Any]], ...] = (
        ("recipes", suite.recipes, runnable_recipe),
        ("dataset_examples", suite.dataset_examples, _check_dataset),
        ("recipe_examples", suite.recipe_examples, RECIPES.entry),
        ("tracks", suite.tracks, check_track),
        ("datasets", suite.datasets, _check_dataset),
        ("split", [suite.split], _check_split),
    )
    for key, names, check in named:
        for name in names:
            with _at(source, key):
                check(name)
    for name, table in suite.model.items():
        with _at(source, f"model.{name}"):
            _check_table(table, suite.seed)
    for name in suite.models:
        if name not in suite.model:
            with _at(source, "models"):
                check_base(name, suite.model)
    with _at(source, "limits"):
        make_limits(suite)
    with _at(source, "training_seeds"):
        for seed in suite.training_seeds or ():
            make_config({}, seed=seed)


def check_base(base: str, others: Iterable[str] = ()) -> None:
    """Check that a model is a name of the table of models, ``hub:NAME`` or a folder.

    Raises:
        UnknownNameError: none of these; the message lists the near ones of ``others`` too.
        ModelError: there is no such folder, or it is a file.
    """
    if base in MODELS or base.startswith("hub:") or Path(base).expanduser().is_dir():
        return
    if Path(base).expanduser().exists():
        raise ModelError(f"the model {base} is a file; give the folder that holds it")
    if os.sep in base:
        raise ModelError(f"no model folder {base!r}; give a folder, hub:NAME or a name")
    raise UnknownNameError("model", base, [*others, *MODELS])


def make_limits(suite: Suite) -> UnifiedLimits:
    """The unified limits with what the suite changes in them.

    Raises:
        UnknownNameError: no such limit.
        InputError: a value of the wrong type or out of range.
    """
    return build_from_settings(UnifiedLimits, suite.limits, "unified limits")


def _check_table(table: ModelTable, seed: int) -> None:
    check_base(table.base)
    make_config(table.training, seed=seed)
    if table.defense is not None:
        make_defense(table.defense, table.params)
    elif table.params:
        raise InputError("params without a defense; name the defense too")


def _check_dataset(name: str) -> None:
    if name.startswith(("file:", "hub:")):
        return
    if name not in DATASETS:
        prefixes = [f"file:{name}"] if Path(name).suffix else []
        raise UnknownNameError("dataset", name, [*DATASETS, *prefixes])


def _check_split(name: str) -> None:
    if name not in SPLITS:
        raise UnknownNameError("split", name, SPLITS)


@contextmanager
def _at(source: str, key: str) -> Iterator[None]:
    """Put the place in front of what an error says."""
    try:
        yield
    except RobustbertError as error:
        if not source:
            raise
        raise SuiteError(f"{source}: {key}: {error}") from error
