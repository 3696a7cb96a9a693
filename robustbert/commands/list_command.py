"""``robustbert list``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_assets_profile, add_command
from robustbert.commands.terminal import print_report
from robustbert.console import printable, terminal_width, wrapped
from robustbert.errors import MissingAssetError, RobustbertError

if TYPE_CHECKING:
    from robustbert.attacks import Recipe

Rows = Iterable[tuple[str, str]]


def add_list(subparsers: Any) -> None:
    """Add the command ``list``."""
    command = add_command(
        subparsers, "list", show_list, "list the names that the other commands accept"
    )
    command.add_argument("what", choices=list(LISTS))
    add_assets_profile(command)


def show_list(options: Any) -> int:
    """Run ``robustbert list``."""
    print_report(LISTS[options.what]())
    return 0


def _summaries(rows: Callable[[], Rows]) -> Callable[[], str]:
    """A list of names with their summaries, one per line."""

    def text() -> str:
        pairs = list(rows())
        width = max(len(name) for name, _ in pairs)
        return "".join(f"{name:<{width}}  {summary}\n" for name, summary in pairs)

    return text


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
        lacking = entry.missing_now
        missing = f"; cannot run here: needs {lacking}" if lacking else _missing_package(entry)
        gradients = "; needs gradients" if entry.gradients else ""
        yield entry.name, f"{entry.summary}{gradients}{missing}"


def _missing_package(recipe: Recipe) -> str:
    """The package that has to be installed before a recipe can run; empty if there is none."""
    from robustbert.assets.asset_registry import check_packages

    for track, where in (("unified", ""), ("published", " on the published track")):
        try:
            check_packages(recipe.assets_now([track]))
        except MissingAssetError as error:
            return f"; cannot run{where} yet: {error}"
    return ""


def _suites() -> Rows:
    from robustbert.bench import load_suite, suite_names

    return ((name, load_suite(name).summary) for name in suite_names())


def _defenses() -> str:
    """The table of defenses; those of packages that cannot be used are listed below it."""
    from robustbert.defenses import DEFENSES, make_defense
    from robustbert.reports.render import text_table

    width, rows, problems = terminal_width(), [], []
    for name in DEFENSES:
        try:
            defense = make_defense(name, {})
        except RobustbertError as error:
            problems.append(wrapped(f"{name} cannot be used: {error}", width, others="  "))
            continue
        hooks = [
            hook + " (random)" * (hook == "wrap" and defense.is_randomised)
            for hook in defense.hooks
        ]
        cost = defense.step_cost
        passes = [str(cost.forward), str(cost.backward), str(defense.query_cost)]
        rows.append([printable(name), _lines(defense.paper), "\n".join(hooks), *passes])
    header = ["defense", "paper", "hooks", "forward", "backward", "query"]
    table = text_table(header, rows, width, left=("paper", "hooks"))
    note = wrapped(
        "forward, backward: passes of the network per training step, without attacks on training "
        "texts; query: forward passes per prediction",
        width,
    )
    return "\n".join([table, "", note, *problems, ""])


def _explainers() -> Rows:
    from robustbert.explanations import EXPLAINERS

    for entry in EXPLAINERS.entries():
        try:
            needs = "; needs a network" if EXPLAINERS.load(entry.name).needs_network else ""
        except RobustbertError as error:  # it is one of another package
            needs = f"; cannot be used: {error}"
        yield printable(entry.name), printable(f"{entry.summary}{needs}")


def _lines(papers: str) -> str:
    """Citations, one per line."""
    return "\n".join(printable(paper.strip()) for paper in papers.split(";"))


def _detectors() -> Rows:
    from robustbert.detection import DETECTORS

    yield from ((entry.name, entry.summary) for entry in DETECTORS.entries())


LISTS: MappingProxyType[str, Callable[[], str]] = MappingProxyType(
    {
        "datasets": _summaries(_datasets),
        "models": _summaries(_models),
        "recipes": _summaries(_recipes),
        "suites": _summaries(_suites),
        "defenses": _defenses,
        "detectors": _summaries(_detectors),
        "explainers": _summaries(_explainers),
    }
)
