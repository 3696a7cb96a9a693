from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from robustbert.learning_curves import CurveOptions, CurvePoint, LearningCurve
from robustbert.learning_curves.curve_options import GridPoint
from robustbert.learning_curves.curve_run import Measure, plan_curve, run_curve
from robustbert.metrics import proportion
from robustbert.records import Counts
from tests.records.builders import ENVIRONMENT
from tests.training.conftest import tiny_base, toy  # noqa: F401

RECIPES = ("deepwordbug", "pwws")


def made_point(place: GridPoint, clean: int, *attacked: int, worst: int = 0) -> CurvePoint:
    """A point with these numbers of 20 examples that are correct, and that survive each recipe."""
    names = RECIPES[: len(attacked)]
    return CurvePoint(
        size=place.size,
        noise=place.noise,
        seed=place.seed,
        num_examples=round(1000 * place.size),
        num_changed=round(1000 * place.size * place.noise),
        dataset_sha256="0" * 64,
        weights_sha256=None,
        train_seconds=1.0,
        clean=proportion(clean, 20),
        attacked={name: proportion(k, 20) for name, k in zip(names, attacked, strict=True)},
        worst_case=proportion(worst, 20) if names else None,
        counts={
            name: Counts(
                skipped=0,
                robust=k,
                broken=20 - k,
                exhausted=0,
                error=0,
                retracted=0,
                truncated=0,
            )
            for name, k in zip(names, attacked, strict=True)
        },
        right={
            name: "1" * k + "0" * (20 - k)
            for name, k in zip(("clean", *names), (clean, *attacked), strict=True)
        },
    )


def made_curve(points: Sequence[CurvePoint]) -> LearningCurve:
    """A curve of points with two recipes."""
    return LearningCurve(
        curve_version=1,
        robustbert_version="1.0",
        command=None,
        dataset="rotten_tomatoes",
        source="made-up==1",
        model="minilm",
        defenses=[],
        recipes=list(RECIPES),
        track="unified",
        split="test",
        configuration={},
        environment=ENVIRONMENT,
        points=list(points),
    )


def with_errors(point: CurvePoint, number: int) -> CurvePoint:
    """The point with this number of failed attacks."""
    counts = point.counts["pwws"].model_copy(update={"error": number})
    return point.model_copy(update={"counts": {**point.counts, "pwws": counts}})


@dataclass
class MadeMeasure:
    """A formula in place of trainings and attacks.

    Args:
        interrupt_at: the number of the call, from 0, that the user interrupts.
    """

    interrupt_at: int | None = None
    calls: list[GridPoint] = field(default_factory=list)

    def __call__(self, place: GridPoint) -> CurvePoint:
        if len(self.calls) == self.interrupt_at:
            raise KeyboardInterrupt
        self.calls.append(place)
        clean = round(10 + 8 * place.size - 10 * place.noise) + place.seed
        return made_point(place, clean, clean // 2, clean // 3, worst=clean // 4)


@pytest.fixture
def measured(
    toy,  # noqa: F811
    tiny_base,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., LearningCurve]:
    """Measures a curve with :class:`MadeMeasure` in a folder, without plots."""
    monkeypatch.setattr("robustbert.learning_curves.curve_run.figure_bytes", lambda *_: b"")

    def measure(name: str, made: Measure | None = None, **options) -> LearningCurve:
        chosen = CurveOptions(**{"model": str(tiny_base), "device": "cpu"} | options)
        return run_curve(plan_curve(toy, chosen), tmp_path / name, measure=made or MadeMeasure())

    return measure
