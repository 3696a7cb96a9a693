"""The styles and scripts of pages: inside a page, or files that several pages share."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

#: The folder of a site that holds the files of :func:`asset_files`.
ASSET_FOLDER = "assets"

#: The package with the templates that pages share, and with the style and script of every page.
SHARED = __package__

#: The style and the script of every page.
BASE_STYLE, BASE_SCRIPT = "base.css", "theme.js"
#: The style of words on coloured ground, for pages with attributions.
TINT_STYLE = "word_tints.css"
_SHARED_FILES = (BASE_STYLE, BASE_SCRIPT, TINT_STYLE)

_NOTHING_ELSE = "base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class PageAssets:
    """The styles and scripts of one page, in order, and the policy that admits only these.

    Args:
        package: the package that contains them.
        styles: the file names of the styles, that of every page first.
        scripts: the file names of the scripts that run when the page is complete.
        prefix: the relative URL of the folder with the files, such as ``../assets/``; None if the
            page contains them.
    """

    package: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    prefix: str | None

    @property
    def policy(self) -> str:
        """A Content-Security-Policy that forbids every outside request and foreign script."""
        if self.prefix is None:
            scripts = " ".join(map(self._digest, (BASE_SCRIPT, *self.scripts)))
            styles = " ".join(map(self._digest, self.styles))
        else:
            # Firefox does not count files beside a page as its own; "file:" admits them. A server
            # cannot make a page load local files, so it admits nothing else.
            scripts = styles = "'self' file:"
        # Attributes of style cannot load anything, because nothing may be loaded.
        return (
            f"default-src 'none'; script-src {scripts}; style-src {styles}; "
            f"style-src-attr 'unsafe-inline'; img-src 'self' data:; {_NOTHING_ELSE}"
        )

    def _digest(self, name: str) -> str:
        digest = hashlib.sha256(asset_text(name, self.package).encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"


def page_assets(
    package: str, styles: Sequence[str], scripts: Sequence[str], prefix: str | None
) -> PageAssets:
    """The assets of a page: those of every page, and its own."""
    return PageAssets(package, (BASE_STYLE, *styles), tuple(scripts), prefix)


def asset_files(names: Iterable[str] = (), package: str = SHARED) -> dict[str, bytes]:
    """The files that pages link to, keyed by their names in :data:`ASSET_FOLDER`.

    Args:
        names: the styles and scripts of the pages; those of every page are added.
        package: the package that contains them.
    """
    needed = dict.fromkeys([BASE_STYLE, BASE_SCRIPT, *names])
    return {name: asset_text(name, package).encode() for name in needed}


def asset_text(name: str, package: str) -> str:
    """The content of a style or script: one that pages share, or one in the package of a page."""
    owner = SHARED if name in _SHARED_FILES else package
    return (files(owner) / "static" / name).read_text(encoding="utf-8")
