"""The ``[gate]`` table of a TOML file: what a gate compares, and what it allows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from robustbert.bench.suite_tables import DatasetTable, Names, Positive, Text, TomlTable
from robustbert.bench.toml_files import describe_invalid, read_toml
from robustbert.errors import RobustbertError, SuiteError
from robustbert.gate.policy import GatePolicy, Rule, check_differences

#: The file with a ``[gate]`` table that is read if it is in the current folder.
CONFIG_FILE = "robustbert.toml"
_PYPROJECT = "pyproject.toml"

_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Flag = Annotated[bool, Field(strict=True)]


class RuleTable(TomlTable):
    """``[[gate.rules]]``: the drop that is allowed for some measures.

    Attributes:
        max_drop: the allowed drop of accuracy, in [0, 1].
        dataset: name of the dataset it applies to; None for all.
        track: name of the track; None for all.
        recipe: a recipe, ``worst_case`` or ``clean``; None for all.
    """

    max_drop: _Number
    dataset: Text | None = None
    track: Text | None = None
    recipe: Text | None = None


class GateTable(TomlTable):
    """``[gate]``: what a gate compares, and what it allows.

    Attributes:
        baseline: the base that a candidate is compared with: a baseline file or a run folder.
        max_drop: the allowed drop of accuracy, in [0, 1].
        alpha: the level of significance for all tests together, in (0, 1).
        strict: whether too little power to see the allowed drop is a failure.
        allow: kinds of differences that are allowed.
        rules: exceptions from ``max_drop``; the last one that matches decides.
        model: the candidate model of the quick gate: a folder, ``hub:NAME`` or ``NAME=FOLDER``.
        labels: the names of the outputs of ``model``, in order; None for those that it has.
        quick_examples: the number of examples per cell of the quick gate.
        dataset: how to read a dataset that is not built in, keyed by its name in the baseline.
    """

    baseline: Text | None = None
    max_drop: _Number = 0.02
    alpha: _Number = 0.05
    strict: _Flag = False
    allow: tuple[Text, ...] = ()
    rules: tuple[RuleTable, ...] = ()
    model: Text | None = None
    labels: Names | None = None
    quick_examples: Positive = 50
    dataset: dict[str, DatasetTable] = Field(default_factory=dict)

    def policy(self) -> GatePolicy:
        """The policy of the table.

        Raises:
            InputError: a number is out of range.
            UnknownNameError: a rule names a track or a recipe that does not exist.
        """
        rules = tuple(Rule(**dict(rule)) for rule in self.rules)
        return GatePolicy(self.max_drop, self.alpha, self.strict, rules)


def load_gate_config(path: Path | str | None = None) -> GateTable:
    """Read the ``[gate]`` table of a file.

    Args:
        path: a TOML file with a table ``[gate]``, or ``[tool.robustbert.gate]``. None reads
            ``robustbert.toml`` or ``pyproject.toml`` of the current folder, or an empty table if
            neither has one.

    Raises:
        SuiteError: the file cannot be read, has no such table, or the table is invalid; the message
            gives the position.
    """
    if path is not None:
        table = _table(Path(path))
        if table is None:
            raise SuiteError(f"{path} has no table [gate]; add it, or give another file")
        return _checked(table, Path(path))
    for name in (CONFIG_FILE, _PYPROJECT):
        if Path(name).is_file():
            table = _table(Path(name))
            if table is not None:
                return _checked(table, Path(name))
    return GateTable()


def _table(path: Path) -> Any:
    """The ``[gate]`` table of a file, not yet checked; None if it has none."""
    content: Any = read_toml(path, "configuration")
    keys = ("tool", "robustbert", "gate") if path.name == _PYPROJECT else ("gate",)
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _checked(table: Any, path: Path) -> GateTable:
    if not isinstance(table, dict):
        raise SuiteError(f"{path}: gate is {table!r}; make it a table, which starts with [gate]")
    try:
        config = GateTable.model_validate(table)
    except ValidationError as error:
        found = describe_invalid(error, GateTable, {"rules": RuleTable, "dataset": DatasetTable})
        raise SuiteError(f"{path}: gate.{found}") from error
    try:
        config.policy()
        check_differences(config.allow)
    except RobustbertError as error:
        raise SuiteError(f"{path}: gate: {error}") from error
    return config
