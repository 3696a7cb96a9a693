"""Seeded generators and deterministic kernels for the length of a training."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import transformers


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed all generators and use deterministic kernels in the block; restore both after it."""
    states = random.getstate(), np.random.get_state()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng():
        transformers.set_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=True)
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
