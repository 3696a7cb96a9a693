"""A classifier around a fitted scikit-learn pipeline."""

from __future__ import annotations

import copy
import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np

from robustbert.errors import ModelError, describe_error
from robustbert.models.adapters.adapter import Adapter, check_name
from robustbert.models.adapters.fitted_estimator import (
    check_fitted,
    class_order,
    method_of,
    vocabulary_of,
)
from robustbert.models.adapters.object_hash import object_sha256
from robustbert.models.classifier import ModelInfo
from robustbert.models.inference.invariance import InvarianceResult, is_invariant, sample_texts
from robustbert.models.inference.invariance_cache import InvarianceCache
from robustbert.models.label_names import check_label_names
from robustbert.models.output_checks import check_output_kind


class SklearnClassifier(Adapter):
    """A classifier around a fitted scikit-learn pipeline in memory.

    The pipeline is copied, if it can be: if you fit it again, make a new classifier. It is called
    with a list of strings; if its results depend on the other texts of a call, it is called with
    one text at a time. ``info.sha256`` covers its parameters and its fitted state, but not the code
    of its classes and functions.

    Args:
        estimator: a fitted estimator whose input is texts, such as
            ``make_pipeline(TfidfVectorizer(), LogisticRegression())``.
        label_names: the labels in the requested order. Classes that are strings are matched by
            name; classes 0 to k - 1 are named by position. None for the classes, if they are
            strings.
        name: a short name for tables and records; the class of the last step by default. It also
            identifies an estimator whose state has no hash because a part is a lambda, for example.
        outputs: ``probabilities`` for ``predict_proba``, or ``logits`` for ``decision_function``,
            whose softmax are the probabilities. If that has one column s, the logits are [0, s], so
            that the second class has the probability 1 / (1 + exp(-s)).

    Raises:
        InputError: an argument is invalid.
        ModelError: the estimator is not fitted, lacks the method, has other classes than
            ``label_names``, or fails for sample texts.
    """

    def __init__(
        self,
        estimator: Any,
        label_names: Sequence[str] | None = None,
        *,
        name: str | None = None,
        outputs: str = "probabilities",
    ) -> None:
        check_fitted(estimator, check_output_kind(outputs))
        steps = getattr(estimator, "steps", None)
        last = steps[-1][1] if steps else estimator
        shown = check_name(name, type(last).__name__)
        if label_names is not None:
            label_names = check_label_names(label_names)
        names, self._order = class_order(estimator.classes_, label_names, shown)
        super().__init__(names, outputs)
        self._identified = True
        self._estimator = _copy(estimator)
        sha256 = self._sha256(estimator, name)
        source = f"SklearnClassifier of {type(last).__module__}.{type(last).__qualname__}"
        self.info = ModelInfo(shown, source, sha256, "float64", None, None)
        self._one_by_one = False
        samples = sample_texts(vocabulary_of(estimator))
        alone = self._exact_outputs_of(samples)
        self._as_probabilities(alone)
        self._repeatable = alone.tobytes() == self._exact_outputs_of(samples).tobytes()
        self._one_by_one = not is_invariant(self._call, samples, "pipeline", InvarianceCache(None))

    @property
    def batch_invariance(self) -> InvarianceResult:
        """Verified unless two identical calls give different outputs."""
        return InvarianceResult(verified=self._repeatable)

    @property
    def identified(self) -> bool:
        """False if a part of the estimator has no hash, such as a lambda, and it has no name."""
        return self._identified

    def _sha256(self, estimator: Any, name: str | None) -> str:
        """The SHA-256 of the estimator's class and state, or of its name, and of the labels."""
        kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
        try:
            state = object_sha256(estimator)
        except Exception:  # a part of it may be anything, such as a lambda or a lock
            self._identified = name is not None
            state = secrets.token_hex(16) if name is None else name
        facts = json.dumps(["SklearnClassifier", kind, state, self.label_names, self._kind])
        return hashlib.sha256(facts.encode()).hexdigest()

    def _outputs_of(self, texts: Sequence[str], *, unbatched: bool = False) -> np.ndarray:
        if unbatched or self._one_by_one:
            return self._exact_outputs_of(texts)
        return self._call(texts)

    def _exact_outputs_of(self, texts: Sequence[str]) -> np.ndarray:
        return np.concatenate([self._call([text]) for text in texts])

    def _call(self, texts: Sequence[str]) -> np.ndarray:
        """The outputs (n, k) of one call, in the order of the label names."""
        method = method_of(self._kind)
        try:
            rows = np.asarray(getattr(self._estimator, method)(list(texts)))
        except Exception as error:  # the pipeline may contain the user's code
            raise ModelError(
                f"{method} failed for a list of strings: {describe_error(error)}; pass a pipeline "
                "that starts from texts, such as make_pipeline(TfidfVectorizer(), classifier)"
            ) from error
        if self._kind == "logits" and rows.ndim == 1 and len(self._order) == 2:
            rows = np.stack([np.zeros_like(rows), rows], axis=1)
        if rows.ndim != 2 or rows.shape != (len(texts), len(self._order)):
            raise ModelError(
                f"{method} returned shape {rows.shape} for {len(texts)} texts and "
                f"{len(self._order)} classes; pass a single-label classifier"
            )
        return np.ascontiguousarray(rows[:, self._order])


def _copy(estimator: Any) -> Any:
    try:
        return copy.deepcopy(estimator)
    except Exception:  # a part of it may be anything, such as a lock
        return estimator
