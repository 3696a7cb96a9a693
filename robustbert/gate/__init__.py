"""Compare the robustness of two models, for builds that fail when it drops."""

from robustbert.gate.replay import (
    Replay,
    ReplayedCell,
    ReplayedGroup,
    Transfer,
    load_replayed,
    replay_texts,
)

__all__ = [
    "Replay",
    "ReplayedCell",
    "ReplayedGroup",
    "Transfer",
    "load_replayed",
    "replay_texts",
]
