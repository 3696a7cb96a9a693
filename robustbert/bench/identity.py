"""The identity of a cell: everything that its outcomes depend on.

It determines whether the files of an earlier run can be reused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from robustbert.bench.record import CellHeader
from robustbert.records.schema import Protocol, Record

_MAX_VALUE_LENGTH = 24


@dataclass(frozen=True)
class CellIdentity:
    """Everything that the outcomes of a cell depend on, except the number of examples.

    Args:
        parts: JSON values keyed by part and field.
    """

    parts: Mapping[str, Mapping[str, Any]]

    def sha256(self) -> str:
        """A hash of all parts."""
        text = json.dumps(self.parts, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()

    def difference(self, earlier: CellIdentity) -> str | None:
        """The parts in which an ``earlier`` identity differs; None if it is the same.

        Lists the names of the parts and the first value that differs:
        ``model and versions (model sha256 is 90cf… there, but 12ab… here)``.
        """
        found = list(self._differences(earlier))
        if not found:
            return None
        *others, last = dict.fromkeys(part for part, *_ in found)
        names = f"{', '.join(others)} and {last}" if others else last
        part, field, before, now = found[0]
        what = part if field == part else f"{part} {field}"
        return f"{names} ({what} is {_shown(before)} there, but {_shown(now)} here)"

    def _differences(self, earlier: CellIdentity) -> Iterator[tuple[str, str, Any, Any]]:
        for part, fields in self.parts.items():
            before = earlier.parts[part]
            for field in {**fields, **before}:
                if fields.get(field) != before.get(field):
                    yield part, field, before.get(field), fields.get(field)


def cell_identity(cell: CellHeader | Record) -> CellIdentity:
    """The identity of a cell that is about to run, or of a stored record.

    Only versions that affect outcomes are included: torch and scikit-learn compute predictions,
    transformers and tokenizers tokenize, TextAttack searches, NLTK tags words and looks up
    synonyms, and the Unicode tables of Python decide what a word is.
    """
    environment = cell.environment
    return CellIdentity(
        {
            "model": cell.model.model_dump(include={"sha256", "max_length"}),
            "dtype": {"dtype": cell.model.dtype},
            "defense": {"defense": [defense.model_dump() for defense in cell.defenses]},
            "training seed": {"training seed": cell.training_seed},
            # without name and source: a renamed or moved file is the same data
            "data": cell.dataset.model_dump(exclude={"name", "source"}),
            "track": {"track": cell.track},
            "recipe": cell.recipe.model_dump(exclude={"textattack_version"}),
            "assets": dict(cell.assets.hashes),
            "protocol": _protocol(cell.protocol),
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


def _protocol(protocol: Protocol) -> dict[str, Any]:
    """Records of earlier versions do not say that their attack was not adaptive."""
    unknown = {"n"} if protocol.adaptive else {"n", "adaptive", "adaptive_votes"}
    return protocol.model_dump(exclude=unknown)


def _shown(value: Any) -> str:
    text = "none" if value in (None, []) else str(value)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[: _MAX_VALUE_LENGTH - 1]}…"
