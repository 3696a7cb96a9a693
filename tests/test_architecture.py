"""docs/architecture.md is up to date, and the code respects the size limits stated there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "docs" / "architecture.py"
#: The limits on the lines of a module and of a function.
MAX_MODULE, MAX_FUNCTION = 300, 60


@pytest.fixture(scope="module")
def architecture():
    spec = importlib.util.spec_from_file_location("architecture", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["architecture"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["architecture"]


def test_the_document_is_current():
    check = [sys.executable, str(SCRIPT), "--check"]
    result = subprocess.run(check, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_modules_and_functions_stay_short(architecture):
    assert architecture.longest(architecture.module_sizes(), 1)[0].lines <= MAX_MODULE
    assert architecture.longest(architecture.function_sizes(), 1)[0].lines <= MAX_FUNCTION


def test_the_graph_shows_known_imports_and_no_implied_ones(architecture):
    imports = architecture.package_imports()
    assert imports["bench", "reports"] > 0
    assert ("records", "models") not in imports
    graph = architecture.import_graph()
    assert "bench --> reports" in graph
    assert "bench --> records" not in graph, "reports imports records"
