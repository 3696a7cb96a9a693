"""A part of a training split in which some labels are wrong.

Parts and wrong labels are nested: for one seed, the examples of a smaller part are in every larger
one, and an example whose label is wrong has the same wrong label at every higher noise level of the
same part. Both are stratified: each class has the same share of the part, and of wrong labels.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from robustbert.data import TextDataset
from robustbert.data.splitting import example_id, hash_key
from robustbert.errors import InputError
from robustbert.seeds import derive_seed

_SIZE, _NOISE, _LABEL = "curve size", "curve noise", "curve label"


@dataclass(frozen=True)
class NoisySubset:
    """A dataset with a part of its training split; the other splits are unchanged.

    Args:
        dataset: the dataset.
        num_examples: the number of training examples.
        num_changed: the number of them that have a wrong label.
    """

    dataset: TextDataset
    num_examples: int
    num_changed: int


def noisy_subset(dataset: TextDataset, size: float, noise: float, seed: int) -> NoisySubset:
    """Take a share of each class of the training split, and change a share of the labels.

    The size 1 without noise is the dataset itself. Otherwise the order of the rows is kept. An
    example with another label has another id, which depends on text and label.

    Args:
        dataset: the dataset; only its training split is read.
        size: the share of each class to take, above 0 and at most 1, rounded to whole examples.
        noise: the share of each class whose labels become one of the other classes, each with the
            same probability; from 0 to below 1.
        seed: chooses the examples, and which of them get which labels.

    Raises:
        DatasetError: there is no training split.
        InputError: the part would lack a class, or the noise would change no label or leave no
            label of a class.
    """
    if noise and len(dataset.label_names) < 2:
        raise InputError(f"{dataset.name} has one class, so no label can be wrong; leave out noise")
    rows = dataset.split("train")
    ids, labels = list(rows["example_id"]), list(rows["label"])
    kept = _chosen(range(len(ids)), ids, labels, size, f"{seed} {_SIZE}")
    _check_classes(dataset, labels, kept, size)
    changed = set(_chosen(kept, ids, labels, noise, f"{seed} {_NOISE}"))
    if noise and not changed:
        raise InputError(
            f"noise {noise:g} changes no label of {len(kept)} training examples; give a larger "
            "noise or size"
        )
    if len(kept) == len(ids) and not changed:
        return NoisySubset(dataset, len(ids), 0)
    part = rows.select(kept)
    if changed:
        names, texts = dataset.label_names, part["text"]
        noisy = [
            _other_label(labels[index], ids[index], len(names), seed)
            if index in changed
            else labels[index]
            for index in kept
        ]
        gone = {labels[index] for index in kept} - set(noisy)
        if gone:
            raise InputError(
                f"noise {noise:g} leaves no training label {names[min(gone)]!r}; give a smaller "
                "noise or a larger size"
            )
        new_ids = [
            example_id(text, names[label]) if index in changed else ids[index]
            for index, text, label in zip(kept, texts, noisy, strict=True)
        ]
        part = type(rows).from_dict(
            {"example_id": new_ids, "text": list(texts), "label": noisy}, features=rows.features
        )
    splits = {**dataset.splits, "train": part}
    return NoisySubset(replace(dataset, splits=splits), len(kept), len(changed))


def _chosen(
    places: Sequence[int], ids: Sequence[str], labels: Sequence[int], share: float, seed: str
) -> list[int]:
    """The given share of each class, in the order of ``places``: those with the first hashes."""
    classes: dict[int, list[int]] = defaultdict(list)
    for place in places:
        classes[labels[place]].append(place)
    chosen = {
        place
        for members in classes.values()
        for place in sorted(members, key=lambda index: hash_key(seed, ids[index]))[
            : math.floor(share * len(members) + 0.5)
        ]
    }
    return [place for place in places if place in chosen]


def _check_classes(
    dataset: TextDataset, labels: Sequence[int], kept: Sequence[int], size: float
) -> None:
    lost = set(labels) - {labels[place] for place in kept}
    if lost:
        rarest = min(lost, key=labels.count)
        name, number = dataset.label_names[rarest], labels.count(rarest)
        raise InputError(
            f"size {size:g} leaves no training example of class {name!r}, which has {number}; the "
            f"smallest possible size is {_smallest(number)}"
        )


def _smallest(number: int) -> float:
    """The smallest size with at most 2 significant digits that keeps one of ``number`` examples."""
    scale = 10.0 ** (2 - math.ceil(math.log10(0.5 / number)))
    return math.ceil(0.5 / number * scale) / scale


def _other_label(label: int, example: str, num_classes: int, seed: int) -> int:
    """Another label, each with the same probability."""
    step = 1 + derive_seed(seed, _LABEL, example) % (num_classes - 1)
    return (label + step) % num_classes
