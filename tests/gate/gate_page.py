"""The text of docs/gate.md, and the keys of a JSON that it should describe."""

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = (Path(__file__).parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")


def keys(value: object) -> set[str]:
    """All keys of the objects in a parsed JSON."""
    if isinstance(value, dict):
        return set(value) | {key for one in value.values() for key in keys(one)}
    return {key for one in value for key in keys(one)} if isinstance(value, list) else set()


def described(title: str) -> set[str]:
    """The words in code font in a section about a JSON."""
    section = DOCUMENT.partition(f"\n### {title}\n")[2].partition("\n#")[0]
    return set(re.findall(r"`(\w+)`", section))
