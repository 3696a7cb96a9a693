"""What happened to one example under one recipe."""

from __future__ import annotations

from pydantic import model_validator

from robustbert.records.fields import (
    Name,
    Natural,
    NonNegative,
    Proportion,
    Similarity,
    Status,
    Strict,
)


class Outcome(Strict):
    """What happened to one example under one recipe.

    ``adversarial_prediction``, ``adversarial_text``, ``words_changed`` and ``similarity`` describe
    the text that the attack claims to have won with: they are null unless the outcome is
    ``broken`` or ``retracted``. Both texts are null where texts are withheld.

    ``queries`` counts the distinct texts of this example that the victim scored, the original
    among them; ``textattack_queries`` is TextAttack's own count, in which a text that it asks
    about again counts again. The label probabilities are the victim's for the true label: of the
    original text, and of the last text of the search.
    """

    example_id: Name
    status: Status
    retracted: bool
    label: Natural
    clean_prediction: Natural | None
    adversarial_prediction: Natural | None
    text: str | None
    adversarial_text: str | None
    label_probability: Proportion | None
    adversarial_label_probability: Proportion | None
    queries: Natural
    textattack_queries: Natural | None
    gradient_queries: Natural | None
    words: Natural
    words_changed: Natural | None
    similarity: Similarity | None
    seed: Natural
    seconds: NonNegative
    error: str | None

    @property
    def correct(self) -> bool:
        """Whether the victim was right before any attack."""
        return self.clean_prediction == self.label

    @property
    def attacked(self) -> bool:
        """Whether an attack ran to its end: broken, robust or exhausted."""
        return self.status in ("broken", "robust", "exhausted")

    @model_validator(mode="after")
    def _consistent(self) -> Outcome:
        if (self.status == "error") != (self.error is not None):
            raise ValueError("error: a message belongs to status 'error', and to it alone")
        if self.retracted and self.status != "robust":
            raise ValueError(f"retracted: the status must be 'robust', not {self.status!r}")
        if self.attacked and not self.correct:
            raise ValueError(f"status: {self.status!r}, but the clean prediction is not the label")
        if self.status == "skipped" and (self.correct or self.clean_prediction is None):
            raise ValueError("status: 'skipped' needs a clean prediction that is not the label")
        self._check_claim()
        return self

    def _check_claim(self) -> None:
        if self.status == "broken":
            if self.adversarial_prediction in (None, self.label):
                raise ValueError("adversarial_prediction: 'broken' needs one that is not the label")
            if self.words_changed is None:
                raise ValueError("words_changed: 'broken' needs it measured")
            if self.text is not None and self.adversarial_text is None:
                raise ValueError("adversarial_text: missing although the text is given")
        elif not self.retracted and self._claims():
            raise ValueError("an adversarial text or its measures without 'broken' or 'retracted'")
        if self.text is None and self.adversarial_text is not None:
            raise ValueError("adversarial_text: given although the text is withheld")

    def _claims(self) -> bool:
        claim = (self.adversarial_prediction, self.adversarial_text)
        return any(part is not None for part in (*claim, self.words_changed, self.similarity))
