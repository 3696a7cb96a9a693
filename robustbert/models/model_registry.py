"""The registry of models that can be trained by name, and the loading of trained models."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.errors import ModelError, UnknownNameError
from robustbert.models.classifier import Classifier
from robustbert.models.folders import model_kind
from robustbert.paths import user_path
from robustbert.registry import Entry, Registry


@dataclass(frozen=True)
class TransformerBase:
    """Pretrained weights without a classification head, as a model registry entry.

    Args:
        name: the name in the registry.
        distribution: the package that holds the weights.
        folder: returns their folder; raises MissingAssetError if the package is not installed.
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
    """A classical model on TF-IDF features, as a model registry entry.

    Args:
        name: the name in the registry.
        kind: naive-bayes, linear-svm or random-forest.
    """

    name: str
    kind: str

    @property
    def source(self) -> str:
        """The library that fits it, and its version."""
        from robustbert.packages import package_version

        return f"scikit-learn=={package_version('scikit-learn')} {self.kind}"


def _is_base(target: object) -> bool:
    return isinstance(target, (TfidfBase, TransformerBase))


#: The registry of base models, to be trained; targets are ``TransformerBase`` or ``TfidfBase``.
MODELS = Registry(
    "model",
    [
        Entry("minilm", "robustbert.models.pretrained:MINILM", "MiniLM-L6-H384, a 6-layer BERT"),
        Entry("tfidf-nb", "robustbert.models.pretrained:TFIDF_NB", "TF-IDF, naive Bayes"),
        Entry("tfidf-svm", "robustbert.models.pretrained:TFIDF_SVM", "TF-IDF, linear SVM"),
        Entry("tfidf-rf", "robustbert.models.pretrained:TFIDF_RF", "TF-IDF, random forest"),
    ],
    accepts=_is_base,
    expected="a TransformerBase or TfidfBase of robustbert.models",
)

HUB_PREFIX = "hub:"
DTYPES = ("auto", "float32", "bfloat16")


def load_model(
    spec: str | os.PathLike[str],
    *,
    dtype: str = "auto",
    device: str = "auto",
    token_budget: int | None = None,
    labels: Sequence[str] | None = None,
    label_names: Sequence[str] | None = None,
) -> Classifier:
    """Load a trained classifier.

    Args:
        spec: a folder (Hugging Face or classical, detected from its files), ``hub:NAME`` or
            ``hub:NAME@REVISION``.
        dtype: the inference dtype: auto (bfloat16 if the hardware supports it, else float32),
            float32 or bfloat16. Classical models always use float64.
        device: auto, cpu, cuda, cuda:N or mps. Classical models ignore it.
        token_budget: tokens per batch, at least 1; None selects a default for the device. Does not
            affect results. Classical models ignore it.
        labels: the names of the model's outputs, in order. Needed for Hugging Face models that have
            no label names (``LABEL_0``, …); names that a model has are replaced by position.
        label_names: the dataset's label names; the classifier's columns are in this order. They are
            matched by name. A model without label names is matched by position, with a warning.

    Raises:
        ModelError: there is no such model, it is not trained, its files are unsafe or broken, its
            labels differ from ``label_names``, or it has another number of outputs than ``labels``.
        InputError: there is no such device, or ``labels`` are not at least two different names.
        UnknownNameError: there is no such dtype.
    """
    if dtype not in DTYPES:
        raise UnknownNameError("dtype", dtype, DTYPES)
    options: dict[str, Any] = {
        "dtype": dtype,
        "device": device,
        "token_budget": token_budget,
        "labels": labels,
        "label_names": label_names,
    }
    spec = os.fspath(spec)
    if spec.startswith(HUB_PREFIX):
        from robustbert.models.huggingface import load_hub

        return load_hub(spec.removeprefix(HUB_PREFIX), **options)
    folder = model_folder(spec)
    kind = model_kind(folder)
    if kind == "classical":
        from robustbert.models.classical.tfidf_classifier import TfidfClassifier

        return TfidfClassifier.load(folder, labels=labels, label_names=label_names)
    if kind == "huggingface":
        from robustbert.models.huggingface import load_folder

        return load_folder(folder, **options)
    raise ModelError(
        f"{folder} is not a model folder: it contains neither config.json (Hugging Face) "
        "nor model.json (classical); pass the folder that training wrote"
    )


def model_folder(spec: str) -> Path:
    """The folder of a model.

    Raises:
        ModelError: there is no such folder.
    """
    folder = user_path(spec)
    if not folder.is_dir():
        raise ModelError(_no_folder(spec))
    return folder


def _no_folder(spec: str) -> str:
    if spec in MODELS:
        return (
            f"{spec!r} is not trained yet: run `robustbert train --dataset D --model {spec} "
            "--out DIR` (in Python: robustbert.train), then pass DIR as the model"
        )
    near = difflib.get_close_matches(spec, MODELS, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else "; pass a model folder or hub:NAME"
    return f"no model folder {spec!r}{hint}"
