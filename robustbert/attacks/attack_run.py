"""The result of running a recipe on several examples."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

from robustbert.attacks.scheduler.recheck import OutputSample
from robustbert.records.schema import Outcome, RecipeRef


@dataclass(frozen=True)
class AttackRun:
    """The outcomes of a recipe on some examples, and their cost.

    Args:
        outcomes: in the order of the examples.
        recipe: the recipe in record format.
        asset_hashes: the SHA-256 of each asset that the recipe reads, by name.
        seconds: wall time.
        victim_seconds: the part of ``seconds`` spent in the victim.
        victim_queries: number of texts that the victim scored; cache hits are not counted.
        victim_sample: a sample of the victim's outputs, which the runner can recheck.
        encoder_sample: a sample of the sentence encoder's embeddings, which it can recheck.
        final_texts: the changed texts with which unsuccessful searches ended, keyed by example id.
            Outcomes do not hold them.
    """

    outcomes: tuple[Outcome, ...]
    recipe: RecipeRef
    asset_hashes: dict[str, str]
    seconds: float
    victim_seconds: float
    victim_queries: int
    victim_sample: OutputSample = field(repr=False)
    encoder_sample: OutputSample = field(repr=False)
    final_texts: Mapping[str, str] = field(repr=False)


def finish(
    steps: Generator[Outcome, None, AttackRun], on_outcome: Callable[[Outcome], object]
) -> AttackRun:
    """Run attacks to their end; ``on_outcome`` is called with each outcome."""
    while True:
        try:
            on_outcome(next(steps))
        except StopIteration as finished:
            run: AttackRun = finished.value
            return run
