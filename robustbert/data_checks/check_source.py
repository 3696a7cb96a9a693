"""Check the data of a source."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib import metadata
from typing import Any

from robustbert.data import DatasetSource
from robustbert.data_checks.check_kinds import DataCheck
from robustbert.data_checks.check_settings import CheckSettings
from robustbert.data_checks.checked_data import CheckedData
from robustbert.data_checks.data_report import (
    REPORT_VERSION,
    CheckResult,
    ClassCount,
    DataReport,
    SplitSummary,
)
from robustbert.data_checks.label_errors import check_cleanlab
from robustbert.data_checks.loading_summary import summarize_loading
from robustbert.data_checks.text_lengths import word_counts
from robustbert.errors import InputError

_LIBRARIES = ("datasketch", "ftfy", "scikit-learn", "scipy")
_CROSS_VALIDATING = ("cleanlab",)


def check_data(
    source: Any,
    *,
    name: str | None = None,
    text_column: str = "text",
    label_column: str = "label",
    label_names: Sequence[str] | None = None,
    label_map: Mapping[str, str] | None = None,
    limits: Mapping[str, float] | None = None,
    skip: Collection[str] = (),
    folds: int = 5,
    seed: int = 0,
) -> DataReport:
    """Check the quality of a dataset: balance, lengths, duplicates, leakage, labels, encoding.

    The rows are checked as the source has them: loading a dataset drops some of what the checks
    find, and the report says how much.

    Args:
        source: as for :func:`robustbert.load_dataset`; give splits as a mapping from ``"train"``,
            ``"validation"`` and ``"test"`` to files or objects.
        name: the name in the report; None for that of the file or hub dataset, or ``"data"``.
        text_column: the text column of a file, hub dataset, frame or ``datasets.Dataset``.
        label_column: its label column: whole numbers or names.
        label_names: the names of the classes in order; None to find them in the data.
        label_map: names in the data, and the names to use for them.
        limits: limits by the name of a check of :data:`robustbert.data_checks.CHECKS`, from 0 to
            1; the others have their defaults.
        skip: the names of checks that are not run.
        folds: the number of folds of ``label-errors``, from 2 to 20.
        seed: the seed of the folds.

    Raises:
        UnknownNameError: no such dataset, label or check; the message suggests similar ones.
        InputError: a limit or another argument is out of range, or label names or columns are
            given for a dataset that defines them itself.
        DatasetError: the data cannot be read, or have fewer than two classes.
        MissingAssetError: the package with the dataset or cleanlab is not installed.
    """
    if isinstance(skip, str):
        raise InputError(f"skip is the string {skip!r}; give a list of names")
    settings = CheckSettings(limits or {}, tuple(skip), folds, seed)
    given = DatasetSource(
        source,
        name=name,
        text_column=text_column,
        label_column=label_column,
        label_names=label_names,
        label_map=label_map or {},
    )
    return check_source(given, settings)


def check_source(source: DatasetSource, settings: CheckSettings) -> DataReport:
    """Check the data of a source; see :func:`check_data`."""
    is_cross_validated = any(check.is_cross_validated for check in settings.checks)
    if is_cross_validated:
        check_cleanlab()
    rows = source.read_rows()
    data = CheckedData.of(rows)
    libraries = (*_LIBRARIES, *(_CROSS_VALIDATING if is_cross_validated else ()))
    return DataReport(
        report_version=REPORT_VERSION,
        dataset=rows.name,
        source=rows.source,
        label_names=list(rows.label_names),
        seed=int(settings.seed),
        folds=int(settings.folds),
        libraries=[f"{name}=={metadata.version(name)}" for name in libraries],
        splits=[_summary(data, split) for split in data.split_names],
        checks=[_result(check, data, settings) for check in settings.checks],
        skipped=list(settings.skip),
        loading=summarize_loading(rows),
    )


def _result(check: DataCheck, data: CheckedData, settings: CheckSettings) -> CheckResult:
    """Measure a check and compare the value with its limit."""
    folds = (settings.folds, settings.seed) if check.is_cross_validated else ()
    found = check.measure(data, *folds)
    limit = settings.limit(check)
    passed = None
    if found.value is not None:
        passed = found.value >= limit if check.kind == "at least" else found.value <= limit
    return CheckResult(
        name=check.name,
        meaning=check.meaning,
        value=found.value,
        kind=check.kind,
        limit=limit,
        passed=passed,
        num_found=found.num_found,
        num_rows=found.num_rows,
        facts=dict(found.facts),
        findings=list(found.findings),
        reason=found.reason,
    )


def _summary(data: CheckedData, split: str) -> SplitSummary:
    counts = data.class_counts(split)
    return SplitSummary(
        split=split,
        num_rows=sum(counts),
        classes=[
            ClassCount(label=label, num_rows=count)
            for label, count in zip(data.label_names, counts, strict=True)
        ],
        words=word_counts(data, split),
    )
