"""The table as LaTeX, taken apart by a small reader of the part of TeX that it uses."""

from __future__ import annotations

import re

import pytest

from robustbert.console import printable
from robustbert.reports import render_latex
from robustbert.reports.escape import latex
from tests.hostile import HOSTILE as TEXTS
from tests.records.builders import make_outcomes
from tests.reports.tables import RUN, table_of
from tests.reports.test_render import HOSTILE

NAMES = [
    *HOSTILE,
    *TEXTS.values(),
    r"\input{/etc/passwd}",
    r"\write18{ls}",
    r"^^5cinput x",
    "%comment",
    "a & b \\\\ c",
    "$x_1^2$ #1 ~ {",
    "}} \\end{table}",
    "[1em]",
    "*",
    "a--b ''c'' ,,d,, ?` !` <<e>>",
    'he said "a',
    "naïve Übung 猫 ř",
    "a\x00b\x7f",
    "\\end{document}",
    "\\\\",
]
# What each command prints; the others that may occur print nothing.
PRINTED = {
    r"\textbackslash": "\\",
    r"\textasciitilde": "~",
    r"\textasciicircum": "^",
    r"\textless": "<",
    r"\textgreater": ">",
    r"\textbar": "|",
    r"\textasciigrave": "`",
    r"\ldots": "…",
    r"\pm": "±",
    r"\neq": "≠",
    r"\approx": "≈",
    r"\circ": "°",
    r"\nabla": "∇",
    r"\tau": "τ",
    r"\alpha": "α",
    r"\leftrightarrow": "↔",
    r"\S": "§",
    r"\P": "¶",
    r"\dag": "†",
    r"\ddag": "‡",
    **{f"\\{character}": character for character in "{}%&#_$"},
}
SILENT = {r"\ensuremath", r"\scriptsize"}
LAYOUT = {
    *(r"\begin", r"\end", r"\centering", r"\caption", r"\label", r"\resizebox", r"\footnotesize"),
    *(r"\ifdim", r"\else", r"\fi", r"\width", r"\linewidth", r"\toprule", r"\midrule"),
    *(r"\bottomrule", r"\par", r"\medskip", "\\\\"),
}
TOKEN = re.compile(r"\\char34|\\[a-zA-Z]+ ?|\\.|.", re.DOTALL)
LIGATURES = ("--", "''", ",,", "<<", ">>", "?`", "!`", "``")


def shown(source: str) -> str:
    """The text that LaTeX prints for escaped text; anything that is not plain text fails."""
    text, depth = "", 0
    for ligature in LIGATURES:
        assert ligature not in source
    for token in TOKEN.findall(source):
        if token in "{}":
            depth += {"{": 1, "}": -1}[token]
            assert depth >= 0
        elif token == r"\char34":
            text += '"'
        elif token.startswith("\\"):
            assert token in PRINTED or token.strip() in SILENT, token
            text += PRINTED.get(token, "")
        else:
            assert token not in '%&#_$~^"', source
            assert token.isascii() or token in "ïÜ"
            text += token
    assert depth == 0
    return text


def literal(name: str) -> str:
    """What a reader should see of a name."""
    return "".join(
        c if c.isascii() or c <= "ÿ" else c.encode("unicode_escape").decode()
        for c in printable(name)
    )


def tables(document: str) -> list[tuple[list[str], list[list[str]]]]:
    """The columns and the rows of cells of each tabular."""
    found = []
    for columns, body in re.findall(
        r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", document, re.DOTALL
    ):
        body = re.sub(r"^ *\\(toprule|midrule|bottomrule)\n", "", body, flags=re.MULTILINE)
        rows = re.split(r" \\\\\n", body.strip("\n"))
        assert rows.pop().strip() == ""
        cells = [[cell.strip() for cell in re.split(r"(?<!\\)&", row)] for row in rows]
        assert {len(row) for row in cells} == {len(columns)}
        found.append((list(columns), cells))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_literally(name: str) -> None:
    assert shown(latex(name)) == literal(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_changes_no_structure(name: str) -> None:
    cells = (RUN, {"model": name, "recipe": name, "dataset": name, "defense": name})
    document = render_latex(table_of(cells, (RUN, {"recipe": name, "dataset": name})))
    assert document.count(r"\begin{table}") == document.count(r"\end{table}") == 2
    (_, accuracies), (_, details) = tables(document)
    assert [shown(cell) for cell in accuracies[0]] == ["model", "clean accuracy", literal(name)]
    assert [[shown(cell) for cell in row[:2]] for row in details[1:]] == [
        [f"{literal(name)} + {literal(name)}", literal(name)],
        ["minilm", literal(name)],
    ]
    for line in document.splitlines():
        assert line.count("\\\\") == 0 or line.endswith(" \\\\")
        assert not line.strip().startswith(("[", "*"))
        assert "%" not in line.replace(r"\%", "") or line.startswith("% Needs") or "{!}{%" in line
        if not line.strip().startswith((r"\resizebox", r"\label", "%", r"\end{tabular}}")):
            plain = re.sub(r"\\[\\{}%&#_$]", "", line)
            assert plain.count("{") == plain.count("}")
        commands = {token.strip() for token in TOKEN.findall(line) if token.startswith("\\")}
        if not line.startswith("%"):
            assert commands <= {*PRINTED, *SILENT, *LAYOUT, r"\char34"}
    for label in re.findall(r"\\label\{(.*)\}", document):
        assert re.fullmatch(r"tab:[a-z0-9._-]+", label)


def test_accuracies_with_intervals_below_and_marks() -> None:
    table = table_of(
        (RUN, {}), (make_outcomes(robust=8, exhausted=2), {"model": "b"}), (RUN, {"recipe": "iga"})
    )
    document = render_latex(table)
    (columns, cells), (_, details) = tables(document)
    assert columns == ["l", *"r" * 6]
    rows = [[] if i in (2, 4) else [shown(cell) for cell in row] for i, row in enumerate(cells)]
    header = ["model", "clean accuracy", "pwws", "worst case", "queries", "words changed", "iga"]
    assert rows[0] == header
    assert rows[1] == ["minilm", "80.0", "40.0 #", "40.0 #", "10.0", "33.3%", "40.0 #"]
    assert cells[2] == ["", r"{\scriptsize 49.0--94.3}", *[r"{\scriptsize 16.8--68.7}"] * 2, "", "",
                        r"{\scriptsize 16.8--68.7}"]  # fmt: skip
    assert rows[3][:4] == ["b", "100.0", "100.0 §#", "100.0 §#"]
    assert [shown(cell) for cell in details[1]] == [
        *("minilm", "pwws", "50.0 [21.5, 78.5] #", "0.900", "10.0", "33.3%", "10", "2", "0"),
    ]
    [group] = table.groups
    for note in group.notes:
        assert rf"    {latex(note)}\par" in document
    assert document.count("robustbert 0.1.0; TextAttack 0.3.11; protocol revision 2") == 2
    assert document.count("such as those of papers, that use the originals.") == 2
    assert document.startswith(r"% Needs \usepackage{booktabs} and \usepackage{graphicx}.")


def test_environments_are_nested() -> None:
    document = render_latex(table_of((RUN, {}), (RUN, {"dataset": "bbc_news"})))
    open_ones: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", document):
        if kind == "begin":
            open_ones.append(name)
        else:
            assert open_ones.pop() == name
    assert open_ones == []
    labels = re.findall(r"\\label\{(.*)\}", document)
    assert len(set(labels)) == len(labels) == 4


def test_replicates_show_mean_and_deviation() -> None:
    cells = [
        (make_outcomes(skipped=2, robust=n, broken=8 - n), {"training_seed": n, "model_sha256": d})
        for n, d in ((2, "d" * 64), (3, "e" * 64))
    ]
    (_, rows), _ = tables(render_latex(table_of(*cells)))
    assert rows[1][1:3] == [r"80.0 \ensuremath{\pm} 0.0", r"25.0 \ensuremath{\pm} 7.1 \#"]
    assert rows[2][1] == r"{\scriptsize (n=2 seeds)}"
