"""CITATION.cff has the fields that its format requires, and agrees with the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import yaml

from robustbert import __version__

ROOT = Path(__file__).parents[1]


def test_the_citation_is_valid_and_agrees_with_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["authors"] == [{"name": "The robustbert developers"}]
    assert str(citation["version"]) == __version__
    assert citation["license"] == project["license"]
    assert project["description"].partition(" ")[2] in citation["title"]
