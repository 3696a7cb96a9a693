"""Unicode's intentional confusables: pairs of characters that are meant to look alike."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def intentional_homoglyphs() -> dict[str, list[str]]:
    """The look-alikes of each character, from ``intentional.txt`` of UTS #39.

    >>> [f"U+{ord(other):04X}" for other in intentional_homoglyphs()["a"]]  # Cyrillic
    ['U+0430']
    """
    content = resources.files("robustbert.assets") / "data" / "intentional-homoglyphs.txt"
    found: dict[str, list[str]] = {}
    for line in content.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            character, other = (chr(int(code, 16)) for code in line.split())
            found.setdefault(character, []).append(other)
    return found
