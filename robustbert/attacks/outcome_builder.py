"""Build the outcome of an example from its search and its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from robustbert.data.words import words_of
from robustbert.records.schema import Outcome

if TYPE_CHECKING:
    from robustbert.attacks.textattack.search import QueryCounts, Search
    from robustbert.attacks.verification import Verdict


class AttackedExample(Protocol):
    """The fields of an example that an attack reads."""

    @property
    def example_id(self) -> str:
        """A stable identifier, the same in every run."""
        ...

    @property
    def text(self) -> str:
        """The text that is attacked."""
        ...

    @property
    def label(self) -> int:
        """The true label."""
        ...


@dataclass(frozen=True)
class ExampleResult:
    """The result of the attack on one example.

    Args:
        clean_prediction: the victim's label for the original text.
        label_probability: the victim's probability of the true label for the original text, in
            [0, 1].
        queries: the query counts.
        search: the search; None if it or its verification raised.
        verdict: the verification of a successful search.
        error: a one-line description of the exception, if one was raised.
    """

    clean_prediction: int
    label_probability: float
    queries: QueryCounts
    search: Search | None = None
    verdict: Verdict | None = None
    error: str | None = None


def unfinished_outcome(example: AttackedExample, seed: int, error: str) -> Outcome:
    """The outcome of an example whose attack could not be finished.

    Args:
        example: the example.
        seed: the seed of this example.
        error: a one-line description of what happened.
    """
    return Outcome(
        example_id=example.example_id,
        status="error",
        retracted=False,
        label=example.label,
        clean_prediction=None,
        adversarial_prediction=None,
        text=example.text,
        adversarial_text=None,
        label_probability=None,
        adversarial_label_probability=None,
        queries=0,
        textattack_queries=None,
        gradient_queries=None,
        words=len(words_of(example.text)),
        words_changed=None,
        similarity=None,
        seed=seed,
        seconds=0.0,
        error=error,
    )


def build_outcome(
    example: AttackedExample, result: ExampleResult, *, seed: int, seconds: float
) -> Outcome:
    """Build the outcome of an example.

    Args:
        example: the example that was attacked.
        result: the result of the attack.
        seed: the seed of this example.
        seconds: the time that the search itself took, without waiting for models.
    """
    fields: dict[str, Any] = {
        "example_id": example.example_id,
        "label": example.label,
        "clean_prediction": result.clean_prediction,
        "text": example.text,
        "words": len(words_of(example.text)),
        "queries": result.queries.distinct,
        "textattack_queries": result.queries.textattack,
        "gradient_queries": result.queries.gradients,
        "label_probability": result.label_probability,
        "adversarial_label_probability": None,
        "seed": seed,
        "seconds": seconds,
        "retracted": False,
        "adversarial_prediction": None,
        "adversarial_text": None,
        "words_changed": None,
        "similarity": None,
        "error": result.error,
    }
    search, verdict = result.search, result.verdict
    if search is None:
        return Outcome(**fields, status="error")
    if result.clean_prediction != example.label:
        return Outcome(**fields, status="skipped")
    fields["adversarial_label_probability"] = search.last_label_probability
    if verdict is None:
        return Outcome(**fields, status="exhausted" if search.exhausted else "robust")
    fields |= {
        "adversarial_text": search.adversarial_text,
        "adversarial_prediction": verdict.prediction,
        "adversarial_label_probability": verdict.label_probability,
        "words_changed": verdict.words_changed,
        "similarity": verdict.similarity,
        "retracted": not verdict.holds,
    }
    return Outcome(**fields, status="broken" if verdict.holds else "robust")
