"""The base class of explanation methods: a method computes scores, the base class does the rest.

A method is a frozen dataclass whose fields are its parameters, in a module of its own, which cites
the paper and says where the code differs from it. Methods that need gradients or attention weights
derive from :class:`robustbert.explanations.network_explainer.NetworkExplainer`, methods that only
ask for predictions from :class:`robustbert.explanations.black_box.BlackBoxExplainer`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from robustbert.data.word_split import WordSplit
from robustbert.errors import InputError, MissingAssetError, ModelError, UnknownNameError
from robustbert.explanations.attribution import Attribution
from robustbert.frozen import FrozenMapping
from robustbert.models import Classifier
from robustbert.progress import progress_bar
from robustbert.validation import check_between

#: An explained class: its name or index; None for the predicted one.
Target = str | int | None


@dataclass(frozen=True)
class Example:
    """A text to explain.

    Args:
        text: the text.
        target: the index of the explained class.
    """

    text: str
    target: int

    @cached_property
    def split(self) -> WordSplit:
        """The text as words and gaps."""
        return WordSplit.of(self.text)

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The offsets of each word in the text: of its first character, and after its last."""
        spans, end = [], 0
        for gap, word in zip(self.split.gaps, self.split.words, strict=False):
            start = end + len(gap)
            end = start + len(word)
            spans.append((start, end))
        return tuple(spans)


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of one text.

    Args:
        words: float64 (n,), one per word.
        special: the sum of the scores of special tokens; None if there are none of tokens.
        other: the sum of the scores of tokens outside of words; None if there are none of tokens.
        diagnostics: see :class:`robustbert.explanations.Attribution`.
    """

    words: np.ndarray
    special: float | None = None
    other: float | None = None
    diagnostics: Mapping[str, float] = field(default_factory=FrozenMapping)


@dataclass(frozen=True)
class Explainer(ABC):
    """An explanation method with its parameters.

    A text's scores are a function of that text, the classifier and the parameters alone: not of
    the other texts of a call.

    Attributes:
        name: the name of the method, as results hold it.
        paper: a short citation.
        needs_network: whether it needs gradients or attention weights, see
            :meth:`robustbert.models.Classifier.token_network`.
        is_class_specific: whether the scores depend on the explained class.
        packages: the packages that it imports, which the extra ``explain`` installs.
    """

    name: ClassVar[str]
    paper: ClassVar[str] = ""
    needs_network: ClassVar[bool] = False
    is_class_specific: ClassVar[bool] = True
    packages: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def explained_output(self) -> str:
        """See :attr:`robustbert.explanations.Attribution.output`."""

    @abstractmethod
    def _scores(self, classifier: Classifier, examples: Sequence[Example]) -> Iterator[Scores]:
        """Yield the scores of each example, in order."""

    def params(self) -> dict[str, Any]:
        """All parameters by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def check(self, classifier: Classifier) -> None:
        """Check that the method can explain a classifier, before any work.

        Raises:
            MissingAssetError: a package that it needs is not installed.
            ModelError: it needs gradients, which the classifier does not have.
        """
        self.check_packages()
        if self.needs_network:
            try:
                classifier.token_network()
            except ModelError as error:
                raise ModelError(f"{self.name} needs a network: {error}") from None

    def check_packages(self) -> None:
        """Check that the packages that the method imports are installed.

        Raises:
            MissingAssetError: one is not.
        """
        missing = [package for package in self.packages if find_spec(package) is None]
        if missing:
            raise MissingAssetError(
                f"{self.name} needs the package {missing[0]}; pip install 'robustbert[explain]'"
            )

    def explain(
        self,
        classifier: Classifier,
        texts: Sequence[str],
        targets: Target | Sequence[Target] = None,
    ) -> list[Attribution]:
        """Explain texts.

        Args:
            classifier: what to explain.
            texts: texts with at least one word each.
            targets: the explained class, or one per text; None for the predicted one.

        Raises:
            InputError: a text has no words, or a class or the number of targets is wrong.
            UnknownNameError: there is no class of that name.
            MissingAssetError: a package that the method needs is not installed.
            ModelError: the method needs gradients, which the classifier does not have, or a score
                is not finite.
        """
        self.check(classifier)
        given = _target_indices(classifier.label_names, targets, len(texts))
        for position, text in enumerate(texts, start=1):
            if isinstance(text, str) and text.strip() and not WordSplit.of(text).words:
                raise InputError(
                    f"text {position} of {len(texts)} has no words to explain; leave it out"
                )
        rows = classifier.predict_proba(texts)
        predicted = rows.argmax(axis=1)
        chosen = [int(p) if t is None else t for t, p in zip(given, predicted, strict=True)]
        examples = [Example(text, target) for text, target in zip(texts, chosen, strict=True)]
        truncated = classifier.truncated(texts)
        found = []
        with progress_bar(len(texts), self.name, "text") as progress:
            for i, scores in enumerate(self._scores(classifier, examples)):
                one = self._attribution(classifier, examples[i], scores, rows[i], truncated[i])
                found.append(one)
                progress.update()
        return found

    def _attribution(
        self,
        classifier: Classifier,
        example: Example,
        scores: Scores,
        row: np.ndarray,
        truncated: np.bool_,
    ) -> Attribution:
        if not np.isfinite(scores.words).all():
            raise ModelError(
                f"{self.name} gives scores of {classifier.info.name!r} that are not finite; check "
                "the model's weights, or use another method"
            )
        return Attribution(
            text=example.text,
            words=example.split.words,
            spans=example.spans,
            scores=tuple(np.asarray(scores.words, dtype=np.float64).tolist()),
            target=example.target,
            label=classifier.label_names[example.target],
            probability=float(row[example.target]),
            predicted=int(row.argmax()),
            method=self.name,
            params=FrozenMapping(self.params()),
            output=self.explained_output,
            special_score=scores.special,
            other_score=scores.other,
            truncated=bool(truncated),
            diagnostics=FrozenMapping(scores.diagnostics),
        )


def _target_indices(
    labels: Sequence[str], targets: Target | Sequence[Target], n: int
) -> list[int | None]:
    """The index of the explained class of each of n texts; None for the predicted one."""
    is_one = targets is None or isinstance(targets, str | int | np.integer)
    given: list[Any] = [targets] * n if is_one else list(targets)  # type: ignore[arg-type]
    if len(given) != n:
        raise InputError(f"{len(given)} targets are given for {n} texts; give one for each text")
    return [_target_index(labels, target) for target in given]


def _target_index(labels: Sequence[str], target: Target) -> int | None:
    if target is None:
        return None
    if isinstance(target, str):
        if target not in labels:
            raise UnknownNameError("label", target, labels)
        return list(labels).index(target)
    check_between(0, len(labels) - 1, target=target)
    return int(target)
