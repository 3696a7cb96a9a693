"""Hooks of mkdocs: pages of the site that are not files of ``docs``.

These are documents of the repository's root, which keep their links, one page of the API reference
per package, and one page per notebook.
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
#: Where documents outside ``docs`` are on the site.
DOCUMENTS = MappingProxyType(
    {
        "README.md": "readme.md",
        "CONTRIBUTING.md": "contributing.md",
        "CHANGELOG.md": "changelog.md",
        "results/README.md": "results.md",
        "results/old-and-new.md": "old-and-new.md",
    }
)
#: The packages, and the single module, with a page of the API reference.
PACKAGES = (
    "models",
    "data",
    "data_checks",
    "attacks",
    "defenses",
    "detection",
    "detector_evaluation",
    "training",
    "tuning",
    "learning_curves",
    "explanations",
    "bench",
    "audit",
    "gate",
    "leaderboard",
    "reports",
    "records",
    "metrics",
    "assets",
    "errors",
)
_LINK = re.compile(r"\[([^\[\]]+)\]\((?!https?:)([^()#\s]+)(#[^()\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are not files of ``docs``, and the files that they link to."""
    for path, page in DOCUMENTS.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
    for package in PACKAGES:
        page = f"api/{package}.md"
        files.append(File.generated(config, page, content=api_page(package)))
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        page = f"notebooks/{path.stem}.md"
        files.append(File.generated(config, page, content=notebook_page(path)))
    for path in sorted({*(ROOT / "docs").glob("**/*.md"), *map(ROOT.joinpath, DOCUMENTS)}):
        document = path.relative_to(ROOT).as_posix()
        for _, link, _ in _LINK.findall(path.read_text(encoding="utf-8")):
            target = repository_path(document, link)
            known = files.get_file_from_path(site_path(target)) is not None
            if not known and (ROOT / target).is_file():
                source = str(ROOT / target)
                files.append(File.generated(config, target, abs_src_path=source))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Rewrite the links of a document from the places in the repository to those on the site.

    A link to a folder becomes its text.
    """
    here = page.file.src_uri
    document = {page: path for path, page in DOCUMENTS.items()}.get(here, f"docs/{here}")

    def rewrite(match: re.Match[str]) -> str:
        text, link, anchor = match.groups()
        target = repository_path(document, link)
        if (ROOT / target).is_dir():
            return text
        relative = posixpath.relpath(site_path(target), posixpath.dirname(here) or ".")
        return f"[{text}]({relative}{anchor or ''})"

    return _LINK.sub(rewrite, markdown)


def repository_path(document: str, link: str) -> str:
    """The path from the repository's root to which a link of a document leads."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(document), link))


def site_path(target: str) -> str:
    """Where a file of the repository is among the sources of the site."""
    page = DOCUMENTS.get(target) or target.removeprefix("docs/")
    return re.sub(r"\.ipynb$", ".md", page)


def notebook_page(path: Path) -> str:
    """The cells of a notebook, with a link to the file."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
    # Plain HTML: a link in Markdown would lead to this page.
    parts.insert(1, f'<a href="{path.name}" download>Download this notebook</a>')
    return "\n\n".join(parts) + "\n"


def api_page(package: str) -> str:
    """The page of a package or module: its public names, except those of ``robustbert`` itself.

    The latter are on the overview page, and an object has one entry only.
    """
    top = exported("__init__.py")
    path = f"{package}/__init__.py" if (ROOT / "robustbert" / package).is_dir() else f"{package}.py"
    names = exported(path)
    # Griffe takes a name that is also a module for the module: these get an entry of their own.
    modules = [name for name in names if (ROOT / "robustbert" / package / f"{name}.py").exists()]
    shown = [name for name in names if name not in top and name not in modules]
    elsewhere = [f"[`{name}`][robustbert.{package}.{name}]" for name in names if name in top]
    lines = [f"# {package.capitalize()}: `robustbert.{package}`", ""]
    if elsewhere:
        lines += [f"On the page of the top-level API: {', '.join(elsewhere)}.", ""]
    lines += [f"::: robustbert.{package}", "    options:", "      heading_level: 2"]
    lines += ["      show_root_heading: false", "      show_root_toc_entry: false"]
    lines += [f"      members: {shown}"]
    for name in modules:
        lines += ["", f"::: robustbert.{package}.{name}.{name}"]
        lines += ["    options:", "      heading_level: 2"]
    return "\n".join(lines) + "\n"


def exported(path: str) -> list[str]:
    """The names in ``__all__`` of a module, or its public classes and functions without it."""
    body = ast.parse((ROOT / "robustbert" / path).read_text(encoding="utf-8")).body
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    definitions = (ast.ClassDef, ast.FunctionDef)
    return [node.name for node in body if isinstance(node, definitions) and node.name[0] != "_"]
