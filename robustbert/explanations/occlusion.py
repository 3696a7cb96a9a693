"""Occlusion: how much the prediction falls when one word is left out.

Li et al. 2016, "Understanding Neural Networks through Representation Erasure", erase a word and
take the relative change of the log-likelihood; here it is the plain difference of the explained
output. This is also how the search of textfooler ranks words (Jin et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustbert.explanations.black_box import BlackBoxExplainer, Outputs, without_words
from robustbert.explanations.explainer import Example, Scores


@dataclass(frozen=True)
class Occlusion(BlackBoxExplainer):
    """Leave out one word at a time; see :class:`BlackBoxExplainer` for the parameters."""

    name: ClassVar[str] = "occlusion"
    paper: ClassVar[str] = "Li et al. 2016"

    def word_scores(self, outputs: Outputs, example: Example) -> Scores:
        """See :meth:`BlackBoxExplainer.word_scores`."""
        keep = ~np.eye(len(example.split.words), dtype=bool)
        variants = [without_words(example.split, row, self.mask) for row in keep]
        found = outputs([example.text, *variants])[:, example.target]
        return Scores(found[0] - found[1:])
