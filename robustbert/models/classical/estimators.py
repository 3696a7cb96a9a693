"""What turns TF-IDF features into probabilities: naive Bayes, a linear SVM, a random forest.

Each head is a few arrays, taken from a fitted scikit-learn estimator and evaluated here, so that a
model is stored without pickles, answers the same on any scikit-learn, and answers fast. Sums run
in a fixed order for each row, so a row does not depend on the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from robustbert.models.classical.npz import ArrayLayout

#: The largest weight of a stored model. Trained ones stay below 1,000; sums of this one's size
#: are finite.
LARGEST_WEIGHT = 1e9
#: A forest needs dense rows; this many are computed at once, or as many as have FOREST_NUMBERS
#: features (or shares of trees), whichever is less.
FOREST_ROWS = 256
FOREST_NUMBERS = 2**24
#: The most nodes from a root to a leaf: each is a step of every answer.
DEEPEST_TREE = 10_000


@dataclass(frozen=True, eq=False)
class Head(ABC):
    """A classifier on features, as arrays whose names are the fields of the subclass."""

    kind: ClassVar[str]
    #: What each array must look like; ``columns`` is the number of features, ``labels`` of labels.
    layouts: ClassVar[Mapping[str, ArrayLayout]]

    @classmethod
    @abstractmethod
    def from_estimator(cls, estimator: Any) -> Head:
        """Take the arrays of a fitted scikit-learn estimator."""

    @abstractmethod
    def probabilities(self, features: Any) -> np.ndarray:
        """Probabilities float64 (n, k) of features, a sparse matrix (n, columns)."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """How many features it reads and how many labels it knows."""

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Every array by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def fault(self) -> str | None:
        """What is wrong with the arrays that :attr:`layouts` cannot say; None where nothing is."""
        return None


@dataclass(frozen=True, eq=False)
class NaiveBayesHead(Head):
    """Multinomial naive Bayes: priors and term probabilities, as logarithms."""

    kind = "naive-bayes"
    # Logarithms of probabilities; rounding can make one of them greater than 0.
    layouts: ClassVar[Mapping[str, ArrayLayout]] = {
        "class_log_prior": ArrayLayout("float", ("labels",), -LARGEST_WEIGHT, 1e-6),
        "feature_log_prob": ArrayLayout("float", ("labels", "columns"), -LARGEST_WEIGHT, 1e-6),
    }
    class_log_prior: np.ndarray
    feature_log_prob: np.ndarray

    @classmethod
    def from_estimator(cls, estimator: Any) -> NaiveBayesHead:
        """From a ``MultinomialNB``."""
        return cls(estimator.class_log_prior_, estimator.feature_log_prob_)

    @property
    def shape(self) -> tuple[int, int]:
        """Features, labels."""
        return self.feature_log_prob.shape[1], self.feature_log_prob.shape[0]

    def probabilities(self, features: Any) -> np.ndarray:
        """Bayes' rule."""
        return softmax(features @ self.feature_log_prob.T + self.class_log_prior)


@dataclass(frozen=True, eq=False)
class LinearSvmHead(Head):
    """A linear SVM, one label against the rest.

    The probabilities are the softmax of the decision margins (with two labels, the logistic
    function of the one margin). They order labels and texts as the margins do; they are not
    calibrated.
    """

    kind = "linear-svm"
    layouts: ClassVar[Mapping[str, ArrayLayout]] = {
        "coefficients": ArrayLayout(
            "float", ("labels", "columns"), -LARGEST_WEIGHT, LARGEST_WEIGHT
        ),
        "intercepts": ArrayLayout("float", ("labels",), -LARGEST_WEIGHT, LARGEST_WEIGHT),
    }
    coefficients: np.ndarray
    intercepts: np.ndarray

    @classmethod
    def from_estimator(cls, estimator: Any) -> LinearSvmHead:
        """From a ``LinearSVC``, which keeps one row of coefficients for two labels."""
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
        """The softmax of the margins."""
        return softmax(features @ self.coefficients.T + self.intercepts)


@dataclass(frozen=True, eq=False)
class RandomForestHead(Head):
    """The nodes of all trees, one after the other; children are counted in these nodes.

    Args:
        roots: int64 (trees,): the first node of each tree.
        left: int64 (nodes,): the child where the feature is at most the threshold, a later node;
            a leaf is its own child.
        right: int64 (nodes,): the other child, a later node.
        feature: int64 (nodes,): the feature that is asked.
        threshold: float64 (nodes,).
        share: float64 (nodes, k): the shares of labels among training rows that came here.
        columns: int64 (1,): how many features there are.
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
    def from_estimator(cls, estimator: Any) -> RandomForestHead:
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

    def fault(self) -> str | None:
        """Why the nodes are not trees, each node in one of them, with shares that sum to 1."""
        nodes = np.arange(len(self.left))
        inner = nodes[(self.left != nodes) | (self.right != nodes)]
        children = np.stack([self.left[inner], self.right[inner]])
        if (children <= inner).any():
            return "a node's child is not a later node"
        parents = np.bincount(np.concatenate([self.roots, *children]), minlength=len(nodes))
        if (parents != 1).any():
            return "a node does not stand at one place of one tree"
        if self.depth() > DEEPEST_TREE:
            return f"a tree is deeper than {DEEPEST_TREE} nodes"
        if (abs(self.share.sum(axis=1) - 1) > 1e-6).any():
            return "the shares of a node do not sum to 1"
        return None

    def depth(self) -> int:
        """The nodes from a root to the farthest leaf; counting ends after ``DEEPEST_TREE``."""
        depth, level = 0, self.roots
        while level.size and depth <= DEEPEST_TREE:
            level = level[self.left[level] != level]
            level = np.concatenate([self.left[level], self.right[level]])
            depth += 1
        return depth

    def probabilities(self, features: Any) -> np.ndarray:
        """The mean over trees of the shares in the leaf that a row ends in."""
        columns, labels = self.shape
        numbers = max(columns, len(self.roots) * labels)
        step = min(FOREST_ROWS, max(1, FOREST_NUMBERS // numbers))
        parts = [
            self._dense(features[start : start + step].toarray())
            for start in range(0, features.shape[0], step)
        ]
        return np.concatenate(parts)

    def _dense(self, features: np.ndarray) -> np.ndarray:
        # scikit-learn's trees compare float32 features with float64 thresholds.
        features = features.astype(np.float32)
        rows = np.repeat(np.arange(len(features)), len(self.roots))
        nodes = np.tile(self.roots, len(features))
        going = np.arange(len(nodes))
        while going.size:
            here = nodes[going]
            low = features[rows[going], self.feature[here]] <= self.threshold[here]
            there = np.where(low, self.left[here], self.right[here])
            nodes[going] = there
            going = going[self.left[there] != there]
        shares = self.share[nodes].reshape(len(features), len(self.roots), -1)
        # Trees first: one tree is added after the other, however many rows there are.
        total = np.add.reduce(shares.transpose(1, 0, 2).copy(), axis=0)
        return np.asarray(total / len(self.roots))


HEADS = {head.kind: head for head in (NaiveBayesHead, LinearSvmHead, RandomForestHead)}


def softmax(scores: np.ndarray) -> np.ndarray:
    """Shares that sum to 1 along the last axis.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
