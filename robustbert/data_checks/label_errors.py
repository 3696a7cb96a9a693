"""Likely label errors: confident learning on cross-validated probabilities.

After Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset
Labels", by their library ``cleanlab``. The model is a logistic regression on the TF-IDF features of
:mod:`robustbert.models.classical`. Each row is scored by a model that has seen neither the row nor
a near-duplicate of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from robustbert.data_checks.checked_data import CheckedData
from robustbert.data_checks.data_report import Finding
from robustbert.data_checks.measurement import Measurement, not_measured, share_of_rows
from robustbert.errors import MissingAssetError
from robustbert.models.classical.tfidf_features import tfidf_vectorizer

if TYPE_CHECKING:
    import numpy as np

_LONGEST_NGRAM = 2
_MAX_ITERATIONS = 1_000


def check_cleanlab() -> None:
    """Check that the package that finds label errors is installed.

    Raises:
        MissingAssetError: it is not; the message names the extra.
    """
    if find_spec("cleanlab") is None:
        raise MissingAssetError(
            "the check label-errors needs cleanlab; pip install 'robustbert[data]', or skip the "
            "check (--skip label-errors)"
        )


def label_errors(data: CheckedData, folds: int, seed: int) -> Measurement:
    """Rows whose label is likely wrong, those that the model trusts least first.

    Args:
        data: the rows.
        folds: the number of folds, at least 2.
        seed: the seed of the assignment to folds.
    """
    import numpy as np

    clusters = data.same_texts.clusters()
    reason = _too_few(data, clusters, folds)
    if reason is not None:
        return not_measured(reason)
    members = [(position, i) for i, cluster in enumerate(clusters) for position in cluster]
    members.sort()
    positions = [position for position, _ in members]
    given, labels = np.unique([data.labels[i] for i in positions], return_inverse=True)
    vectorizer = tfidf_vectorizer(_LONGEST_NGRAM)
    try:
        # without labels, so that this leaks nothing into the folds
        features = vectorizer.fit_transform([data.texts[position] for position in positions])
    except ValueError:  # the only error that strings can cause
        return not_measured("no word occurs in two texts")
    probabilities = _cross_validated(features, labels, [i for _, i in members], folds, seed)
    if probabilities is None:
        return not_measured("a class is in one fold only, because its texts are near-duplicates")
    findings = []
    for i in _issues(labels, probabilities):
        best = int(probabilities[i].argmax())
        name = data.label_names[given[best]]
        note = f"suggested {name} ({probabilities[i, best]:.2f})"
        findings.append(Finding(rows=[data.row(positions[i])], note=note))
    facts = {
        "labels that the model predicts": float((probabilities.argmax(axis=1) == labels).mean()),
        "labels of the largest class": float(np.bincount(labels).max() / len(labels)),
    }
    return share_of_rows(len(findings), len(positions), findings, facts)


def _too_few(data: CheckedData, clusters: Sequence[Sequence[int]], folds: int) -> str | None:
    """Why the rows cannot be split into folds; None if they can."""
    counts = Counter(label for c in clusters for label in {data.labels[i] for i in c})
    if len(counts) < 2:
        return "the texts have fewer than two classes"
    label, least = min(counts.items(), key=lambda item: item[1])
    if least < folds:
        name = data.label_names[label]
        return f"{folds} folds need {folds} different texts per class; {name} has {least}"
    return None


def _cross_validated(
    features: Any, labels: np.ndarray, clusters: Sequence[int], folds: int, seed: int
) -> np.ndarray | None:
    """Probabilities of shape (rows, classes), each row by the model of the other folds.

    None if a class does not occur in the training part of a fold.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold

    num_classes = int(labels.max()) + 1
    probabilities = np.zeros((len(labels), num_classes))
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    for train, test in splitter.split(features, labels, clusters):
        if len(np.unique(labels[train])) < num_classes:
            return None
        model = LogisticRegression(max_iter=_MAX_ITERATIONS).fit(features[train], labels[train])
        probabilities[test] = model.predict_proba(features[test])
    return probabilities


def _issues(labels: np.ndarray, probabilities: np.ndarray) -> list[int]:
    """The indices of likely label errors, the least trusted label first."""
    from cleanlab.filter import find_label_issues

    found = find_label_issues(
        labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    return [int(index) for index in found]
