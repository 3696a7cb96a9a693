"""The cell of a table, and columns that a table has in addition to those of its numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A number with what qualifies it, in parts, because each format arranges them differently.

    Args:
        value: the number, or "n/a".
        deviation: the standard deviation over replicates with its sign; empty for other numbers.
        interval: the ends of its 95% interval.
        remarks: the numbers of seeds and of examples, if they need to be shown.
        marks: the marks of failed reliability checks.
    """

    value: str
    deviation: str = ""
    interval: tuple[str, str] | None = None
    remarks: tuple[str, ...] = ()
    marks: str = ""

    @property
    def inline(self) -> str:
        """All parts on one line.

        >>> Cell("36.0", interval=("24.1", "49.9"), remarks=("n=50",), marks="§").inline
        '36.0 [24.1, 49.9] (n=50) §'
        """
        interval = f"[{', '.join(self.interval)}]" if self.interval else ""
        remarks = [f"({remark})" for remark in self.remarks]
        return " ".join(filter(None, [self.value, self.deviation, interval, *remarks, self.marks]))

    @property
    def stacked(self) -> tuple[str, ...]:
        """The number with its deviation and marks, and the other parts below it, in narrow lines.

        >>> Cell("36.0", interval=("24.1", "49.9"), remarks=("n=50",), marks="§").stacked
        ('36.0 §', '24.1–49.9', '(n=50)')
        """
        number = " ".join(filter(None, [self.value, self.deviation, self.marks]))
        interval = ["–".join(self.interval)] if self.interval else []
        return (number, *interval, *(f"({remark})" for remark in self.remarks))


@dataclass(frozen=True)
class Column:
    """An extra column.

    Args:
        name: its name.
        cells: one per row.
    """

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ExtraColumns:
    """The columns that a leaderboard adds to a table; names and cells contain no untrusted text.

    Args:
        first: columns before the label; in the terminal and in a notebook after it.
        after_worst_case: columns after the worst case.
    """

    first: tuple[Column, ...]
    after_worst_case: tuple[Column, ...]
