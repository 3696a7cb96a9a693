"""Format a :class:`~robustbert.reports.results_table.Table` as LaTeX, for a paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from robustbert.records.names import file_name_part
from robustbert.reports.cell import Cell
from robustbert.reports.escape import latex
from robustbert.reports.table_cells import (
    DETAIL_CAPTION,
    DETAIL_HEADER,
    detail_rows,
    heading,
    leading_first,
    marked,
    num_leading,
    table_header,
    table_rows,
)
from robustbert.reports.table_groups import Group, Groups
from robustbert.reports.table_provenance import provenance_lines

_PACKAGES = r"% Needs \usepackage{booktabs} and \usepackage{graphicx}."
# Scales a table down to the width of the text if it is wider.
_SCALED = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"


def render_latex(table: Groups, *, details: bool = True) -> str:
    r"""Format a table as LaTeX: ``table`` environments, to be read by ``\input``.

    The first of a group has the accuracies, with their intervals below, and the notes; the second
    the details of each recipe. Both say how the records were made, with which assets. The document
    needs the packages booktabs and graphicx. Names are escaped and shown literally.

    Args:
        table: the groups.
        details: whether to include the details of each recipe.
    """
    parts = [_accuracies, _details] if details else [_accuracies]
    environments = ["\n".join(part(group)) for group in table.groups for part in parts]
    return "\n".join([_PACKAGES, "\n\n".join(environments)]) + "\n" if environments else ""


def _accuracies(group: Group) -> Iterator[str]:
    header = table_header(group, [latex(recipe) for recipe in group.recipes])
    rows = [
        leading_first(group, line)
        for label, cells in zip(_labels(group), table_rows(group), strict=True)
        for line in _lines([label], cells)
    ]
    return _environment(
        f"{heading(group)}. {group.caption}",
        f"tab:{_name(group)}",
        _tabular(leading_first(group, header), rows, num_names=1 + num_leading(group)),
        [*group.notes, *provenance_lines([group])],
    )


def _details(group: Group) -> Iterator[str]:
    rows = [
        [label, latex(recipe), *(latex(cell.inline) for cell in cells)]
        for label, row in zip(_labels(group), group.rows, strict=True)
        for recipe, cells in detail_rows(row, group.recipes).items()
    ]
    place = f"{group.dataset} ({group.split}), {group.track} track"
    return _environment(
        f"{place}. {DETAIL_CAPTION}",
        f"tab:{_name(group)}--recipes",
        _tabular(DETAIL_HEADER, rows, num_names=2),
        provenance_lines([group]),
    )


def _labels(group: Group) -> list[str]:
    return [latex(marked(row.label, row.marks)) for row in group.rows]


def _name(group: Group) -> str:
    return "--".join(map(file_name_part, (group.dataset, group.split, group.track)))


def _lines(names: Sequence[str], cells: Sequence[Cell]) -> Iterator[list[str]]:
    """The lines of a row: the numbers, and below them in smaller type what qualifies them."""
    below = [" ".join(cell.stacked[1:]) for cell in cells]
    yield [*names, *(latex(cell.stacked[0]) for cell in cells)]
    if any(below):
        small = [rf"{{\scriptsize {latex(text)}}}" if text else "" for text in below]
        yield [*("" for _ in names), *small]


def _tabular(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, num_names: int
) -> Iterator[str]:
    """The lines of a tabular of escaped cells; columns after the names are numbers."""
    columns = "l" * num_names + "r" * (len(header) - num_names)
    yield rf"\begin{{tabular}}{{{columns}}}"
    yield r"  \toprule"
    yield rf"  {' & '.join(header)} \\"
    yield r"  \midrule"
    yield from (rf"  {' & '.join(row)} \\" for row in rows)
    yield r"  \bottomrule"
    yield r"\end{tabular}}"


def _environment(
    caption: str, label: str, tabular: Iterator[str], notes: Sequence[str]
) -> Iterator[str]:
    yield r"\begin{table}[tbp]"
    yield r"  \centering"
    yield rf"  \caption{{{latex(caption)}}}"
    yield rf"  \label{{{label}}}"
    yield f"  {_SCALED}"
    yield from (f"  {line}" for line in tabular)
    yield r"  \par\medskip"
    yield r"  \begin{minipage}{\linewidth}"
    yield r"    \footnotesize"
    yield from (rf"    {latex(note)}\par" for note in notes)
    yield r"  \end{minipage}"
    yield r"\end{table}"
