"""Which checks are run, and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from robustbert.data_checks.check_kinds import CHECKS, DataCheck
from robustbert.errors import InputError, UnknownNameError
from robustbert.frozen import FrozenMapping
from robustbert.validation import check_between, is_proportion

_MAX_FOLDS = 20
_MAX_SEED = 2**32 - 1  # of NumPy's generators


@dataclass(frozen=True)
class CheckSettings:
    """Which checks are run, and their limits.

    Args:
        limits: limits by the name of the check, from 0 to 1; the others have their defaults.
        skip: the names of checks that are not run.
        folds: the number of folds of ``label-errors``, from 2 to 20.
        seed: the seed of the folds, from 0 to 2**32 - 1.

    Raises:
        UnknownNameError: there is no such check; the message suggests similar names.
        InputError: a limit, the folds or the seed are out of range, a limit is given for a skipped
            check, or all checks are skipped.
    """

    limits: Mapping[str, float] = field(default_factory=FrozenMapping)
    skip: tuple[str, ...] = ()
    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", FrozenMapping(self.limits))
        object.__setattr__(self, "skip", tuple(dict.fromkeys(self.skip)))
        for name in (*self.limits, *self.skip):
            if name not in CHECKS:
                raise UnknownNameError("check", name, CHECKS)
        for name, limit in self.limits.items():
            if not is_proportion(limit):
                raise InputError(f"the limit of {name} is {limit!r}; give a number from 0 to 1")
            if name in self.skip:
                raise InputError(f"{name} has a limit and is skipped; leave out one of them")
        if not self.checks:
            raise InputError("all checks are skipped; leave one of them in")
        check_between(2, _MAX_FOLDS, folds=self.folds)
        check_between(0, _MAX_SEED, seed=self.seed)

    @property
    def checks(self) -> list[DataCheck]:
        """The checks that are run, in order."""
        return [check for check in CHECKS.values() if check.name not in self.skip]

    def limit(self, check: DataCheck) -> float:
        """The limit of a check."""
        return float(self.limits.get(check.name, check.limit))
