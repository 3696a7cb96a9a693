"""Discrete adversarial training: train on the worst of several random changes of each text.

Ivgi and Berant 2021, "Achieving Model Robustness through Discrete Adversarial Training": texts are
changed as training goes on, against the model as it is then, and random sampling, which needs no
search, gives most of the gain at a fraction of the cost. At the start of each epoch, every training
text is changed at random ``samples`` times, and the change with the largest loss is trained on
beside the text.

With ``rounds`` above 1 this becomes a greedy search: each round changes a part of the words, and
starts from the worst text of the round before.

What is said here of the paper is from its abstract. Which words are changed, and into what, follows
the attacks of this project: no stopwords, at most a share ``words_changed`` of the words, each into
one of its ``neighbours`` nearest words in the counter-fitted word vectors or, with the probability
``typos``, into a typo of the kinds that DeepWordBug and TextBugger try
(:mod:`robustbert.defenses.typos`). There is no limit on the similarity of the texts.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from robustbert.assets import ensure_assets
from robustbert.data.word_split import WordSplit
from robustbert.defenses.base import Defense, RowCost
from robustbert.defenses.embedding_defense import source_hashes
from robustbert.defenses.random_changes import ASSETS, WordNeighbours, word_neighbours
from robustbert.errors import InputError
from robustbert.seeds import derive_seed
from robustbert.validation import check_at_least, is_proportion

if TYPE_CHECKING:
    from robustbert.models import Classifier
    from robustbert.training import EpochStart, ExtraRow

#: The word vectors come with as many neighbours.
MOST_NEIGHBOURS = 100
#: Training texts whose changes are classified at once.
_CHUNK = 512


@dataclass(frozen=True)
class Discrete(Defense):
    """Discrete adversarial training with random sampling.

    Args:
        samples: the number of random changes of a text in a round, at least 1; with 1 the model
            has no say in which is trained on.
        rounds: the number of rounds, at least 1.
        words_changed: the largest share of a text's words that are changed, 0 to 1; with 0 it is
            plain training. At least one word is changed otherwise.
        neighbours: the number of neighbours of a word, 1 to 100.
        typos: the probability that a changed word becomes a typo, 0 to 1.
        clean_epochs: the number of epochs of plain training at the start, at least 0.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Ivgi and Berant 2021"

    samples: int = 8
    rounds: int = 1
    words_changed: float = 0.3
    neighbours: int = 50
    typos: float = 0.5
    clean_epochs: int = 0

    def __post_init__(self) -> None:
        check_at_least(1, samples=self.samples, rounds=self.rounds, neighbours=self.neighbours)
        check_at_least(0, clean_epochs=self.clean_epochs)
        if self.neighbours > MOST_NEIGHBOURS:
            raise InputError(
                f"neighbours is {self.neighbours}; give an integer from 1 to {MOST_NEIGHBOURS}"
            )
        for name in ("words_changed", "typos"):
            if not is_proportion(getattr(self, name)):
                raise InputError(f"{name} is {getattr(self, name)!r}; give a number from 0 to 1")

    def row_cost(self, rows: int, epochs: int) -> RowCost:
        """A change per training row after the clean epochs, and the predictions for all samples."""
        changed = 0 if self.words_changed == 0 else max(0, epochs - self.clean_epochs) * rows
        return RowCost(rows=changed, queries=changed * self.samples * self.rounds)

    def epoch_rows(self, start: EpochStart) -> Sequence[ExtraRow]:
        """The worst change of each training text, with its label."""
        from robustbert.progress import progress_bar
        from robustbert.training import ExtraRow

        if start.epoch < self.clean_epochs or self.words_changed == 0:
            return ()
        words, classifier = word_neighbours(), start.make_classifier()
        rows: list[ExtraRow] = []
        title = f"changing texts in epoch {start.epoch + 1}"
        with progress_bar(len(start.texts), title, "text") as bar:
            for first in range(0, len(start.texts), _CHUNK):
                chunk = range(first, min(first + _CHUNK, len(start.texts)))
                searches = [self._search(start, row, words) for row in chunk]
                for _ in range(self.rounds):
                    self._take_worst(searches, words, classifier)
                rows += [
                    ExtraRow(search.row, search.text, search.label)
                    for search in searches
                    if search.text != start.texts[search.row]
                ]
                bar.update(len(chunk))
        return rows

    def dependencies(self) -> dict[str, Any]:
        """The sources of the random changes and the hashes of the assets that they read.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        return {
            **source_hashes("random_changes", "letter_case", "typos"),
            "assets": dict(ensure_assets(ASSETS)),
        }

    def _search(self, start: EpochStart, row: int, words: WordNeighbours) -> _Search:
        split = WordSplit.of(start.texts[row])
        free = tuple(at for at, word in enumerate(split.words) if words.may_change(word))
        seed = derive_seed(start.config.seed, "discrete", start.epoch, row)
        return _Search(
            row=row,
            label=start.labels[row],
            split=split,
            free=free,
            most=min(len(free), max(1, math.floor(self.words_changed * len(split.words)))),
            generator=random.Random(seed),
            worst=_Changed(split.words, frozenset()),
        )

    def _take_worst(
        self, searches: Sequence[_Search], words: WordNeighbours, classifier: Classifier
    ) -> None:
        """Change the worst text of each search at random, and keep the worst of the results."""
        proposed = [[self._change(one, words) for _ in range(self.samples)] for one in searches]
        texts = [
            search.split.with_words(change.words)
            for search, changes in zip(searches, proposed, strict=True)
            for change in changes
        ]
        labels = np.repeat([search.label for search in searches], self.samples)
        probabilities = classifier.predict_proba(texts)[np.arange(len(texts)), labels]
        worst = probabilities.reshape(len(searches), self.samples).argmin(axis=1)
        for search, changes, best in zip(searches, proposed, worst.tolist(), strict=True):
            search.worst = changes[best]

    def _change(self, search: _Search, words: WordNeighbours) -> _Changed:
        """Change further words of the worst text of a search."""
        changed, generator = search.worst.places, search.generator
        unchanged = [at for at in search.free if at not in changed]
        count = min(math.ceil(search.most / self.rounds), search.most - len(changed))
        places = generator.sample(unchanged, count)
        result = list(search.worst.words)
        for at in places:
            result[at] = words.change(result[at], self.typos, self.neighbours, generator)
        return _Changed(tuple(result), changed.union(places))


@dataclass(frozen=True)
class _Changed:
    """The words of a changed text, and the places of those that were changed."""

    words: tuple[str, ...]
    places: frozenset[int]


@dataclass(eq=False)
class _Search:
    """The search for the worst change of a training text.

    Args:
        row: the index of the training row.
        label: its label.
        split: its text.
        free: the places of the words that may be changed.
        most: how many of them may be changed.
        generator: the source of randomness of this text and epoch.
        worst: the worst text so far.
    """

    row: int
    label: int
    split: WordSplit
    free: tuple[int, ...]
    most: int
    generator: random.Random
    worst: _Changed

    @property
    def text(self) -> str:
        """The worst text so far."""
        return self.split.with_words(self.worst.words)
