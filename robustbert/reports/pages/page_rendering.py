"""Render HTML pages from templates; every value is shown literally.

A package that makes pages has their templates in its folder ``templates``, and their styles and
scripts in ``static``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from robustbert.console import printable
from robustbert.reports.pages.page_assets import SHARED, asset_text, page_assets

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

# Filters that turn a value into markup without making it printable first, or that make links.
_UNSAFE_FILTERS = ("e", "escape", "forceescape", "safe", "tojson", "urlize", "xmlattr")
_IN_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def render_page(
    template: str,
    *,
    package: str = SHARED,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    assets: str | None = None,
    **values: Any,
) -> str:
    """Render a page that makes no outside request.

    A page extends ``base.html``, which needs the value ``title``. Every value is shown literally:
    markup is escaped, and control, bidirectional and zero-width characters are shown as escapes.

    Args:
        template: the name of its template.
        package: the package with the template, the styles and the scripts.
        styles: the styles of this page, in addition to that of every page.
        scripts: the scripts of this page; they run when the page is complete.
        assets: the relative URL of the folder with the styles and scripts, such as
            ``../assets/``; None makes a self-contained page.
        values: the values for the template.
    """
    found = environment(package).get_template(template)
    return found.render(**values, assets=page_assets(package, styles, scripts, assets)) + "\n"


@cache
def environment(package: str = SHARED) -> Environment:
    """The Jinja2 environment of the pages of a package.

    Templates escape every value, and an undefined value is an error. In addition to Jinja2's own
    names there are ``json_data(id, value)`` and ``asset(name)``, the content of a style or script.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    found = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    for name in _UNSAFE_FILTERS:
        del found.filters[name]
    found.globals.update(json_data=json_data, asset=lambda name: Markup(asset_text(name, package)))
    return found


def json_data(id: str, value: Any) -> Markup:
    """Embed data for a script: ``JSON.parse(document.getElementById(id).textContent)``.

    Args:
        id: the id of the element.
        value: dicts, lists, texts, finite numbers, booleans and None; texts are made printable.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    from markupsafe import Markup

    text = json.dumps(
        _printable(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).translate(_IN_SCRIPT)
    return Markup('<script type="application/json" id="{}">{}</script>').format(id, Markup(text))


def _shown(value: Any) -> Any:
    """What a template shows of a value: markup as it is, anything else as printable text."""
    return value if hasattr(value, "__html__") else printable(str(value))


def _printable(value: Any) -> Any:
    """Make the texts inside a value printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value
