"""Running a recipe in tests, with outcomes that can be compared."""

from __future__ import annotations

from collections.abc import Iterable

from robustbert.attacks.runner import AttackRun, AttackRunner
from robustbert.records.schema import Outcome


def without_time(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes, with all times set to 0."""
    return [outcome.model_copy(update={"seconds": 0.0}) for outcome in outcomes]


def run(victim, name: str, reviews, track: str = "unified", **options) -> AttackRun:
    """Attack reviews in float32."""
    return AttackRunner(victim, name, track=track, dtype="float32", **options).run(reviews)
