"""SAFER: vote over random substitutions of all words, with a certificate.

Ye et al. 2020, "SAFER: A Structure-free Approach for Certified Robustness to Adversarial Word
Substitutions". Every word of a text is replaced by a random word of its perturbation set, which may
be the word itself, and the label of most changed texts is predicted. The certificate is in
:mod:`robustbert.metrics.certificates`, ``robustbert certify`` computes it, and the perturbation
sets are in :mod:`robustbert.defenses.perturbation_sets`, with what differs there.

The defaults of the sets are those of the authors' code (lushleaf/Structure-free-certified-NLP,
``run.sh``): a cosine similarity of at least 0.8 and sets of at most 100 words.

Differences:

- The vote is that of labels there (``evaluation.py``), as here with ``hard_votes``. By default
  probabilities are averaged: shares of few votes hide from an attack which change comes closer.
- The random changes are new in every call there; here they are derived from the text.
- Their ``train.py`` trains on the texts that it is given; the randomised ones that it imports are
  of a module that is not in the repository. Another implementation (zjiehang/RanMASK,
  ``trainer/safer.py``) replaces each text of a batch by a changed one. Here each text is trained on
  as it is and beside ``copies`` changed copies, new ones in every epoch.
- Words are found without the punctuation around them, and upper case is kept. There, one mark at
  most is split off the end of a word, and words in another spelling stay (``data_util.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.assets import ensure_assets
from robustbert.defenses.perturbation_sets import LARGEST_SET, perturbation_sets
from robustbert.defenses.voting_defense import VotingDefense
from robustbert.defenses.word_noise import SubstitutionNoise
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.defenses.text_noise import TextNoise
    from robustbert.models import Classifier


@dataclass(frozen=True)
class Safer(VotingDefense):
    """Votes over random word substitutions.

    Args:
        votes: see :class:`VotingDefense`, as for the two following arguments.
        copies: see there.
        hard_votes: see there; the paper has hard votes.
        min_cosine: the smallest cosine similarity of a word and its substitute in the word vectors,
            -1 to 1.
        set_size: the largest number of words that may replace a word, itself included, 1 to 101.
        components: whether these are all words that substitutes, their substitutes and so on lead
            to, as in the paper; otherwise only the word and its substitutes.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Ye et al. 2020"

    min_cosine: float = 0.8
    set_size: int = 100
    components: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not -1 <= self.min_cosine <= 1:
            raise InputError(f"min_cosine is {self.min_cosine!r}; give a number from -1 to 1")
        size = self.set_size
        if isinstance(size, bool) or not (isinstance(size, int) and 1 <= size <= LARGEST_SET):
            raise InputError(f"set_size is {size!r}; give a whole number from 1 to {LARGEST_SET}")

    def noise(self, classifier: Callable[[], Classifier]) -> TextNoise:
        """Random substitutions, which are the same for all classifiers.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        sets = perturbation_sets(self.min_cosine, self.set_size, components=self.components)
        return SubstitutionNoise(sets)

    def dependencies(self) -> dict[str, Any]:
        """The hashes of the sources of the random changes and of the assets that they read.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        return {**super().dependencies(), "assets": self.wrapper_assets()}

    def wrapper_assets(self) -> dict[str, str]:
        """The hash of the word vectors.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        return dict(ensure_assets(["word-vectors"]))
