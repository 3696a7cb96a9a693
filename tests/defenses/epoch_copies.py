"""A small defense with extra rows in each epoch, which depend on the network and on chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from robustbert.defenses import Defense
from robustbert.training import EpochStart, ExtraRow
from tests.tiny import WORDS


@dataclass(frozen=True)
class EpochCopies(Defense):
    """Trains on copies of some training texts that end with another word, with other labels too.

    Args:
        share: how many of the texts are copied, 0 to 1.
        weight: the weight of the copies.
    """

    paper: ClassVar[str] = "made up"

    share: float = 0.5
    weight: float = 0.5

    @property
    def weighs_rows(self) -> bool:
        return self.weight != 1

    def epoch_rows(self, start: EpochStart) -> Sequence[ExtraRow]:
        copied = random.sample(range(len(start.texts)), int(self.share * len(start.texts)))
        if not copied:
            return ()
        scores = start.make_classifier().predict_proba([start.texts[row] for row in copied])[:, 0]
        words = WORDS.split()
        return [
            ExtraRow(
                row,
                f"{start.texts[row]} {words[int(1e7 * score) % len(words)]}",
                1 - start.labels[row],
                self.weight,
            )
            for row, score in zip(copied, scores, strict=True)
        ]
