"""What raters get: a CSV for a spreadsheet, instructions, and a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from robustbert.audit.item_selection import DrawnItem
from robustbert.audit.rating_questions import (
    ANSWERS,
    COLUMNS,
    FLUENCIES,
    ITEM,
    MEANINGS,
    RATER,
    SIDES,
    shown_labels,
)
from robustbert.reports.escape import spreadsheet
from robustbert.reports.pages import render_page

PAGE_FILE, SHEET_FILE, INSTRUCTIONS_FILE = "rate.html", "rate.csv", "instructions.txt"
_TEXT_COLUMNS = tuple(f"{side}_text" for side in SIDES)
# With it, spreadsheets read the file as UTF-8.
_BYTE_ORDER_MARK = "\ufeff"


def rating_sheet(items: Sequence[DrawnItem]) -> str:
    """A CSV with one line per item and empty columns for the answers.

    A text that a spreadsheet would interpret as a formula is prefixed with an apostrophe.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([ITEM, *_TEXT_COLUMNS, *ANSWERS, RATER])
    for drawn in items:
        texts = map(spreadsheet, (drawn.first, drawn.second))
        writer.writerow([drawn.item.id, *texts, *("" for _ in ANSWERS), ""])
    return _BYTE_ORDER_MARK + file.getvalue()


def rating_page(items: Sequence[DrawnItem], label_names: Sequence[str]) -> str:
    """A self-contained page that shows one item after the other and saves the answers as CSV.

    It works offline. Answers stay in the browser until they are saved.
    """
    return render_page(
        "rate.html",
        package=__package__,
        styles=["rate.css"],
        scripts=["rate.js"],
        title="Compare pairs of texts",
        num_items=len(items),
        sides=SIDES,
        meanings=MEANINGS,
        fluencies=FLUENCIES,
        labels=shown_labels(label_names),
        data=_page_data(items, label_names),
    )


def instructions(label_names: Sequence[str]) -> str:
    """How to answer in a spreadsheet, as plain text."""
    labels, meanings = ", ".join(shown_labels(label_names)), ", ".join(MEANINGS)
    return f"""How to compare the texts

Open {PAGE_FILE} in a web browser, or {SHEET_FILE} in a spreadsheet; you need only one of them.

Each line has two texts. One of them is a changed version of the other; which one is not said.
Judge each text by itself. Leave a cell empty if you cannot answer.

{RATER}: your name or a code
same_meaning: do both texts mean the same? {meanings}
first_label, second_label: which label fits the text best? {labels}
first_fluency, second_fluency: is it fluent English? {FLUENCIES[0]} (not at all) to \
{FLUENCIES[-1]} (perfectly)

Do not change the column {ITEM}. Save the file as CSV in UTF-8, and send it to the
person who asked you.
"""


def _page_data(items: Sequence[DrawnItem], label_names: Sequence[str]) -> dict[str, Any]:
    return {
        "columns": COLUMNS,
        "labels": shown_labels(label_names),
        "items": [
            {"id": drawn.item.id, "first": drawn.first, "second": drawn.second} for drawn in items
        ],
    }
