"""Open pages in a real browser; a fault of a page fails the test that opened it."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

TIMEOUT = 10_000  # milliseconds; machines of tests are busy
PHONE = {"width": 390, "height": 844}
LOCAL = {"file", "data", "blob"}
SERIOUS = {"serious", "critical"}


@contextmanager
def opened(browser: Browser, path: Path, fragment: str = "", **options: Any) -> Iterator[Page]:
    """Open a file; afterwards check that there was no error, dialog or outside request.

    The policy of a page forbids ``wait_for_function``: use ``expect``.

    Args:
        browser: the browser.
        path: the page.
        fragment: the part of the URL that follows ``#``.
        options: of the browser's context, such as ``color_scheme="dark"``.
    """
    faults: list[str] = []
    context = browser.new_context(**options)
    context.set_default_timeout(TIMEOUT)

    def on_request(request: Any) -> None:
        if urlsplit(request.url).scheme not in LOCAL:
            faults.append(f"request: {request.url}")

    def on_dialog(dialog: Any) -> None:
        faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    context.on("request", on_request)
    context.on("dialog", on_dialog)
    context.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    page = context.new_page()
    page.goto(path.resolve().as_uri() + (f"#{fragment}" if fragment else ""))
    yield page
    context.close()
    assert faults == []


def expect_fragment(page: Page, fragment: str) -> None:
    """Wait until the address ends in ``#fragment``; the browser reports it with a delay."""
    expect(page).to_have_url(re.compile(re.escape(f"#{fragment}") + "$"))


def serious_faults(page: Page) -> list[str]:
    """The serious accessibility faults that axe-core finds; needs ``bypass_csp=True``."""
    page.evaluate(_axe())
    # it would read the files of styles again, which file:// forbids
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    return [
        f"{fault['id']}: {fault['help']}: {json.dumps(node['target'])} {node['html'][:200]}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
        for node in fault["nodes"]
    ]


class ProcessorTime:
    """The processor time that a page uses from now on; a busy machine does not lengthen it."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._last = 0.0

    def seconds(self) -> float:
        """The seconds since the last call."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        last, now = self._last, next(m["value"] for m in metrics if m["name"] == "ThreadTime")
        self._last = now
        return now - last


def fits(page: Page) -> bool:
    """Whether the page as a whole does not scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def focused(page: Page) -> str:
    """The id of the focused element, or its text."""
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


@cache
def _axe() -> str:
    spec = importlib.util.find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    (script,) = Path(spec.origin).parent.glob("axe.min.js")
    return script.read_text(encoding="utf-8")
