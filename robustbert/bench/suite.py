"""Suite files: TOML that names what to run, checked before anything runs."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from robustbert.errors import SuiteError, UnknownNameError
from robustbert.records.schema import Track

Text = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], Field(min_length=1)]
Scalar = str | int | float | bool
Table = dict[str, Scalar | list[Scalar]]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelTable(_Table):
    """``[model.NAME]``: how a model of the suite is made.

    Attributes:
        base: a name of ``robustbert list models``, a folder, or ``hub:NAME``.
        name: what tables call it, beside its defense; its key in the suite unless given.
        defense: a name of the table of defenses; absent for plain fine-tuning.
        training: settings of the fine-tuning core.
        params: settings of the defense.
    """

    base: Text
    name: Text | None = None
    defense: Text | None = None
    training: Table = {}
    params: Table = {}


class Suite(_Table):
    """What to run: the product of datasets, models, tracks and recipes.

    Attributes:
        name: what records and run folders call it.
        summary: one line.
        datasets: names, ``file:PATH`` or ``hub:NAME``.
        models: names of ``[model.NAME]`` tables or of the table of models, folders, ``hub:NAME``.
        recipes: names of the table of recipes.
        tracks: ``published``, ``unified``, or both.
        split: whose examples are attacked.
        num_examples: how many, at least 1.
        seed: at least 0.
        recipe_examples: recipe name to a number of examples of its own.
        model: the ``[model.NAME]`` tables.
        limits: what to change in the unified limits.
    """

    name: Text
    summary: str = ""
    datasets: Names
    models: Names
    recipes: Names
    tracks: Annotated[tuple[Track, ...], Field(min_length=1)] = ("unified",)
    split: Text = "test"
    num_examples: Annotated[int, Field(ge=1)] = 100
    seed: Annotated[int, Field(ge=0)] = 0
    recipe_examples: dict[str, Annotated[int, Field(ge=1)]] = {}
    model: dict[str, ModelTable] = {}
    limits: Table = {}

    def examples_of(self, recipe: str) -> int:
        """How many examples a recipe is run on."""
        return min(self.num_examples, self.recipe_examples.get(recipe, self.num_examples))


def suites_folder() -> Path:
    """Where the suites that come with robustbert lie."""
    checkout = Path(__file__).resolve().parents[2] / "benchmarks" / "suites"
    packaged = Path(__file__).resolve().parents[1] / "suites"
    return packaged if packaged.is_dir() else checkout


def suite_names() -> tuple[str, ...]:
    """The names of the suites that come with robustbert, sorted."""
    return tuple(sorted(path.stem for path in suites_folder().glob("*.toml")))


def load_suite(name: str) -> Suite:
    """The suite called ``name``, or the one in the file of that path.

    Raises:
        UnknownNameError: no such suite; the message lists the near ones.
        SuiteError: the file cannot be read, or holds something that no suite has; the message
            gives the place and the near names.
    """
    if name in suite_names():
        return read_suite(suites_folder() / f"{name}.toml")
    path = Path(name).expanduser()
    if path.suffix == ".toml" or path.exists():
        return read_suite(path)
    raise UnknownNameError("suite", name, [*suite_names(), f"{name}.toml"])


def read_suite(path: Path) -> Suite:
    """Read and check a suite file; raises as :func:`load_suite` does."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SuiteError(f"cannot read suite {path}: {error.strerror}; give a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path} is not TOML: {error}") from error
    try:
        suite = Suite.model_validate(content)
    except ValidationError as error:
        raise SuiteError(f"{path}: {explain(error, content)}") from error
    for name in (*suite.recipe_examples, *suite.limits):
        check_key(name, str(path), suite)
    return suite


def check_key(name: str, place: str, suite: Suite) -> None:
    """Raise unless ``name``, a key of ``[recipe_examples]`` or ``[limits]``, is known."""
    from robustbert.attacks.recipes import RECIPES
    from robustbert.attacks.tracks import UnifiedLimits

    limits = list(UnifiedLimits.__dataclass_fields__)
    if name in suite.recipe_examples and name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES, f"{place}: recipe_examples")
    if name in suite.limits and name not in limits:
        raise UnknownNameError("limit", name, limits, f"{place}: limits")


def explain(error: ValidationError, content: Mapping[str, Any]) -> str:
    """The first thing wrong in a suite, with its place and the near names, in one line."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _known_keys(first["loc"])
        return f"{place}: unknown key; {_near(str(first['loc'][-1]), known)}"
    if first["type"] == "missing":
        return f"{place}: missing; a suite needs it"
    if first["type"] == "literal_error":
        return f"{place}: unknown name {first['input']!r}; it is one of {first['ctx']['expected']}"
    return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}, not {first['input']!r}"


def _known_keys(place: tuple[int | str, ...]) -> Iterable[str]:
    return ModelTable.model_fields if place[0] == "model" else Suite.model_fields


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=2, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
