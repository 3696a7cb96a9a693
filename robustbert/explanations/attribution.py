"""The result of an explanation: a score for each word of a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from robustbert.frozen import FrozenMapping


@dataclass(frozen=True)
class Attribution:
    """How much each word of a text contributes to the score of one class.

    A positive score is evidence for the class, a negative one against it. Scores of different
    methods, and of different texts, have different scales.

    Args:
        text: the text.
        words: its n words, in order, as :class:`robustbert.data.word_split.WordSplit` splits it.
        spans: for each word, the offset of its first character and the one after its last.
        scores: one per word, float64. If the method has scores of tokens, that of a word is the sum
            of those of its tokens, and 0 for a word beyond the maximum length.
        target: the index of the explained class.
        label: its name.
        probability: its predicted probability.
        predicted: the index of the most probable class.
        method: the name of the method.
        params: its parameters.
        output: the explained output of the model: ``probability``, ``logit``, ``log-odds``, or
            ``attention``, which is the same for every class.
        special_score: the sum of the scores of tokens that the tokenizer added, such as ``[CLS]``;
            None if the method has no scores of tokens.
        other_score: the sum of the scores of tokens outside of words, such as punctuation; None if
            the method has no scores of tokens.
        truncated: whether the text is longer than the model's maximum length.
        diagnostics: what the method measures of its own quality, by name.
    """

    text: str
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    scores: tuple[float, ...]
    target: int
    label: str
    probability: float
    predicted: int
    method: str
    params: Mapping[str, Any] = FrozenMapping()
    output: str = "probability"
    special_score: float | None = None
    other_score: float | None = None
    truncated: bool = False
    diagnostics: Mapping[str, float] = FrozenMapping()

    def ranking(self) -> tuple[int, ...]:
        """The positions of the words, most important first: by absolute score, ties in order.

        >>> Attribution("a b", ("a", "b"), ((0, 1), (2, 3)), (1, -2), 0, "", 1, 0, "").ranking()
        (1, 0)
        """
        return tuple(sorted(range(len(self.scores)), key=lambda i: -abs(self.scores[i])))

    def as_dict(self) -> dict[str, Any]:
        """All fields by name, as JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["spans"] = [list(span) for span in self.spans]
        return {key: _as_json(value) for key, value in values.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_json(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
