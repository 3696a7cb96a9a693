"""The pairs of original and adversarial texts of outcomes, and who may see them.

Detectors are fitted to pairs of the validation split and judged on pairs of the test split. The
splits of a dataset share no example, and no near-duplicate as far as
:mod:`robustbert.data.near_duplicates` finds them, so no original of a test pair was seen with its
adversarial text, or without, when the detector was fitted.

The scores of pairs that a detector was fitted to are too good to choose thresholds. So the
validation pairs are divided into three folds, and the pairs of each are scored by a detector that
was fitted to the other two. These scores choose the thresholds of the detector that is fitted to
all pairs, which is the one that is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.data.splitting import hash_key
from robustbert.detection import MIN_PAIRS, TextPair
from robustbert.errors import InputError
from robustbert.records import Outcome

#: The number of folds of the validation pairs.
FOLDS = 3
#: The smallest number of validation pairs.
MIN_VALIDATION = FOLDS * MIN_PAIRS
_SEED = "detection thresholds"


@dataclass(frozen=True)
class ValidationPairs:
    """The pairs of the validation split in folds without a common example.

    Args:
        folds: at least two folds.
    """

    folds: tuple[tuple[TextPair, ...], ...]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], place: str) -> ValidationPairs:
        """Divide the pairs of outcomes by a hash of their ids; their order does not matter.

        Args:
            outcomes: of the validation split.
            place: what was attacked, for the message.

        Raises:
            InputError: there are too few.
        """
        pairs = sorted(broken_pairs(outcomes), key=lambda pair: hash_key(_SEED, pair.example_id))
        if len(pairs) < MIN_VALIDATION:
            raise InputError(
                f"{place}: only {len(pairs)} of {len(outcomes)} attacks on the validation split "
                f"succeeded, but a detector needs {MIN_VALIDATION}; attack more examples "
                "(--validation), or choose another recipe"
            )
        return cls(tuple(tuple(pairs[fold::FOLDS]) for fold in range(FOLDS)))

    @property
    def all(self) -> tuple[TextPair, ...]:
        """The pairs of all folds."""
        return tuple(pair for fold in self.folds for pair in fold)

    def without(self, left_out: int) -> tuple[TextPair, ...]:
        """The pairs of all folds but one.

        Args:
            left_out: the index of the fold that is left out.
        """
        return tuple(
            pair for index, fold in enumerate(self.folds) if index != left_out for pair in fold
        )


def broken_pairs(outcomes: Sequence[Outcome]) -> list[TextPair]:
    """The pairs of the broken examples, in order."""
    return [
        TextPair(outcome.example_id, outcome.text, outcome.adversarial_text)
        for outcome in outcomes
        if outcome.status == "broken"
        and outcome.text is not None
        and outcome.adversarial_text is not None
    ]


def judged_pairs(outcomes: Sequence[Outcome], place: str) -> list[TextPair]:
    """The pairs that judge a detector.

    Raises:
        InputError: there are too few.
    """
    pairs = broken_pairs(outcomes)
    if len(pairs) < MIN_PAIRS:
        raise InputError(
            f"{place}: only {len(pairs)} of {len(outcomes)} attacks on the test split succeeded, "
            f"but at least {MIN_PAIRS} are needed to judge a detector; attack more examples, or "
            "choose another recipe"
        )
    return pairs


def check_apart(validation: Sequence[Outcome], test: Sequence[Outcome]) -> None:
    """Check that no example is in both splits.

    Raises:
        InputError: one is.
    """
    shared = {one.example_id for one in validation} & {one.example_id for one in test}
    if shared:
        raise InputError(
            f"{len(shared)} examples are in the validation and the test split, such as "
            f"{min(shared)}; give data whose splits share no example"
        )
