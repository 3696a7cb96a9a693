"""Verify what a search has found, under the limits of its track."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from robustbert.attacks.outcome_builder import AttackedExample
from robustbert.attacks.scheduler.clients import PooledEncoder, PooledVictim
from robustbert.attacks.tracks import TrackLimits, UnifiedLimits
from robustbert.attacks.verification import Verdict, Verifier

if TYPE_CHECKING:
    from robustbert.attacks.textattack.search import Search


def verify(
    example: AttackedExample,
    found: Search,
    victim: PooledVictim,
    encoder: PooledEncoder,
    track: TrackLimits,
) -> Verdict:
    """Verify the final text of a successful search.

    Similarity is measured on every track, but only the unified track limits it.

    Args:
        example: the attacked example.
        found: the search.
        victim: the model that was attacked.
        encoder: the sentence encoder.
        track: the track with its limits.
    """
    from robustbert.attacks.textattack.constraints import satisfies_text_constraints

    is_limited = track.track == "unified"
    limits = track.unified if is_limited else UnifiedLimits()
    min_similarity = limits.min_similarity if is_limited else None
    return Verifier(victim, encoder, min_similarity, limits.similarity_stretch).check(
        example.text,
        found.adversarial_text,
        example.label,
        partial(satisfies_text_constraints, found.constraints),
    )
