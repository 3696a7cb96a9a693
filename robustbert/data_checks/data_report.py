"""The result of checking a dataset; its JSON holds row numbers and counts, but no texts."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from robustbert.errors import UnknownNameError
from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    Proportion,
    StrictModel,
)

#: The version of the format of reports.
REPORT_VERSION: Final = 1

Kind = Literal["at most", "at least"]


class CheckedRow(StrictModel):
    """A row of the data."""

    split: Name = Field(description="its split; all if the source has no splits")
    row: PositiveInt = Field(description="its number in the split, from 1")
    label: Name = Field(description="the name of its label")
    text: str = Field("", exclude=True, repr=False, description="its text; not in JSON")
    start: NonNegativeInt = Field(
        0, exclude=True, repr=False, description="where in the text the finding is; not in JSON"
    )


class Finding(StrictModel):
    """Rows that a check found, together."""

    rows: list[CheckedRow] = Field(description="a single row, or all rows that belong together")
    note: str = Field(description="what was found, without parts of texts; may be empty")


class CheckResult(StrictModel):
    """The result of one check."""

    name: Name = Field(description="the name of the check")
    meaning: Name = Field(description="what it measures, in one line")
    value: Proportion | None = Field(description="the measured value; null if not measured")
    kind: Kind = Field(description="whether the limit is a maximum or a minimum")
    limit: Proportion = Field(description="the limit of the value")
    passed: bool | None = Field(description="whether the limit is kept; null if not measured")
    num_found: NonNegativeInt | None = Field(description="the number of rows that were found")
    num_rows: NonNegativeInt | None = Field(description="the number of rows that were checked")
    facts: dict[str, str | int | float | None] = Field(description="what else was measured")
    findings: list[Finding] = Field(description="what was found, most important first")
    reason: str | None = Field(description="why it was not measured; null if it was")


class ClassCount(StrictModel):
    """The size of a class."""

    label: Name = Field(description="the name of the class")
    num_rows: NonNegativeInt = Field(description="number of rows")


class WordCounts(StrictModel):
    """Lengths of texts in words; empty texts do not count."""

    lower_quartile: NonNegativeFloat = Field(description="a quarter of the texts is not longer")
    median: NonNegativeFloat = Field(description="half of the texts is not longer")
    upper_quartile: NonNegativeFloat = Field(description="three quarters are not longer")
    longest: NonNegativeInt = Field(description="the longest text")


class SplitSummary(StrictModel):
    """The rows of a split."""

    split: Name = Field(description="the name of the split; all if the source has no splits")
    num_rows: PositiveInt = Field(description="number of rows")
    classes: list[ClassCount] = Field(description="in the order of the labels")
    words: WordCounts | None = Field(description="lengths of texts; null if all are empty")


class LoadingSummary(StrictModel):
    """What loading the data for training and attacks drops; only an error if it fails."""

    error: str | None = Field(description="why the data cannot be loaded; null if it can")
    empty: NonNegativeInt | None = Field(description="dropped: empty texts")
    duplicates: NonNegativeInt | None = Field(description="dropped: an earlier row is the same")
    conflicts: NonNegativeInt | None = Field(description="dropped: the same text, another label")
    overlaps: NonNegativeInt | None = Field(description="dropped: close to a row of another split")
    html_breaks: NonNegativeInt | None = Field(description="kept: line breaks became spaces")
    splits: dict[str, int] | None = Field(description="the rows that remain in each split")


class DataReport(StrictModel):
    """The checks of a dataset.

    >>> import robustbert as rb
    >>> texts = ["a fine film", "A  fine film", "a dull film", "so good", "so bad", "so so"]
    >>> report = rb.check_data((texts, ["pos", "neg"] * 3), skip=["label-errors"])
    >>> report.check("conflicts").num_found, report.passed
    (2, False)
    """

    report_version: Literal[1] = Field(description="the version of the format")
    dataset: Name = Field(description="the name of the dataset")
    source: Name = Field(description="where its rows come from")
    label_names: list[Name] = Field(description="the names of the classes, in order")
    seed: NonNegativeInt = Field(description="the seed of the folds of label-errors")
    folds: PositiveInt = Field(description="the number of folds of label-errors")
    libraries: list[Name] = Field(description="the packages that the results depend on")
    splits: list[SplitSummary] = Field(description="the splits of the source")
    checks: list[CheckResult] = Field(description="one per check that was not skipped")
    skipped: list[Name] = Field(description="the names of the skipped checks")
    loading: LoadingSummary = Field(description="what loading the data drops")

    @property
    def num_rows(self) -> int:
        """The number of rows of all splits."""
        return sum(split.num_rows for split in self.splits)

    @property
    def failed(self) -> list[str]:
        """The names of the checks whose limits are not kept."""
        return [check.name for check in self.checks if check.passed is False]

    @property
    def passed(self) -> bool:
        """Whether no check failed and the data can be loaded."""
        return not self.failed and self.loading.error is None

    def cut(self, num_findings: int) -> DataReport:
        """The report with at most so many findings of each check."""
        checks = [
            check.model_copy(update={"findings": check.findings[:num_findings]})
            for check in self.checks
        ]
        return self.model_copy(update={"checks": checks})

    def check(self, name: str) -> CheckResult:
        """The result of the check called ``name``.

        Raises:
            UnknownNameError: there is no such check, or it was skipped.
        """
        found = {check.name: check for check in self.checks}
        if name not in found:
            raise UnknownNameError("check", name, found)
        return found[name]

    def __str__(self) -> str:
        return repr(self)

    def __repr__(self) -> str:
        counts = f"{len(self.checks)} checks, {len(self.failed)} failed"
        return f"<data check of {self.dataset}: {self.num_rows} rows; {counts}>"
