"""``robustbert list``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any

from robustbert.commands.arguments import add_command

Rows = Iterable[tuple[str, str]]


def add_list(subparsers: Any) -> None:
    """Add the command ``list``."""
    command = add_command(
        subparsers, "list", show_list, "list the names that the other commands accept"
    )
    command.add_argument("what", choices=list(LISTS))


def show_list(options: Any) -> int:
    """Run ``robustbert list``."""
    rows = list(LISTS[options.what]())
    width = max(len(name) for name, _ in rows)
    for name, summary in rows:
        print(f"{name:<{width}}  {summary}")
    return 0


def _datasets() -> Rows:
    from robustbert.data import DATASETS

    yield from ((entry.name, entry.summary) for entry in DATASETS.entries())
    yield "file:PATH", "your own file: CSV, TSV, JSON Lines or Parquet"
    yield "hub:NAME", "a dataset from the Hugging Face Hub"


def _models() -> Rows:
    from robustbert.models import MODELS

    yield from ((entry.name, entry.summary) for entry in MODELS.entries())
    yield (
        "FOLDER",
        "your own model: a Hugging Face sequence classifier, or the output folder of "
        "robustbert train",
    )
    yield "hub:NAME", "a sequence classifier from the Hugging Face Hub, as safetensors"


def _recipes() -> Rows:
    from robustbert.attacks import RECIPES

    for entry in RECIPES.entries():
        missing = f"; cannot run here: needs {entry.missing}" if entry.missing else ""
        gradients = "; needs gradients" if entry.gradients else ""
        yield entry.name, f"{entry.summary}{gradients}{missing}"


def _suites() -> Rows:
    from robustbert.bench import load_suite, suite_names

    return ((name, load_suite(name).summary) for name in suite_names())


def _defenses() -> Rows:
    from robustbert.defenses import DEFENSES

    return ((entry.name, entry.summary) for entry in DEFENSES.entries())


LISTS: MappingProxyType[str, Callable[[], Rows]] = MappingProxyType(
    {
        "datasets": _datasets,
        "models": _models,
        "recipes": _recipes,
        "suites": _suites,
        "defenses": _defenses,
    }
)
