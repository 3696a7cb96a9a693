"""What a cell's outcomes depend on, in named parts: whether files of an earlier run are its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robustbert.records.schema import (
    AssetsRef,
    DatasetRef,
    DefenseRef,
    Environment,
    ModelRef,
    Protocol,
    RecipeRef,
    Record,
)

_LONGEST_VALUE = 24


@dataclass(frozen=True)
class CellIdentity:
    """Everything that decides a cell's outcomes, except for which examples it has.

    Args:
        parts: part to field to value; all of it JSON.
    """

    parts: Mapping[str, Mapping[str, Any]]

    def sha256(self) -> str:
        """A hash of all parts."""
        text = json.dumps(self.parts, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()

    def difference(self, earlier: CellIdentity) -> str | None:
        """Which parts of an ``earlier`` run's identity differ; None if none does.

        The parts by their names, and the first value that differs:
        ``another model and versions (its model sha256 is 90cf…, not 12ab…)``.
        """
        found = list(self._differences(earlier))
        if not found:
            return None
        *others, last = dict.fromkeys(part for part, *_ in found)
        names = f"{', '.join(others)} and {last}" if others else last
        part, field, before, now = found[0]
        what = part if field == part else f"{part} {field}"
        return f"another {names} (its {what} is {_shown(before)}, not {_shown(now)})"

    def _differences(self, earlier: CellIdentity) -> Iterator[tuple[str, str, Any, Any]]:
        for part, fields in self.parts.items():
            before = earlier.parts[part]
            for field in {**fields, **before}:
                if fields.get(field) != before.get(field):
                    yield part, field, before.get(field), fields.get(field)


def make_identity(
    *,
    dataset: DatasetRef,
    model: ModelRef,
    defenses: Sequence[DefenseRef],
    training_seed: int | None,
    track: str,
    recipe: RecipeRef,
    assets: AssetsRef,
    protocol: Protocol,
    environment: Environment,
) -> CellIdentity:
    """The identity of a cell, from what its record holds.

    Of the versions, those that decide outcomes: torch and scikit-learn compute the answers,
    transformers and tokenizers cut the texts, TextAttack searches, NLTK tags words and looks up
    synonyms, and Python's Unicode tables decide what a word is.
    """
    return CellIdentity(
        {
            "model": model.model_dump(include={"sha256", "max_length"}),
            "dtype": {"dtype": model.dtype},
            "defense": {"defense": [defense.model_dump() for defense in defenses]},
            "training seed": {"training seed": training_seed},
            # not where it lay: a moved file is the same data
            "data": dataset.model_dump(exclude={"name", "source"}),
            "track": {"track": track},
            "recipe": recipe.model_dump(exclude={"textattack_version"}),
            "assets": dict(assets.hashes),
            "protocol": protocol.model_dump(exclude={"n"}),
            "versions": {
                "python": ".".join(environment.python.split(".")[:2]),
                "torch": environment.torch,
                "transformers": environment.transformers,
                "tokenizers": environment.tokenizers,
                "textattack": environment.textattack,
                "nltk": environment.nltk,
                "scikit-learn": environment.scikit_learn,
            },
            "processor": {
                "class": environment.processor_class,
                "device": environment.device.partition(":")[0],
            },
        }
    )


def record_identity(record: Record) -> CellIdentity:
    """The identity of the cell that wrote a record."""
    return make_identity(
        dataset=record.dataset,
        model=record.model,
        defenses=record.defenses,
        training_seed=record.training_seed,
        track=record.track,
        recipe=record.recipe,
        assets=record.assets,
        protocol=record.protocol,
        environment=record.environment,
    )


def _shown(value: Any) -> str:
    text = "none" if value in (None, []) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
