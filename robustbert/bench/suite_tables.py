"""The tables of suite files: ``[model.NAME]`` and ``[dataset.NAME]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf
from pydantic_core import PydanticCustomError

from robustbert.data.dataset_source import DatasetSource
from robustbert.defenses import DefenseSpec
from robustbert.errors import InputError

Text = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], Field(min_length=1)]
Positive = Annotated[int, Field(ge=1, strict=True)]
Seed = Annotated[int, Field(ge=0, strict=True)]
#: Options of a component by name; only the component knows which names are valid.
Options = dict[str, Any]


def read_defenses(value: Any) -> tuple[DefenseSpec, ...]:
    """The defenses of a suite: a name, a table with a name, or a list of these.

    Raises:
        PydanticCustomError: it is something else; the message fits into that of a validation.
    """
    entries = value if isinstance(value, list | tuple) else [value]
    return tuple(map(_read_defense, entries))


def _read_defense(entry: Any) -> DefenseSpec:
    if isinstance(entry, DefenseSpec):
        return entry
    params = dict(entry) if isinstance(entry, Mapping) else {"name": entry}
    name = params.pop("name", None)
    if not isinstance(name, str) or not name:
        raise PydanticCustomError(
            "defense",
            'give the name of a defense, a table such as { name = "freelb", steps = 3 }, or a list '
            "of these",
        )
    return DefenseSpec(name, params)


class TomlTable(BaseModel):
    """A table of a suite file: immutable, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelTable(TomlTable):
    """``[model.NAME]``: how to build a model of the suite.

    Attributes:
        base: a model name, as listed by ``robustbert list models``, a folder, or ``hub:NAME``.
        name: the display name in tables, without the defense; the key of the table by default.
        labels: the names of the model's outputs, in order; None for the names that it has.
        defense: the defenses in order: one, or a list of them, each a name, as listed by
            ``robustbert list defenses``, or a table of a name and parameters. None by default.
        training: training options that differ from the defaults.
        params: parameters of the defense, if it is a name; the form of earlier suites.
        adaptive: whether attacks know the defenses, and attack the model through them.
        num_examples: the maximum number of examples; None for the numbers of the suite.
    """

    base: Text
    name: Text | None = None
    labels: Names | None = None
    defense: Annotated[tuple[InstanceOf[DefenseSpec], ...], BeforeValidator(read_defenses)] = ()
    training: Options = {}
    params: Options = {}
    adaptive: bool = Field(default=False, strict=True)
    num_examples: Positive | None = None

    def defenses(self) -> tuple[DefenseSpec, ...]:
        """The defenses with their parameters.

        Raises:
            InputError: ``params`` is given, but not beside the name of one defense.
        """
        if not self.params:
            return self.defense
        if not self.defense:
            raise InputError("params is given without defense; add defense, the name of a defense")
        if len(self.defense) > 1 or self.defense[0].params:
            raise InputError(
                "params is given beside a list or a table; write the parameters of each defense "
                'beside its name: defense = { name = "freelb", steps = 3 }'
            )
        return (DefenseSpec(self.defense[0].name, self.params),)


class DatasetTable(TomlTable):
    """``[dataset.NAME]``: how to read a dataset; NAME is its name in tables.

    Either ``source`` or at least one of ``train``, ``validation`` and ``test`` is given.

    Attributes:
        source: a dataset name, an import path, ``file:PATH`` or ``hub:NAME``, which is split.
        train: the training split: the path of a file, ``file:PATH`` or ``hub:NAME[SPLIT]``.
        validation: the validation split; None for a tenth of the training split.
        test: the test split.
        text_column: the text column.
        label_column: the label column: whole numbers or names.
        label_names: the names of the classes in order; None to find them in the data.
        label_map: names in the data, and the names to use for them.
        text_length: the text length class, ``short`` or ``long``; None to measure it.
    """

    source: Text | None = None
    train: Text | None = None
    validation: Text | None = None
    test: Text | None = None
    text_column: Text = "text"
    label_column: Text = "label"
    label_names: Names | None = None
    label_map: dict[str, Text] = {}
    text_length: Text | None = None

    def dataset_source(self, name: str) -> DatasetSource:
        """How to read the dataset, called ``name`` in tables.

        Raises:
            UnknownNameError: no such dataset or length.
            InputError: the keys contradict each other.
        """
        given = {key: value for key, value in dict(self).items() if key != "text_length"}
        return DatasetSource(**given, name=name, length=self.text_length)
