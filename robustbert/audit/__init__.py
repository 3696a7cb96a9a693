"""Audits of attacks: human and automatic judgements of adversarial texts."""

from robustbert.audit.audit_export import Export, export_audit
from robustbert.audit.audit_key import AuditItem, AuditKey, read_key
from robustbert.audit.audit_report import AuditReport, GroupReport, report_audit
from robustbert.audit.rater_agreement import Agreement
from robustbert.audit.rating_files import Rating, read_ratings
from robustbert.audit.run_measures import MeasuredCell, MeasuredRun, measure_run, read_measures
from robustbert.audit.text_measures import TextMeasures

__all__ = [
    "Agreement",
    "AuditItem",
    "AuditKey",
    "AuditReport",
    "Export",
    "GroupReport",
    "MeasuredCell",
    "MeasuredRun",
    "Rating",
    "TextMeasures",
    "export_audit",
    "measure_run",
    "read_key",
    "read_measures",
    "read_ratings",
    "report_audit",
]
