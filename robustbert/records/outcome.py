"""The outcome of one example under one recipe."""

from __future__ import annotations

from pydantic import Field, model_validator

from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    Proportion,
    Similarity,
    Status,
    StrictModel,
)


class Outcome(StrictModel):
    """The outcome of one example under one recipe.

    ``adversarial_prediction``, ``adversarial_text``, ``words_changed`` and ``similarity`` describe
    the adversarial text that the attack reported. They are null unless the outcome is ``broken`` or
    ``retracted``.
    """

    example_id: Name = Field(
        description="hash of the example's text and label, not a position; unique within a file"
    )
    status: Status = Field(description="how the attack ended")
    retracted: bool = Field(
        description=(
            "the attack reported success, but verification failed. *Rule*: only with `robust`"
        )
    )
    label: NonNegativeInt = Field(description="the true class, from 0")
    clean_prediction: NonNegativeInt | None = Field(
        description=(
            "predicted class of the clean text; null if an error occurred before it was computed"
        )
    )
    adversarial_prediction: NonNegativeInt | None = Field(
        description=(
            "predicted class of the adversarial text. *Rule*: for `broken`, not null and not the "
            "label"
        )
    )
    text: str | None = Field(description="the clean text; null where texts are omitted")
    adversarial_text: str | None = Field(
        description=(
            "the adversarial text that the attack reported. *Rule*: null if `text` is null; "
            "otherwise not null for `broken`"
        )
    )
    label_probability: Proportion | None = Field(
        description="the victim's probability of the true label for the clean text"
    )
    adversarial_label_probability: Proportion | None = Field(
        description="the victim's probability of the true label for the final text of the search"
    )
    queries: NonNegativeInt = Field(
        description=(
            "distinct texts of this example that the victim scored, including the clean one; "
            "TextAttack's own count in records of protocol revision 1"
        )
    )
    textattack_queries: NonNegativeInt | None = Field(
        description="TextAttack's own count, in which repeated queries of a text count again"
    )
    gradient_queries: NonNegativeInt | None = Field(
        description="number of gradients that the recipe used; null if it uses none, or if unknown"
    )
    words: NonNegativeInt = Field(description="number of words in the clean text")
    words_changed: NonNegativeInt | None = Field(
        description="number of words that differ. *Rule*: not null for `broken`"
    )
    similarity: Similarity | None = Field(
        description="similarity of the two texts, -1 to 1; null if not measured"
    )
    seed: NonNegativeInt = Field(description="seed of this example")
    seconds: NonNegativeFloat = Field(description="wall-clock seconds spent on this example")
    error: str | None = Field(
        description="the error message. *Rule*: not null for `error`, null otherwise"
    )

    @property
    def correct(self) -> bool:
        """Whether the victim was correct before the attack."""
        return self.clean_prediction == self.label

    @property
    def attacked(self) -> bool:
        """Whether an attack was completed: broken, robust or exhausted."""
        return self.status in ("broken", "robust", "exhausted")

    @model_validator(mode="after")
    def _consistent(self) -> Outcome:
        if (self.status == "error") != (self.error is not None):
            raise ValueError("error: required for status 'error', and only allowed with it")
        if self.retracted and self.status != "robust":
            raise ValueError(f"retracted: the status must be 'robust', not {self.status!r}")
        if self.attacked and not self.correct:
            raise ValueError(f"status: {self.status!r}, but the clean prediction is not the label")
        if self.status == "skipped" and (self.correct or self.clean_prediction is None):
            raise ValueError("status: 'skipped' needs a clean prediction that is not the label")
        self._check_adversarial_text()
        return self

    def _check_adversarial_text(self) -> None:
        if self.status == "broken":
            if self.adversarial_prediction in (None, self.label):
                raise ValueError("adversarial_prediction: 'broken' needs one that is not the label")
            if self.words_changed is None:
                raise ValueError("words_changed: required for status 'broken'")
            if self.text is not None and self.adversarial_text is None:
                raise ValueError("adversarial_text: missing although the text is given")
        elif not self.retracted and self._reports_success():
            raise ValueError(
                "adversarial fields are only allowed for 'broken' or retracted outcomes"
            )
        if self.text is None and self.adversarial_text is not None:
            raise ValueError("adversarial_text: given although the text is omitted")

    def _reports_success(self) -> bool:
        reported = (
            self.adversarial_prediction,
            self.adversarial_text,
            self.words_changed,
            self.similarity,
        )
        return any(part is not None for part in reported)
