"""What the comparisons of a suite's rows with the plain one say, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from robustbert.leaderboard.against_plain import LEVEL, AgainstPlain, RowDifference
from robustbert.leaderboard.suite_table import SuiteLine
from robustbert.reports.marks import mark_of, symbols
from robustbert.reports.notes.noted_cells import cells_of
from robustbert.reports.wording import counted, listed


def findings(plain: str, tests: Sequence[tuple[SuiteLine, AgainstPlain]]) -> Iterator[str]:
    """How many rows differ from the plain one, in which direction, and what was not compared.

    Args:
        plain: the title of the plain row.
        tests: the other lines with their comparisons.
    """
    yield _finding("the worst case", plain, {one.title: found.worst_case for one, found in tests})
    doubtful = [
        f"{line.title} ({marks})"
        for line, found in tests
        if found.worst_case and _is_better(found.worst_case) and (marks := _marks_of_row(line))
    ]
    if doubtful:
        yield (
            f"The gain of {listed(doubtful)} may be an illusion: the notes on the marks say what "
            "was found."
        )
    yield _finding("clean accuracy", plain, {one.title: found.clean for one, found in tests})
    left_out = [f"{one.title} ({'; '.join(test.reasons)})" for one, test in tests if test.reasons]
    if left_out:
        yield f"Not compared: {listed(left_out)}."


def _finding(name: str, plain: str, measures: Mapping[str, RowDifference | None]) -> str:
    tested = {title: one for title, one in measures.items() if one is not None}
    significant = {title: one for title, one in tested.items() if one.adjusted_p < LEVEL}
    better = [title for title, one in significant.items() if _is_better(one)]
    worse = [title for title, one in significant.items() if one.difference.value < 0]
    untested = [title for title in measures if title not in tested]
    sentence = (
        f"In {name}, {_number(better)} better than {plain} and {_number(worse)} worse, of "
        f"{counted(len(tested), 'row')} tested, with a corrected p-value below {LEVEL}."
    )
    return f"{sentence} Not tested: {listed(untested)}." if untested else sentence


def _is_better(found: RowDifference) -> bool:
    return found.adjusted_p < LEVEL and found.difference.value > 0


def _marks_of_row(line: SuiteLine) -> str:
    """The marks that concern a whole row, each once."""
    cells = cells_of([line.row] if line.row else [])
    return symbols(check for cell in cells for check in cell.failed if mark_of(check).is_of_row)


def _number(titles: Sequence[str]) -> str:
    """The number of titles with the verb.

    >>> _number([]), _number(["a"]), _number(["a", "b"])
    ('none are', '1 (a) is', '2 (a and b) are')
    """
    names = f" ({listed(titles)})" if titles else ""
    return f"{len(titles) or 'none'}{names} {'is' if len(titles) == 1 else 'are'}"
