"""What is shown of an attribution, independent of the output format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from robustbert.frozen import FrozenMapping
from robustbert.reports.wording import counted

if TYPE_CHECKING:
    from robustbert.explanations import Attribution
    from robustbert.explanations.attribution_change import AttributionChange

#: The number of tints of words for a class, and of words against it.
LEVELS = 5


@dataclass(frozen=True)
class ShownAttribution:
    """An attribution with what it is of.

    Args:
        title: what the text is, such as ``text 1``.
        attribution: its attribution.
        source: for a text of a run: ``dataset``, ``row``, ``track``, ``recipe``, ``example_id`` and
            ``version`` (original or adversarial).
        change: for an adversarial text: its attribution compared with that of the original.
    """

    title: str
    attribution: Attribution
    source: Mapping[str, str] = FrozenMapping()
    change: AttributionChange | None = None

    @property
    def explained(self) -> str:
        """The explained class and its probability."""
        one = self.attribution
        other = "" if one.target == one.predicted else ", not predicted"
        return f"{one.label} (probability {one.probability:.3f}{other})"

    def facts(self) -> Iterator[str]:
        """The method, the scores of other tokens, and what the method measures of itself."""
        one = self.attribution
        yield f"{one.method}, {_OUTPUTS.get(one.output, one.output)}"
        if one.special_score is not None:
            yield f"special tokens {one.special_score:+.3g}"
        if one.other_score:
            yield f"punctuation {one.other_score:+.3g}"
        for name, value in one.diagnostics.items():
            yield f"{name} {value:.3g}"
        if one.truncated:
            yield "truncated: the model reads only the beginning"
        if self.change is not None:
            yield from change_facts(self.change)

    def parts(self) -> Iterator[tuple[str, int | None]]:
        """The text in parts: each word with its level, and what is between words with None.

        A level is -5 to 5: the score in proportion to the largest absolute score of the text.
        """
        one, end = self.attribution, 0
        for (start, stop), level in zip(one.spans, levels(one.scores), strict=True):
            if start > end:
                yield one.text[end:start], None
            yield one.text[start:stop], level
            end = stop
        if end < len(one.text):
            yield one.text[end:], None


_OUTPUTS = {
    "logit": "of the logit",
    "log-odds": "of the log-odds",
    "probability": "of the probability",
    "attention": "the same for every class",
}


def change_facts(change: AttributionChange) -> Iterator[str]:
    """What an attack did to an attribution, as short texts."""
    correlation = change.rank_correlation
    shown = "n/a" if correlation is None else f"{correlation:.2f}"
    yield f"rank correlation with the original {shown}"
    if change.share_by_chance is not None:
        yield (
            f"{change.num_changed_in_top} of {counted(change.num_changed, 'changed word')} among "
            f"the top {change.num_changed} of {change.num_words} "
            f"({change.share_by_chance * change.num_changed:.2g} expected by chance)"
        )


def levels(scores: Sequence[float]) -> list[int]:
    """Scores as whole numbers from -5 to 5, in proportion to the largest absolute score.

    >>> levels([0.5, -2.0, 0.1, 1.0])
    [1, -5, 0, 2]
    >>> levels([0.0])
    [0]
    """
    largest = max(map(abs, scores), default=0.0)
    return [round(LEVELS * score / largest) if largest else 0 for score in scores]


def attributions_jsonl(shown: Sequence[ShownAttribution]) -> str:
    """One JSON object per line: the fields of an attribution, ``source`` and ``change``.

    ``source`` and ``change`` are null for a text that is not of a run.
    """
    lines = []
    for one in shown:
        change = None if one.change is None else asdict(one.change)
        fields = {"source": dict(one.source) or None, **one.attribution.as_dict(), "change": change}
        lines.append(json.dumps(fields, allow_nan=False) + "\n")
    return "".join(lines)
