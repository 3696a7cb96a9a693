"""Checks of the quality of data: balance, duplicates, leakage, labels and encoding."""

from robustbert.data_checks.check_kinds import CHECKS, DataCheck
from robustbert.data_checks.check_settings import CheckSettings
from robustbert.data_checks.check_source import check_data, check_source
from robustbert.data_checks.data_report import (
    CheckedRow,
    CheckResult,
    ClassCount,
    DataReport,
    Finding,
    LoadingSummary,
    SplitSummary,
    WordCounts,
)
from robustbert.data_checks.report_page import data_report_page
from robustbert.data_checks.report_text import data_report_text

__all__ = [
    "CHECKS",
    "CheckResult",
    "CheckSettings",
    "CheckedRow",
    "ClassCount",
    "DataCheck",
    "DataReport",
    "Finding",
    "LoadingSummary",
    "SplitSummary",
    "WordCounts",
    "check_data",
    "check_source",
    "data_report_page",
    "data_report_text",
]
