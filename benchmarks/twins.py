"""Count test examples that have a twin in the training split.

    python benchmarks/twins.py

For each packaged dataset, in splits by hash alone (as robustbert 0.1 made them) and as they are:
test examples with a near-duplicate in the training split; for bbc_news, those whose first paragraph
stands there too; for imdb, those that share two rare names with a training review nearby in the
source, or with any training review.
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
from robustbert.data.loading import DATASETS
from robustbert.data.near_duplicates import near_duplicates
from robustbert.data.splitting import example_id, hash_key, round_tenth

NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]{2,}\b")  # capitalised within a sentence
RARE = 50  # a name in at most so many reviews
NEARBY = (5, 30)


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
        for label, split in (("by hash", hash_split(rows, origin)), ("now", present(name, rows))):
            counts = {k: v for measure in measures for k, v in measure(rows, split).items()}
            lines += [
                {"dataset": name, "split": label, "twins": k, "of": len(split.test), "are": v}
                for k, v in counts.items()
            ]
    table = pandas.DataFrame(lines).pivot(
        index=["dataset", "twins"], columns="split", values=["are", "of"]
    )
    print(table.to_string())


def hash_split(rows: Sequence[CleanRow], origin: Rows) -> Split:
    """The tenth of each class whose hashes come first; the tenth after is for validation."""
    by_class = defaultdict(list)
    for place, row in enumerate(rows):
        key = example_id(row.text, origin.label_names[row.label])
        by_class[row.label].append((hash_key("robustbert splits 1", key), place))
    train, test = set(), set()
    for members in by_class.values():
        places = [place for _, place in sorted(members)]
        tenth = round_tenth(len(places))
        test.update(places[:tenth])
        train.update(places[2 * tenth :])
    return Split(frozenset(train), frozenset(test))


def present(name: str, rows: Sequence[CleanRow]) -> Split:
    """The split that :func:`load_dataset` makes."""
    dataset = load_dataset(name)
    place = {row.text: position for position, row in enumerate(rows)}
    return Split(
        *(frozenset(place[t] for t in dataset.split(s)["text"]) for s in ("train", "test"))
    )


def near_duplicates_of(rows: Sequence[CleanRow], split: Split) -> dict[str, int]:
    """Test rows with a near-duplicate in the training split."""
    found = set()
    for pair in near_duplicates([row.compared for row in rows]):
        for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
            if one in split.test and other in split.train:
                found.add(one)
    return {"near-duplicate": len(found)}


def same_paragraph(rows: Sequence[CleanRow], split: Split) -> dict[str, int]:
    """Test rows whose first paragraph, case and punctuation apart, is a training row's."""
    plain = [" ".join(re.findall(r"\w+", row.compared.lower())) for row in rows]
    there = {plain[place] for place in split.train}
    return {"same paragraph": sum(plain[place] in there for place in split.test)}


def shared_names(rows: Sequence[CleanRow], split: Split) -> dict[str, int]:
    """Test rows that share two rare names with a training row."""
    names = [set(NAME.findall(row.text)) for row in rows]
    spread = Counter(name for found in names for name in found)
    holders = defaultdict(list)
    for place, found in enumerate(names):
        for name in found:
            if spread[name] <= RARE and place in split.train:
                holders[name].append(place)
    counts = {f"two rare names within {distance} rows": 0 for distance in NEARBY}
    counts["two rare names anywhere"] = 0
    for place in split.test:
        shared = Counter(other for name in names[place] for other in holders.get(name, ()))
        distances = [
            abs(rows[place].position - rows[other].position)
            for other, number in shared.items()
            if number >= 2
        ]
        for distance in NEARBY:
            key = f"two rare names within {distance} rows"
            counts[key] += any(found <= distance for found in distances)
        counts["two rare names anywhere"] += bool(distances)
    return counts


MEASURES = {"bbc_news": (same_paragraph,), "imdb": (shared_names,)}


if __name__ == "__main__":
    main()
