"""Texts whose encoding or mark-up was damaged on the way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from html.entities import html5
from types import MappingProxyType

from robustbert.data_checks.checked_data import CheckedData
from robustbert.data_checks.data_report import Finding
from robustbert.data_checks.measurement import Measurement, share_of_rows

# Tab and line breaks are ordinary white space.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
# Names of elements, and attributes only if one has a value: "<sigh>", "<3", "<a great film>" and
# "a <b and c> d" are no tags.
_TAG = re.compile(
    r"</?(?:a|b|blockquote|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|iframe|img|li|"
    r"link|meta|ol|p|pre|script|small|span|strike|strong|style|sub|sup|table|tbody|td|th|thead|"
    r"title|tr|tt|u|ul)(?:\s[^<>=]*=[^<>]*|\s*/?)>",
    re.IGNORECASE,
)


def encoding_damage(data: CheckedData) -> Measurement:
    """Texts with damage of any kind of :data:`KINDS`."""
    counts: Counter[str] = Counter()
    findings = []
    for position, text in enumerate(data.texts):
        found = dict(_damages(text))
        if found:
            counts.update(list(found))
            row = data.row(position, start=min(found.values()))
            findings.append(Finding(rows=[row], note=", ".join(found)))
    facts = {f"rows with {kind}": counts[kind] for kind in KINDS if counts[kind]}
    return share_of_rows(len(findings), len(data.texts), findings, facts)


def _damages(text: str) -> Iterator[tuple[str, int]]:
    """The kinds of damage of a text, and where the first of each kind is."""
    for kind, first in KINDS.items():
        start = first(text)
        if start is not None:
            yield kind, start


def _mojibake(text: str) -> int | None:
    """Sequences of characters that occur where UTF-8 was decoded as another encoding."""
    from ftfy.badness import BADNESS_RE

    # Control characters, which ftfy counts too, are a kind of their own.
    if text.isascii():
        return None
    return _start(BADNESS_RE.search(_CONTROL.sub(" ", text)))


def _replacement(text: str) -> int | None:
    start = text.find("\N{REPLACEMENT CHARACTER}")
    return None if start < 0 else start


def _entity(text: str) -> int | None:
    found = (one for one in _ENTITY.finditer(text) if one[0][1] == "#" or one[0][1:] in html5)
    return _start(next(found, None))


def _start(match: re.Match[str] | None) -> int | None:
    return None if match is None else match.start()


KINDS: MappingProxyType[str, Callable[[str], int | None]] = MappingProxyType(
    {
        "mojibake": _mojibake,
        "replacement characters": _replacement,
        "control characters": lambda text: _start(_CONTROL.search(text)),
        "HTML entities": _entity,
        "HTML tags": lambda text: _start(_TAG.search(text)),
    }
)
"""The kinds of damage; each function returns where the first one is, or None."""
