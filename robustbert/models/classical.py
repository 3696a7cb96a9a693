"""Classical baselines: TF-IDF and naive Bayes, a linear SVM or a random forest."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from robustbert.errors import InputError, ModelError
from robustbert.models.base import Classifier, ModelInfo
from robustbert.models.checks import label_order
from robustbert.models.folders import describe_source, hash_files, whole_folder
from robustbert.models.heads import HEADS, Head
from robustbert.models.invariance import InvarianceFinding
from robustbert.models.json_files import read_json
from robustbert.models.tfidf import TOKEN_PATTERN, TfidfFeatures

FORMAT = "robustbert-tfidf-1"
CONFIG_FILE = "model.json"
ARRAYS_FILE = "arrays.npz"


class TfidfClassifier(Classifier):
    """TF-IDF features and a head on them, evaluated from plain arrays in float64.

    Args:
        features: the fitted features.
        head: the fitted head.
        own_labels: the label of each of the head's outputs.
        info: what records say of it.
        label_names: the wanted labels and their order; None keeps the model's.

    Raises:
        ModelError: the model's labels are not ``label_names``.
    """

    def __init__(
        self,
        features: TfidfFeatures,
        head: Head,
        own_labels: Sequence[str],
        info: ModelInfo,
        label_names: Sequence[str] | None = None,
    ) -> None:
        self._features = features
        self._head = head
        self._own_labels = tuple(own_labels)
        self.label_names = self._own_labels if label_names is None else tuple(label_names)
        self._order = label_order(info.name, self._own_labels, self.label_names, named=True)
        self.info = info

    def save(self, folder: Path) -> None:
        """Write ``model.json`` and ``arrays.npz``; no pickles."""
        config = {
            "format": FORMAT,
            "kind": self._head.kind,
            "label_names": self._own_labels,
            "longest_ngram": self._features.longest_ngram,
            "terms": self._features.terms,
        }
        with whole_folder(folder) as partial:
            text = json.dumps(config, ensure_ascii=False)
            (partial / CONFIG_FILE).write_text(text, encoding="utf-8")
            arrays: dict[str, Any] = {"idf": self._features.idf, **self._head.arrays()}
            np.savez_compressed(partial / ARRAYS_FILE, **arrays)

    @classmethod
    def load(cls, folder: Path, *, label_names: Sequence[str] | None = None) -> TfidfClassifier:
        """Read what :meth:`save` wrote.

        Raises:
            ModelError: a file is missing or broken, or the labels are not ``label_names``.
        """
        config = read_json(folder / CONFIG_FILE)
        if config.get("format") != FORMAT or config.get("kind") not in HEADS:
            raise ModelError(f"{folder / CONFIG_FILE} is no {FORMAT} model; train it again")
        arrays = _read_arrays(folder / ARRAYS_FILE)
        try:
            terms: Any = config["terms"]
            labels: Any = config["label_names"]
            longest: Any = config["longest_ngram"]
            features = TfidfFeatures(tuple(terms), arrays.pop("idf"), int(longest))
            head = HEADS[str(config["kind"])](**arrays)
            fits = head.shape == (len(terms), len(labels)) and len(features.idf) == len(terms)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelError(
                f"{folder} is an incomplete model ({error}); train it again"
            ) from error
        if not fits:
            raise ModelError(f"{folder}: the arrays do not fit model.json; train it again")
        info = ModelInfo(
            name=folder.resolve().name,
            source=describe_source(folder),
            sha256=hash_files([folder / CONFIG_FILE, folder / ARRAYS_FILE]),
            dtype="float64",
            max_length=None,
            num_parameters=_count(head),
        )
        return cls(features, head, labels, info, label_names)

    @property
    def batch_invariance(self) -> InvarianceFinding:
        """Always verified: each row is summed in an order of its own."""
        return InvarianceFinding(verified=True)

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._head.probabilities(self._features.transform(texts))[:, self._order]

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        return self._probabilities(texts)


def fit_tfidf(
    kind: str, texts: Sequence[str], labels: Sequence[int], label_names: Sequence[str], *, seed: int
) -> TfidfClassifier:
    """Fit a classical model with scikit-learn; the same seed gives the same model.

    Args:
        kind: naive-bayes, linear-svm or random-forest.
        texts: the training texts.
        labels: their labels, 0 to k - 1; each occurs.
        label_names: the k names.
        seed: for the SVM's and the forest's random numbers.

    Raises:
        InputError: a label never occurs, or no term occurs in two texts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    if sorted(set(labels)) != list(range(len(label_names))):
        raise InputError("some label has no training text; give at least one text for each label")
    longest = 1 if kind == "random-forest" else 2
    vectorizer = TfidfVectorizer(
        sublinear_tf=True, min_df=2, ngram_range=(1, longest), token_pattern=TOKEN_PATTERN
    )
    try:
        matrix = vectorizer.fit_transform(texts)
    except ValueError as error:
        raise InputError("no word occurs in two training texts; give more texts") from error
    estimator = _estimator(kind, seed).fit(matrix, labels)
    terms = tuple(vectorizer.get_feature_names_out().tolist())
    head = HEADS[kind].from_estimator(estimator)
    info = ModelInfo(kind, "fitted here", "", "float64", None, _count(head))
    return TfidfClassifier(TfidfFeatures(terms, vectorizer.idf_, longest), head, label_names, info)


def _estimator(kind: str, seed: int) -> Any:
    if kind == "naive-bayes":
        from sklearn.naive_bayes import MultinomialNB

        return MultinomialNB(alpha=0.5)
    if kind == "linear-svm":
        from sklearn.svm import LinearSVC

        return LinearSVC(C=0.3, random_state=seed)
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=100, min_samples_leaf=2, random_state=seed)


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(f"cannot read {path} ({error}); train the model again") from error
    for name, array in arrays.items():
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ModelError(f"{path}: the array {name} holds NaN; train the model again")
    return arrays


def _count(head: Head) -> int:
    return sum(array.size for array in head.arrays().values())
