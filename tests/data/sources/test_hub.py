"""``hub:NAME`` with a mocked client, or with the client's real errors when offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest

from robustbert.data import DatasetSource, load_dataset
from robustbert.errors import DatasetError, InputError

LABEL = datasets.ClassLabel(names=["neg", "pos"])


def part(word: str, count: int, *, label: int | None = None) -> datasets.Dataset:
    rows = {
        "text": [f"{word} {number}" for number in range(count)],
        "label": [number % 2 if label is None else label for number in range(count)],
    }
    features = datasets.Features({"text": datasets.Value("string"), "label": LABEL})
    return datasets.Dataset.from_dict(rows, features=features)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch):
    """Make the hub's client return the given splits; returns the list of its calls."""

    def set_answer(**splits: datasets.Dataset) -> list[tuple[str, Any]]:
        asked: list[tuple[str, Any]] = []

        def load(name: str, revision: str | None = None) -> datasets.DatasetDict:
            asked.append((name, revision))
            return datasets.DatasetDict(splits)

        monkeypatch.setattr(datasets, "load_dataset", load)
        return asked

    return set_answer


def sizes(name: str) -> dict[str, int]:
    return {split: len(rows) for split, rows in load_dataset(name).splits.items()}


def test_published_splits_are_kept(answer) -> None:
    asked = answer(train=part("a", 40), validation=part("b", 8), test=part("c", 12))
    assert sizes("hub:owner/films") == {"train": 40, "validation": 8, "test": 12}
    dataset = load_dataset("hub:owner/films@v2")
    assert set(dataset.split("test")["text"]) == {f"c {number}" for number in range(12)}
    assert dataset.label_names == ("neg", "pos")
    assert dataset.source == "hub:owner/films@v2"
    assert asked == [("owner/films", None), ("owner/films", "v2")]


def test_a_missing_split_is_made_from_training(answer) -> None:
    answer(train=part("a", 40), test=part("c", 12))
    assert sizes("hub:films") == {"train": 36, "validation": 4, "test": 12}
    answer(train=part("a", 40))
    assert sizes("hub:films") == {"train": 32, "validation": 4, "test": 4}


def test_a_split_without_labels_is_replaced(answer) -> None:
    answer(train=part("a", 40), test=part("c", 12, label=-1))
    dataset = load_dataset("hub:films")
    assert len(dataset.split("test")) == 4
    assert not any(text.startswith("c") for text in dataset.split("test")["text"])


def test_a_leaked_text_stays_in_the_test_split(answer) -> None:
    answer(train=part("a", 40), validation=part("b", 8), test=part("a", 6))
    assert sizes("hub:films") == {"train": 34, "validation": 8, "test": 6}
    assert load_dataset("hub:films").cleaning.duplicates == 6


def test_the_commit_is_read_from_the_files(answer) -> None:
    train = part("a", 40)
    commit = "0123456789abcdef0123456789abcdef01234567"
    train.info.download_checksums = {f"hf://datasets/films@{commit}/train.parquet": {}}
    answer(train=train)
    assert load_dataset("hub:films").source == f"hub:films@{commit}"


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        (part("a", 40, label=-1), "row 1 has the label -1, which is not in the range 0 to 1"),
        (part("a", 40, label=1), "only one class, 'pos'"),
        (part("a", 0), "has no rows"),
    ],
)
def test_invalid_labels(train: datasets.Dataset, expected: str, answer) -> None:
    answer(train=train)
    with pytest.raises(DatasetError, match=expected):
        load_dataset("hub:films")


def test_training_rows_that_are_all_test_rows(answer) -> None:
    answer(train=part("a", 6), validation=part("b", 6), test=part("a", 6))
    with pytest.raises(DatasetError, match="no usable row is left for the train split"):
        load_dataset("hub:films")


def test_a_column_that_contains_no_texts(answer) -> None:
    rows = {"text": [1, 2], "label": [0, 1]}
    answer(train=datasets.Dataset.from_dict(rows))
    with pytest.raises(DatasetError, match="row 1 of the column 'text' contains int, not text"):
        load_dataset("hub:films")


def test_missing_columns_and_splits(answer) -> None:
    answer(train=part("a", 40))
    with pytest.raises(DatasetError, match="no column 'sentence'; it has 'text', 'label'"):
        load_dataset("hub:films", text_column="sentence")
    answer(test=part("a", 40))
    with pytest.raises(DatasetError, match="no split 'train'; it has test"):
        load_dataset("hub:films")


class TestOneSplit:
    """``hub:NAME[SPLIT]``."""

    def test_splits_of_several_datasets_are_combined(self, answer) -> None:
        asked = answer(train=part("a", 40), dev=part("b", 8), test=part("c", 12))
        source = DatasetSource(
            train="hub:films@v2[train]", validation="hub:films[dev]", test="hub:owner/films"
        )
        dataset = source.load()
        assert {name: len(rows) for name, rows in dataset.splits.items()} == {
            "train": 40,
            "validation": 8,
            "test": 12,
        }
        assert dataset.name == "owner/films"
        assert dataset.source == (
            "hub:films@v2[train],hub:films@main[dev],hub:owner/films@main[test]"
        )
        assert asked == [("owner/films", None), ("films", None), ("films", "v2")]

    def test_a_split_beside_a_file(self, answer, write_csv) -> None:
        answer(train=part("a", 40))
        path = write_csv([("text", "label"), ("fine film", "pos"), ("dull film", "neg")], "t.csv")
        dataset = load_dataset({"train": "hub:films", "test": str(path)})
        assert dataset.source == "hub:films@main[train],file:t.csv"
        assert dataset.label_names == ("neg", "pos")
        assert len(dataset.split("test")) == 2

    def test_a_split_is_split_again_if_it_is_the_source(self, answer) -> None:
        answer(train=part("a", 40), test=part("c", 20))
        dataset = load_dataset("hub:films[test]")
        assert {name: len(rows) for name, rows in dataset.splits.items()} == {
            "train": 16,
            "validation": 2,
            "test": 2,
        }
        assert dataset.source == "hub:films@main[test]"

    def test_the_same_split_twice(self) -> None:
        with pytest.raises(InputError, match="test and train are the same data, hub:films"):
            DatasetSource(train="hub:films[test]", test="hub:films")

    @pytest.mark.parametrize("name", ["hub:films[dev]", "hub:owner/films@v2[dev]"])
    def test_a_split_that_does_not_exist(self, answer, name: str) -> None:
        answer(train=part("a", 40))
        with pytest.raises(DatasetError, match="has no split 'dev'; it has train"):
            load_dataset(name)

    def test_a_split_without_labels(self, answer) -> None:
        answer(test=part("a", 40, label=-1))
        with pytest.raises(DatasetError, match="row 1 has the label -1, which is not in the range"):
            load_dataset("hub:films", split="test")


@pytest.mark.parametrize("name", ["", "a/b/c", "../up", "https://x.org/a", "a b", "a[b", "a[]"])
def test_invalid_names(name: str) -> None:
    with pytest.raises(DatasetError, match="is not a dataset name"):
        load_dataset(f"hub:{name}")


@pytest.mark.parametrize("name", ["csv", "json", "parquet", "text"])
def test_file_loaders_are_not_datasets(name: str) -> None:
    with pytest.raises(
        DatasetError, match=f"'hub:{name}' is a file loader of the datasets library"
    ):
        load_dataset(f"hub:{name}")


def test_a_folder_with_the_same_name_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "films").mkdir()
    with pytest.raises(DatasetError, match="run from another folder"):
        load_dataset("hub:films")


def test_offline_error_is_one_line_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    with pytest.raises(DatasetError) as caught:
        load_dataset("hub:owner/never-loaded")
    message = str(caught.value)
    assert message.startswith("hub:owner/never-loaded cannot be loaded")
    assert "use file:PATH" in message
    assert "\n" not in message
    assert not datasets.utils.are_progress_bars_disabled()
