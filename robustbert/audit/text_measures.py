"""Automatic measures of an adversarial text beside its original."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pydantic import Field

from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    Similarity,
    StrictModel,
)

_LANGUAGE = "en"


class TextMeasures(StrictModel):
    """The measures of one broken example; no texts."""

    example_id: Name = Field(description="the id of the example")
    words: NonNegativeInt = Field(description="number of words of the original")
    words_changed: NonNegativeInt = Field(description="words replaced, inserted or removed")
    antonyms: NonNegativeInt = Field(description="words replaced by an antonym of WordNet")
    unknown_words: NonNegativeInt = Field(description="words added that wordfreq does not know")
    word_difference: int = Field(description="words of the adversarial text minus the original's")
    character_difference: int = Field(description="characters minus those of the original")
    similarity: Similarity | None = Field(description="by the second encoder; null if not measured")
    unrelated_similarity: Similarity | None = Field(
        description="of the original to that of another broken example; null if not measured"
    )
    log_perplexity: NonNegativeFloat | None = Field(
        description="of the adversarial text, in nats per token; null if not measured"
    )
    original_log_perplexity: NonNegativeFloat | None = Field(
        description="of the original, in nats per token; null if not measured"
    )

    @property
    def log_perplexity_ratio(self) -> float | None:
        """How much higher the log perplexity is than the original's; None if not measured."""
        if self.log_perplexity is None or self.original_log_perplexity is None:
            return None
        return self.log_perplexity - self.original_log_perplexity


@dataclass(frozen=True)
class WordEdits:
    """How the words of an adversarial text differ from those of its original, in lower case.

    Args:
        replaced: each replaced word with the word in its place.
        added: the words that the original does not have at their place.
    """

    replaced: tuple[tuple[str, str], ...]
    added: tuple[str, ...]


def word_edits(original: Sequence[str], adversarial: Sequence[str]) -> WordEdits:
    """Align the words of two texts with the fewest edits.

    >>> word_edits(["A", "good", "film"], ["A", "bad", "fi", "lm"]).added
    ('bad', 'fi', 'lm')
    """
    from rapidfuzz.distance import Levenshtein

    replaced: list[tuple[str, str]] = []
    added: list[str] = []
    for operation in Levenshtein.editops(original, adversarial):
        if operation.tag == "delete":
            continue
        word = adversarial[operation.dest_pos].lower()
        added.append(word)
        if operation.tag == "replace":
            replaced.append((original[operation.src_pos].lower(), word))
    return WordEdits(tuple(replaced), tuple(added))


def antonym_pairs(edits: Iterable[WordEdits]) -> frozenset[tuple[str, str]]:
    """The pairs of antonyms among replaced words: WordNet's, in any inflection.

    Antonyms include indirect ones and opposite function words, see
    :class:`robustbert.assets.lexicon.Source`. Takes a few seconds, however many words there are.

    Args:
        edits: the edits whose words are looked up.

    Returns:
        Each pair in alphabetical order, without apostrophes.
    """
    from robustbert.assets import asset_folder
    from robustbert.assets.lexicon import word_pairs
    from robustbert.assets.vectors import SENSES
    from robustbert.assets.wordnet_database import read_database

    words = frozenset(_plain(word) for one in edits for pair in one.replaced for word in pair)
    database = read_database(asset_folder("wordnet"))
    return frozenset(word_pairs(database, words, SENSES).opposites)


def num_antonyms(edits: WordEdits, antonyms: Collection[tuple[str, str]]) -> int:
    """The number of words that were replaced by an antonym.

    Args:
        edits: the edits of a text.
        antonyms: the result of :func:`antonym_pairs`.

    >>> num_antonyms(word_edits(["it", "isn't"], ["it", "is"]), {("is", "isnt")})
    1
    """
    pairs = (sorted(map(_plain, pair)) for pair in edits.replaced)
    return sum((one, other) in antonyms for one, other in pairs)


def num_unknown(words: Iterable[str]) -> int:
    """The number of words that are not in wordfreq's list of English words.

    The list comes from texts of the web and contains frequent misspellings, so this is a lower
    bound of the words that are misspelt.

    >>> num_unknown(["film", "fjlmz"])
    1
    """
    from wordfreq import zipf_frequency

    return sum(zipf_frequency(word, _LANGUAGE) == 0 for word in words)


def _plain(word: str) -> str:
    """As the list of function words writes contractions."""
    return word.replace("'", "").replace("\u2019", "")
