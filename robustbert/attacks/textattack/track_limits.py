"""Apply the limits of a track to a recipe's attack."""

from __future__ import annotations

from typing import Any

from robustbert.attacks.scheduler.clients import PooledEncoder
from robustbert.attacks.textattack.model_wrapper import PooledModelWrapper
from robustbert.attacks.textattack.unified_li_track import apply_li_limits
from robustbert.attacks.textattack.unified_track import apply_unified_limits
from robustbert.attacks.tracks import TrackLimits


def apply_track(
    track: TrackLimits,
    recipe: str,
    attack: Any,
    victim: PooledModelWrapper,
    words: int,
    encoder: PooledEncoder,
) -> Any:
    """Apply a track's limits to a recipe's attack on a text with ``words`` words.

    Args:
        track: the track and its limits.
        recipe: the recipe's name.
        attack: a ``textattack.Attack`` that is not used for anything else.
        victim: its model wrapper.
        words: number of words of the text, for the limits that depend on it.
        encoder: the sentence encoder of similarity constraints.

    Returns:
        A ``textattack.Attack``; on the ``published`` track, ``attack`` itself.
    """
    if track.track == "unified":
        return apply_unified_limits(attack, track, victim, words, encoder)
    if track.track == "unified-li":
        return apply_li_limits(recipe, attack, track.length, words, encoder)
    return attack
