"""Count test examples that overlap with the training split.

    python benchmarks/split_overlap.py

Counts are printed for each packaged dataset, for the hash-only splits of robustbert 0.1 and for the
current ones:

- all datasets: test examples with a near-duplicate in the training split;
- bbc_news: test examples whose first paragraph also occurs in the training split;
- imdb: test reviews that share two rare names with a training review, either one that is near it in
  the source or any.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pandas

from robustbert.data import load_dataset
from robustbert.data.cleaning import CleanRow, clean
from robustbert.data.dataset import Rows
from robustbert.data.dataset_registry import DATASETS
from robustbert.data.near_duplicates import near_duplicates
from robustbert.data.splitting import example_id, hash_key, round_tenth

NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]{2,}\b")  # capitalised within a sentence
MAX_REVIEWS = 50  # a rare name occurs in at most this many reviews
DISTANCES = (5, 30)  # in rows of the source


@dataclass(frozen=True)
class Split:
    """The positions of the training and test rows among the cleaned rows."""

    train: frozenset[int]
    test: frozenset[int]


def main() -> None:
    """Print the counts."""
    lines = []
    for name in DATASETS:
        origin = DATASETS.load(name)()
        rows = clean(origin).rows
        measures = (*MEASURES.get(name, ()), near_duplicates_of)
        splits = {"hash-only": hash_split(rows, origin), "current": current_split(name, rows)}
        for label, split in splits.items():
            counts = {k: v for measure in measures for k, v in measure(rows, split).items()}
            lines += [
                {
                    **{"dataset": name, "split": label, "overlap": overlap},
                    **{"n_overlapping": count, "n_test": len(split.test)},
                }
                for overlap, count in counts.items()
            ]
    table = pandas.DataFrame(lines).pivot(
        index=["dataset", "overlap"], columns="split", values=["n_overlapping", "n_test"]
    )
    print(table.to_string())


def hash_split(rows: Sequence[CleanRow], origin: Rows) -> Split:
    """Test split: the first tenth of each class in hash order; the next tenth is validation."""
    by_class = defaultdict(list)
    for index, row in enumerate(rows):
        key = example_id(row.text, origin.label_names[row.label])
        by_class[row.label].append((hash_key("robustbert splits 1", key), index))
    train, test = set(), set()
    for members in by_class.values():
        indices = [index for _, index in sorted(members)]
        tenth = round_tenth(len(indices))
        test.update(indices[:tenth])
        train.update(indices[2 * tenth :])
    return Split(frozenset(train), frozenset(test))


def current_split(name: str, rows: Sequence[CleanRow]) -> Split:
    """The split of :func:`load_dataset`."""
    dataset = load_dataset(name)
    index = {row.text: position for position, row in enumerate(rows)}
    return Split(
        *(frozenset(index[t] for t in dataset.split(s)["text"]) for s in ("train", "test"))
    )


def near_duplicates_of(rows: Sequence[CleanRow], split: Split) -> dict[str, int]:
    """Test rows with a near-duplicate in the training split."""
    overlapping = set()
    for pair in near_duplicates([row.compared for row in rows]):
        for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
            if one in split.test and other in split.train:
                overlapping.add(one)
    return {"near-duplicate": len(overlapping)}


def same_paragraph(rows: Sequence[CleanRow], split: Split) -> dict[str, int]:
    """Test rows with the first paragraph of a training row, ignoring case and punctuation."""
    paragraphs = [" ".join(re.findall(r"\w+", row.compared.lower())) for row in rows]
    in_train = {paragraphs[index] for index in split.train}
    return {"same paragraph": sum(paragraphs[index] in in_train for index in split.test)}


def shared_names(rows: Sequence[CleanRow], split: Split) -> dict[str, int]:
    """Test rows that share two rare names with a training row."""
    row_names = [set(NAME.findall(row.text)) for row in rows]
    frequency = Counter(name for names in row_names for name in names)
    train_rows = defaultdict(list)  # the indices of training rows that contain a rare name
    for index, names in enumerate(row_names):
        for name in names:
            if frequency[name] <= MAX_REVIEWS and index in split.train:
                train_rows[name].append(index)
    counts = {f"two rare names within {distance} rows": 0 for distance in DISTANCES}
    counts["two rare names anywhere"] = 0
    for index in split.test:
        shared = Counter(other for name in row_names[index] for other in train_rows.get(name, ()))
        distances = [
            abs(rows[index].position - rows[other].position)
            for other, number in shared.items()
            if number >= 2
        ]
        for limit in DISTANCES:
            key = f"two rare names within {limit} rows"
            counts[key] += any(distance <= limit for distance in distances)
        counts["two rare names anywhere"] += bool(distances)
    return counts


MEASURES = {"bbc_news": (same_paragraph,), "imdb": (shared_names,)}


if __name__ == "__main__":
    main()
