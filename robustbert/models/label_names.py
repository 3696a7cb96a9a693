"""Label names: checks, and the match between a model's outputs and a dataset's labels."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Sequence

from robustbert.console import printable
from robustbert.errors import InputError, ModelError, RobustbertWarning


def check_label_names(label_names: Sequence[str]) -> tuple[str, ...]:
    """Check the label names that a user gives: at least two distinct strings.

    >>> check_label_names(["neg", "pos"])
    ('neg', 'pos')
    >>> check_label_names("neg")
    Traceback (most recent call last):
    robustbert.errors.InputError: label_names must be a list of strings, not 'neg'; for example \
["negative", "positive"]

    Raises:
        InputError: it is not such a list.
    """
    is_list = isinstance(label_names, Iterable) and not isinstance(label_names, str)
    names = tuple(label_names) if is_list else ()
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise InputError(
            f"label_names must be a list of strings, not {ascii(label_names)[:80]}; for example "
            '["negative", "positive"]'
        )
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError(
            f"label_names must be at least two different names, not {ascii(list(names))[:80]}; "
            "name each output of the model, in order"
        )
    return tuple(str(name) for name in names)


def output_names(model: str, found: Sequence[str], labels: Sequence[str] | None) -> Sequence[str]:
    """The names of a model's outputs, in order.

    >>> output_names("m", ["LABEL_0", "LABEL_1"], ["spam", "ham"])
    ('spam', 'ham')

    Args:
        model: the model's name, for the message.
        found: the names that the model has.
        labels: names that replace them by position; None to keep them.

    Raises:
        InputError: ``labels`` are not at least two different names.
        ModelError: there are more or fewer of them than outputs.
    """
    if labels is None:
        return found
    names = check_label_names(labels)
    if len(names) != len(found):
        raise ModelError(
            f"model {model!r} has {len(found)} outputs ({listed(found)}) but {len(names)} labels "
            f"are given ({listed(names)}); name each output, in order"
        )
    return names


def renamed_sha256(sha256: str, found: Sequence[str], own: Sequence[str]) -> str:
    """The hash of a model under the names of :func:`output_names`: other names give another hash.

    >>> renamed_sha256("90cf", ["neg", "pos"], ["neg", "pos"])
    '90cf'

    Args:
        sha256: the hash of the model's files.
        found: the names that the model has.
        own: the names that are used.
    """
    if list(own) == list(found):
        return sha256
    return hashlib.sha256(json.dumps([sha256, list(own)]).encode()).hexdigest()


def warn_of_positions(model: str, own: Sequence[str], requested: Sequence[str]) -> None:
    """Warn that a model without label names is matched to requested labels by position."""
    pairs = zip(own[:10], requested[:10], strict=True)
    mapping = ", ".join(f"{output} = {listed([name])}" for output, name in pairs)
    more = f" and {len(own) - 10} more" if len(own) > 10 else ""
    warnings.warn(
        f"model {model!r} has no label names; its outputs are taken in the order of the dataset's "
        f"labels: {mapping}{more}; if that is wrong, name the outputs in order (--labels on the "
        "command line, labels= in Python)",
        RobustbertWarning,
        stacklevel=2,
    )


def label_order(
    model: str, own: Sequence[str], requested: Sequence[str], *, named: bool
) -> list[int]:
    """The index of the model's output for each requested label.

    >>> label_order("m", ["neg", "pos"], ["pos", "neg"], named=True)
    [1, 0]

    Args:
        model: the model's name, for the message.
        own: the model's label names, one per output.
        requested: the dataset's label names.
        named: False if the model's label names are placeholders, which match any names.

    Raises:
        ModelError: the two sets of labels differ, or the model has duplicate labels.
    """
    if named and len(set(own)) < len(own):
        raise ModelError(
            f"model {model!r} has duplicate labels: {listed(own)}; give each label a unique name"
        )
    fits = len(own) == len(requested) and (not named or sorted(own) == sorted(requested))
    if not fits:
        raise ModelError(
            f"model {model!r} has the labels {listed(own)} but the dataset has "
            f"{listed(requested)}; {_fix(own, requested)}"
        )
    return [own.index(name) for name in requested] if named else list(range(len(requested)))


def _fix(own: Sequence[str], requested: Sequence[str]) -> str:
    """What to do about labels of a model and a dataset that differ."""
    if set(requested) < set(own):
        return (
            "if the data only lacks rows of the other classes, give the names of all classes "
            "(--label-names; label_names in a suite and in load_dataset)"
        )
    if sorted(requested) == sorted(map(str, range(len(own)))):
        return (
            f"if these numbers are indices into {listed(own)}, give these names for the data "
            "(--label-names; label_names in a suite and in load_dataset)"
        )
    if len(own) == len(requested):
        return (
            "use a model trained on these labels, or, if only the names differ, rename those of "
            "the data (--label-map; label_map in a suite and in load_dataset)"
        )
    return "use a model trained on these labels"


def listed(names: Sequence[str]) -> str:
    r"""A truncated, escaped list of names on one line.

    >>> print(listed(["neg", "two\nlines"]))
    neg, two\nlines
    """
    shown = [printable(name) for name in names[:10]]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(name[:40] for name in shown) + more
