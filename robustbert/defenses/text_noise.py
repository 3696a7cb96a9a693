"""Random changes of a text, over which a classifier votes."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np


class TextNoise(ABC):
    """A distribution of changed texts for each text, with a certificate of a vote over them."""

    @property
    @abstractmethod
    def certified_attacks(self) -> str:
        """What an attack may do with a word so that the certificate holds, as a short clause."""

    @abstractmethod
    def draw(self, text: str, generator: np.random.Generator, count: int) -> list[str]:
        """Draw changed texts, independently of each other.

        Drawing twice from one generator gives what drawing once gives, in the same order.

        Args:
            text: a text that is not blank.
            generator: the only source of random numbers.
            count: how many, at least 1.
        """

    @abstractmethod
    def num_words(self, text: str) -> int:
        """The number of words of a text, as :meth:`certified_radius` counts them."""

    @abstractmethod
    def certified_radius(self, text: str, low: float) -> int | None:
        """The largest number of words whose change cannot take the majority from a label.

        Args:
            text: a text that is not blank.
            low: a lower bound of the label's probability among the changed texts, 0 to 1.

        Returns:
            None if the label's majority is not certain even for the text as it is.
        """
