"""Run the scripts that write tables into documents."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def load_script(path: Path) -> ModuleType:
    """Import a script as a module named after its file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their module there
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(path.parent))  # scripts import the others of their folder
        spec.loader.exec_module(module)
    return module


def run_script(script: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run a script with arguments; the exit code."""
    monkeypatch.setattr(sys, "argv", [str(script.__file__), *arguments])
    code: int = script.main()
    return code
