"""Save and restore the three global random generators that TextAttack draws from."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GeneratorStates:
    """The states of ``random``, ``numpy.random`` and ``torch`` at one moment."""

    python: Any
    numpy: Any
    torch: Any

    @classmethod
    def capture(cls) -> GeneratorStates:
        """The current states."""
        import numpy
        import torch

        return cls(random.getstate(), numpy.random.get_state(), torch.get_rng_state())

    @classmethod
    def from_seed(cls, seed: int) -> GeneratorStates:
        """The states after seeding all three with ``seed`` (0 to 2**32 - 1).

        The global generators are not changed.
        """
        import numpy
        import torch

        torch_generator = torch.Generator()
        torch_generator.manual_seed(seed)
        return cls(
            random.Random(seed).getstate(),
            numpy.random.RandomState(seed).get_state(),
            torch_generator.get_state(),
        )

    def restore(self) -> None:
        """Set the three generators to these states."""
        import numpy
        import torch

        random.setstate(self.python)
        numpy.random.set_state(self.numpy)
        torch.set_rng_state(self.torch)
