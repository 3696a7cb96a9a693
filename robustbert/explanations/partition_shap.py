"""SHAP: Shapley values of words, by the partition explainer of the package shap.

Lundberg and Lee 2017, "A Unified Approach to Interpreting Model Predictions". The explainer
descends a tree of neighbouring words and shares the change of the output between the two halves of
each node: these are Owen values, which are Shapley values for a model without interactions. They
sum to the difference of the outputs of the text and of the text without its words.

The tree is balanced and its leaves are our words, in order; the package's own masker for text
builds its tree over tokens, by rules for punctuation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from robustbert.data.word_split import WordSplit
from robustbert.explanations.black_box import (
    BlackBoxExplainer,
    Outputs,
    check_seed,
    without_words,
)
from robustbert.explanations.explainer import Example, Scores
from robustbert.validation import check_at_least

#: Texts that the explainer asks for at once, at most.
_TEXTS = 512


@dataclass(frozen=True)
class PartitionShap(BlackBoxExplainer):
    """Owen values of words; see :class:`BlackBoxExplainer` for ``mask`` and ``output``.

    ``delta`` among the diagnostics is the sum of the scores minus the difference of the outputs,
    which ``difference`` gives.

    Args:
        max_evals: the number of texts that may be classified for a text, at least 3, rounded up to
            an even number. A text of n words, two or more, needs at most n * n of them, and one of
            26 words 492; with fewer, words that were not separated share a score evenly. What
            changes the output most is separated first.
        seed: of the order of nodes with equal changes.

    Raises:
        InputError: a number is out of range.
    """

    name: ClassVar[str] = "shap"
    paper: ClassVar[str] = "Lundberg and Lee 2017"
    packages: ClassVar[tuple[str, ...]] = ("shap",)

    max_evals: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(3, max_evals=self.max_evals)
        check_seed(self.seed)

    def word_scores(self, outputs: Outputs, example: Example) -> Scores:
        """See :meth:`BlackBoxExplainer.word_scores`."""

        def output(texts: Sequence[str]) -> np.ndarray:
            return outputs(texts)[:, example.target]

        number = len(example.split.words)
        empty = without_words(example.split, [False] * number, self.mask)
        whole, without = output([example.text, empty])
        difference = float(whole - without)
        values = self._owen_values(output, example.split) if number > 1 else np.array([difference])
        diagnostics = {"delta": float(values.sum()) - difference, "difference": difference}
        return Scores(values, diagnostics=diagnostics)

    def _owen_values(
        self, output: Callable[[Sequence[str]], np.ndarray], split: WordSplit
    ) -> np.ndarray:
        from shap.explainers import PartitionExplainer

        # It draws from NumPy's global generator to order nodes with equal changes.
        found = PartitionExplainer(output, WordMasker(split, self.mask)).explain_row(
            split,
            max_evals=self.max_evals,
            main_effects=False,
            error_bounds=False,
            outputs=None,
            silent=True,
            batch_size=_TEXTS,
            fixed_context=None,
        )
        return np.asarray(found["values"], dtype=np.float64)


class WordMasker:
    """A masker of shap whose features are the words of one text.

    Args:
        split: the text.
        mask: what replaces a hidden word.

    Attributes:
        immutable_outputs: tells shap that it need not copy what a call returns.
    """

    immutable_outputs = True

    def __init__(self, split: WordSplit, mask: str) -> None:
        self._split, self._mask = split, mask

    def __call__(self, keep: np.ndarray, _text: Any) -> tuple[np.ndarray]:
        """The text with only the words to keep, as an array of one string."""
        return (np.array([without_words(self._split, keep, self._mask)], dtype=object),)

    def shape(self, _text: Any) -> tuple[int, int]:
        """The number of masked texts per mask, and of words."""
        return 1, len(self._split.words)

    def mask_shapes(self, _text: Any) -> list[tuple[int]]:
        """The shape of a mask."""
        return [(len(self._split.words),)]

    def clustering(self, _text: Any) -> np.ndarray:
        """See :func:`balanced_tree`."""
        return balanced_tree(len(self._split.words))


def balanced_tree(n: int) -> np.ndarray:
    """A balanced binary tree over n leaves in order, as SciPy writes a linkage: float64 (n - 1, 4).

    Each row is a node, children before parents: the numbers of its two children, its height, and
    its number of leaves. Leaves have the numbers 0 to n - 1, and row i is node n + i.

    >>> balanced_tree(3).tolist()
    [[1.0, 2.0, 1.0, 2.0], [0.0, 3.0, 2.0, 3.0]]
    """
    rows: list[list[float]] = []

    def build(start: int, end: int) -> tuple[int, int]:
        """Add the nodes over some leaves; the number and the height of the top one."""
        if end - start == 1:
            return start, 0
        middle = (start + end) // 2
        (left, left_height), (right, right_height) = build(start, middle), build(middle, end)
        height = 1 + max(left_height, right_height)
        rows.append([left, right, height, end - start])
        return n + len(rows) - 1, height

    build(0, n)
    return np.array(rows, dtype=np.float64)
