"""How often the gate fails: false alarms and power, by simulation of whole comparisons."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.stats import binom

from robustbert.gate import GatePolicy, RowPair
from robustbert.gate.comparison import verdicts
from robustbert.gate.comparison.paired_measures import PairedMeasure
from robustbert.gate.comparison.verdicts import judge
from robustbert.metrics import bootstrap_of_counts, smallest_drop

ROWS = RowPair("old", "new", "a" * 64, "b" * 64, "different models")
MEASURES, N = 4, 300


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals do not matter here."""
    few = partial(bootstrap_of_counts, resamples=2)
    monkeypatch.setattr(verdicts, "bootstrap_of_counts", few)


def simulated(drops: list[float], discordant: float, random: np.random.Generator) -> list[str]:
    """The verdicts of one comparison whose measures have these true drops."""
    pairs = []
    for number, drop in enumerate(drops):
        lost, gained = (discordant + drop) / 2, (discordant - drop) / 2
        kinds = random.choice(4, size=N, p=[lost, gained, 0.4, 0.6 - lost - gained])
        base = {str(i): bool(kind in (0, 2)) for i, kind in enumerate(kinds)}
        candidate = {str(i): bool(kind in (1, 2)) for i, kind in enumerate(kinds)}
        pairs.append(
            PairedMeasure(ROWS, "data", "test", "unified", f"recipe {number}", (), base, candidate)
        )
    return [measure.verdict for measure in judge(pairs, GatePolicy(max_drop=0.02))]


def test_false_alarms_are_at_most_alpha() -> None:
    random, comparisons = np.random.default_rng(0), 400
    alarms = sum(
        "regression" in simulated([0.0] * MEASURES, 0.15, random) for _ in range(comparisons)
    )
    assert alarms <= binom.isf(1e-4, comparisons, 0.05)
    assert alarms > 0, "the simulation cannot tell a gate that never fails"


def test_the_stated_drop_is_seen_with_the_stated_power() -> None:
    random, comparisons, discordant = np.random.default_rng(1), 400, 0.15
    drop = smallest_drop(N, discordant, 0.05 / MEASURES)
    assert drop is not None
    seen = sum(
        simulated([drop, *[0.0] * (MEASURES - 1)], discordant, random)[0] == "regression"
        for _ in range(comparisons)
    )
    # the observed share of discordant examples varies, and Holm is a little less strict
    assert binom.ppf(1e-4, comparisons, 0.8) <= seen <= binom.isf(1e-4, comparisons, 0.85)
