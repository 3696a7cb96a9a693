"""Imports respect the layers without cycles, and module file names are unique."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

CHECKOUT = Path(__file__).parents[1]
PACKAGE = CHECKOUT / "robustbert"
#: Python gives these two names a meaning of their own.
SPECIAL = {"__init__.py", "__main__.py"}


def test_the_contracts_of_pyproject_hold(monkeypatch):
    """They define the layers and forbid import cycles at every level."""
    monkeypatch.chdir(CHECKOUT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True, is_debug_mode=True)
    assert status == EXIT_STATUS_SUCCESS


def test_no_two_modules_share_a_name():
    names = Counter(path.name for path in PACKAGE.rglob("*.py") if path.name not in SPECIAL)
    assert [name for name, count in names.items() if count > 1] == []


def test_only_one_package_imports_textattack():
    importing = {
        path.relative_to(PACKAGE).parent.as_posix()
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith(("import textattack", "from textattack"))
    }
    assert importing == {"attacks/textattack"}
