from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from robustbert.errors import TrainingDivergedError
from robustbert.metrics import proportion
from robustbert.training import TrainingConfig
from robustbert.tuning import TuneOptions, TuneResult
from robustbert.tuning.trial_scores import OnAccuracy, TrialScore
from robustbert.tuning.tune_models import run_tuning
from tests.tiny import make_tiny_bert
from tests.training.conftest import toy  # noqa: F401


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The folders of two tiny networks."""
    folder = tmp_path_factory.mktemp("tuning")
    names = ("first", "second")
    return tuple(str(make_tiny_bert(folder / name, weight_std=0.1)) for name in names)


@dataclass
class FakeTraining:
    """A formula in place of a training: best near a learning rate of 1e-4 and no weight decay.

    Args:
        interrupt_at: the number of the call, from 0, that the user interrupts.
        diverge_at: the number of the call that diverges.
    """

    interrupt_at: int | None = None
    diverge_at: int | None = None
    calls: list[TrainingConfig] = field(default_factory=list)

    def __call__(self, model: str, config: TrainingConfig, on_accuracy: OnAccuracy) -> TrialScore:
        self.calls.append(config)
        number = len(self.calls) - 1
        away = abs(math.log10(config.learning_rate) + 4)
        clean = 0.9 - 0.3 * away - config.weight_decay
        for step in range(1, 5):
            on_accuracy(step, clean * (1 - 0.1 / step), step == 4)
            if step == 1 and number == self.interrupt_at:
                raise KeyboardInterrupt
            if step == 1 and number == self.diverge_at:
                raise TrainingDivergedError("the training diverged")
        attacked = 0.2 + 0.2 * away + 0.05 * (config.layer_decay - 0.7)
        return TrialScore(
            proportion(round(1000 * clean), 1000), proportion(round(1000 * attacked), 1000), 1.0
        )


@pytest.fixture
def whole_study(toy, bases, tmp_path: Path) -> Callable[..., TuneResult]:  # noqa: F811
    """Runs a search with :class:`FakeTraining` in a folder."""

    def run(name: str, training: FakeTraining | None = None, **options) -> TuneResult:
        chosen = TuneOptions(**{"models": bases[:1], "trials": 13, "device": "cpu"} | options)
        return run_tuning(toy, chosen, tmp_path / name, evaluate=training or FakeTraining())

    return run


@pytest.fixture
def study(whole_study, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TuneResult]:
    """Runs a search without importances and plots, which take most of the time."""
    monkeypatch.setattr("robustbert.tuning.tune_models.importances", lambda *_: {})
    monkeypatch.setattr("robustbert.tuning.tune_models.figure_bytes", lambda *_: b"")
    return whole_study
