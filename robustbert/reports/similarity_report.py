"""Compare rows by the similarity of adversarial texts to their originals, with two encoders.

The first encoder shares its weights with one of the victims, so it may favor a row. Two rows are
compared on the examples that are broken in both: the paired difference of the similarities
measured with each encoder, with a bootstrap interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import stdev
from typing import TYPE_CHECKING

from robustbert.errors import InputError, UnknownNameError
from robustbert.metrics import MeanInterval, bootstrap_mean
from robustbert.progress import progress_bar
from robustbert.reports.broken_texts import Attack, BrokenText, Cell

if TYPE_CHECKING:
    import numpy as np

    from robustbert.attacks.word_changes import StretchPair

_BATCH_SIZE = 64


@dataclass(frozen=True)
class Encoder:
    """A sentence encoder used to measure similarities.

    Args:
        name: shown in the header of its column.
        source: name and version of the package with its weights.
        encode: maps n texts to unit-norm embeddings: float32, shape (n, d).
    """

    name: str
    source: str
    encode: Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Differences:
    """Differences (row - other) over a set of examples: means with 95% bootstrap intervals.

    Args:
        words_changed: difference in the number of words changed.
        similarity: difference in the angular similarity of original and adversarial text, in
            [-1, 1], keyed by encoder name.
    """

    words_changed: MeanInterval
    similarity: Mapping[str, MeanInterval]

    @property
    def n(self) -> int:
        """The number of examples."""
        return self.words_changed.n


@dataclass(frozen=True)
class Comparison:
    """Two rows compared under one attack.

    Args:
        attack: the attack.
        row: the first row.
        other: the row that is subtracted from it.
        shared: differences on all examples broken in both rows.
        equal_words: differences on the subset where both attacks changed the same number of words.
    """

    attack: Attack
    row: str
    other: str
    shared: Differences
    equal_words: Differences


@dataclass(frozen=True)
class SimilarityReport:
    """The result of :func:`compare_rows`.

    Args:
        encoders: in the order of the columns.
        by_stretch: whether changed stretches (consecutive words) were compared instead of whole
            texts.
        seed: the seed of the bootstrap.
        spread: standard deviation of all measured similarities, keyed by encoder name; use it to
            judge the size of the differences.
        comparisons: in the order of the cells.
        not_compared: attacks with fewer than two comparable rows.
    """

    encoders: tuple[Encoder, ...]
    by_stretch: bool
    seed: int
    spread: Mapping[str, float | None]
    comparisons: tuple[Comparison, ...]
    not_compared: tuple[Attack, ...]


def compare_rows(
    cells: Sequence[Cell],
    encoders: Sequence[Encoder],
    *,
    baseline: str | None = None,
    all_pairs: bool = False,
    by_stretch: bool = False,
    seed: int = 0,
) -> SimilarityReport:
    """Compare rows attacked with the same recipe, on the examples broken in both.

    Args:
        cells: the result of :func:`~robustbert.reports.broken_texts.read_cells`.
        encoders: each of them encodes every distinct text once.
        baseline: the label of the row from which the others are subtracted; None selects the first
            row of each attack.
        all_pairs: compare all pairs of rows.
        by_stretch: use the similarity measure of the unified track: the minimum over changed
            stretches of 15 to 29 words. By default, whole texts are compared.
        seed: seed of the bootstrap, at least 0.

    Raises:
        UnknownNameError: no row has the label ``baseline``.
        InputError: no two rows can be compared, or the seed is negative.
    """
    if seed < 0:
        raise InputError(f"--seed is {seed}; it must be a non-negative integer")
    rows = tuple(dict.fromkeys(cell.row for cell in cells))
    if baseline is not None and baseline not in rows:
        raise UnknownNameError("row", baseline, rows)
    by_attack: dict[Attack, list[Cell]] = {}
    for cell in cells:
        by_attack.setdefault(cell.attack, []).append(cell)
    pairs = {
        attack: list(_row_pairs(own, baseline, all_pairs)) for attack, own in by_attack.items()
    }
    compared = [pair for found in pairs.values() for pair in found]
    if not compared:
        which = f"{baseline} and another row" if baseline is not None else "two rows"
        raise InputError(
            f"no recipe was run on {which}; pass runs that attack two models with the same recipe"
        )
    texts = [text for pair in compared for both in _shared(*pair) for text in both]
    measured = {
        encoder.name: measure_similarities(texts, encoder, by_stretch=by_stretch)
        for encoder in encoders
    }
    return SimilarityReport(
        encoders=tuple(encoders),
        by_stretch=by_stretch,
        seed=seed,
        spread={name: _spread(list(values.values())) for name, values in measured.items()},
        comparisons=tuple(_compare(a, b, measured, seed) for a, b in compared),
        not_compared=tuple(attack for attack, found in pairs.items() if not found),
    )


def measure_similarities(
    texts: Iterable[BrokenText], encoder: Encoder, *, by_stretch: bool = False
) -> dict[BrokenText, float]:
    """Measure the angular similarity of each adversarial text to its original, in [0, 1].

    Args:
        texts: may contain duplicates; each distinct one is measured once.
        encoder: encodes each distinct text once.
        by_stretch: see :func:`compare_rows`.
    """
    import numpy as np

    from robustbert.attacks.similarity import angular_similarity

    pairs_by_text = {text: _text_pairs(text, by_stretch) for text in dict.fromkeys(texts)}
    pairs = [pair for text_pairs in pairs_by_text.values() for pair in text_pairs]
    embeddings = _encode(
        encoder, [text for pair in pairs for text in (pair.original, pair.changed)]
    )
    if not pairs:
        return dict.fromkeys(pairs_by_text, 1.0)
    similarities = dict(
        zip(
            pairs,
            angular_similarity(
                np.stack([embeddings[pair.original] for pair in pairs]),
                np.stack([embeddings[pair.changed] for pair in pairs]),
            ).tolist(),
            strict=True,
        )
    )
    return {
        text: min((similarities[pair] for pair in text_pairs), default=1.0)
        for text, text_pairs in pairs_by_text.items()
    }


def _row_pairs(
    cells: Sequence[Cell], baseline: str | None, all_pairs: bool
) -> Iterator[tuple[Cell, Cell]]:
    """The pairs of cells of one attack to compare, with the baseline first."""
    if baseline is not None:
        cells = sorted(cells, key=lambda cell: cell.row != baseline)
    first, *others = cells
    if all_pairs:
        yield from combinations(cells, 2)
    elif baseline in (None, first.row):
        yield from ((first, other) for other in others)


def _shared(a: Cell, b: Cell) -> list[tuple[BrokenText, BrokenText]]:
    """The texts of the examples that are broken in both cells."""
    return [(text, b.texts[key]) for key, text in a.texts.items() if key in b.texts]


def _compare(
    a: Cell, b: Cell, measured: Mapping[str, Mapping[BrokenText, float]], seed: int
) -> Comparison:
    shared = _shared(a, b)
    equal = [(one, other) for one, other in shared if one.words_changed == other.words_changed]
    return Comparison(
        attack=a.attack,
        row=a.row,
        other=b.row,
        shared=_differences(shared, measured, seed),
        equal_words=_differences(equal, measured, seed),
    )


def _differences(
    pairs: Sequence[tuple[BrokenText, BrokenText]],
    measured: Mapping[str, Mapping[BrokenText, float]],
    seed: int,
) -> Differences:
    return Differences(
        words_changed=bootstrap_mean([a.words_changed - b.words_changed for a, b in pairs], seed),
        similarity={
            name: bootstrap_mean([values[a] - values[b] for a, b in pairs], seed)
            for name, values in measured.items()
        },
    )


def _spread(values: Sequence[float]) -> float | None:
    """The sample standard deviation; None with fewer than two values."""
    return stdev(values) if len(values) > 1 else None


def _text_pairs(text: BrokenText, by_stretch: bool) -> tuple[StretchPair, ...]:
    """The pairs of texts to compare: the whole texts, or each changed stretch."""
    from robustbert.attacks.tracks import UnifiedLimits
    from robustbert.attacks.word_changes import StretchPair, changed_stretches
    from robustbert.data.words import words_of
    from robustbert.models.input_checks import replace_surrogates

    original, adversarial = map(replace_surrogates, (text.original, text.adversarial))
    if not by_stretch:
        return (StretchPair(original, adversarial),)
    min_words = UnifiedLimits().similarity_stretch
    return changed_stretches(words_of(original), words_of(adversarial), min_words)


def _encode(encoder: Encoder, texts: Sequence[str]) -> dict[str, np.ndarray]:
    distinct = list(dict.fromkeys(texts))
    embeddings: dict[str, np.ndarray] = {}
    with progress_bar(len(distinct), f"encoding with {encoder.name}", "text") as bar:
        for start in range(0, len(distinct), _BATCH_SIZE):
            batch = distinct[start : start + _BATCH_SIZE]
            embeddings.update(zip(batch, encoder.encode(batch), strict=True))
            bar.update(len(batch))
    return embeddings
