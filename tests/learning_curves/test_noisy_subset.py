"""Parts of a training split and wrong labels."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from robustbert.data import Cleaning, TextDataset
from robustbert.data.splitting import example_id
from robustbert.errors import InputError
from robustbert.learning_curves.noisy_subset import noisy_subset


@pytest.fixture(scope="module")
def topics() -> TextDataset:
    """Three classes of 40, 100 and 60 training examples."""
    import datasets

    names, sizes = ("art", "law", "sea"), (40, 100, 60)
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    texts = [f"text {number} of {names[label]}" for number, label in enumerate(labels)]
    columns = {
        "example_id": [example_id(text, names[y]) for text, y in zip(texts, labels, strict=True)],
        "text": texts,
        "label": labels,
    }
    features = datasets.Features(
        example_id=datasets.Value("string"),
        text=datasets.Value("string"),
        label=datasets.ClassLabel(names=list(names)),
    )
    rows = datasets.Dataset.from_dict(columns, features=features).shuffle(seed=0)
    cleaning = Cleaning(rows=200, empty=0, duplicates=0, conflicts=0, html_breaks=0)
    splits = {"train": rows, "validation": rows.select(range(9)), "test": rows.select(range(9, 20))}
    return TextDataset("topics", "made-up==1", names, splits, cleaning)


def labels_of(dataset: TextDataset) -> dict[str, int]:
    """The label of each training text, in order."""
    rows = dataset.split("train")
    return dict(zip(rows["text"], rows["label"], strict=True))


def test_smaller_parts_are_in_larger_ones_and_have_the_same_shares_of_classes(topics):
    whole = labels_of(topics)
    parts = [noisy_subset(topics, size, 0, 0) for size in (0.05, 0.1, 0.25, 0.5, 1)]
    found = [labels_of(part.dataset) for part in parts]
    assert [Counter(labels.values()) for labels in found[:3]] == [
        {0: 2, 1: 5, 2: 3},
        {0: 4, 1: 10, 2: 6},
        {0: 10, 1: 25, 2: 15},
    ]
    for smaller, larger in pairwise(found):
        assert smaller.items() <= larger.items()
        assert list(smaller) == [text for text in whole if text in smaller], "another order"
    assert [part.num_examples for part in parts] == [10, 20, 50, 100, 200]
    assert [part.num_changed for part in parts] == [0] * 5


def test_the_whole_split_without_noise_is_the_dataset_itself(topics):
    assert noisy_subset(topics, 1, 0, 3).dataset is topics


def test_another_seed_draws_other_examples_and_other_wrong_labels(topics):
    parts = [labels_of(noisy_subset(topics, 0.25, 0, seed).dataset) for seed in (0, 0, 1)]
    assert parts[0] == parts[1] != parts[2]
    noisy = [labels_of(noisy_subset(topics, 1, 0.2, seed).dataset) for seed in (0, 0, 1)]
    assert noisy[0] == noisy[1] != noisy[2]


@pytest.mark.parametrize("size", [0.5, 1])
def test_wrong_labels_stay_wrong_at_higher_noise(topics, size):
    clean = labels_of(noisy_subset(topics, size, 0, 0).dataset)
    changes = []
    for noise in (0.1, 0.2, 0.5):
        part = noisy_subset(topics, size, noise, 0)
        labels = labels_of(part.dataset)
        assert list(labels) == list(clean)
        changed = {text: label for text, label in labels.items() if label != clean[text]}
        assert part.num_changed == len(changed) == noise * len(clean)
        by_class = Counter(clean[text] for text in changed)
        assert by_class == {y: noise * n for y, n in Counter(clean.values()).items()}
        changes.append(changed)
    assert changes[0].items() < changes[1].items() < changes[2].items()


def test_wrong_labels_are_spread_over_the_other_classes(topics):
    clean = labels_of(topics)
    labels = labels_of(noisy_subset(topics, 1, 0.5, 0).dataset)
    moves = Counter((clean[t], y) for t, y in labels.items() if y != clean[t])
    assert set(moves) == {(a, b) for a in range(3) for b in range(3) if a != b}
    # 50 labels of class 1 move to two classes: fewer than 13 to one of them has p < 0.001
    assert min(moves[1, 0], moves[1, 2]) >= 13


def test_only_the_training_split_changes_and_ids_depend_on_the_labels(topics):
    part = noisy_subset(topics, 0.5, 0.2, 0).dataset
    for name in ("validation", "test"):
        assert part.split(name) is topics.split(name)
    rows = part.split("train")
    names = [topics.label_names[label] for label in rows["label"]]
    assert list(rows["example_id"]) == list(map(example_id, rows["text"], names))
    hashes = {noisy_subset(topics, 0.5, noise, 0).dataset.sha256() for noise in (0, 0.1, 0.2)}
    assert len(hashes) == 3, "noisy data must not share a cached model"


def test_a_part_without_a_class_is_refused_with_the_smallest_size(topics):
    message = "no training example of class 'art', which has 40"
    with pytest.raises(InputError, match=message) as error:
        noisy_subset(topics, 0.001, 0, 0)
    smallest = float(str(error.value).rsplit(" ", 1)[1])
    assert Counter(labels_of(noisy_subset(topics, smallest, 0, 0).dataset).values())[0] == 1


def test_noise_that_changes_nothing_is_refused(topics):
    with pytest.raises(InputError, match=r"noise 0\.01 changes no label of 20 training examples"):
        noisy_subset(topics, 0.1, 0.01, 0)
    with pytest.raises(InputError, match="one class, so no label can be wrong"):
        noisy_subset(replace(topics, label_names=("art",)), 1, 0.1, 0)


def test_noise_that_leaves_no_label_of_a_class_is_refused(topics):
    rows = topics.split("train")
    few = [list(rows["label"]).index(label) for label in range(3)]
    small = replace(topics, splits={**topics.splits, "train": rows.select(few)})
    messages = []
    for seed in range(20):
        try:
            part = noisy_subset(small, 1, 0.5, seed)
        except InputError as error:
            messages.append(str(error))
        else:
            assert set(labels_of(part.dataset).values()) == {0, 1, 2}
    # all three labels change, in one of 8 ways, 2 of which keep every class
    assert 10 <= len(messages) < 20
    expected = re.compile(r"noise 0\.5 leaves no training label '(art|law|sea)'")
    assert all(map(expected.match, messages))
