"""Certificates of a voting classifier on examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median_low
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from robustbert.attacks.tracks import UnifiedLimits
from robustbert.data.words import words_of
from robustbert.metrics import clopper_pearson_low, proportion
from robustbert.records import Metric
from robustbert.records.fields import Name, NonNegativeInt, PositiveInt, Proportion, StrictModel

if TYPE_CHECKING:
    from robustbert.data import Example
    from robustbert.data.dataset import TextLength
    from robustbert.defenses.voting_classifier import VotingClassifier

#: The numbers of changed words for which a certified accuracy is given.
CHANGES = (1, 2, 3)


class CertifiedExample(StrictModel):
    """The certificate of one example."""

    example_id: Name = Field(description="id of the example")
    label: NonNegativeInt = Field(description="true label")
    prediction: NonNegativeInt = Field(description="the label that most changed texts get")
    label_votes: NonNegativeInt = Field(description="changed texts that get the true label")
    label_low: Proportion = Field(
        description="lower bound of the share of all changed texts that get the true label"
    )
    words: NonNegativeInt = Field(description="words of the text, as the certificate counts them")
    unified_limit: PositiveInt = Field(
        description="words that attacks of the `unified` track may change in the text"
    )
    radius: NonNegativeInt | None = Field(
        description=(
            "largest number of changed words for which the label is certified; null if it is not "
            "certified even for the text as it is"
        )
    )

    def is_certified_for(self, changes: int | Literal["unified", "all"]) -> bool:
        """Whether it is certified for a number of changed words, a limit, or all of its words."""
        limits = {"unified": self.unified_limit, "all": self.words}
        wanted = changes if isinstance(changes, int) else limits[changes]
        return self.radius is not None and self.radius >= min(wanted, self.words)


class CertifiedAccuracies(StrictModel):
    """The shares of examples whose true label is certified, with 95% Wilson intervals."""

    vote: Metric = Field(description="most changed texts get the true label, not certified")
    certified: dict[str, Metric] = Field(
        description=(
            "certified for 1, 2 and 3 changed words, for the `unified` limit and for `all` words"
        )
    )
    median_radius: NonNegativeInt | None = Field(
        description=(
            "the median of all radii, null being the smallest, and the smaller of the two middle "
            "ones if their number is even"
        )
    )

    @classmethod
    def of(cls, examples: Sequence[CertifiedExample]) -> CertifiedAccuracies:
        """The accuracies on examples, at least one."""
        n = len(examples)
        wanted: tuple[int | Literal["unified", "all"], ...] = (*CHANGES, "unified", "all")
        middle = median_low(-1 if one.radius is None else one.radius for one in examples)
        return cls(
            vote=proportion(sum(one.prediction == one.label for one in examples), n),
            certified={
                str(changes): proportion(sum(one.is_certified_for(changes) for one in examples), n)
                for changes in wanted
            },
            median_radius=middle if middle >= 0 else None,
        )


def certify_examples(
    classifier: VotingClassifier,
    examples: Sequence[Example],
    *,
    length: TextLength,
    samples: int,
    confidence: float,
    seed: int,
    on_example: Callable[[], object],
) -> list[CertifiedExample]:
    """Certify the true label of each example.

    Votes are those of labels, whatever the classifier averages. With the probability ``confidence``
    a certificate holds; this is so for each example by itself.

    Args:
        classifier: the classifier.
        examples: the examples.
        length: whether the limits for short or for long texts apply.
        samples: the number of changed texts per example, at least 1.
        confidence: the confidence level of the lower bound of the label's share, in (0, 1).
        seed: at least 0; determines the changed texts.
        on_example: is called after each example.

    Raises:
        InputError: a number is out of range.
        ModelError: the classifier returns something else than probabilities.
    """
    drawn = classifier.with_votes(seed, samples)
    found = []
    for example in examples:
        (counts,) = drawn.vote_counts([example.text]).tolist()
        low = clopper_pearson_low(counts[example.label], samples, confidence)
        found.append(
            CertifiedExample(
                example_id=example.example_id,
                label=example.label,
                prediction=counts.index(max(counts)),
                label_votes=counts[example.label],
                label_low=low,
                words=classifier.noise.num_words(example.text),
                unified_limit=UnifiedLimits().words_limit(len(words_of(example.text)), length),
                radius=classifier.noise.certified_radius(example.text, low),
            )
        )
        on_example()
    return found
