"""Stored estimators on TF-IDF features: naive Bayes, a linear SVM, a random forest.

Each consists of a few arrays, which are copied from a fitted scikit-learn estimator and evaluated
here. So models need no pickles, make the same predictions with any version of scikit-learn, and are
fast. The sums of each row are computed in a fixed order, so a row does not depend on the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from robustbert.models.classical.npz import ArrayLayout
from robustbert.models.output_checks import softmax

#: The largest weight of a stored model, in absolute value. Trained weights stay below 1,000; the
#: limit keeps sums finite.
MAX_WEIGHT = 1e9
#: Forests are evaluated in chunks of at most FOREST_CHUNK_ROWS rows, or of fewer rows if the dense
#: features of a chunk, or its label distributions of all trees, would exceed FOREST_CHUNK_VALUES
#: values.
FOREST_CHUNK_ROWS = 256
FOREST_CHUNK_VALUES = 2**24
#: The maximum depth of a tree in nodes, which limits the time of a prediction.
MAX_TREE_DEPTH = 10_000


@dataclass(frozen=True, eq=False)
class StoredEstimator(ABC):
    """A fitted estimator stored as arrays; each field of a subclass is one array."""

    kind: ClassVar[str]
    #: The layout of each array; ``columns`` is the number of features, ``labels`` the number of
    #: labels.
    layouts: ClassVar[Mapping[str, ArrayLayout]]
    #: Whether :meth:`logits` is supported.
    has_logits: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def from_estimator(cls, estimator: Any) -> StoredEstimator:
        """Copy the arrays of a fitted scikit-learn estimator."""

    @abstractmethod
    def probabilities(self, features: Any) -> np.ndarray:
        """Compute probabilities, float64 (n, k), from a sparse feature matrix (n, columns)."""

    def logits(self, features: Any) -> np.ndarray:
        """Compute logits, float64 (n, k); their softmax is the probabilities."""
        raise NotImplementedError

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """The number of features and the number of labels."""

    def arrays(self) -> Mapping[str, np.ndarray]:
        """All arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def validation_error(self) -> str | None:
        """Describe an error in the arrays that :attr:`layouts` does not exclude; None if valid."""
        return None


@dataclass(frozen=True, eq=False)
class StoredNaiveBayes(StoredEstimator):
    """Multinomial naive Bayes, stored as logarithms of priors and term probabilities."""

    kind = "naive-bayes"
    has_logits = True
    # Logarithms of probabilities, which rounding can make slightly greater than 0.
    layouts: ClassVar[Mapping[str, ArrayLayout]] = {
        "class_log_prior": ArrayLayout("float", ("labels",), -MAX_WEIGHT, 1e-6),
        "feature_log_prob": ArrayLayout("float", ("labels", "columns"), -MAX_WEIGHT, 1e-6),
    }
    class_log_prior: np.ndarray
    feature_log_prob: np.ndarray

    @classmethod
    def from_estimator(cls, estimator: Any) -> StoredNaiveBayes:
        """From a ``MultinomialNB``."""
        return cls(estimator.class_log_prior_, estimator.feature_log_prob_)

    @property
    def shape(self) -> tuple[int, int]:
        """Features, labels."""
        return self.feature_log_prob.shape[1], self.feature_log_prob.shape[0]

    def probabilities(self, features: Any) -> np.ndarray:
        """The posterior probabilities: the softmax of :meth:`logits`."""
        return softmax(self.logits(features))

    def logits(self, features: Any) -> np.ndarray:
        """The joint log-likelihood of a row and each label."""
        return np.asarray(features @ self.feature_log_prob.T + self.class_log_prior)


@dataclass(frozen=True, eq=False)
class StoredLinearSvm(StoredEstimator):
    """A linear SVM, one-vs-rest.

    The probabilities are the softmax of the decision function (with two labels, the logistic
    function of the single margin). They rank the labels of a text as the margins do, but they are
    not calibrated.
    """

    kind = "linear-svm"
    has_logits = True
    layouts: ClassVar[Mapping[str, ArrayLayout]] = {
        "coefficients": ArrayLayout("float", ("labels", "columns"), -MAX_WEIGHT, MAX_WEIGHT),
        "intercepts": ArrayLayout("float", ("labels",), -MAX_WEIGHT, MAX_WEIGHT),
    }
    coefficients: np.ndarray
    intercepts: np.ndarray

    @classmethod
    def from_estimator(cls, estimator: Any) -> StoredLinearSvm:
        """From a ``LinearSVC``, which has a single row of coefficients for two labels."""
        coefficients, intercepts = estimator.coef_, estimator.intercept_
        if len(coefficients) == 1:
            coefficients = np.vstack([np.zeros_like(coefficients), coefficients])
            intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
        return cls(coefficients, intercepts)

    @property
    def shape(self) -> tuple[int, int]:
        """Features, labels."""
        return self.coefficients.shape[1], self.coefficients.shape[0]

    def probabilities(self, features: Any) -> np.ndarray:
        """The softmax of :meth:`logits`."""
        return softmax(self.logits(features))

    def logits(self, features: Any) -> np.ndarray:
        """The decision function; with two labels, 0 and the single margin."""
        return np.asarray(features @ self.coefficients.T + self.intercepts)


@dataclass(frozen=True, eq=False)
class StoredRandomForest(StoredEstimator):
    """A random forest: the nodes of all trees, concatenated.

    Args:
        roots: int64 (trees,): the index of each tree's root.
        left: int64 (nodes,): the index of the left child, for feature values up to the threshold.
            It is greater than the index of the node, except that leaves refer to themselves.
        right: int64 (nodes,): the index of the right child, for values above the threshold;
            likewise.
        feature: int64 (nodes,): the feature that the node compares.
        threshold: float64 (nodes,): the value that the feature is compared with.
        share: float64 (nodes, k): the share of each label among the training rows in the node (the
            label distribution; the name is that of the array in the file).
        columns: int64 (1,): the number of features.
    """

    kind = "random-forest"
    layouts: ClassVar[Mapping[str, ArrayLayout]] = {
        "roots": ArrayLayout("integer", ("trees",), 0, "nodes"),
        "left": ArrayLayout("integer", ("nodes",), 0, "nodes"),
        "right": ArrayLayout("integer", ("nodes",), 0, "nodes"),
        "feature": ArrayLayout("integer", ("nodes",), 0, "columns"),
        "threshold": ArrayLayout("float", ("nodes",), -np.inf, np.inf),
        "share": ArrayLayout("float", ("nodes", "labels"), 0, 1),
        "columns": ArrayLayout("integer", (1,), 1, np.inf),
    }
    roots: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    share: np.ndarray
    columns: np.ndarray

    @classmethod
    def from_estimator(cls, estimator: Any) -> StoredRandomForest:
        """From a ``RandomForestClassifier``."""
        trees = [member.tree_ for member in estimator.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
        own = [np.arange(tree.node_count) for tree in trees]

        def children(side: str) -> np.ndarray:
            parts = [
                np.where(getattr(tree, side) < 0, nodes, getattr(tree, side)) + root
                for tree, nodes, root in zip(trees, own, roots, strict=True)
            ]
            return np.concatenate(parts)

        counts = np.concatenate([tree.value[:, 0, :] for tree in trees])
        return cls(
            roots=roots,
            left=children("children_left"),
            right=children("children_right"),
            feature=np.maximum(np.concatenate([tree.feature for tree in trees]), 0),
            threshold=np.concatenate([tree.threshold for tree in trees]),
            share=counts / counts.sum(axis=1, keepdims=True),
            columns=np.array([estimator.n_features_in_]),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Features, labels."""
        return int(self.columns[0]), self.share.shape[1]

    def validation_error(self) -> str | None:
        """Describe why the arrays are not valid trees; None if they are."""
        nodes = np.arange(len(self.left))
        inner = nodes[(self.left != nodes) | (self.right != nodes)]
        children = np.stack([self.left[inner], self.right[inner]])
        if (children <= inner).any():
            return "a child does not come after its parent"
        parents = np.bincount(np.concatenate([self.roots, *children]), minlength=len(nodes))
        if (parents != 1).any():
            return "a node is neither a root nor the child of exactly one node"
        if self.depth() > MAX_TREE_DEPTH:
            return f"a tree is deeper than {MAX_TREE_DEPTH} nodes"
        if (abs(self.share.sum(axis=1) - 1) > 1e-6).any():
            return "the label distribution of a node does not sum to 1"
        return None

    def depth(self) -> int:
        """The depth of the deepest tree in nodes; counting stops at ``MAX_TREE_DEPTH + 1``."""
        depth, level = 0, self.roots
        while level.size and depth <= MAX_TREE_DEPTH:
            level = level[self.left[level] != level]
            level = np.concatenate([self.left[level], self.right[level]])
            depth += 1
        return depth

    def probabilities(self, features: Any) -> np.ndarray:
        """The label distribution in a row's leaf, averaged over trees."""
        columns, labels = self.shape
        values = max(columns, len(self.roots) * labels)
        step = min(FOREST_CHUNK_ROWS, max(1, FOREST_CHUNK_VALUES // values))
        parts = [
            self._dense_probabilities(features[start : start + step].toarray())
            for start in range(0, features.shape[0], step)
        ]
        return np.concatenate(parts)

    def _dense_probabilities(self, features: np.ndarray) -> np.ndarray:
        # scikit-learn's trees compare float32 features with float64 thresholds.
        features = features.astype(np.float32)
        rows = np.repeat(np.arange(len(features)), len(self.roots))
        nodes = np.tile(self.roots, len(features))
        active = np.arange(len(nodes))
        while active.size:
            current = nodes[active]
            low = features[rows[active], self.feature[current]] <= self.threshold[current]
            child = np.where(low, self.left[current], self.right[current])
            nodes[active] = child
            active = active[self.left[child] != child]
        shares = self.share[nodes].reshape(len(features), len(self.roots), -1)
        # Trees are summed one by one, so that the order of the sum does not depend on the rows.
        total = np.add.reduce(shares.transpose(1, 0, 2).copy(), axis=0)
        return np.asarray(total / len(self.roots))


ESTIMATORS: Mapping[str, type[StoredEstimator]] = {
    kind.kind: kind for kind in (StoredNaiveBayes, StoredLinearSvm, StoredRandomForest)
}
