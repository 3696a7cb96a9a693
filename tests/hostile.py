"""Ten hostile texts, for names and texts in every output: they are shown, and do nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

from tests.records.builders import make_outcome, make_record, write_cell

HOSTILE = MappingProxyType(
    {
        "markup": "<b>bold</b> &amp; <a href='https://example.org/'>link</a>",
        "script": "<script>window.attacked = 1; alert(1)</script>",
        "image": '"><img src=x onerror="window.attacked = 2; alert(2)">',
        "bidi": "a \u202egnp.exe\u202c \u2066b\u2069",
        "zero-width": "zero\u200bwidth\u200d join\ufeffer",
        "terminal": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J\r\n",
        "formula": "=1+1",
        "mention": "@octocat mail someone@example.org or mailto:someone@example.org, see #1",
        "end-of-script": "</script></style></textarea>--><svg onload=alert(3)>",
        "markdown": "[link](javascript:alert(4)) **bold** `code` | https://example.org/ |",
    }
)


def write_hostile_run(run: Path, texts: Iterable[str] = tuple(HOSTILE.values())) -> Path:
    """A run folder with one cell per text, which is in everything that has a name or a text.

    Each cell has a broken example and one with an error.
    """
    for text in texts:
        outcomes = [
            make_outcome(text, "broken", text=f"fine {text}", adversarial_text=f"fin {text}"),
            make_outcome("e1", "error", error=text, text=text),
        ]
        record = make_record(outcomes, model=text, dataset=text, recipe=text, defense=text)
        dataset = record.dataset.model_copy(update={"label_names": ["negative", text]})
        record = record.model_copy(update={"dataset": dataset})
        write_cell(run, record, outcomes)
    return run
