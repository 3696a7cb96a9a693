"""Temperature scaling: the temperature at which a model's probabilities fit its accuracy.

Guo et al. 2017, "On Calibration of Modern Neural Networks": the logits are divided by one number,
which minimizes the negative log-likelihood (NLL) on held-out examples. No prediction changes.

Unlike there, the label of an example has the weight (n + 1) / (n + 2) and the others share the
rest, as in Platt 1999, "Probabilistic outputs for support vector machines". Otherwise a model
without a wrong prediction would have the temperature 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from robustbert.errors import InputError

# Temperatures that are tried first; the best is between the two neighbours of the best of these.
_GRID = np.linspace(math.log(1e-4), math.log(1e4), 93)


@dataclass(frozen=True)
class FittedTemperature:
    """A fitted temperature.

    Args:
        temperature: above 1 for an over-confident model, below 1 for an under-confident one; from
            0.0001 to 10000.
        nll: the mean negative log-likelihood of the labels at this temperature, in nats.
        nll_before: the same at temperature 1.
        num_examples: the number of examples.
    """

    temperature: float
    nll: float
    nll_before: float
    num_examples: int


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> FittedTemperature:
    """Fit the temperature that the logits have to be divided by.

    Args:
        logits: finite, (n, k) with n at least 1 and k at least 2.
        labels: integers in [0, k), (n,).

    Raises:
        InputError: the shapes do not match, or there is no example.
    """
    from scipy.optimize import minimize_scalar

    if logits.ndim != 2 or labels.shape != logits.shape[:1] or not labels.size:
        raise InputError(
            f"logits of shape {logits.shape} and labels of shape {labels.shape} do not match; give "
            "one row of logits per label, and at least one"
        )
    wide = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return _smoothed_nll(wide / math.exp(log_temperature), labels)

    best = int(np.argmin([loss(point) for point in _GRID]))
    around = _GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)]
    found = minimize_scalar(loss, bounds=around, method="bounded", options={"xatol": 1e-6})
    temperature = math.exp(float(found.x))
    return FittedTemperature(
        temperature, _nll(wide / temperature, labels), _nll(wide, labels), len(labels)
    )


def _nll(logits: np.ndarray, labels: np.ndarray) -> float:
    from scipy.special import log_softmax

    return float(-log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean())


def _smoothed_nll(logits: np.ndarray, labels: np.ndarray) -> float:
    """The loss if the label of an example has the weight (n + 1) / (n + 2)."""
    from scipy.special import log_softmax

    n, k = logits.shape
    rows = log_softmax(logits, axis=1)
    of_labels = rows[np.arange(n), labels]
    others = (rows.sum(axis=1) - of_labels) / (k - 1)
    rest = 1 / (n + 2)
    return float(-((1 - rest) * of_labels + rest * others).mean())
