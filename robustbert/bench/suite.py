"""Suite files: TOML that names what to run, checked before anything runs."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from robustbert.errors import SuiteError, UnknownNameError

Text = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], Field(min_length=1)]
Positive = Annotated[int, Field(ge=1, strict=True)]
Seed = Annotated[int, Field(ge=0, strict=True)]
# What may stand in these is known only to what they are settings of: see ``checks``.
Settings = dict[str, Any]


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
    training: Settings = {}
    params: Settings = {}


class Suite(_Table):
    """What to run: the product of datasets, models, tracks and recipes.

    Attributes:
        name: what records and run folders call it.
        summary: one line.
        datasets: names, ``file:PATH`` or ``hub:NAME``.
        models: names of ``[model.NAME]`` tables or of the table of models, folders, ``hub:NAME``.
        recipes: names of the table of recipes.
        tracks: names of tracks: ``published``, ``unified``, ``unified-li``.
        split: whose examples are attacked.
        num_examples: how many, at least 1.
        seed: of the examples and attacks, and of training unless there are training seeds; at
            least 0.
        training_seeds: each model that is trained is trained once with each of these, all on the
            same examples; None trains with ``seed``.
        dataset_examples: the most examples to take of a dataset, by its name.
        recipe_examples: the most examples to run a recipe on, by its name.
        model: the ``[model.NAME]`` tables.
        limits: what to change in the unified limits.
    """

    name: Text
    summary: str = ""
    datasets: Names
    models: Names
    recipes: Names
    tracks: Names = ("unified",)
    split: Text = "test"
    num_examples: Positive = 100
    seed: Seed = 0
    training_seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] | None = None
    dataset_examples: dict[str, Positive] = {}
    recipe_examples: dict[str, Positive] = {}
    model: dict[str, ModelTable] = {}
    limits: Settings = {}

    def examples_of(self, dataset: str, recipe: str) -> int:
        """How many examples of a dataset a recipe is run on."""
        return min(
            self.num_examples,
            self.dataset_examples.get(dataset, self.num_examples),
            self.recipe_examples.get(recipe, self.num_examples),
        )


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
    raise UnknownNameError("suite", name, suite_names())


def read_suite(path: Path) -> Suite:
    """Read and check a suite file; raises as :func:`load_suite` does."""
    from robustbert.bench.suite_checks import check_suite

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SuiteError(f"cannot read suite {path}: {error.strerror}; give a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SuiteError(f"{path} is not TOML: {error}; mend it") from error
    try:
        suite = Suite.model_validate(content)
    except ValidationError as error:
        raise SuiteError(f"{path}: {explain(error)}") from error
    check_suite(suite, str(path))
    return suite


def explain(error: ValidationError) -> str:
    """The first thing wrong in a suite, with its place and the near names, in one line."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        table = ModelTable if first["loc"][0] == "model" else Suite
        return f"{place}: unknown key; {_near(str(first['loc'][-1]), table)}"
    if first["type"] == "missing":
        return f"{place}: missing; add it"
    reason = first["msg"][0].lower() + first["msg"][1:]
    return f"{place}: {reason}, not {str(first['input'])[:60]!r}"


def _near(name: str, table: type[_Table]) -> str:
    known = list(table.model_fields)
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
