"""Separate splits, their labels and overlaps, whole datasets, and how a dataset is described."""

from __future__ import annotations

import pickle
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from robustbert.data import DatasetSource, Rows, TextDataset, load_dataset
from robustbert.errors import DatasetError, InputError, RobustbertWarning, UnknownNameError
from tests.news import TOPICS, news_files, news_rows

COLUMNS = {"text_column": "description", "label_column": "topic"}


@pytest.fixture
def news(tmp_path: Path) -> dict[str, str]:
    """The files of a news dataset: train, validation and test."""
    return {split: str(path) for split, path in news_files(tmp_path).items()}


def load(**options: object) -> TextDataset:
    return DatasetSource(**{**COLUMNS, **options}).load()


def sizes(dataset: TextDataset) -> dict[str, int]:
    return {name: len(split) for name, split in dataset.splits.items()}


def write(path: Path, *rows: str) -> str:
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return str(path)


class TestSeparateFiles:
    """Splits in files of their own."""

    def test_they_are_kept_as_they_are(self, news) -> None:
        dataset = load(**news)
        assert sizes(dataset) == {"train": 48, "validation": 12, "test": 24}
        assert dataset.name == "test"
        assert dataset.source == "files:train.csv,validation.csv,test.csv"
        assert dataset.label_names == tuple(sorted(TOPICS))
        for split, rows in zip(("train", "validation", "test"), news_rows(), strict=True):
            found = dataset.split(split)
            labels = [dataset.label_names[label] for label in found["label"]]
            assert sorted(zip(found["text"], labels, strict=True)) == sorted(rows)

    def test_a_tenth_of_train_becomes_validation(self, news) -> None:
        dataset = load(train=news["train"], test=news["test"])
        assert sizes(dataset) == {"train": 44, "validation": 4, "test": 24}
        assert dataset.source == "files:train.csv,test.csv"

    def test_no_test_split_is_made(self, news) -> None:
        assert sizes(load(train=news["train"])) == {"train": 44, "validation": 4}
        assert load(train=news["train"]).name == "train"

    def test_a_test_file_alone(self, news) -> None:
        dataset = load(test=f"file:{news['test']}", name="news")
        assert sizes(dataset) == {"test": 24}
        assert (dataset.name, dataset.source) == ("news", "file:test.csv")
        with pytest.raises(DatasetError, match=r"news has no training split .*--train-file"):
            dataset.split("train")

    def test_paths_are_files(self, news) -> None:
        paths = {split: Path(path) for split, path in news.items()}
        assert DatasetSource(**paths) == DatasetSource(**{k: f"file:{v}" for k, v in news.items()})
        assert load_dataset(paths["test"], split="all", **COLUMNS).source == "file:test.csv"
        assert load_dataset(paths, **COLUMNS).sha256() == load(**news).sha256()

    def test_the_ids_do_not_depend_on_the_other_files(self, news) -> None:
        alone, beside = load(test=news["test"]), load(**news)
        assert alone.split("test")["example_id"] == beside.split("test")["example_id"]

    @pytest.mark.parametrize("content", ["", "text,label\n"])
    def test_an_empty_test_file(self, tmp_path: Path, content: str) -> None:
        train = write(tmp_path / "train.csv", *(f"text {n},{n % 2}" for n in range(8)))
        (tmp_path / "test.csv").write_text(content)
        with pytest.raises(DatasetError, match=r"test\.csv (is empty|has no rows); it needs rows"):
            load_dataset({"train": train, "test": str(tmp_path / "test.csv")})

    def test_a_file_given_twice(self, news, tmp_path: Path) -> None:
        (tmp_path / "link.csv").symlink_to(news["train"])
        for twin in (news["train"], f"file:{news['train']}", str(tmp_path / "link.csv")):
            with pytest.raises(InputError, match=r"test and train are the same data, .*; give di"):
                DatasetSource(train=news["train"], test=twin)

    @pytest.mark.parametrize("value", ["train.txt", "train", "imdb", ""])
    def test_a_split_that_is_not_a_file(self, value: str) -> None:
        with pytest.raises(InputError, match=r"train: '.*' is not a split; give a \.csv, "):
            DatasetSource(train=value)


class TestOverlaps:
    """Rows that occur in several files."""

    LONG = "the {} said on {} that a report of many pages was sent to all of the offices again"

    def rows(self, start: int, stop: int) -> list[str]:
        texts = [
            " ".join(f"{word}{number}" for word in self.LONG.split())
            for number in range(start, stop)
        ]
        return [f"{text},{'ab'[number % 2]}" for number, text in enumerate(texts)]

    def test_copies_are_dropped_from_train_and_counted(self, tmp_path: Path) -> None:
        test = self.rows(0, 10)
        near = test[3].replace("pages3", "papers3")
        train = write(tmp_path / "train.csv", *self.rows(10, 30), test[0], test[1], near)
        with pytest.warns(RobustbertWarning) as caught:
            dataset = load_dataset({"train": train, "test": write(tmp_path / "t.csv", *test)})
        (warning,) = caught
        assert str(warning.message).startswith(
            "t: 3 of 23 train rows were dropped, because another split has the same text or nearly"
        )
        assert sizes(dataset) == {"train": 18, "validation": 2, "test": 10}
        assert (dataset.cleaning.duplicates, dataset.cleaning.overlaps) == (2, 1)

    def test_a_text_with_two_labels_is_dropped_from_both(self, tmp_path: Path) -> None:
        test = self.rows(0, 10)
        other = test[0].replace(",a", ",b")
        train = write(tmp_path / "train.csv", *self.rows(10, 30), other)
        with pytest.warns(RobustbertWarning, match="1 of 21 train rows and 1 of 10 test rows were"):
            dataset = load_dataset({"train": train, "test": write(tmp_path / "t.csv", *test)})
        assert sizes(dataset) == {"train": 18, "validation": 2, "test": 9}

    @pytest.mark.parametrize("change", [str, lambda row: row.replace("pages", "papers")])
    @pytest.mark.parametrize("validation", [True, False])
    def test_files_with_the_same_texts(self, tmp_path: Path, change, validation: bool) -> None:
        test, rest = self.rows(0, 10), self.rows(10, 14)
        files = {"test": write(tmp_path / "test.csv", *test)}
        files["train"] = write(tmp_path / "train.csv", *map(change, test))
        if validation:
            files["validation"] = write(tmp_path / "v.csv", *rest)
        with pytest.raises(DatasetError) as caught:
            load_dataset(files)
        line = str(caught.value)
        assert "train split" in line
        assert "add rows whose texts differ" in line
        assert str(tmp_path / "train.csv") in line

    def test_no_warning_without_overlaps(self, news, recwarn) -> None:
        load(**news)
        assert not [one for one in recwarn if issubclass(one.category, RobustbertWarning)]


class TestLabels:
    """One set of classes for all files."""

    def test_a_label_that_the_training_file_lacks(self, news, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_text("description,topic\nfine weather,World\nsunny,Weather\n")
        with pytest.raises(DatasetError, match=r"t\.csv: row 2 has the label 'Weather', which i"):
            load(train=news["train"], test=str(tmp_path / "t.csv"))

    def test_a_label_that_is_not_in_the_names(self, news) -> None:
        with pytest.raises(DatasetError, match=r"test\.csv: row 1 has the label .* names \(x, y"):
            load(test=news["test"], label_names=["x", "y"])

    def test_the_names_set_the_order(self, news) -> None:
        names = tuple(TOPICS)[::-1]
        dataset = load(**news, label_names=names)
        plain = load(**news)
        assert dataset.label_names == names
        assert dataset.split("test")["example_id"] == plain.split("test")["example_id"]
        named = [names[label] for label in dataset.split("test")["label"]]
        assert named == [plain.label_names[label] for label in plain.split("test")["label"]]

    def test_the_training_file_needs_every_name(self, news) -> None:
        with pytest.raises(DatasetError, match=r"train\.csv: no row has the label 'Art'"):
            load(train=news["train"], label_names=[*TOPICS, "Art"])
        assert load(test=news["test"], label_names=[*TOPICS, "Art"]).label_names[-1] == "Art"

    def test_a_test_file_may_lack_classes(self, news, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_text("description,topic\nfine weather,World\n")
        dataset = load(train=news["train"], test=str(tmp_path / "t.csv"))
        assert sizes(dataset)["test"] == 1
        assert len(dataset.label_names) == 4
        with pytest.raises(DatasetError, match="only one class, 'World'; give the names of all"):
            load(test=str(tmp_path / "t.csv"))
        assert sizes(load(test=str(tmp_path / "t.csv"), label_names=TOPICS)) == {"test": 1}

    def test_labels_are_renamed(self, news) -> None:
        dataset = load(**news, label_map={"World": "Politics", "Sports": "Art"})
        assert dataset.label_names == ("Art", "Business", "Politics", "Science")

    def test_several_labels_can_get_one_name(self, news) -> None:
        dataset = load(**news, label_map={"World": "News", "Sports": "News"})
        assert dataset.label_names == ("Business", "News", "Science")
        assert dataset.split("test")["label"].count(1) == 12

    def test_a_key_of_the_map_that_does_not_occur(self, news) -> None:
        with pytest.raises(UnknownNameError, match="label map: unknown label 'Wrld'; did you mean"):
            load(**news, label_map={"Wrld": "News"})

    def test_whole_numbers_are_indices_into_names(self, tmp_path: Path) -> None:
        path = write(tmp_path / "t.csv", *(f"text number {n},{n % 2}" for n in range(8)))
        dataset = load_dataset(path, split="test", label_names=["neg", "pos"])
        assert dataset.label_names == ("neg", "pos")
        found = zip(dataset.split("test")["text"], dataset.split("test")["label"], strict=True)
        assert all(int(text[-1]) % 2 == label for text, label in found)
        numbers = load_dataset(path, split="test", label_names=["1", "0"])
        assert sorted(numbers.split("test")["label"]) == sorted(dataset.split("test")["label"])
        assert numbers.label_names == ("1", "0")
        with pytest.raises(
            DatasetError,
            match=r"row 3 has the label '2', which is not in the names .*indices into them, from 0",
        ):
            load_dataset(
                write(tmp_path / "u.csv", "text a,0", "text b,1", "text c,2"),
                split="test",
                label_names=["neg", "pos"],
            )

    def test_numbers_are_no_indices_into_names_that_are_only_found(self, tmp_path: Path) -> None:
        train = write(tmp_path / "train.csv", *(f"text {n},{'ab'[n % 2]}" for n in range(12)))
        test = write(tmp_path / "test.csv", "one text,0", "other text,1")
        with pytest.raises(DatasetError, match=r"row 1 has the label '0', which.*; correct it"):
            load_dataset({"train": train, "test": test})

    def test_numbers_are_compared_by_value_across_files(self, tmp_path: Path) -> None:
        train = write(tmp_path / "train.csv", *(f"text {n},{8 + n % 3}" for n in range(12)))
        test = write(tmp_path / "test.csv", "one text,8.0", "other text,10.0")
        dataset = load_dataset({"train": train, "test": test})
        assert dataset.label_names == ("8", "9", "10")
        assert sorted(dataset.split("test")["label"]) == [0, 2]

    def test_names_in_a_string(self) -> None:
        with pytest.raises(InputError, match="the label names are the string 'ab'; give a list"):
            load_dataset((["a text"], ["a"]), label_names="ab")

    def test_a_label_map_that_is_no_mapping(self) -> None:
        with pytest.raises(InputError, match=r"the label map is \['a'\]; give a mapping"):
            load_dataset((["a text"], ["a"]), label_map=["a"])

    @pytest.mark.parametrize("names", [["a"], ["a", "a"], [], ["a", ""]])
    def test_invalid_names(self, names: list[str]) -> None:
        with pytest.raises(InputError, match=r"the label names are .*; give at least two that"):
            DatasetSource(test="t.csv", label_names=tuple(names))


class TestWhole:
    """``split="all"``."""

    def test_a_file_is_not_split(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "t.csv", *(f"text {n},{'abb'[n % 3]}" for n in range(10)), "twice,a"
        )
        path = write(Path(path), *Path(path).read_text().splitlines()[1:], "twice,a", " ,b")
        dataset = load_dataset(f"file:{path}", split="all")
        assert sizes(dataset) == {"all": 11}
        assert (dataset.cleaning.duplicates, dataset.cleaning.empty) == (1, 1)
        with pytest.raises(DatasetError, match=r"has no training split \(it has all\)"):
            dataset.split("train")

    def test_a_class_may_have_one_row(self, tmp_path: Path) -> None:
        path = write(tmp_path / "t.csv", "one text,a", "another text,b")
        assert sizes(load_dataset(f"file:{path}", split="all")) == {"all": 2}

    def test_files_are_joined(self, news) -> None:
        assert sizes(load(**news, whole=True)) == {"all": 84}

    def test_built_in_datasets(self, bbc_news: TextDataset) -> None:
        whole = load_dataset("bbc_news", split="all")
        assert sizes(whole) == {"all": bbc_news.cleaning.rows - bbc_news.cleaning.duplicates}
        ids = {id for split in bbc_news.splits.values() for id in split["example_id"]}
        assert ids < set(whole.split("all")["example_id"])
        assert whole.length == bbc_news.length

    def test_a_loaded_dataset(self, news) -> None:
        dataset = load(**news)
        assert DatasetSource(dataset).load().splits == dataset.splits
        whole = DatasetSource(dataset, name="other", whole=True).load()
        assert (whole.name, sizes(whole)) == ("other", {"all": 84})


class TestDescription:
    """What is checked before any data is read."""

    def test_sources_with_strings_can_be_pickled_and_hashed(self) -> None:
        source = DatasetSource(test="t.csv", label_map={"0": "neg"}, label_names=("neg", "pos"))
        assert pickle.loads(pickle.dumps(source)) == source
        assert len({source, DatasetSource(**vars(source))}) == 1

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({}, "has no source and splits"),
            ({"source": "imdb", "test": "t.csv"}, "has both source and splits"),
            ({"source": "imdb", "text_column": "t"}, "imdb has its own columns"),
            ({"source": "imdb", "label_map": {"a": "b"}}, "imdb has its own label names"),
            ({"source": "imdb", "length": "long"}, "imdb has its own text length"),
            ({"source": "my_module:rows", "label_column": "t"}, "my_module:rows has its own col"),
            ({"source": "file:t.csv", "label_map": {"a": ""}}, "the label map has an empty name"),
        ],
    )
    def test_options_that_contradict_each_other(self, options, message: str) -> None:
        with pytest.raises(InputError, match=message):
            DatasetSource(**options)

    def test_unknown_names(self) -> None:
        with pytest.raises(UnknownNameError, match=r"did you mean file:data/t\.csv"):
            DatasetSource("data/t.csv")
        with pytest.raises(UnknownNameError, match="unknown text length 'medium'"):
            DatasetSource("file:t.csv", length="medium")
        with pytest.raises(UnknownNameError, match=r"unknown split 'dev'; .*validation"):
            load_dataset("imdb", split="dev")
        with pytest.raises(InputError, match="key 'dev'; its keys must be splits"):
            DatasetSource({"dev": "t.csv"})

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            ({"source": "file:data/t.csv"}, "file:data/t.csv"),
            ({"train": "data/tr.csv", "test": "file:data/te.csv"}, "te"),
            ({"train": "data/tr.csv", "validation": "v.csv"}, "tr"),
            ({"test": "hub:films[test]"}, "hub:films[test]"),
            ({"test": (["a"], ["b"])}, "data"),
            ({"test": (["a"], ["b"]), "name": "mine"}, "mine"),
        ],
    )
    def test_the_name_in_a_plan(self, options, name: str) -> None:
        assert DatasetSource(**options).plan_name() == name


ROWS = Rows("toy", "here", ("a", "b"), [f"text {n}" for n in range(8)], [0, 1] * 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [0, 1]}, "returned 8 texts but 2 values in labels; return one per text"),
        ({"published": ["train"]}, "returned 8 texts but 1 values in published"),
        ({"compared": []}, "returned 8 texts but 0 values in compared"),
        ({"labels": [0, 1] * 3 + [0, 2]}, "label 8 is 2; return an integer from 0 to 1"),
        ({"labels": [0, 1] * 3 + [0, "b"]}, "label 8 is 'b'; return an integer"),
        ({"labels": [0, 1] * 3 + [0, True]}, "label 8 is True; return an integer"),
        ({"texts": ["text"] * 7 + [8]}, "text 8 is of type int; return strings"),
        ({"label_names": ("a",)}, "return at least two names that differ"),
        ({"label_names": ("a", "a")}, "return at least two names that differ"),
        ({"label_names": "ab"}, "label_names is 'ab'; return a tuple of strings"),
        ({"texts": [], "labels": []}, "returned no rows"),
    ],
)
def test_rows_of_a_function_are_checked(change, message: str, monkeypatch) -> None:
    module = types.ModuleType("own_rows")
    module.rows = lambda: Rows(**{**vars(ROWS), **change})
    monkeypatch.setitem(sys.modules, "own_rows", module)
    with pytest.raises(DatasetError, match=f"^own_rows:rows.*{re.escape(message)}"):
        load_dataset("own_rows:rows")


def test_rows_with_numpy_labels_are_accepted(monkeypatch) -> None:
    module = types.ModuleType("own_rows")
    module.rows = lambda: Rows(**{**vars(ROWS), "labels": np.array([0, 1] * 4)})
    monkeypatch.setitem(sys.modules, "own_rows", module)
    assert sizes(load_dataset("own_rows:rows")) == {"train": 4, "validation": 2, "test": 2}
