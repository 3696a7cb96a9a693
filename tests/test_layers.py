"""Imports go one way, as CONTRIBUTING says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "robustbert"

LAYERS = (
    {
        "errors",
        "registry",
        "seeds",
        "paths",
        "progress",
        "packages",
        "machine",
        "version",
        "io",
        "validation",
    },
    {"records"},
    {"models", "data", "assets", "metrics"},
    {"training", "defenses", "attacks"},
    {"cli", "commands", "bench", "reports", "doctor", "__main__"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if part(path) != "__init__"]


def imported(path: Path) -> set[str]:
    """The parts of robustbert that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {n.split(".")[1] for n in names if n.startswith("robustbert.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_reaches_back(path: Path):
    own = LEVEL[part(path)]
    assert {name for name in imported(path) if LEVEL[name] > own} == set()
