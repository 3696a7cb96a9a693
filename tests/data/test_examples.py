"""The selection of evaluated examples: deterministic, nested, and without short texts."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys

import pytest

from robustbert.data import Example, Examples, TextDataset, load_dataset, select_examples
from robustbert.data.splitting import example_id
from robustbert.errors import DatasetError, InputError


def test_the_id_of_a_known_text() -> None:
    # printf 'positive\na fine film' | sha256sum | cut -c -16
    assert example_id("a fine film", "positive") == "f4e8ecda29af3229"
    assert example_id("a fine film", "negative") != example_id("a fine film", "positive")
    assert (
        example_id("\x00 \U0001f600", "")
        == (hashlib.sha256(b"\n\x00 \xf0\x9f\x98\x80").hexdigest()[:16])
    )


def test_smaller_selections_are_prefixes_of_larger_ones(rotten_tomatoes: TextDataset) -> None:
    chosen = {n: select_examples(rotten_tomatoes, "test", n, 7).items for n in (1, 30, 100, None)}
    assert chosen[1] == chosen[None][:1]
    assert chosen[30] == chosen[100][:30]
    assert chosen[100] == chosen[None][:100]


def test_examples_are_sorted_by_hash(rotten_tomatoes: TextDataset) -> None:
    split = rotten_tomatoes.split("test")
    long_enough = {
        id: text
        for id, text in zip(split["example_id"], split["text"], strict=True)
        if len(re.findall(r"[\w'*@-]*\w[\w'*@-]*", text)) > 4
    }
    expected = sorted(long_enough, key=lambda id: hashlib.sha256(f"3\n{id}".encode()).digest())
    selection = select_examples(rotten_tomatoes, "test", None, 3)
    assert [example.example_id for example in selection.items] == expected
    assert [example.text for example in selection.items] == [long_enough[id] for id in expected]
    joined = "".join(f"{id}\n" for id in expected)
    assert selection.sha256 == hashlib.sha256(joined.encode()).hexdigest()


def test_ids_follow_from_text_and_label(rotten_tomatoes: TextDataset) -> None:
    for example in select_examples(rotten_tomatoes, "validation", 50, 0).items:
        name = rotten_tomatoes.label_names[example.label]
        assert example.example_id == example_id(example.text, name)


def test_selection_is_deterministic_and_depends_on_the_seed(rotten_tomatoes: TextDataset) -> None:
    one, again, other = (select_examples(rotten_tomatoes, "test", 100, seed) for seed in (0, 0, 1))
    assert one == again
    assert set(one.items) != set(other.items)
    assert (one.dataset, one.split, one.seed) == ("rotten_tomatoes", "test", 0)
    assert one.source == rotten_tomatoes.source


def test_short_texts_are_excluded(write_csv) -> None:
    rows = [(f"{label}{n} has exactly five words", label) for label in "ab" for n in range(40)]
    rows += [(f"only four words {label}{n}", label) for label in "ab" for n in range(20)]
    dataset = load_dataset(f"file:{write_csv([('text', 'label'), *rows])}")
    for name, split in dataset.splits.items():
        expected = sum(text.count(" ") >= 4 for text in split["text"])
        assert len(select_examples(dataset, name, None, 0).items) == expected


@pytest.mark.parametrize("n", [0, -1, 833, 10**9])
def test_error_for_a_number_out_of_range_gives_the_maximum(
    n: int, rotten_tomatoes: TextDataset
) -> None:
    with pytest.raises(InputError, match="has 832 texts of more than 4 words; choose 1 to 832"):
        select_examples(rotten_tomatoes, "test", n, 0)


def test_a_dataset_of_short_texts_has_no_examples(write_csv) -> None:
    rows = [(f"short {label}{n}", label) for label in "ab" for n in range(5)]
    dataset = load_dataset(f"file:{write_csv([('text', 'label'), *rows])}")
    with pytest.raises(InputError, match="has no text of more than 4 words, which attacks need"):
        select_examples(dataset, "test", None, 0)


def test_an_unknown_split(rotten_tomatoes: TextDataset) -> None:
    with pytest.raises(DatasetError, match="no split 'dev'; choose one of train"):
        select_examples(rotten_tomatoes, "dev", 1, 0)


def test_another_process_selects_the_same_examples(rotten_tomatoes: TextDataset) -> None:
    code = (
        "from robustbert.data import load_dataset, select_examples;"
        "print(select_examples(load_dataset('rotten_tomatoes'), 'test', 100, 0).sha256)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == select_examples(rotten_tomatoes, "test", 100, 0).sha256
    assert done.stderr == ""


def test_examples_are_a_sequence(rotten_tomatoes: TextDataset) -> None:
    examples = select_examples(rotten_tomatoes, "test", 5, 0)
    assert len(examples) == 5
    assert list(examples) == list(examples.items)
    assert examples[1] == examples.items[1]
    assert examples[-2:] == examples.items[-2:]
    assert examples[0] in examples
    assert "5 examples of rotten_tomatoes (test split, seed 0" in repr(examples)


def test_texts_are_escaped_in_a_notebook() -> None:
    example = Example("1" * 16, "<script>alert(1)</script> & more", 0)
    html = Examples("<b>", "lists", "all", 0, ("neg", "pos"), (example,))._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_a_dataset_is_shown_by_the_sizes_of_its_splits(rotten_tomatoes: TextDataset) -> None:
    assert repr(rotten_tomatoes) == (
        "<dataset rotten_tomatoes: 6821 train, 854 validation, 854 test examples; "
        "labels negative, positive; short texts>"
    )
    shown = rotten_tomatoes._repr_html_()
    negative = rotten_tomatoes.split("test")["label"][:].count(0)
    assert shown.count("<tr") == 3
    assert f"<td>{negative}</td>" in shown
