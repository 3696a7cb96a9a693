"""An extension of griffe: docstrings as this package writes them, in Markdown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import griffe
from mkdocs.plugins import get_plugin_logger

from robustbert.registry import load_target

_log = get_plugin_logger(__name__)
_ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):`(~?)([\w.]+)`")
_DOCTEST = re.compile(r"^>>> .*(?:\n.+)*", flags=re.MULTILINE)


class DocstringMarkup(griffe.Extension):
    """Converts the docstrings of a package when it has been loaded.

    A role such as ``:func:`load_model``` becomes a link if the object has an entry on the site, and
    code otherwise; an object that does not exist is a warning, and thus an error of a strict build.
    Doctests become code, and the descriptions of a pydantic model's fields a table. A comment that
    starts with ``#:`` is the docstring of the attribute below it.
    """

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Convert the docstrings of all modules of a package."""
        for name in pkg["errors"].classes:  # a docstring may name an error that is not imported
            alias = griffe.Alias(name, f"{pkg.name}.errors.{name}", parent=pkg)
            pkg.members.setdefault(name, alias)
        for found in _members(pkg):
            _convert(found, pkg)


def _members(found: griffe.Object) -> Iterator[griffe.Object]:
    """An object and everything that is defined in it."""
    yield found
    for member in found.members.values():
        if not member.is_alias:
            yield from _members(member)


def _convert(found: griffe.Object, package: griffe.Module) -> None:
    found.labels -= {"class-attribute", "instance-attribute", "module-attribute"}
    if found.docstring is None and isinstance(found, griffe.Attribute):
        found.docstring = _comment(found)
    if found.docstring is not None:
        text = _ROLE.sub(lambda role: _link(role, found, package), found.docstring.value)
        text = _DOCTEST.sub(r"```pycon\n\g<0>\n```", text)
        found.docstring.value = re.sub(r"::$", ":", text, flags=re.MULTILINE) + _fields(found)
    if found.is_attribute and found.parent.is_module and isinstance(found.value, griffe.ExprCall):
        found.value = None  # long, such as the table of a registry


def _link(role: re.Match[str], found: griffe.Object, package: griffe.Module) -> str:
    short, name = role.groups()
    shown = name.rpartition(".")[2] if short else name
    first, dot, rest = name.partition(".")
    try:
        path = name if first == package.name else f"{found.resolve(first)}{dot}{rest}"
        package[path.removeprefix(f"{package.name}.")]
    except (griffe.NameResolutionError, griffe.AliasResolutionError, KeyError):
        _log.warning("%s: the docstring refers to %s, which does not exist", found.path, name)
        return f"`{shown}`"
    return f'<autoref identifier="{path}" optional><code>{shown}</code></autoref>'


def _comment(found: griffe.Attribute) -> griffe.Docstring | None:
    """The comment above an attribute whose lines start with ``#:``."""
    above = found.lines_collection[found.filepath][: (found.lineno or 1) - 1]
    lines = list(
        itertools.takewhile(lambda line: line.startswith("#:"), map(str.strip, above[::-1]))
    )
    text = "\n".join(line.removeprefix("#:").strip() for line in lines[::-1])
    return griffe.Docstring(text, parent=found) if lines else None


def _fields(found: griffe.Object) -> str:
    """The fields of a pydantic model as a section of its docstring."""
    members = [found[name] for name in found.members] if found.is_class else []
    values = [member.value for member in members if member.is_attribute]
    if not any(str(value).startswith("Field(") for value in values):
        return ""
    fields = load_target(f"{found.module.path}:{found.name}").model_fields
    lines = [f"    {name}: {field.description}" for name, field in fields.items()]
    return "\n".join(["\n\nAttributes:", *lines])
