"""Attack a model on texts or a dataset from Python: ``rb.attack``."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from operator import index
from pathlib import Path
from typing import Any

from robustbert.bench.attack_result import AttackResult
from robustbert.bench.compare_models import Model, bench, checked_model
from robustbert.bench.run_options import RayCluster
from robustbert.data import TextDataset, load_dataset, select_examples
from robustbert.data.cleaning import fold_white_space
from robustbert.errors import InputError, RobustbertWarning
from robustbert.models import Classifier, load_model
from robustbert.records import Outcome, record_name


def attack(
    victim: Model,
    recipe: str,
    texts: Any,
    labels: Sequence[int | str] | None = None,
    *,
    n: int | None = None,
    split: str | None = None,
    track: str = "unified",
    seed: int = 0,
    adaptive: bool = False,
    out: Path | str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    lanes: int | None = None,
    cluster: RayCluster | None = None,
    assets: str | None = None,
) -> AttackResult:
    """Attack a classifier with one recipe.

    Args:
        victim: a classifier, a folder or ``hub:NAME``; with a dataset also the name of a model.
        recipe: a name, as listed by ``robustbert list recipes``.
        texts: the texts to attack, if ``labels`` is given; otherwise a dataset, see :func:`bench`.
        labels: the true label of each text: an index into the victim's ``label_names``, or a name.
        n: the number of examples; None for all texts, or at most 100 examples of a dataset.
        split: the split of a dataset to attack, see :func:`bench`.
        track: ``unified``, ``published`` or ``unified-li``.
        seed: at least 0; determines the examples and the attacks.
        adaptive: whether the attack knows that the victim is randomised, or transforms texts.
        out: see :func:`bench`, as for the following arguments.
        dtype: see :func:`bench`.
        device: see :func:`bench`.
        lanes: see :func:`bench`.
        cluster: see :func:`bench`.
        assets: see :func:`bench`.

    Returns:
        The outcomes; with ``labels``, in the order of the texts. Only distinct texts of more than
        four words are attacked; a warning says how many others there are.

    Raises:
        RobustbertError: texts and labels do not match, a label is unknown, or see :func:`bench`.
    """
    victim = _one_victim(victim, recipe, track)
    data = texts
    if labels is not None:
        texts, labels = _as_list(texts, "texts"), _as_list(labels, "labels")
        victim = _loaded(victim, dtype, device)
        data = _labelled(texts, labels, victim.label_names, split)
        n = n if n is not None else len(select_examples(data, "all", None, seed=0))
    elif isinstance(texts, list) and all(isinstance(text, str) for text in texts):
        raise InputError("labels is missing; give the true label of each text")
    options: dict[str, Any] = {"seed": seed, "out": out, "dtype": dtype, "device": device}
    options |= {"lanes": lanes, "adaptive": adaptive, "cluster": cluster, "assets": assets}
    result = bench(victim, recipe, data, n=n, split=split, tracks=track, **options)
    [record] = result.records
    outcomes = result.outcomes[record_name(record)]
    return AttackResult(record, outcomes if labels is None else _in_order(outcomes, texts))


def _one_victim(victim: Any, recipe: Any, track: Any) -> Classifier | str:
    """The victim, as :func:`checked_model` returns it.

    Raises:
        InputError: it is no model, or there are several victims, recipes or tracks.
    """
    several = isinstance(victim, list | tuple | Mapping)
    if several or not (isinstance(recipe, str) and isinstance(track, str)):
        raise InputError(
            "attack takes one victim, one recipe and one track; use rb.bench for several"
        )
    return checked_model(victim)


def _loaded(victim: Model, dtype: str, device: str) -> Classifier:
    if isinstance(victim, Classifier):
        return victim
    return load_model(victim, dtype=dtype, device=device)


def _as_list(values: Any, argument: str) -> list[Any]:
    """The values of a one-dimensional sequence or iterable.

    Raises:
        InputError: it is a string, a frame, a mapping, or cannot be iterated.
    """
    one = argument.removesuffix("s")
    if isinstance(values, str):
        raise InputError(f"{argument} is one string; give a list of {argument}")
    if hasattr(values, "columns") or isinstance(values, Mapping):
        raise InputError(
            f"{argument} is of type {type(values).__name__}; give one column of it, such as "
            f'data["{one}"]'
        )
    if not isinstance(values, Iterable):
        raise InputError(f"{argument} is {values!r}; give a list with one {one} per example")
    return list(values)


def _labelled(
    texts: Sequence[Any], labels: Sequence[Any], names: Sequence[str], split: str | None
) -> TextDataset:
    """A dataset of the distinct texts; warns if some of them cannot be attacked."""
    if split is not None:
        raise InputError("split is given with labels; it applies only to a dataset")
    if len(texts) != len(labels):
        raise InputError(
            f"there are {len(texts)} texts but {len(labels)} labels; give one label per text"
        )
    named = [_label_name(label, names, number) for number, label in enumerate(labels, start=1)]
    dataset = load_dataset((texts, named), name="texts", label_names=names, split="all")
    left_out = len(texts) - len(select_examples(dataset, "all", None, seed=0))
    if left_out:
        warnings.warn(
            f"{left_out} of {len(texts)} texts are left out: only distinct texts of more than 4 "
            "words are attacked",
            RobustbertWarning,
            stacklevel=3,
        )
    return dataset


def _in_order(outcomes: Sequence[Outcome], texts: Sequence[Any]) -> tuple[Outcome, ...]:
    """The outcomes in the order of the given texts, which were cleaned; some may be missing."""
    place = {
        fold_white_space(text): position
        for position, text in enumerate(texts)
        if isinstance(text, str)
    }
    return tuple(sorted(outcomes, key=lambda outcome: place[outcome.text or ""]))


def _label_name(label: Any, names: Sequence[str], number: int) -> str:
    if isinstance(label, str) and label in names:
        return label
    if isinstance(label, float) and label.is_integer():  # pandas makes them of integers
        label = int(label)
    try:
        return names[range(len(names)).index(index(label))]
    except (TypeError, ValueError):
        raise InputError(
            f"label {number} is {label!r}; give one of {', '.join(names)}, or an index from 0 to "
            f"{len(names) - 1}"
        ) from None
