"""The base class of defenses that replace each word of a text by a code, which is a word too."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.assets import ensure_assets
from robustbert.data.word_split import WordSplit
from robustbert.defenses.base import Defense
from robustbert.defenses.embedding_defense import source_hashes
from robustbert.defenses.letter_case import like_case
from robustbert.defenses.word_sources import word_split_hashes

if TYPE_CHECKING:
    from robustbert.models import Classifier


@dataclass(frozen=True)
class TextEncoding(Defense):
    """A defense whose model is trained on encoded texts, and reads encoded texts.

    A subclass sets :attr:`assets` and implements :meth:`encoder`.

    Attributes:
        assets: the names of the assets that codes depend on.
    """

    transforms_texts: ClassVar[bool] = True
    keeps_gradients: ClassVar[bool] = False
    assets: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def encoder(self) -> Callable[[str], str]:
        """Make the function that gives a word's code, both in lower case.

        A code must be its own code. The function of a word that has no code returns the word.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """

    def training_texts(self, texts: Sequence[str]) -> Sequence[str]:
        """The encoded texts."""
        encode = self.encoder()
        return [encode_text(text, encode) for text in texts]

    def wrap(self, classifier: Classifier) -> Classifier:
        """The classifier, which reads encoded texts.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        from robustbert.defenses.transformed_classifier import TransformedClassifier

        encode = self.encoder()
        return TransformedClassifier(classifier, lambda text: encode_text(text, encode))

    def dependencies(self) -> dict[str, Any]:
        """The hashes of the assets, and of the modules that find and write words.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        sources = {**word_split_hashes(), **source_hashes("letter_case")}
        return {**sources, "assets": self.wrapper_assets()}

    def wrapper_assets(self) -> dict[str, str]:
        """The hashes of the assets.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        return dict(ensure_assets(self.assets))


def encode_text(text: str, encode: Callable[[str], str]) -> str:
    """Replace each word by its code, in the case of the word; all else stays.

    >>> codes = {"great": "good", "movies": "film"}
    >>> encode_text("Great MOVIES, a great Film!", lambda word: codes.get(word, word))
    'Good FILM, a good Film!'
    """
    split = WordSplit.of(text)
    return split.with_words([_encoded(word, encode) for word in split.words])


def _encoded(word: str, encode: Callable[[str], str]) -> str:
    lower = word.lower()
    code = encode(lower)
    return word if code == lower else like_case(code, word)
