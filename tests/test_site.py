"""The documentation builds in strict mode, is complete, and needs no network."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import robustbert

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(
    path.parent.name
    for path in (ROOT / "robustbert").glob("*/__init__.py")
    if "__all__" in path.read_text(encoding="utf-8") and path.parent.name != "doctor"
)

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """The ids, the links, the addresses that are loaded, and the text outside code of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loaded: list[str] = []
        self.prose = ""
        self._code = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids.add(values.get("id", ""))
        if tag == "a":
            self.links.add(values.get("href", ""))
        self._code += tag in ("code", "pre", "script", "style")
        if tag in ("script", "img", "iframe", "source"):
            self.loaded.append(values.get("src") or "")
        if tag == "link":
            self.loaded.append(values["href"])

    def handle_endtag(self, tag):
        self._code -= tag in ("code", "pre", "script", "style")

    def handle_data(self, data):
        self.prose += data if self._code == 0 else "CODE"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """The pages of the site by name."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return {path.relative_to(folder).as_posix(): Page(path) for path in folder.rglob("*.html")}


def test_every_name_of_the_top_level_api_has_an_entry(site):
    names = set(robustbert.__all__) - {"bench"} | {"bench.bench"}  # bench is also a package
    assert {f"robustbert.{name}" for name in names} <= site["api.html"].ids


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_of_a_package_has_an_entry(site, package):
    module = importlib.import_module(f"robustbert.{package}")
    entries = {
        name.removeprefix(f"robustbert.{package}.") for name in site[f"api/{package}.html"].ids
    }
    for name in set(module.__all__) - set(robustbert.__all__):
        assert name in entries or f"{name}.{name}" in entries, name


def test_fields_and_comments_are_docstrings(site):
    description = robustbert.Outcome.model_fields["words"].description
    assert description in site["api.html"].prose
    assert "The names of the tracks." in site["api/attacks.html"].prose  # a comment with #:


def test_docstrings_link_to_other_entries(site):
    for error in ("SuiteError", "MissingAssetError"):  # the second is not imported there
        assert f"api/errors.html#robustbert.errors.{error}" in site["api.html"].links
    assert "../api.html#robustbert.load_model" in site["api/models.html"].links


def test_every_document_is_a_page(site):
    documents = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert {f"{name}.html" for name in documents} <= site.keys()
    assert {"readme.html", "contributing.html", "changelog.html", "results.html"} <= site.keys()


def test_every_notebook_is_a_page(site):
    notebooks = {path.stem for path in (ROOT / "docs" / "notebooks").glob("*.ipynb")}
    assert {f"notebooks/{name}.html" for name in notebooks} <= site.keys()


def test_no_markup_is_left_in_the_text(site):
    for name, page in site.items():
        assert not re.search(r":(func|class|meth|mod|attr|data):|``|>>>|\]\[", page.prose), name


def test_pages_load_nothing_from_elsewhere(site):
    for name, page in site.items():
        assert not [address for address in page.loaded if "//" in address], name
