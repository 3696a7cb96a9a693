"""Datasets in memory: frames, ``datasets.Dataset``, mappings, and pairs of texts and labels."""

from __future__ import annotations

import copy
from typing import Any

import datasets
import numpy as np
import pandas
import pytest

from robustbert.data import TextDataset, load_dataset
from robustbert.errors import DatasetError, InputError

TEXTS = [f"film number {number} is {'good' if number % 2 else 'bad'}" for number in range(20)]
NAMES = ["pos" if number % 2 else "neg" for number in range(20)]
COLUMNS = {"text": TEXTS, "label": NAMES}
FEATURES = datasets.Features(
    {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
)
INDICES = [name == "pos" for name in NAMES]


def class_labels() -> datasets.Dataset:
    rows = {"text": TEXTS, "label": list(map(int, INDICES))}
    return datasets.Dataset.from_dict(rows, features=FEATURES)


def pairs(dataset: TextDataset) -> list[tuple[str, str]]:
    return sorted(
        (text, dataset.label_names[label])
        for split in dataset.splits.values()
        for text, label in zip(split["text"], split["label"], strict=True)
    )


OBJECTS = {
    "pandas.DataFrame": pandas.DataFrame({"id": 1, **COLUMNS}),
    "datasets.Dataset": datasets.Dataset.from_dict(COLUMNS),
    "class labels": class_labels(),
    "torch format": class_labels().with_format("torch"),
    "list of texts": (TEXTS, NAMES),
    "arrays": (np.array(TEXTS), pandas.Series(NAMES)),
    "categories": pandas.DataFrame(COLUMNS).astype({"label": "category"}),
    "list": [tuple(TEXTS), NAMES],
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_every_object_gives_the_same_dataset(kind: str) -> None:
    dataset = load_dataset(OBJECTS[kind])
    assert pairs(dataset) == sorted(zip(TEXTS, NAMES, strict=True))
    assert dataset.label_names == ("neg", "pos")
    assert {name: len(split) for name, split in dataset.splits.items()} == {
        "train": 16,
        "validation": 2,
        "test": 2,
    }
    assert dataset.name == "data"
    assert dataset.sha256() == load_dataset((TEXTS, NAMES), name="other").sha256()


@pytest.mark.parametrize("kind", ["pandas.DataFrame", "datasets.Dataset", "list of texts"])
def test_the_source_says_what_it_was(kind: str) -> None:
    assert load_dataset(OBJECTS[kind]).source == kind


@pytest.mark.parametrize("labels", [list(map(int, INDICES)), np.array(INDICES, dtype=np.int8)])
def test_integer_labels_are_indices_into_names(labels: Any) -> None:
    dataset = load_dataset((TEXTS, labels), label_names=["neg", "pos"])
    assert pairs(dataset) == sorted(zip(TEXTS, NAMES, strict=True))
    assert load_dataset((TEXTS, labels)).label_names == ("0", "1")
    renamed = load_dataset((TEXTS, labels), label_map={0: "neg", 1: "pos"})
    assert renamed.sha256() == dataset.sha256()


def test_columns_can_be_named() -> None:
    frame = pandas.DataFrame({"review": TEXTS, "stars": NAMES})
    dataset = load_dataset(frame, name="films", text_column="review", label_column="stars")
    assert dataset.name == "films"
    assert pairs(dataset) == sorted(zip(TEXTS, NAMES, strict=True))


def test_objects_are_not_changed() -> None:
    frame = pandas.DataFrame({"text": ["  two   spaces ", *TEXTS], "label": ["neg", *NAMES]})
    given = {"train": frame, "test": (["a film", None], ["neg", "pos"])}
    before = copy.deepcopy(given)
    load_dataset(given)
    assert list(given) == ["train", "test"]
    pandas.testing.assert_frame_equal(given["train"], before["train"])
    assert given["test"] == before["test"]


@pytest.mark.parametrize("kind", [dict, datasets.DatasetDict])
def test_a_mapping_keeps_its_splits(kind: type) -> None:
    rows = class_labels()
    dataset = load_dataset(kind(train=rows.select(range(14)), test=rows.select(range(14, 20))))
    assert sorted(dataset.split("test")["text"]) == sorted(TEXTS[14:])
    assert {name: len(split) for name, split in dataset.splits.items()} == {
        "train": 12,
        "validation": 2,
        "test": 6,
    }
    assert dataset.source == "datasets.Dataset"


def test_class_labels_in_another_order_are_matched_by_name() -> None:
    other = datasets.Features({**FEATURES, "label": datasets.ClassLabel(names=["pos", "neg"])})
    test = datasets.Dataset.from_dict(
        {"text": ["a fine film", "a dull film"], "label": [0, 1]}, features=other
    )
    dataset = load_dataset({"train": class_labels(), "test": test})
    split = dataset.split("test")
    assert dict(zip(split["text"], split["label"], strict=True)) == {
        "a fine film": 1,
        "a dull film": 0,
    }


def test_an_object_as_a_split() -> None:
    assert set(load_dataset((TEXTS, NAMES), split="test").splits) == {"test"}
    assert set(load_dataset((TEXTS, NAMES), split="all").splits) == {"all"}


def test_missing_texts_are_dropped_and_counted() -> None:
    frame = pandas.DataFrame({"text": [None, float("nan"), *TEXTS], "label": ["neg"] * 2 + NAMES})
    assert load_dataset(frame).cleaning.empty == 2
    missing = pandas.DataFrame({"text": [pandas.NA, *TEXTS], "label": ["neg", *NAMES]})
    assert load_dataset(missing.astype({"text": "string"})).cleaning.empty == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((TEXTS, NAMES[:3]), "of different lengths, 20 and 3; give one label per text"),
        (([], []), "the data has no rows"),
        (pandas.DataFrame({"text": [], "label": []}), r"\(a pandas.DataFrame\) has no rows"),
        ((["a", 1], ["x", "y"]), "the data: text 2 is of type int; give strings"),
        ((["a", "b"], ["x", None]), "the data: row 2 has no label"),
        ((["a", "b"], ["x", float("nan")]), "the data: row 2 has no label"),
        ((["a", "b"], ["x", pandas.NA]), "the data: row 2 has no label"),
        ((["a", "b"], ["x", ["y"]]), "row 2 has the invalid label"),
        ((["a \ud800", "b"], ["x", "y"]), "row 1 contains a lone surrogate"),
        ((["a", "b"], ["x", "x"]), "the data has only one class, 'x'"),
        (pandas.DataFrame({"review": TEXTS, "label": NAMES}), "has no column 'text'; it has 'rev"),
        (class_labels().remove_columns("label"), "has no column 'label'; it has 'text'"),
        (["a text", "another"], "the data is of type list; give a name, a pandas.DataFrame"),
        (("texts", "labels"), "the data is of type tuple; give a name"),
        (5, "the data is of type int; give a name"),
        ({"train": 5}, "the train data is of type int; give a name"),
    ],
)  # fmt: skip
def test_invalid_objects(value: Any, message: str) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        load_dataset(value)
    assert "\n" not in str(caught.value)
    assert ";" in str(caught.value)


def test_invalid_mappings() -> None:
    with pytest.raises(InputError, match="key 'valid'; its keys must be splits"):
        load_dataset({"train": (TEXTS, NAMES), "valid": (TEXTS, NAMES)})
    with pytest.raises(InputError, match=r"key 'text'.* give columns as a pandas\.DataFrame"):
        load_dataset({"text": TEXTS, "label": NAMES})
    same = (TEXTS, NAMES)
    with pytest.raises(InputError, match="test and train are the same object; give different"):
        load_dataset({"train": same, "test": same})
    with pytest.raises(InputError, match="no source and splits"):
        load_dataset({})
