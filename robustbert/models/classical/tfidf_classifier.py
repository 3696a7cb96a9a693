"""Classical baselines: TF-IDF and naive Bayes, a linear SVM or a random forest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, PlainValidator

from robustbert.errors import InputError, ModelError
from robustbert.io import atomic_folder
from robustbert.models.classical.estimators import ESTIMATORS, StoredEstimator
from robustbert.models.classical.npz import MAX_ARRAY_BYTES, ArrayLayout, read_arrays
from robustbert.models.classical.tfidf_features import (
    MAX_NGRAM,
    MIN_IDF,
    TfidfFeatures,
    tfidf_vectorizer,
)
from robustbert.models.classifier import Classifier, ModelInfo
from robustbert.models.folders import describe_source, hash_files
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.models.json_files import StoredModel, read_checked
from robustbert.models.label_names import label_order, output_names, renamed_sha256

FORMAT = "robustbert-tfidf-1"
CONFIG_FILE = "model.json"
ARRAYS_FILE = "arrays.npz"
#: The largest model.json, in bytes: about 7 million terms.
MAX_CONFIG_BYTES = 2**27
_IDF = ArrayLayout("float", ("columns",), MIN_IDF, 1 / MIN_IDF)


def _distinct_strings(value: object) -> tuple[str, ...]:
    # Checked by hand, because pydantic would collect an error for each of millions of items.
    if not isinstance(value, list) or not all(type(item) is str and item for item in value):
        raise ValueError("must be a list of strings, none of them empty")
    if len(set(value)) < len(value):
        raise ValueError("has duplicate strings")
    try:
        "".join(value).encode()
    except UnicodeEncodeError as error:
        raise ValueError("has a string that is not valid Unicode (a lone surrogate)") from error
    return tuple(value)


_Strings = Annotated[tuple[str, ...], PlainValidator(_distinct_strings)]


class _Config(StoredModel):
    """``model.json``: term ``i`` is column ``i`` of the arrays, label ``j`` is row ``j``."""

    format: Literal["robustbert-tfidf-1"]
    kind: Literal["naive-bayes", "linear-svm", "random-forest"]
    label_names: Annotated[_Strings, Field(min_length=2)]
    longest_ngram: Annotated[int, Field(ge=1, le=MAX_NGRAM)]
    terms: Annotated[_Strings, Field(min_length=1)]


class TfidfClassifier(Classifier):
    """TF-IDF features and a stored estimator, evaluated from plain arrays in float64.

    Args:
        features: the fitted features.
        estimator: the fitted estimator.
        own_labels: the labels of the estimator's outputs, in order.
        info: the metadata for records.
        label_names: the requested labels, in order; None keeps the model's.

    Raises:
        ModelError: the model's labels are not ``label_names``.
    """

    def __init__(
        self,
        features: TfidfFeatures,
        estimator: StoredEstimator,
        own_labels: Sequence[str],
        info: ModelInfo,
        label_names: Sequence[str] | None = None,
    ) -> None:
        self._features = features
        self._estimator = estimator
        self._own_labels = tuple(own_labels)
        self.label_names = self._own_labels if label_names is None else tuple(label_names)
        self._order = label_order(info.name, self._own_labels, self.label_names, named=True)
        self.info = info

    def save(self, folder: Path) -> None:
        """Write ``model.json`` and ``arrays.npz``; no pickles.

        Raises:
            ModelError: the model is too large to be loaded again.
            OutputError: the folder is not writable or not empty.
        """
        config = {
            "format": FORMAT,
            "kind": self._estimator.kind,
            "label_names": self._own_labels,
            "longest_ngram": self._features.longest_ngram,
            "terms": self._features.terms,
        }
        text = json.dumps(config, ensure_ascii=False).encode("utf-8")
        arrays: dict[str, Any] = {"idf": self._features.idf, **self._estimator.arrays()}
        size = sum(array.nbytes for array in arrays.values())
        if len(text) > MAX_CONFIG_BYTES or size > MAX_ARRAY_BYTES:
            raise ModelError(
                f"the model has {len(self._features.terms)} terms and takes {size} bytes, which is "
                "too large to be loaded again; train on fewer or shorter texts"
            )
        _check_estimator(self._estimator, "the model")
        with atomic_folder(folder) as partial:
            (partial / CONFIG_FILE).write_bytes(text)
            np.savez_compressed(partial / ARRAYS_FILE, **arrays)

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        labels: Sequence[str] | None = None,
        label_names: Sequence[str] | None = None,
    ) -> TfidfClassifier:
        """Load a folder that :meth:`save` wrote; it is not trusted, so all of it is checked.

        Args:
            folder: the folder.
            labels: names that replace those of the model's labels, in order; None keeps them.
            label_names: the requested labels, in order; None keeps the model's.

        Raises:
            ModelError: a file is missing, broken or too large, the labels are not
                ``label_names``, or ``labels`` has another number of names.
        """
        config = read_checked(folder / CONFIG_FILE, _Config, limit=MAX_CONFIG_BYTES)
        kind = ESTIMATORS[config.kind]
        sizes = {"columns": len(config.terms), "labels": len(config.label_names)}
        layouts = {"idf": _IDF, **kind.layouts}
        arrays = read_arrays(folder / ARRAYS_FILE, layouts, sizes)
        features = TfidfFeatures(config.terms, arrays.pop("idf"), config.longest_ngram)
        estimator = kind(**arrays)
        if estimator.shape != (sizes["columns"], sizes["labels"]):
            raise ModelError(f"{folder}: the arrays do not fit {CONFIG_FILE}; train it again")
        _check_estimator(estimator, str(folder / ARRAYS_FILE))
        name, found = folder.resolve().name, config.label_names
        own = output_names(name, found, labels)
        sha256 = hash_files([folder / CONFIG_FILE, folder / ARRAYS_FILE])
        info = ModelInfo(
            name=name,
            source=describe_source(folder),
            sha256=renamed_sha256(sha256, found, own),
            dtype="float64",
            max_length=None,
            num_parameters=_count_parameters(estimator),
        )
        return cls(features, estimator, own, info, label_names)

    @property
    def batch_invariance(self) -> InvarianceResult:
        """Always verified: the order of a row's sums does not depend on the other rows."""
        return InvarianceResult(verified=True)

    @property
    def has_logits(self) -> bool:
        """True unless the estimator is a random forest, which has no logits."""
        return self._estimator.has_logits

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._estimator.probabilities(self._features.transform(texts))[:, self._order]

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        return self._estimator.logits(self._features.transform(texts))[:, self._order]

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        return self._probabilities(texts)


def fit_tfidf(
    kind: str, texts: Sequence[str], labels: Sequence[int], label_names: Sequence[str], *, seed: int
) -> TfidfClassifier:
    """Fit a classical model with scikit-learn; deterministic.

    Args:
        kind: naive-bayes, linear-svm or random-forest.
        texts: the training texts.
        labels: their labels, 0 to k - 1; every label must occur.
        label_names: the k names.
        seed: the random seed of the linear SVM and the random forest.

    Raises:
        InputError: there are fewer than two labels, a label never occurs, or no word occurs in two
            texts.
    """
    if len(label_names) < 2:
        raise InputError(
            "a classifier needs at least two labels; provide texts with two or more labels"
        )
    if sorted(set(labels)) != list(range(len(label_names))):
        raise InputError("a label has no training text; provide at least one text per label")
    longest = 1 if kind == "random-forest" else 2
    vectorizer = tfidf_vectorizer(longest)
    try:
        matrix = vectorizer.fit_transform(texts)
    except ValueError as error:
        raise InputError("no word occurs in two training texts; provide more texts") from error
    fitted = _make_estimator(kind, seed).fit(matrix, labels)
    terms = tuple(vectorizer.get_feature_names_out().tolist())
    estimator = ESTIMATORS[kind].from_estimator(fitted)
    info = ModelInfo(kind, "fitted here", "", "float64", None, _count_parameters(estimator))
    features = TfidfFeatures(terms, vectorizer.idf_, longest)
    return TfidfClassifier(features, estimator, label_names, info)


def _make_estimator(kind: str, seed: int) -> Any:
    if kind == "naive-bayes":
        from sklearn.naive_bayes import MultinomialNB

        return MultinomialNB(alpha=0.5)
    if kind == "linear-svm":
        from sklearn.svm import LinearSVC

        return LinearSVC(C=0.3, random_state=seed)
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=100, min_samples_leaf=2, random_state=seed)


def _check_estimator(estimator: StoredEstimator, place: str) -> None:
    problem = estimator.validation_error()
    if problem is not None:
        raise ModelError(f"{place}: {problem}; train the model again")


def _count_parameters(estimator: StoredEstimator) -> int:
    return sum(array.size for array in estimator.arrays().values())
