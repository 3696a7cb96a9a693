"""The table of published rows that are compared with the first of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard.suite_markdown import (
    common_seeds,
    comparison,
    recipe_cells,
    title_cell,
    worst_case_cells,
)
from robustbert.leaderboard.suite_table import SuiteTable, read_row_tables
from robustbert.records import Record
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import counted, listed


def compared_rows(
    results: Path,
    prepare: Callable[[Record], Record] | None = None,
    also: Sequence[tuple[str, str]] = (),
) -> str | None:
    """Tables of undefended models with several training seeds; None if there are no results.

    Each is compared with the one that has the shortest name.

    Args:
        results: the folder of published results.
        prepare: changes each record before records are grouped into rows.
        also: names of two more rows each, of which the second is compared with the first.
    """
    tables = read_row_tables(results, prepare)
    return "\n".join(part for table in tables for part in _parts(table, also)) or None


def _parts(table: SuiteTable, also: Sequence[tuple[str, str]]) -> Iterator[str]:
    group, plain = table.group, table.plain
    assert plain is not None
    yield (
        f"{markdown(group.dataset)}: {counted(group.n, 'example')} of the {group.split} split, "
        f"{group.track} track. Accuracy in %: mean ± standard deviation over "
        f"{common_seeds(table)} training seeds. Worst case: the share of examples that survive "
        f"{listed(CORE_RECIPES)}.\n"
    )
    rows = [
        [title_cell(line), *worst_case_cells(line, table), *recipe_cells(line, table)]
        for line in table.lines
    ]
    header = ["model", "clean", "worst case", *map(markdown, group.recipes)]
    yield "\n".join(pipe_table(header, rows)) + "\n"
    yield from comparison(table, plain)
    lines = {line.title: line for line in table.lines}
    for first, second in also:
        if first in lines and second in lines:
            pair = replace(table, lines=(lines[first], lines[second]))
            yield from comparison(pair, lines[first])
