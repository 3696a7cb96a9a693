"""Tables in notebooks: HTML and text."""

from __future__ import annotations

import pytest

from robustbert.reports import render_text, table_html
from tests.records.builders import make_outcomes
from tests.reports.tables import RUN, table_of
from tests.reports.test_outcome_views import HOSTILE, Document, printable

TABLE = table_of(
    (RUN, {"model": "minilm"}),
    (RUN, {"model": "minilm", "recipe": "textfooler"}),
    (make_outcomes(robust=8, exhausted=2), {"model": "svm"}),
)


def test_html_has_the_numbers_and_notes_of_the_text() -> None:
    document = Document(table_html(TABLE).replace("<br>", "<br></br>"))
    assert (
        "rotten_tomatoes (test, n=10), unified track: accuracy in %, 95% intervals" in document.text
    )
    for cell in ("40.0 [16.8, 68.7] #", "minilm", "svm", "worst case", "100.0 [72.2, 100.0] §#"):
        assert cell in document.texts
    [group] = TABLE.groups
    assert group.notes
    for note in (*group.notes, group.caption):
        assert note in document.texts


def test_hostile_names_are_shown_literally() -> None:
    for name in HOSTILE:
        fragment = table_html(table_of((RUN, {"model": name, "dataset": name, "recipe": name})))
        document = Document(fragment.replace("<br>", "<br></br>"))
        assert printable(name) in document.texts
        assert set(document.tags) <= {
            *("p", "strong", "br", "ul", "li"),
            *("table", "thead", "tbody", "tr", "th", "td"),
        }
        assert document.attributes == {"style"}


def test_a_table_shows_itself() -> None:
    assert TABLE._repr_html_() == table_html(TABLE)


@pytest.mark.parametrize(("columns", "width"), [("100", 100), ("40", 80)])
def test_the_text_of_a_table_fits_the_terminal(monkeypatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert repr(TABLE) == str(TABLE) == render_text(TABLE, width).rstrip("\n")
