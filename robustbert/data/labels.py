"""Converting the values of label columns to class indices and names, jointly over all splits."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from robustbert.data.dataset import ALL
from robustbert.data.sources.parts import Part
from robustbert.errors import DatasetError, UnknownNameError

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.0+)?")


@dataclass(frozen=True)
class Labels:
    """The names of the classes, and one index into them per row, keyed by split."""

    names: tuple[str, ...]
    indices: Mapping[str, tuple[int, ...]]


def encode_labels(
    parts: Mapping[str, Part],
    label_names: Sequence[str] | None = None,
    label_map: Mapping[str, str] | None = None,
    *,
    trains: bool = True,
) -> Labels:
    """Convert the values of label columns to class indices.

    The classes are ``label_names`` in that order; or else the names that the source declares (a
    ``ClassLabel``); or else the distinct values of the training split, or of all parts if there is
    none. If all values are whole numbers, these classes are sorted numerically, otherwise
    alphabetically. Strings such as ``"1"`` and ``"1.0"`` count as whole numbers (pandas writes
    ``1.0`` in columns with missing values). Whole numbers are indices into given or declared names,
    unless those are whole numbers too.

    Args:
        parts: the parts of a source, keyed by split.
        label_names: the names of the classes in order; None to find them in the data.
        label_map: names in the data and the names to use for them.
        trains: whether a model can be trained on the rows: each name must occur then.

    Raises:
        DatasetError: a row has no label, an invalid one or one that is not among the names, or
            there are fewer than two classes.
        UnknownNameError: a key of ``label_map`` does not occur.

    >>> encode_labels({"all": Part("a file", ["", "", ""], ["10", "9", "10"])})
    Labels(names=('9', '10'), indices={'all': (1, 0, 1)})
    """
    rename = dict(label_map or {})
    written = _written(parts)
    occurring = {name for column in written.values() for name in column}
    declared = _declared(parts)
    for key in rename:
        if key not in occurring and key not in declared:
            raise UnknownNameError("label", key, occurring, "label map")
    renamed = {
        split: [rename.get(name, name) for name in column] for split, column in written.items()
    }
    names = tuple(label_names or dict.fromkeys(rename.get(name, name) for name in declared))
    for split, column in renamed.items():
        if names and not parts[split].class_names:
            renamed[split] = _without_indices(column, names)
    names = names or _sorted_names(renamed.get("train") or _joined(renamed))
    _check_membership(parts, renamed, names, from_training=not (label_names or declared))
    training = renamed.get("train") or (renamed.get(ALL) if trains else None)
    _check_classes(parts, names, training, given=bool(label_names))
    index_of = {name: index for index, name in enumerate(names)}
    return Labels(
        names, {split: tuple(index_of[n] for n in column) for split, column in renamed.items()}
    )


def _written(parts: Mapping[str, Part]) -> dict[str, list[str]]:
    """The label of each row as it is written; whole numbers without sign and fraction."""
    written = {split: _names_of(part) for split, part in parts.items()}
    free = [split for split, part in parts.items() if not part.class_names]
    distinct = {name for split in free for name in written[split]}
    if all(_WHOLE_NUMBER.fullmatch(name) for name in distinct):
        number = {name: str(int(name.partition(".")[0])) for name in distinct}
        written |= {split: [number[name] for name in written[split]] for split in free}
    return written


def _names_of(part: Part) -> list[str]:
    rows = enumerate(part.values, start=1)
    if not part.class_names:
        return [_as_text(value, part.place, number) for number, value in rows]
    names = []
    for number, value in rows:
        if type(value) is not int or not 0 <= value < len(part.class_names):
            raise DatasetError(
                f"{part.place}: row {number} has the label {value!r}, which is not in the range "
                f"0 to {len(part.class_names) - 1}; correct it, or drop the row if it is unlabelled"
            )
        names.append(part.class_names[value])
    return names


def _declared(parts: Mapping[str, Part]) -> tuple[str, ...]:
    """The class names that the training part declares, or else another part."""
    ordered = [parts[split] for split in ("train", *parts) if split in parts]
    return next((part.class_names for part in ordered if part.class_names), ())


def _sorted_names(names: Iterable[str]) -> tuple[str, ...]:
    distinct = set(names)
    numeric = all(_WHOLE_NUMBER.fullmatch(name) for name in distinct)
    return tuple(sorted(distinct, key=int if numeric else str))


def _joined(columns: Mapping[str, Sequence[str]]) -> list[str]:
    return [name for column in columns.values() for name in column]


def _without_indices(column: list[str], names: Sequence[str]) -> list[str]:
    """The labels, with indices into the names replaced by names.

    Labels are indices if all of them are whole numbers and no name is one.
    """
    if any(_WHOLE_NUMBER.fullmatch(name) for name in names):
        return column
    if not all(_WHOLE_NUMBER.fullmatch(label) for label in set(column)):
        return column
    name_of = {str(index): name for index, name in enumerate(names)}
    return [name_of.get(label, label) for label in column]


def _check_membership(
    parts: Mapping[str, Part],
    columns: Mapping[str, Sequence[str]],
    names: Collection[str],
    *,
    from_training: bool,
) -> None:
    """Check that every label is one of the names."""
    known = set(names)
    for split, column in columns.items():
        for number, label in enumerate(column, start=1):
            if label not in known:
                whose = "names of the training split" if from_training else "names"
                fix = "correct it, or rename it"
                numbered = any(_WHOLE_NUMBER.fullmatch(name) for name in names)
                if _WHOLE_NUMBER.fullmatch(label) and not numbered and not from_training:
                    fix = "whole-number labels are indices into them, from 0; rename the labels"
                raise DatasetError(
                    f"{parts[split].place}: row {number} has the label {label!r}, which is not in "
                    f"the {whose} ({', '.join(names)}); {fix} (--label-map; label_map in a suite "
                    "and in load_dataset)"
                )


def _check_classes(
    parts: Mapping[str, Part],
    names: Sequence[str],
    training: Sequence[str] | None,
    *,
    given: bool,
) -> None:
    """Check that there are two classes, and that the training rows have each name that is given."""
    place = parts["train" if "train" in parts else next(iter(parts))].place
    occurring = names if training is None else set(training)
    if len(occurring) < 2:
        only = next(iter(occurring))
        fix = "a classifier needs at least two classes"
        if training is None:
            fix = (
                "give the names of all classes (--label-names; label_names in a suite and in "
                "load_dataset)"
            )
        raise DatasetError(f"{place} has only one class, {only!r}; {fix}")
    missing = [name for name in names if name not in occurring]
    if given and missing:
        raise DatasetError(
            f"{place}: no row has the label {missing[0]!r}, one of the label names; add rows of "
            "this class, or leave it out of the names"
        )


def _as_text(value: object, source: str, number: int) -> str:
    if isinstance(value, str) and value.strip():
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise DatasetError(
                f"{source}: row {number} has a label with a lone surrogate, which is not a "
                "valid character; save the labels as UTF-8"
            )
        return value.strip()
    if isinstance(value, (bool, int)):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, str) or (isinstance(value, float) and math.isnan(value)):
        raise DatasetError(f"{source}: row {number} has no label; give it one or drop the row")
    raise DatasetError(
        f"{source}: row {number} has the invalid label {str(value)[:40]!r}; labels must be whole "
        "numbers or names"
    )
