"""The training settings that a search chooses from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from robustbert.errors import InputError
from robustbert.training import TrainingConfig
from robustbert.training.config import OPTIMIZERS

if TYPE_CHECKING:
    import optuna

_RANGES = ("learning_rate", "epochs", "warmup_ratio", "weight_decay", "layer_decay")
_CHOICES = ("batch_size", "optimizer")
#: The name of the parameter that chooses the model, if there are several.
MODEL = "model"


@dataclass(frozen=True)
class SearchSpace:
    """The training settings that a search chooses from.

    A range is its lowest and its highest value; one value alone fixes the setting. Numbers that are
    not whole are rounded to 3 significant digits.

    Args:
        learning_rate: range of the peak learning rate, on a logarithmic scale.
        batch_size: the values to choose from.
        epochs: range.
        warmup_ratio: range.
        weight_decay: range.
        optimizer: the names to choose from.
        layer_decay: range.

    Raises:
        InputError: a range has more than two values or ends before it begins, or a value is not
            one of :class:`robustbert.TrainingConfig`.
        UnknownNameError: there is no such optimizer.
    """

    learning_rate: tuple[float, ...] = (1e-5, 5e-4)
    batch_size: tuple[int, ...] = (16, 32, 64)
    epochs: tuple[int, ...] = (1, 4)
    warmup_ratio: tuple[float, ...] = (0.0, 0.2)
    weight_decay: tuple[float, ...] = (0.0, 0.1)
    optimizer: tuple[str, ...] = OPTIMIZERS
    layer_decay: tuple[float, ...] = (0.7, 1.0)

    def __post_init__(self) -> None:
        """Check the values."""
        for name in (*_RANGES, *_CHOICES):
            values = getattr(self, name)
            if not isinstance(values, tuple):
                raise InputError(f"search space: {name} is {values!r}; give a tuple of values")
            if not values:
                raise InputError(f"search space: {name} has no value; give at least one")
            for value in values:
                TrainingConfig(**{name: value})
        for name in _RANGES:
            values = getattr(self, name)
            if len(values) > 2 or values[0] > values[-1]:
                shown = ",".join(map(str, values))
                raise InputError(
                    f"search space: {name} is {shown}; give the lowest and the highest value, or "
                    "one value"
                )

    @property
    def open_settings(self) -> tuple[str, ...]:
        """The names of the settings that are not fixed."""
        names = (*_RANGES, *_CHOICES)
        return tuple(name for name in names if len(set(getattr(self, name))) > 1)

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """The settings of a trial, chosen by the study's sampler."""
        settings: dict[str, Any] = {}
        for name in _RANGES:
            low, high = self._ends(name)
            if low == high:
                settings[name] = low
            elif name == "epochs":
                settings[name] = trial.suggest_int(name, low, high)
            else:
                value = trial.suggest_float(name, low, high, log=name == "learning_rate")
                settings[name] = min(max(float(f"{value:.3g}"), low), high)
        for name in _CHOICES:
            values = tuple(dict.fromkeys(getattr(self, name)))
            settings[name] = (
                trial.suggest_categorical(name, values) if len(values) > 1 else values[0]
            )
        return settings

    def nearest_to_defaults(self) -> dict[str, Any]:
        """The defaults of training, moved into the space; settings that are fixed are left out."""
        defaults = asdict(TrainingConfig())
        nearest: dict[str, Any] = {}
        for name in self.open_settings:
            values, default = getattr(self, name), defaults[name]
            if name in _CHOICES:
                nearest[name] = default if default in values else values[0]
            else:
                low, high = self._ends(name)
                nearest[name] = min(max(default, low), high)
        return nearest

    def _ends(self, name: str) -> tuple[Any, Any]:
        values = getattr(self, name)
        return values[0], values[-1]
