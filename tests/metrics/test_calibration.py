"""The fitted temperature, against a grid search and against labels drawn at a known temperature."""

from __future__ import annotations

import numpy as np
import pytest

from robustbert.errors import InputError
from robustbert.metrics.calibration import fit_temperature


def drawn(n: int, k: int, temperature: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from the softmax of the logits divided by a temperature."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, (n, k))
    shares = np.exp(logits / temperature)
    shares /= shares.sum(axis=1, keepdims=True)
    labels = np.array([generator.choice(k, p=row) for row in shares])
    return logits, labels


def nll(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean negative log-likelihood, example by example."""
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        total += np.logaddexp.reduce(row) - row[label]
    return total / len(labels)


@pytest.mark.parametrize("scale", [1, 100, 0.01])
@pytest.mark.parametrize("k", [2, 5])
def test_it_is_the_best_of_a_grid(scale: float, k: int) -> None:
    logits, labels = drawn(400, k, 2.0)
    found = fit_temperature((scale * logits).astype(np.float32), labels)
    grid = scale * np.linspace(1, 4, 601)
    losses = [nll(scale * logits / t, labels) for t in grid]
    best = grid[int(np.argmin(losses))]
    # the labels of the fit are smoothed by 1 in 402, which the grid's are not
    assert found.temperature == pytest.approx(best, rel=0.03)
    assert found.nll == pytest.approx(min(losses), abs=1e-3)
    assert found.nll_before == pytest.approx(nll(scale * logits, labels), rel=1e-5)
    assert found.num_examples == 400


def test_it_is_the_temperature_that_labels_were_drawn_at() -> None:
    logits, labels = drawn(20_000, 3, 2.5)
    assert fit_temperature(logits, labels).temperature == pytest.approx(2.5, rel=0.05)


def test_a_model_without_a_wrong_prediction_has_a_finite_temperature() -> None:
    """With two labels and equal margins, the best probability is (n + 1) / (n + 2)."""
    labels = np.array([0, 1] * 20)
    logits = np.where(labels[:, None] == np.arange(2), 1.0, -1.0)
    found = fit_temperature(logits, labels)
    probability = 1 / (1 + np.exp(-2 / found.temperature))
    assert probability == pytest.approx(41 / 42, abs=1e-4)


def test_it_follows_the_scale_of_the_logits() -> None:
    logits, labels = drawn(300, 3, 1.0)
    one, hundred = (fit_temperature(scale * logits, labels) for scale in (1, 100))
    assert hundred.temperature == pytest.approx(100 * one.temperature, rel=1e-4)
    assert hundred.nll == pytest.approx(one.nll)


@pytest.mark.parametrize(
    ("logits", "labels"),
    [(np.zeros((0, 2)), np.zeros(0, int)), (np.zeros((3, 2)), np.zeros(2, int))],
)
def test_shapes_that_do_not_match_are_refused(logits: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(InputError, match="one row of logits per label"):
        fit_temperature(logits, labels)
