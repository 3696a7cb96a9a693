"""A Hugging Face model card: metadata in YAML and a text in Markdown."""

from __future__ import annotations

from pathlib import Path

from robustbert.errors import InputError
from robustbert.reports.card.card_metadata import card_metadata
from robustbert.reports.card.card_model import model_section
from robustbert.reports.card.card_protocol import protocol_section, reproduction_section
from robustbert.reports.card.card_results import caveats_section, results_section, summary
from robustbert.reports.card.card_selection import CardRow
from robustbert.reports.escape import markdown

#: The line by which a card of robustbert is recognized.
MARKER = "<!-- made by robustbert card; making it again replaces the whole file -->"


def model_card(row: CardRow, url: str | None = None) -> str:
    """The model card of a row, the content of a ``README.md`` on the Hugging Face Hub.

    Names are data: they are escaped, and cannot add metadata, markup or links.

    Args:
        row: the row.
        url: the ``http`` or ``https`` address of the results, which the card names as their source.

    Raises:
        InputError: ``url`` is not such an address.
    """
    if url is not None:
        _check_url(url)
    source = "All numbers were measured with robustbert, a benchmark of such attacks"
    parts = [
        f"---\n{card_metadata(row, url).to_yaml()}\n---",
        MARKER,
        f"# {markdown(row.label)}",
        f"A text classifier, and how robust it is against adversarial attacks. {summary(row)}",
        f"{source}." if url is None else f"{source}; their records are at <{url}>.",
        model_section(row),
        results_section(row),
        caveats_section(row),
        protocol_section(row),
        reproduction_section(row),
    ]
    return "\n\n".join(parts) + "\n"


def check_replaceable(path: Path) -> None:
    """Check that a file does not exist, or is a card of robustbert.

    Raises:
        InputError: it is another file.
    """
    if path.is_file() and MARKER.encode() not in path.read_bytes().splitlines():
        raise InputError(
            f"{path} exists and was not made by robustbert card; give another file, or replace it "
            "with --force"
        )


def _check_url(url: str) -> None:
    is_web = url.startswith(("https://", "http://")) and url.isascii() and url.isprintable()
    if not is_web or any(character in url for character in ' <>"\\^`{|}'):
        raise InputError(
            f"--url: {url!r} is not an address; give one that starts with https:// or http://"
        )
