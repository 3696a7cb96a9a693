"""What is shown of an outcome, independent of the output format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from robustbert.records import Outcome
from robustbert.reports.word_diff import Piece, word_diff
from robustbert.reports.wording import counted

#: The line that stands in for an empty list of outcomes.
NOTHING = "There is no outcome to show."


@dataclass(frozen=True)
class OutcomeView:
    """The parts of an outcome, as texts that are not escaped yet.

    Args:
        heading: the status, the true class and the predicted one.
        example_id: the id of the example.
        facts: probabilities, queries, words changed and similarity, as far as they are known.
        original: the pieces of the clean text; empty if texts are omitted.
        adversarial: the pieces of the adversarial text; empty if there is none.
    """

    heading: str
    example_id: str
    facts: tuple[str, ...]
    original: tuple[Piece, ...]
    adversarial: tuple[Piece, ...]


def outcome_view(outcome: Outcome, label_names: Sequence[str] | None) -> OutcomeView:
    """Describe an outcome.

    Args:
        outcome: the outcome.
        label_names: the name of each class; None shows their numbers.
    """
    original: tuple[Piece, ...] = ()
    adversarial: tuple[Piece, ...] = ()
    if outcome.text is not None and outcome.adversarial_text is not None:
        diff = word_diff(outcome.text, outcome.adversarial_text)
        original, adversarial = diff.original, diff.adversarial
    elif outcome.text is not None:
        original = (Piece(outcome.text, changed=False),)
    return OutcomeView(
        heading=_heading(outcome, label_names),
        example_id=outcome.example_id,
        facts=tuple(_facts(outcome, label_names)),
        original=original,
        adversarial=adversarial,
    )


def class_name(label: int, label_names: Sequence[str] | None) -> str:
    """The name of a class, or its number if there are no names.

    >>> class_name(1, ["negative", "positive"]), class_name(1, None)
    ('positive', 'class 1')
    """
    return label_names[label] if label_names and label < len(label_names) else f"class {label}"


def _heading(outcome: Outcome, label_names: Sequence[str] | None) -> str:
    label = class_name(outcome.label, label_names)
    status = f"{outcome.status}{' (retracted)' * outcome.retracted}"
    if outcome.status == "error":
        return f"{status}: {label}: {outcome.error}"
    predicted = outcome.adversarial_prediction
    if outcome.status == "skipped":
        predicted = outcome.clean_prediction
    if predicted is None or predicted == outcome.label:
        return f"{status}: {label}"
    joint = ", predicted as " if outcome.status == "skipped" else " → "
    return f"{status}: {label}{joint}{class_name(predicted, label_names)}"


def _facts(outcome: Outcome, label_names: Sequence[str] | None) -> Iterator[str]:
    before, after = outcome.label_probability, outcome.adversarial_label_probability
    if before is not None:
        change = "" if after is None else f" → {after:.3f}"
        yield f"probability of {class_name(outcome.label, label_names)} {before:.3f}{change}"
    yield "1 query" if outcome.queries == 1 else f"{outcome.queries} queries"
    if outcome.words_changed is not None:
        yield f"{outcome.words_changed} of {counted(outcome.words, 'word')} changed"
    if outcome.similarity is not None:
        yield f"similarity {outcome.similarity:.3f}"
