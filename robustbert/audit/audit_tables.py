"""Format the report of an audit for the terminal, as Markdown and as JSON."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from robustbert.audit.audit_report import AuditReport, GroupReport
from robustbert.audit.estimates import Estimate
from robustbert.audit.rater_agreement import Agreement
from robustbert.console import printable
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.render import text_table
from robustbert.reports.wording import MISSING, counted, listed

_JUDGEMENTS = (
    *("group", "pairs", "rated", "label kept", "original's label"),
    *("same meaning", "unsure", "fluency", "change in fluency"),
)
_AGREEMENTS = ("group", "question", "pairs", "alpha")
_NOTE = (
    "Shares are in %. Label kept: raters give the adversarial text the true label of its original. "
    "Original's label: raters give the original its true label, as a control. Same meaning: raters "
    "say yes. Fluency: that of the originals, 1 to 5. Brackets: 95% intervals over pairs, not over "
    "raters; Wilson's where every pair has one rater or its raters agree, else the bootstrap. "
    "Alpha: Krippendorff's, 1 is perfect agreement and 0 is chance."
)


def audit_as_dict(report: AuditReport) -> dict[str, Any]:
    """Convert a report for JSON: numbers are unrounded, null if they do not exist."""
    return {
        **asdict(report),
        "groups": [
            {**asdict(group), "agreements": list(map(_agreement_as_dict, group.agreements))}
            for group in report.groups
        ],
    }


def render_audit(report: AuditReport, width: int) -> str:
    """Format a report as two tables for the terminal: the judgements, and the agreement."""
    judgements, agreements = _judgement_rows(report, printable), _agreement_rows(report, printable)
    header = [name.replace(" ", "\n") for name in _JUDGEMENTS]
    parts = [
        textwrap.fill(printable(_summary(report)), width),
        text_table(header, judgements, width),
        text_table(_AGREEMENTS, agreements, width, left=("question",)),
        textwrap.fill(_NOTE, width),
    ]
    return "\n\n".join(parts) + "\n"


def audit_markdown(report: AuditReport) -> str:
    """Format a report as Markdown; names are escaped."""
    parts = [
        markdown(_summary(report)),
        "\n".join(pipe_table(_JUDGEMENTS, _judgement_rows(report, markdown))),
        "\n".join(pipe_table(_AGREEMENTS, _agreement_rows(report, markdown), left=2)),
        markdown(_NOTE),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(report: AuditReport) -> str:
    everything = report.groups[-1]
    missing = {column: number for column, number in report.missing.items() if number}
    listing = listed([f"{number} of {column}" for column, number in missing.items()])
    return (
        f"{report.dataset}: {counted(len(report.raters), 'rater')} "
        f"({listed(report.raters)}), {everything.num_rated} of "
        f"{counted(everything.num_items, 'pair')} rated, {counted(report.num_ratings, 'rating')}; "
        f"missing answers in them: {listing or 'none'}."
    )


def _judgement_rows(report: AuditReport, escape: Callable[[str], str]) -> list[list[str]]:
    return [[escape(group.name), *_judgements(group)] for group in report.groups]


def _judgements(group: GroupReport) -> list[str]:
    shares = (group.label_kept, group.original_label, group.same_meaning, group.unsure)
    return [
        str(group.num_items),
        str(group.num_rated),
        *(share_text(share) for share in shares),
        mean_text(group.fluency_original, 2),
        mean_text(group.fluency_difference, 2, signed=True),
    ]


def _agreement_rows(report: AuditReport, escape: Callable[[str], str]) -> list[list[str]]:
    return [
        [escape(group.name), one.question, str(one.n), _alpha_text(one)]
        for group in report.groups
        for one in group.agreements
    ]


def share_text(share: Estimate) -> str:
    """A share in percent with its interval."""
    return _text(share, lambda value: f"{100 * value:.1f}")


def mean_text(mean: Estimate, digits: int, *, signed: bool = False) -> str:
    """A mean with its interval."""
    return _text(mean, lambda value: f"{value:{'+' * signed}z.{digits}f}")  # z: no -0.0


def _text(estimate: Estimate, number: Callable[[float], str]) -> str:
    if estimate.value is None:
        return MISSING
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def _alpha_text(found: Agreement) -> str:
    if found.reason is not None:
        return f"{MISSING}: {found.reason}"
    if math.isnan(found.low):
        return f"{found.alpha:.3f}"
    return f"{found.alpha:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _agreement_as_dict(found: Agreement) -> dict[str, Any]:
    numbers: Sequence[str] = ("alpha", "low", "high")
    content = asdict(found)
    return {**content, **{name: _finite(content[name]) for name in numbers}}


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else value
