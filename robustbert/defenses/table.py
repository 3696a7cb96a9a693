"""The table of defenses: a published defense a module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from robustbert.registry import Entry, Registry
from robustbert.validation import build_from_settings

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.training import TrainedModel, TrainingConfig


def _is_defense(target: object) -> bool:
    methods = ("train", "params", "ingredients", "revision")
    return (
        isinstance(target, type)
        and is_dataclass(target)
        and all(hasattr(target, name) for name in methods)
    )


DEFENSES = Registry(
    "defense",
    [
        Entry(
            "adversarial-training",
            "robustbert.defenses.adversarial_training:AdversarialTraining",
            "fine-tuned, attacked on training examples, fine-tuned again on both",
        ),
    ],
    accepts=_is_defense,
    expected="a dataclass that implements robustbert.defenses.Defense",
)


class Defense(Protocol):
    """A way to train a more robust classifier; its parameters are its fields.

    Attributes:
        revision: of its code, at least 1; raise it when the same parameters give other models.
    """

    revision: ClassVar[int]

    def train(
        self,
        dataset: TextDataset,
        plain: Path,
        config: TrainingConfig,
        out: Path,
        *,
        resume: bool = False,
    ) -> TrainedModel:
        """Train into ``out``, starting from the plainly trained classifier in ``plain``.

        With ``resume``, from the last checkpoint in ``out``, if there is one.
        """
        ...

    def params(self) -> dict[str, Any]:
        """Every parameter, as a record holds them."""
        ...

    def ingredients(self) -> dict[str, Any]:
        """What else its result depends on, beside parameters, data and training settings."""
        ...


def make_defense(name: str, params: Mapping[str, Any]) -> Defense:
    """The defense called ``name`` with these parameters; what is not given has its default.

    Raises:
        UnknownNameError: no such defense, or no such parameter; the message lists the near names.
        InputError: a value is of the wrong type or out of range.
    """
    defense: Defense = build_from_settings(DEFENSES.load(name), params, name)
    return defense
