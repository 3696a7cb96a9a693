"""LIME: a linear model of the prediction in the presence of each word, near the text.

Ribeiro et al. 2016, "Why Should I Trust You? Explaining the Predictions of Any Classifier",
section 3. Random sets of words are hidden, and a ridge regression fits the outputs with weights
that fall with the cosine distance from the text. The computation is the package lime's
``LimeTextExplainer``, whose features are our words by position; its default hides all occurrences
of a word together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustbert.errors import InputError
from robustbert.explanations.black_box import NOTHING, BlackBoxExplainer, Outputs, check_seed
from robustbert.explanations.explainer import Example, Scores
from robustbert.validation import check_between

#: More texts do not fit into memory if they are long.
_MAX_SAMPLES = 100_000


@dataclass(frozen=True)
class LimeWords(BlackBoxExplainer):
    """A local linear model; see :class:`BlackBoxExplainer` for ``mask`` and ``output``.

    ``r2`` among the diagnostics is the weighted coefficient of determination of the linear model.

    Args:
        num_samples: the number of texts that are classified for a text, itself included, 2 to
            100,000.
        kernel_width: the distance at which weights have fallen to exp(-1/2), 0.01 to 1,000,000,
            where 100 is the largest distance.
        seed: of the hidden words.

    Raises:
        InputError: a number is out of range.
    """

    name: ClassVar[str] = "lime"
    paper: ClassVar[str] = "Ribeiro et al. 2016"
    packages: ClassVar[tuple[str, ...]] = ("lime",)

    num_samples: int = 1000
    kernel_width: float = 25.0
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between(2, _MAX_SAMPLES, num_samples=self.num_samples)
        check_seed(self.seed)
        if not 0.01 <= self.kernel_width <= 1e6:
            raise InputError(
                f"kernel_width is {self.kernel_width}; give a number from 0.01 to 1000000"
            )

    def word_scores(self, outputs: Outputs, example: Example) -> Scores:
        """See :meth:`BlackBoxExplainer.word_scores`."""
        from lime.lime_text import LimeTextExplainer

        words = example.split.words
        explainer = LimeTextExplainer(
            kernel_width=self.kernel_width,
            split_expression=lambda _text: list(words),
            bow=False,
            mask_string=self.mask,
            feature_selection="none",
            random_state=self.seed,
        )
        found = explainer.explain_instance(
            example.text,
            lambda texts: outputs([text if text.strip() else NOTHING for text in texts]),
            labels=(example.target,),
            num_features=len(words),
            num_samples=self.num_samples,
        )
        scores = np.zeros(len(words))
        for position, weight in found.local_exp[example.target]:
            scores[position] = weight
        return Scores(scores, diagnostics={"r2": float(found.score)})
