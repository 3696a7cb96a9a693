"""How similar adversarial texts are to their originals, by two encoders, between rows.

The first encoder shares its weights with one of the victims, so it may favor a row. A row's texts
are compared with another row's on the examples that are broken in both: the paired difference of
the similarities by each encoder, with a bootstrap interval.
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

_CHUNK = 64


@dataclass(frozen=True)
class Encoder:
    """A sentence encoder that similarities are measured with.

    Args:
        name: heads its column.
        source: the package its weights come from, and its version.
        encode: unit-norm encodings of texts: float32, shape (n, d).
    """

    name: str
    source: str
    encode: Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Differences:
    """One row minus another on some examples: means with 95% bootstrap intervals.

    Args:
        words_changed: difference of the numbers of words changed.
        similarity: difference of the angular similarities of original and adversarial text, each in
            [0, 1], by the encoder's name.
    """

    words_changed: MeanInterval
    similarity: Mapping[str, MeanInterval]

    @property
    def n(self) -> int:
        """The number of examples."""
        return self.words_changed.n


@dataclass(frozen=True)
class Comparison:
    """Two rows under one attack.

    Args:
        attack: the attack.
        row: the first row.
        other: the row that is subtracted from it.
        shared: on all examples that are broken in both.
        equal_words: on those of them where both attacks changed equally many words.
    """

    attack: Attack
    row: str
    other: str
    shared: Differences
    equal_words: Differences


@dataclass(frozen=True)
class SimilarityReport:
    """What was measured.

    Args:
        encoders: in the order of the columns.
        by_stretch: whether changed stretches were compared, not whole texts.
        seed: of the bootstrap.
        spread: the standard deviation of all measured similarities, by the encoder's name: the
            scale that its differences are to be read on.
        comparisons: in the order of the cells.
        alone: attacks that no two comparable rows ran under.
    """

    encoders: tuple[Encoder, ...]
    by_stretch: bool
    seed: int
    spread: Mapping[str, float | None]
    comparisons: tuple[Comparison, ...]
    alone: tuple[Attack, ...]


def compare_rows(
    cells: Sequence[Cell],
    encoders: Sequence[Encoder],
    *,
    baseline: str | None = None,
    all_pairs: bool = False,
    by_stretch: bool = False,
    seed: int = 0,
) -> SimilarityReport:
    """Compare the rows that ran under the same attack, on the examples broken in both.

    Args:
        cells: what :func:`~robustbert.reports.broken_texts.read_cells` gives.
        encoders: each distinct text is encoded once by each of them.
        baseline: the label of the row that the others are subtracted from; None takes the first
            row of each attack.
        all_pairs: compare every two rows.
        by_stretch: measure as the limit of the unified track does: the least similar changed
            stretch of 15 to 29 words. Otherwise whole texts are compared.
        seed: of the bootstrap, at least 0.

    Raises:
        UnknownNameError: no row is called ``baseline``.
        InputError: no two rows can be compared, or the seed is negative.
    """
    if seed < 0:
        raise InputError(f"--seed is {seed}; give a whole number from 0 up")
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
        raise InputError(f"no recipe ran on {which}; give runs that attack two models alike")
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
        alone=tuple(attack for attack, found in pairs.items() if not found),
    )


def measure_similarities(
    texts: Iterable[BrokenText], encoder: Encoder, *, by_stretch: bool = False
) -> dict[BrokenText, float]:
    """The angular similarity of each adversarial text to its original, in [0, 1].

    Args:
        texts: in any order and number; each distinct one is measured once.
        encoder: asked for each distinct text once.
        by_stretch: see :func:`compare_rows`.
    """
    import numpy as np

    from robustbert.attacks.similarity import angular_similarity
    from robustbert.attacks.textattack.bootstrap import import_textattack

    if by_stretch:
        import_textattack()  # splits texts into words
    pieces = {text: _pieces(text, by_stretch) for text in dict.fromkeys(texts)}
    found = [piece for own in pieces.values() for piece in own]
    vectors = _encode(encoder, [one for p in found for one in (p.original, p.changed)])
    if not found:
        return dict.fromkeys(pieces, 1.0)
    similarities = dict(
        zip(
            found,
            angular_similarity(
                np.stack([vectors[piece.original] for piece in found]),
                np.stack([vectors[piece.changed] for piece in found]),
            ).tolist(),
            strict=True,
        )
    )
    return {
        text: min((similarities[piece] for piece in own), default=1.0)
        for text, own in pieces.items()
    }


def _row_pairs(
    cells: Sequence[Cell], baseline: str | None, all_pairs: bool
) -> Iterator[tuple[Cell, Cell]]:
    """Which cells of one attack are compared, the baseline first."""
    if baseline is not None:
        cells = sorted(cells, key=lambda cell: cell.row != baseline)
    first, *others = cells
    if all_pairs:
        yield from combinations(cells, 2)
    elif baseline in (None, first.row):
        yield from ((first, other) for other in others)


def _shared(a: Cell, b: Cell) -> list[tuple[BrokenText, BrokenText]]:
    """The texts of the examples that are broken in both."""
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


def _pieces(text: BrokenText, by_stretch: bool) -> tuple[StretchPair, ...]:
    """What is compared with what: the whole texts, or each changed stretch."""
    from robustbert.attacks.tracks import UnifiedLimits
    from robustbert.attacks.word_changes import StretchPair, changed_stretches
    from robustbert.data.words import words_of
    from robustbert.models.input_checks import replace_surrogates

    original, adversarial = map(replace_surrogates, (text.original, text.adversarial))
    if not by_stretch:
        return (StretchPair(original, adversarial),)
    least = UnifiedLimits().similarity_stretch
    return changed_stretches(words_of(original), words_of(adversarial), least)


def _encode(encoder: Encoder, texts: Sequence[str]) -> dict[str, np.ndarray]:
    distinct = list(dict.fromkeys(texts))
    vectors: dict[str, np.ndarray] = {}
    with progress_bar(len(distinct), f"encoding with {encoder.name}", "text") as bar:
        for start in range(0, len(distinct), _CHUNK):
            chunk = distinct[start : start + _CHUNK]
            vectors.update(zip(chunk, encoder.encode(chunk), strict=True))
            bar.update(len(chunk))
    return vectors
