"""Print the hash of a word and the outcomes of attacks: ``python -m … MODEL EXAMPLES-AS-JSON``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from robustbert.attacks.runner import AttackRunner
from robustbert.models import load_model

WORD = "film"


def outcome_lines(folder: str, items: Sequence[Any]) -> list[str]:
    """The outcomes without times, as JSON."""
    victim = load_model(folder, dtype="float32", device="cpu")
    return [
        outcome.model_copy(update={"seconds": 0.0}).model_dump_json()
        for name in ("deepwordbug", "iga", "textfooler")
        for outcome in AttackRunner(victim, name, track="published", dtype="float32")
        .run(items)
        .outcomes
    ]


if __name__ == "__main__":
    given = [SimpleNamespace(**item) for item in json.loads(sys.argv[2])]
    print(hash(WORD), *outcome_lines(sys.argv[1], given), sep="\n")
