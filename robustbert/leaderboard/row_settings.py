"""Which published rows are those of a suite: rows by model, defenses and training settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from robustbert.bench import Overrides, Suite, make_plan
from robustbert.bench.certification_record import CertificationRecord
from robustbert.bench.victim_spec import VictimSpec
from robustbert.defenses import (
    DEFENSES,
    Defense,
    DefenseSpec,
    StepCost,
    compose,
    make_defense,
)
from robustbert.errors import RobustbertError
from robustbert.records import DefenseRef, Record
from robustbert.reports.conditions import canonical, readable
from robustbert.training import TrainingConfig, make_config

# Settings of a training that are no choice of the suite: they depend on the machine, or a row has
# several of them.
_NOT_CHOSEN = frozenset({"seed", "device", "dtype", "tensorboard"})


@dataclass(frozen=True)
class RowSettings:
    """How a row is made, whatever its weights: equal for a row of a suite and for its records.

    Args:
        model: the name of the model.
        defenses: the defenses with all parameters, as JSON.
        training: the training settings that differ from the defaults, as JSON.
        adaptive: whether attacks know the defenses.
    """

    model: str
    defenses: str
    training: str
    adaptive: bool = False

    @property
    def is_defended(self) -> bool:
        """Whether it has a defense."""
        return bool(json.loads(self.defenses))

    @property
    def title(self) -> str:
        """Model and defenses, with the parameters and settings that differ from the defaults."""
        model = _with_values(self.model, json.loads(self.training))
        name = " + ".join([model, *map(defense_title, self._refs())])
        return f"{name} (adaptive)" if self.adaptive else name

    @property
    def built_in(self) -> dict[str, Defense]:
        """Its built-in defenses, with default parameters, keyed by name."""
        found = {ref.name: _built_in(ref.name) for ref in self._refs()}
        return {name: one for name, one in found.items() if one is not None}

    @property
    def wrappers(self) -> str | None:
        """Those of its defenses that change predictions, as JSON; None if one is not built in."""
        found = [(ref, _built_in(ref.name)) for ref in self._refs()]
        wraps = {ref.name: one is not None and one.overrides("wrap") for ref, one in found}
        if any(one is None for _, one in found):
            return None
        return canonical([ref.model_dump() for ref, _ in found if wraps[ref.name]])

    @property
    def step_cost(self) -> StepCost | None:
        """The passes of a training step; None if it is not known.

        It is known of built-in defenses whose parameters and list are valid in this version.
        """
        refs = self._refs()
        if None in [_built_in(ref.name) for ref in refs]:
            return None
        try:
            return compose([DefenseSpec(ref.name, ref.params) for ref in refs]).step_cost
        except RobustbertError:  # an earlier revision had other parameters
            return None

    def _refs(self) -> list[DefenseRef]:
        return [DefenseRef.model_validate(ref) for ref in json.loads(self.defenses)]


def defense_title(defense: DefenseRef) -> str:
    """A defense with the parameters that differ from its defaults, and an earlier revision.

    Of a defense that is not built in, all parameters are shown.
    """
    current = _built_in(defense.name)
    if current is None:
        return _with_values(defense.name, defense.params)
    defaults = current.params()
    values = {
        name: defense.params[name]
        for name in dict.fromkeys((*defaults, *defense.params))  # in the order of the defense
        if name in defense.params
        and (name not in defaults or canonical(defense.params[name]) != canonical(defaults[name]))
    }
    earlier = defense.revision != current.revision
    return _with_values(defense.name, values | ({"revision": defense.revision} if earlier else {}))


def settings_of_victim(victim: VictimSpec) -> RowSettings:
    """The settings of a row of a suite."""
    config = make_config(victim.training, seed=0)
    refs = compose(victim.defenses).refs()
    return _settings(victim.name, refs, asdict(config), victim.adaptive)


def settings_of_record(record: Record | CertificationRecord) -> RowSettings:
    """The settings of the row that a record belongs to; certificates hold for any attack."""
    model = record.model
    adaptive = isinstance(record, Record) and bool(record.protocol.adaptive)
    return _settings(model.name, record.defenses, model.training or {}, adaptive)


def rows_of_suite(suite: Suite) -> dict[str, dict[RowSettings, str]]:
    """The rows of a suite in its order, with their names in the suite, keyed by dataset.

    Replicates are one row, with the name of the first.
    """
    rows: dict[str, dict[RowSettings, str]] = {}
    for model in suite.models:
        for dataset, victim in make_plan(suite, Overrides(models=[model])).victims():
            rows.setdefault(dataset, {}).setdefault(settings_of_victim(victim), model)
    return rows


def plain_row(rows: Iterable[RowSettings]) -> RowSettings | None:
    """The row that the others are compared with: the first without a defense; None without one."""
    return next((row for row in rows if not row.is_defended), None)


def _settings(
    model: str, defenses: Sequence[DefenseRef], training: Mapping[str, Any], adaptive: bool
) -> RowSettings:
    defaults = asdict(TrainingConfig())
    chosen = {
        name: value
        for name, value in training.items()
        if name in defaults and name not in _NOT_CHOSEN and value != defaults[name]
    }
    refs = [ref.model_dump() for ref in defenses]
    return RowSettings(model, canonical(refs), canonical(chosen), adaptive)


def _built_in(name: str) -> Defense | None:
    """A built-in defense with its defaults; a record must not choose other code to import."""
    known = {entry.name for entry in DEFENSES.built_in()}
    return make_defense(name, {}) if name in known else None


def _with_values(name: str, values: Mapping[str, Any]) -> str:
    """A name with values in brackets.

    >>> _with_values("pgd", {"steps": 3, "norm": "l2"})
    'pgd (steps = 3, norm = l2)'
    """
    shown = ", ".join(f"{key} = {readable(value)}" for key, value in values.items())
    return f"{name} ({shown})" if shown else name
