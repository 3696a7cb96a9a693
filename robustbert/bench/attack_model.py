"""Attack a model on texts or a dataset from Python: ``rb.attack``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from operator import index
from pathlib import Path
from typing import Any

from robustbert.attacks import UnifiedLimits
from robustbert.bench.attack_result import AttackResult
from robustbert.bench.compare_models import Model, bench
from robustbert.data import TextDataset, load_dataset, select_examples
from robustbert.data.cleaning import fold_white_space
from robustbert.errors import InputError, RobustbertWarning
from robustbert.models import Classifier, load_model
from robustbert.records import record_name


def attack(
    victim: Model,
    recipe: str,
    texts: Any,
    labels: Sequence[int | str] | None = None,
    *,
    n: int | None = None,
    split: str | None = None,
    track: str = "unified",
    limits: UnifiedLimits | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    lanes: int | None = None,
) -> AttackResult:
    """Attack a classifier with one recipe.

    Args:
        victim: a classifier, a folder or ``hub:NAME``. With a dataset, also a name, as listed by
            ``robustbert list models``, which is trained first.
        recipe: a name, as listed by ``robustbert list recipes``.
        texts: the texts to attack, with ``labels``. Without ``labels``: a dataset, as in
            :func:`bench`.
        labels: the true label of each text: an index into the victim's ``label_names``, or a name.
        n: the number of examples. None takes all texts that have ``labels``, and at most 100
            examples of a dataset.
        split: see :func:`bench`; only for a dataset.
        track: ``unified``, ``published`` or ``unified-li``.
        limits: see :func:`bench`.
        seed: at least 0; determines the examples and the attacks.
        out: see :func:`bench`.
        dtype: see :func:`bench`.
        device: see :func:`bench`.
        lanes: see :func:`bench`.

    Returns:
        The outcomes; with ``labels``, in the order of the texts. Only distinct texts of more than
        four words are attacked; a warning says if others are left out.

    Raises:
        InputError: the texts and labels do not match, a label is unknown, or an argument is out of
            range.
        RobustbertError: as in :func:`bench`.
    """
    if not isinstance(recipe, str) or not isinstance(track, str):
        raise InputError("attack takes one recipe and one track; use rb.bench for several")
    data = texts
    if labels is not None:
        if split is not None:
            raise InputError("split is given with labels; it applies only to a dataset")
        if isinstance(texts, str):
            raise InputError("texts is one string; give a list of texts")
        if isinstance(victim, str):
            victim = load_model(victim, dtype=dtype, device=device)
        data = _labelled(texts, labels, victim)
        available = _num_examples(data, len(texts))
        n = available if n is None else n
    result = bench(
        victim,
        recipe,
        data,
        n=n,
        split=split,
        tracks=track,
        limits=limits,
        seed=seed,
        out=out,
        dtype=dtype,
        device=device,
        lanes=lanes,
    )
    [record] = result.records
    outcomes = result.outcomes[record_name(record)]
    if labels is not None:
        place = {fold_white_space(text): i for i, text in enumerate(texts)}
        outcomes = tuple(sorted(outcomes, key=lambda outcome: place[outcome.text or ""]))
    return AttackResult(record, outcomes)


def _labelled(texts: Sequence[str], labels: Sequence[int | str], victim: Classifier) -> TextDataset:
    """A dataset of all texts, whose labels are indices into the victim's names, or names."""
    names = victim.label_names
    named = [_label_name(label, names, number) for number, label in enumerate(labels, start=1)]
    return load_dataset((list(texts), named), name="texts", label_names=names, split="all")


def _num_examples(dataset: TextDataset, given: int) -> int:
    """The number of texts that can be attacked; warn if it is less than what was ``given``."""
    number = len(select_examples(dataset, "all", None, seed=0))
    if number < given:
        warnings.warn(
            f"{given - number} of {given} texts are left out: only distinct texts of more than 4 "
            "words are attacked",
            RobustbertWarning,
            stacklevel=3,
        )
    return number


def _label_name(label: Any, names: Sequence[str], number: int) -> str:
    if isinstance(label, str) and label in names:
        return label
    try:
        return names[range(len(names)).index(index(label))]
    except (TypeError, ValueError):
        raise InputError(
            f"label {number} is {label!r}; give one of {', '.join(names)}, or an index from 0 to "
            f"{len(names) - 1}"
        ) from None
