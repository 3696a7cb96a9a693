"""``file:PATH``: the four file formats, and the errors of invalid files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustbert.data import TextDataset, load_dataset
from robustbert.errors import DatasetError, UnknownNameError

ROWS = [
    (f"review {number} says that film {number % 7} is {mood}", mood)
    for number in range(30)
    for mood in ("bad", "good")
]
UNUSUAL_TEXTS = [
    "a\x00b nul inside the text",
    "😀 👩‍👩‍👧 🇺🇳",
    "\u202eهذا فيلم جيد\u202c",
    "bell \x07 escape \x1b[31m",
    "separators \x1c\x1d\x1e\x1f and \x85 stay",
    'quotes " and "" and, commas',
    "tag <br /> stays",
    "word " * 10_000,
    "NA",
    "null",
    "zero\u200bwidth \ufeff",
]


def load(path: Path, **columns: str) -> TextDataset:
    return load_dataset(f"file:{path}", **columns)


def pairs(dataset: TextDataset) -> list[tuple[str, str]]:
    """Texts with the names of their labels."""
    return sorted(
        (text, dataset.label_names[label])
        for split in dataset.splits.values()
        for text, label in zip(split["text"], split["label"], strict=True)
    )


def write(tmp_path: Path, suffix: str, rows: list[tuple[str, object]], write_csv) -> Path:
    path = tmp_path / f"reviews{suffix}"
    if suffix in (".csv", ".tsv"):
        return write_csv([("text", "label"), *rows], path.name)
    if suffix == ".jsonl":
        lines = (json.dumps({"text": text, "label": label}) for text, label in rows)
        path.write_text("\n".join(lines), encoding="utf-8")
        return path
    import pyarrow as pa
    from pyarrow import parquet

    texts, labels = zip(*rows, strict=True)
    parquet.write_table(pa.table({"text": texts, "label": labels}), path)
    return path


SUFFIXES = pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])


@SUFFIXES
def test_every_format_gives_the_same_dataset(suffix: str, tmp_path: Path, write_csv) -> None:
    dataset = load(write(tmp_path, suffix, ROWS, write_csv))
    assert pairs(dataset) == sorted(ROWS)
    assert dataset.label_names == ("bad", "good")
    assert dataset.name == "reviews"
    assert dataset.source == f"file:reviews{suffix}", "without its folder"
    assert {name: len(split) for name, split in dataset.splits.items()} == {
        "train": 48,
        "validation": 6,
        "test": 6,
    }
    assert dataset.sha256() == load(write(tmp_path, ".csv", ROWS, write_csv)).sha256()


@SUFFIXES
def test_whole_numbers_are_ordered_by_value(suffix: str, tmp_path: Path, write_csv) -> None:
    rows = [(f"text {number}", [10, 9, -1][number % 3]) for number in range(30)]
    dataset = load(write(tmp_path, suffix, rows, write_csv))
    assert dataset.label_names == ("-1", "9", "10")
    assert pairs(dataset) == sorted((text, str(label)) for text, label in rows)


@SUFFIXES
def test_unusual_texts_are_read_unchanged(suffix: str, tmp_path: Path, write_csv) -> None:
    rows = [(text, "ab"[number % 2]) for number, text in enumerate(UNUSUAL_TEXTS)]
    dataset = load(write(tmp_path, suffix, rows, write_csv))
    assert pairs(dataset) == sorted((text.strip(" "), label) for text, label in rows)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(st.text(min_size=1), min_size=1, max_size=6),
    suffix=st.sampled_from([".csv", ".jsonl", ".parquet"]),
)
def test_any_text_is_kept_except_for_white_space(
    texts: list[str], suffix: str, tmp_path: Path, write_csv
) -> None:
    rows = [(text, "given") for text in texts] + [(f"filler {n}", "filler") for n in range(6)]
    rows += [(f"given {n}", "given") for n in range(6)]
    dataset = load(write(tmp_path, suffix, rows, write_csv))
    control = "\x1c\x1d\x1e\x1f\x85"

    def letters(text: str) -> str:
        return "".join(c for c in text if not c.isspace() or c in control)

    found = {letters(text) for text, _ in pairs(dataset)}
    assert found == {letters(text) for text, _ in rows if text.strip()}
    assert dataset.cleaning.rows == len(rows)


def test_label_and_text_columns_can_be_named(write_csv) -> None:
    path = write_csv([("stars", "id", "review"), *((mood, 1, text) for text, mood in ROWS)])
    assert pairs(load(path, text_column="review", label_column="stars")) == sorted(ROWS)


def test_a_parquet_of_datasets_keeps_its_label_names(tmp_path: Path) -> None:
    import datasets

    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "maybe"])}
    )
    rows = {"text": [f"text {n}" for n in range(10)], "label": [n % 2 for n in range(10)]}
    path = tmp_path / "kept.parquet"
    datasets.Dataset.from_dict(rows, features=features).to_parquet(path)
    assert load(path).label_names == ("no", "maybe")


def test_a_byte_order_mark_and_a_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["text,label", *(f"{text},{mood}" for text, mood in ROWS)]
    (tmp_path / "bom.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert pairs(load_dataset("file:~/bom.csv")) == sorted(ROWS)


def test_cleaning_is_counted(write_csv) -> None:
    extra = [
        ("", "bad"),
        (" \t\u00a0 ", "good"),
        ("twice the   same", "bad"),
        ("twice the same ", "bad"),
        ("two minds", "bad"),
        ("two  minds", "good"),
        ("two minds", "good"),
    ]
    dataset = load(write_csv([("text", "label"), *ROWS, *extra]))
    done = dataset.cleaning
    assert (done.rows, done.empty, done.duplicates, done.conflicts) == (67, 2, 1, 3)
    assert done.html_breaks == 0
    assert pairs(dataset) == sorted([*ROWS, ("twice the same", "bad")])


def test_the_order_of_the_rows_does_not_matter(write_csv) -> None:
    forwards = load(write_csv([("text", "label"), *ROWS])).sha256()
    backwards = load(write_csv([("text", "label"), *reversed(ROWS)], "other.csv")).sha256()
    assert forwards == backwards


def test_three_rows_of_a_class_fill_the_splits(write_csv) -> None:
    rows = [(f"{label} {n}", label) for label in "ab" for n in range(3)]
    dataset = load(write_csv([("text", "label"), *rows]))
    for split in dataset.splits.values():
        assert Counter(split["label"]) == {0: 1, 1: 1}


BAD_FILES = {
    "header only.csv": (b"text,label\n", "has no rows"),
    "empty.csv": (b"", "is empty"),
    "empty.jsonl": (b"", "is empty"),
    "blank lines.csv": (b"\n\n\n", "cannot be read as .csv"),
    "blank lines.jsonl": (b"\n\n", "has no rows"),
    "empty.parquet": (b"", "is empty"),
    "long row.csv": (b"text,label\na,1\nb,2,3\n", "Row #3: Expected 2 columns, got 3"),
    "short row.tsv": (b"text\tlabel\na\t1\nb\n", "Row #3: Expected 2 columns, got 1"),
    "open quote.csv": (b'text,label\n"a,1\nb,2\n', "cannot be read as .csv"),
    "latin1.csv": (b"text,label\ncaf\xe9,1\nb,2\n", "is not UTF-8; save it as UTF-8"),
    "latin1 header.csv": (b"text,label,caf\xe9\na,1,2\n", "is not UTF-8; save it as UTF-8"),
    "ragged utf8.csv": (b"text,label\nutf8,1,2\n", "Row #2: Expected 2 columns, got 3"),
    "utf16.csv": ("text,label\na,1\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
    "latin1.jsonl": (b'{"text": "caf\xe9", "label": 1}\n', "line 1: not a JSON object in UTF-8"),
    "column.csv": (b"review,label\na,1\n", "no column 'text'; it has 'review', 'label'"),
    "column.jsonl": (
        b'{"text": "a", "label": 1}\n{"text": "b"}',
        "line 2 has no column 'label'; it has 'text'",
    ),
    "twice.csv": (b"text,text,label\na,b,1\n", "two columns 'text'"),
    "array.jsonl": (b'[{"text": "a"}]\n', "line 1: not a JSON object"),
    "cut.jsonl": (b'{"text": "a", "lab', "line 1: not a JSON object"),
    "number.jsonl": (
        b'{"text": 5, "label": 1}',
        "row 1 of the column 'text' contains int, not text",
    ),
    "list label.jsonl": (b'{"text": "a", "label": [1]}', "row 1 has the invalid label '[1]'"),
    "fraction.jsonl": (b'{"text": "a", "label": 0.5}', "row 1 has the invalid label '0.5'"),
    "no label.jsonl": (b'{"text": "a", "label": null}', "row 1 has no label"),
    "no label.csv": (b"text,label\na,1\nb,\n", "row 2 has no label"),
    "surrogate.jsonl": (
        b'{"text": "a \\ud800", "label": 1}\n{"text": "b", "label": 2}',
        "row 1 contains a lone surrogate",
    ),
    "surrogate label.jsonl": (
        b'{"text": "a", "label": "\\ud800"}\n{"text": "b", "label": "c"}',
        "row 1 has a label with a lone surrogate",
    ),
    "one class.csv": (b"text,label\na,1\nb,1\nc,1\n", "only one class, '1'"),
    "few.csv": (
        b"text,label\na,1\nb,1\nc,1\nd,2\ne,2\n",
        "class '2' has 2 usable rows and needs at least 3",
    ),
    "all dropped.csv": (
        b"text,label\na,1\nb,1\nc,1\n,2\n  ,2\n\x20,2\n",
        "class '2' has 0 usable rows",
    ),
    "no parquet.parquet": (b"text,label\na,1\n", "cannot be read as .parquet"),
    "reviews.txt": (
        b"text,label\n",
        "'.txt' is not supported; save the rows as one of .csv, .tsv, .jsonl, .parquet",
    ),
    "reviews": (b"text,label\n", "the suffix '' is not supported"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_rejected_in_one_line(name: str, tmp_path: Path) -> None:
    content, expected = BAD_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        load(path)
    message = str(caught.value)
    assert expected in message
    assert str(path) in message
    assert message.isprintable()
    assert ";" in message  # what to do about it


def test_a_missing_column_of_a_parquet(tmp_path: Path, write_csv) -> None:
    path = write(tmp_path, ".parquet", ROWS, write_csv)
    with pytest.raises(DatasetError, match="no column 'review'; it has 'text', 'label'"):
        load(path, text_column="review")


def test_paths_that_are_not_files(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file"):
        load(tmp_path / "nowhere.csv")
    with pytest.raises(DatasetError, match="'file:' has no path"):
        load_dataset("file:")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DatasetError, match="is a folder"):
        load(tmp_path / "folder.csv")
    with pytest.raises(DatasetError, match="cannot be read"):
        load_dataset("file:nul\x00.csv")


def test_text_and_label_columns_must_differ(write_csv) -> None:
    with pytest.raises(DatasetError, match="both the text and the label"):
        load(write_csv([("text", "label"), *ROWS]), label_column="text")


def test_an_unknown_split_lists_the_splits(write_csv) -> None:
    dataset = load(write_csv([("text", "label"), *ROWS]))
    with pytest.raises(DatasetError, match="choose one of train, validation, test"):
        dataset.split("dev")


LONG = "the quick brown fox jumps over the lazy dog and then it runs away from film"


def test_no_near_duplicates_are_in_two_splits(write_csv) -> None:
    """Near-duplicates with different first words are kept in the split of highest priority."""
    copies = [(f"copy{n} {LONG} {n}", "bad") for n in range(10)]
    dataset = load(write_csv([("text", "label"), *ROWS, *copies]))
    holders = {
        name for name, split in dataset.splits.items() for text in split["text"] if LONG in text
    }
    assert len(holders) == 1
    kept = sum(LONG in text for split in dataset.splits.values() for text in split["text"])
    assert dataset.cleaning.overlaps == 10 - kept


def test_identical_rows_are_rejected_with_the_reason(write_csv) -> None:
    rows = [(f"{LONG} {n}", "ab"[n % 2]) for n in range(20)]
    with pytest.raises(DatasetError, match=r"every row of class '.' in the train split"):
        load(write_csv([("text", "label"), *rows]))


def test_a_class_emptied_by_dropping_near_duplicates_is_rejected(write_csv) -> None:
    distinct = [(" ".join(f"word{n}x{k}" for k in range(12)), "a") for n in range(30)]
    alike = [(f"{LONG} {n}", "b") for n in range(12)]
    with pytest.raises(DatasetError, match="class 'b' in the train split is a near-duplicate"):
        load(write_csv([("text", "label"), *distinct, *alike]))


def test_the_length_is_measured_and_can_be_set(write_csv) -> None:
    short = write_csv([("text", "label"), *ROWS])
    assert load(short).length == "short"
    assert load(short, length="long").length == "long"
    long = [
        (" ".join(f"{text.replace(' ', '')}{n}" for n in range(101)), label) for text, label in ROWS
    ]
    assert load(write_csv([("text", "label"), *long], "long.csv")).length == "long"
    with pytest.raises(UnknownNameError, match="text length 'shor'; did you mean short"):
        load(short, length="shor")
