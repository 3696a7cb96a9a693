"""What a detector measures about texts, computed once per text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext

import numpy as np

from robustbert.models.input_checks import check_texts
from robustbert.progress import progress_bar


class TextMeasure:
    """A function of texts that keeps its results in memory.

    Args:
        function: yields one array for each of some distinct texts, in order; an array is a function
            of its text alone.
        title: what is measured, for the progress; None if ``function`` shows progress itself.

    Attributes:
        computed: number of texts passed to ``function`` so far.

    >>> lengths = TextMeasure(lambda texts: (np.array([len(text)]) for text in texts), "lengths")
    >>> [found.tolist() for found in lengths(["a", "bb", "a"])], lengths.computed
    ([[1], [2], [1]], 2)
    """

    def __init__(
        self, function: Callable[[Sequence[str]], Iterator[np.ndarray]], title: str | None
    ) -> None:
        self._function = function
        self._title = title
        self._found: dict[str, np.ndarray] = {}
        self.computed = 0

    def __call__(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Measure texts: one array per text, in order.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
        """
        check_texts(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in self._found]
        bar = None if self._title is None else progress_bar(len(missing), self._title, "text")
        with nullcontext() if bar is None else bar:
            for text, found in zip(missing, self._function(missing), strict=True):
                self._found[text] = found
                self.computed += 1
                if bar is not None:
                    bar.update()
        return [self._found[text] for text in texts]
