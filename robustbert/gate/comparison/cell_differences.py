"""Whether two cells can be compared: the conditions that must be the same in both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

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
    TEXTATTACK,
    Condition,
    canonical,
    version_condition,
)
from robustbert.reports.wording import counted


def _package(name: str, field: str) -> Condition:
    return version_condition(name, lambda record: getattr(record.environment, field))


def _minor(record: Record) -> str:
    return ".".join(record.environment.python.split(".")[:2])


# Keyed by the kind of difference; those of versions are the versions of a cell's identity.
_CONDITIONS: Mapping[str, tuple[Condition, ...]] = MappingProxyType(
    {
        "assets": (ASSETS_PROFILE, ASSET_HASHES),
        "seed": (EXAMPLE_SEED,),
        "protocol": (PROTOCOL_REVISION, LIMITS, LENGTH_CLASS, RECIPE_PARAMS),
        "versions": (
            TEXTATTACK,
            version_condition("Python", _minor),
            _package("torch", "torch"),
            _package("transformers", "transformers"),
            _package("tokenizers", "tokenizers"),
            _package("NLTK", "nltk"),
            _package("scikit-learn", "scikit_learn"),
        ),
    }
)

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
        kind: [
            condition.difference(new, old)
            for condition in conditions
            for new, old in [(condition.value(candidate.record), condition.value(base.record))]
            if canonical(new) != canonical(old)
        ]
        for kind, conditions in _CONDITIONS.items()
    }
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
    if DATASET_HASH.value(base) != DATASET_HASH.value(candidate):
        yield (
            f"{base.dataset.name} has changed outside of the compared examples, or its other "
            "splits have."
        )


def _different_examples(base: GateCell, candidate: GateCell) -> list[str]:
    old, new = base.statuses.keys(), candidate.statuses.keys()
    if old == new:
        return []
    return [f"{len(new)} examples instead of {len(old)}, of which {len(old & new)} are the same"]
