"""Processes that a launcher such as ``torchrun`` or ``accelerate launch`` started."""

from __future__ import annotations

import os


def launched_processes() -> int:
    """The number of processes that a launcher has started to train together; 1 without one."""
    return int(os.environ.get("WORLD_SIZE", "1"))
