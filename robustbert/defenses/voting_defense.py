"""The base of the defenses that vote over random changes of a text."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.base import Defense, RowCost, StepCost
from robustbert.defenses.embedding_defense import source_hashes
from robustbert.defenses.word_sources import word_split_hashes
from robustbert.models.pretrained import find_base
from robustbert.seeds import derive_seed
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    from robustbert.defenses.text_noise import TextNoise
    from robustbert.models import Classifier
    from robustbert.training import EpochStart, ExtraRow


@dataclass(frozen=True)
class VotingDefense(Defense):
    """Base of the defenses that change a text at random, and average over several changes.

    In training, each text is accompanied by changed copies of it, new ones in every epoch.

    Args:
        votes: the number of changed texts that are averaged for a prediction, at least 1.
        copies: the number of changed copies of each training text in an epoch, at least 0; with 0
            the plain model is used.
        hard_votes: whether the average is the share of changed texts that get a label, instead of
            the mean of their probabilities.

    Raises:
        InputError: a number is out of range.
    """

    is_randomised: ClassVar[bool] = True
    keeps_gradients: ClassVar[bool] = False

    votes: int = 8
    copies: int = 1
    hard_votes: bool = False

    def __post_init__(self) -> None:
        check_at_least(1, votes=self.votes)
        check_at_least(0, copies=self.copies)

    @abstractmethod
    def noise(self, classifier: Callable[[], Classifier]) -> TextNoise:
        """The random changes of texts.

        Args:
            classifier: makes the classifier of changed texts, if they depend on it.
        """

    @property
    def trains(self) -> bool:
        """Whether there are copies to train on."""
        return self.copies > 0

    @property
    def step_cost(self) -> StepCost:
        """One pass on the texts, and one on each of their copies."""
        return StepCost(1 + self.copies, 1 + self.copies)

    def row_cost(self, rows: int, epochs: int) -> RowCost:
        """The copies, which no prediction is needed for."""
        return RowCost(rows=self.copies * rows * epochs)

    @property
    def query_cost(self) -> int:
        """One pass per vote."""
        return self.votes

    def check_base(self, base: str) -> None:
        """Check that the copies can be trained on; see :meth:`Defense.check_base`."""
        if self.trains:
            super().check_base(base)
        else:
            find_base(base)

    def epoch_rows(self, start: EpochStart) -> Sequence[ExtraRow]:
        """The changed copies of each training text."""
        import numpy as np

        from robustbert.training import ExtraRow

        if not self.trains:
            return ()
        noise = self.noise(start.make_classifier)
        seed = derive_seed("copies", type(self).__name__, start.config.seed, start.epoch)
        generator = np.random.default_rng(seed)
        return [
            ExtraRow(row, changed, label)
            for row, (text, label) in enumerate(zip(start.texts, start.labels, strict=True))
            for changed in noise.draw(text, generator, self.copies)
        ]

    def dependencies(self) -> dict[str, Any]:
        """The hashes of the sources of the random changes."""
        own = source_hashes("word_noise", "perturbation_sets", "letter_case")
        return {**own, **word_split_hashes()}

    def wrap(self, classifier: Classifier) -> Classifier:
        """The average of a classifier's predictions over random changes of the text.

        Raises:
            ModelError: the classifier does not fit the random changes.
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        from robustbert.defenses.voting_classifier import VotingClassifier

        return VotingClassifier(
            classifier,
            self.noise(lambda: classifier),
            votes=self.votes,
            hard_votes=self.hard_votes,
        )
