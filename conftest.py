"""What doctest must not import by itself: modules that need TextAttack's folders in place first."""

from __future__ import annotations

from pathlib import Path

collect_ignore = [
    str(path)
    for path in Path(__file__).parent.glob("robustbert/attacks/**/*.py")
    if "Import this module only after" in path.read_text(encoding="utf-8")
]
