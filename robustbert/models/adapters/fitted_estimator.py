"""Checks of a fitted scikit-learn estimator, and the match of its classes to label names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robustbert.errors import InputError, ModelError
from robustbert.models.label_names import listed


def check_fitted(estimator: Any, outputs: str) -> None:
    """Check that an estimator is fitted and has the method that computes its outputs.

    Args:
        estimator: a scikit-learn estimator.
        outputs: ``probabilities`` for ``predict_proba``, ``logits`` for ``decision_function``.

    Raises:
        ModelError: it is not fitted, or has no such method.
    """
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    kind = type(estimator).__name__
    if isinstance(estimator, type):
        raise InputError(
            f"estimator is a class; create an instance of {estimator.__name__} and fit it first"
        )
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise ModelError(f"the {kind} is not fitted; call fit(texts, labels) first") from error
    except TypeError as error:
        raise InputError(
            f"estimator is of type {kind}, not a scikit-learn estimator; pass a fitted pipeline, "
            "or use CallableClassifier for a function"
        ) from error
    method = method_of(outputs)
    if not hasattr(estimator, method):
        raise ModelError(f"the {kind} has no {method}; {_advice(estimator, outputs)}")
    if not hasattr(estimator, "classes_"):
        raise ModelError(f"the {kind} has no classes_; pass a classifier, fitted with labels")
    if outputs == "logits" and _is_one_vs_one(estimator):
        raise ModelError(
            f"the {kind} has one score per pair of classes; set decision_function_shape to 'ovr' "
            "and fit it again"
        )


def method_of(outputs: str) -> str:
    """The estimator's method that computes probabilities or logits."""
    return "predict_proba" if outputs == "probabilities" else "decision_function"


def class_order(
    classes: Sequence[Any], label_names: Sequence[str] | None, model: str
) -> tuple[list[str], list[int]]:
    """The label names, and the index of the estimator's class for each.

    >>> class_order(np.array(["neg", "pos"]), ["pos", "neg"], "mine")
    (['pos', 'neg'], [1, 0])
    >>> class_order(np.array([0, 1]), ["neg", "pos"], "mine")
    (['neg', 'pos'], [0, 1])

    Args:
        classes: the estimator's ``classes_``, strings or the integers from 0 to k - 1.
        label_names: strings are matched by name, integers by position. None for the classes.
        model: the model's name, for messages.

    Raises:
        InputError: there are no label names for classes that are integers.
        ModelError: the classes are something else, or do not match the label names.
    """
    values = np.asarray(classes).tolist()
    if all(isinstance(value, str) for value in values):
        names = list(values if label_names is None else label_names)
        if sorted(names) != sorted(values):
            raise ModelError(
                f"model {model!r} has the classes {listed(values)}, but label_names are "
                f"{listed(names)}; give the classes themselves, in any order"
            )
        return names, [values.index(name) for name in names]
    if values != list(range(len(values))) or any(type(value) is not int for value in values):
        raise ModelError(
            f"model {model!r} has the classes {ascii(values)[:80]}; train it on strings, or on "
            "integers from 0 on without gaps"
        )
    if label_names is None:
        raise InputError(
            f"model {model!r} has the classes 0 to {len(values) - 1}; name them in order with "
            "label_names="
        )
    if len(label_names) != len(values):
        raise ModelError(
            f"model {model!r} has {len(values)} classes but {len(label_names)} label names are "
            "given; name each class, in order"
        )
    return list(label_names), list(range(len(values)))


def vocabulary_of(estimator: Any) -> list[str] | None:
    """The words of the first vectorizer of a pipeline, sorted; None if there is none."""
    for _, step in getattr(estimator, "steps", ()):
        vocabulary = getattr(step, "vocabulary_", None)
        if isinstance(vocabulary, dict) and vocabulary:
            return sorted(map(str, vocabulary))
    return None


def _advice(estimator: Any, outputs: str) -> str:
    if outputs == "logits":
        return 'pass outputs="probabilities" if it has predict_proba'
    if hasattr(estimator, "decision_function"):
        return (
            'pass outputs="logits" to use the softmax of its decision_function, or fit it within '
            "CalibratedClassifierCV"
        )
    return "pass a classifier with predict_proba"


def _is_one_vs_one(estimator: Any) -> bool:
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    return getattr(last, "decision_function_shape", "ovr") == "ovo" and len(estimator.classes_) > 2
