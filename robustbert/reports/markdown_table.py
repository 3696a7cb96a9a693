"""Format a :class:`~robustbert.reports.results_table.Table` as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from robustbert.reports.escape import markdown
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

_NUM_DETAIL_NAMES = 2  # the columns of the model and the recipe


def render_markdown(table: Groups, *, details: bool = True) -> str:
    """Format a table as GitHub-flavored Markdown; names are escaped and shown literally.

    The versions, seeds, dates and assets of the records come first. Each group has its accuracies,
    the details of each recipe (success rate, similarity, queries and counts), and its notes.

    Args:
        table: the groups.
        details: whether to include the details of each recipe.
    """
    provenance = [f"{markdown(line)}\n" for line in provenance_lines(table.groups)]
    return "\n".join([*provenance, *(_group(group, details) for group in table.groups)])


def accuracy_lines(group: Group, columns: Collection[str] | None = None) -> list[str]:
    """The lines of a group's table of accuracies.

    Args:
        group: the group.
        columns: the names of the columns to include, recipes among them; None for all.
    """
    names = table_header(group, group.recipes)
    header = table_header(group, [markdown(recipe) for recipe in group.recipes])
    kept = [index for index, name in enumerate(names) if columns is None or name in columns]
    rows = [
        [label, *(cell.inline for cell in cells)]
        for label, cells in zip(_labels(group), table_rows(group), strict=True)
    ]
    order = [index for index in leading_first(group, range(len(names))) if index in kept]
    num_names = 1 + sum(index in kept for index in range(1, 1 + num_leading(group)))
    lines = [[line[index] for index in order] for line in (header, *rows)]
    return pipe_table(lines[0], lines[1:], num_names)


def _group(group: Group, details: bool) -> str:
    lines = [f"### {markdown(heading(group))}", "", markdown(group.caption), ""]
    lines += accuracy_lines(group)
    if details:
        lines += ["", markdown(DETAIL_CAPTION), "", *_detail_lines(group)]
    if group.notes:
        lines += ["", *(f"- {markdown(note)}" for note in group.notes)]
    return "\n".join(lines) + "\n"


def _labels(group: Group) -> list[str]:
    return [markdown(marked(row.label, row.marks)) for row in group.rows]


def _detail_lines(group: Group) -> list[str]:
    rows = [
        [label, markdown(recipe), *(cell.inline for cell in cells)]
        for label, row in zip(_labels(group), group.rows, strict=True)
        for recipe, cells in detail_rows(row, group.recipes).items()
    ]
    return pipe_table(DETAIL_HEADER, rows, _NUM_DETAIL_NAMES)


def pipe_table(header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> list[str]:
    r"""The lines of a table of escaped cells; columns after the first ``left`` are numbers.

    >>> print(*pipe_table(["a", "b"], [["c", "1"]]), sep="\n")
    | a | b |
    | --- | ---: |
    | c | 1 |
    """
    ruler = ["---"] * left + ["---:"] * (len(header) - left)
    return [f"| {' | '.join(cells)} |" for cells in (header, ruler, *rows)]
