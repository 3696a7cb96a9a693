"""Whether two cells can be compared: the conditions that must be the same in both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from robustbert.bench.identity import cell_identity
from robustbert.gate.gate_run import GateCell
from robustbert.records import Environment, Record
from robustbert.reports.conditions import (
    ASSET_HASHES,
    ASSETS_PROFILE,
    DATASET_HASH,
    EXAMPLE_SEED,
    LENGTH_CLASS,
    LIMITS,
    PROTOCOL_REVISION,
    RECIPE_PARAMS,
    Condition,
    value_difference,
)
from robustbert.reports.conditions import differences as condition_differences
from robustbert.reports.wording import counted

# Keyed by the kind of difference.
_CONDITIONS: Mapping[str, tuple[Condition, ...]] = MappingProxyType(
    {
        "assets": (ASSETS_PROFILE, ASSET_HASHES),
        "seed": (EXAMPLE_SEED,),
        "protocol": (PROTOCOL_REVISION, LIMITS, LENGTH_CLASS, RECIPE_PARAMS),
    }
)

# The names of packages that messages write in another way.
_NAMES = MappingProxyType({"python": "Python", "nltk": "NLTK", "textattack": "TextAttack"})

# Fields of the environment that can change floating-point results, and so single outcomes.
_PROCESSORS: Mapping[str, Callable[[Environment], str | None]] = MappingProxyType(
    {
        "processor": lambda environment: environment.processor_class,
        "device": lambda environment: environment.device.partition(":")[0],
    }
)


def differences(base: GateCell, candidate: GateCell) -> dict[str, list[str]]:
    """The differences that prevent a comparison unless they are allowed.

    Returns:
        Descriptions of the differences, keyed by their kind, a name in
        :data:`robustbert.gate.policy.DIFFERENCES`. Kinds without a difference are absent.
    """
    found = {
        kind: condition_differences([candidate.record], conditions, [base.record])[0]
        for kind, conditions in _CONDITIONS.items()
    }
    found["versions"] = _different_versions(base.record, candidate.record)
    found["examples"] = _different_examples(base, candidate)
    found["errors"] = [
        f"{counted(errors, 'example')} of the {side} with the status error"
        for side, cell in (("base", base), ("candidate", candidate))
        if (errors := cell.record.counts.error)
    ]
    return {kind: described for kind, described in found.items() if described}


def caveats(pairs: Iterable[tuple[GateCell, GateCell]]) -> tuple[str, ...]:
    """Differences between compared cells that do not prevent a comparison, as sentences."""
    found: dict[str, None] = {}
    for base, candidate in pairs:
        found.update(dict.fromkeys(_caveats(base.record, candidate.record)))
    return tuple(found)


def _caveats(base: Record, candidate: Record) -> Iterable[str]:
    for name, value in _PROCESSORS.items():
        old, new = value(base.environment), value(candidate.environment)
        if old != new:
            shown = [getattr(r.environment, name) for r in (base, candidate)]
            names = f" ({shown[0]} and {shown[1]})" if shown[0] != shown[1] else ""
            yield (
                f"The base and the candidate ran on different types of {name}{names}, so single "
                "outcomes may differ for that reason alone."
            )
    if base.model.dtype != candidate.model.dtype:
        yield (
            f"The base was attacked in {base.model.dtype}, the candidate in "
            f"{candidate.model.dtype}."
        )
    adaptive = [bool(one.protocol.adaptive) for one in (base, candidate)]
    if adaptive[0] != adaptive[1] and base.defenses and candidate.defenses:
        knowing, other = ("base", "candidate") if adaptive[0] else ("candidate", "base")
        yield (
            f"The attack on the {knowing} knew its defenses, and that on the {other} did not, so "
            "they measure different things."
        )
    if DATASET_HASH.value(base) != DATASET_HASH.value(candidate):
        yield (
            f"{base.dataset.name} has changed outside of the compared examples, or its other "
            "splits have."
        )


def _different_versions(base: Record, candidate: Record) -> list[str]:
    """The versions that decide the outcomes of a cell, and differ."""
    old, new = _versions(base), _versions(candidate)
    return [value_difference(name)(new[name], old[name]) for name in old if new[name] != old[name]]


def _versions(record: Record) -> dict[str, str | None]:
    """The versions in the identity of a cell, keyed by their names in messages."""
    versions = {**cell_identity(record).parts["versions"]}
    versions["textattack"] = record.recipe.textattack_version
    return {_NAMES.get(name, name): version for name, version in versions.items()}


def _different_examples(base: GateCell, candidate: GateCell) -> list[str]:
    old, new = base.statuses.keys(), candidate.statuses.keys()
    if old == new:
        return []
    return [f"{len(new)} examples instead of {len(old)}, of which {len(old & new)} are the same"]
