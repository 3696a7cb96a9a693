"""Format a comparison as JSON."""

from __future__ import annotations

import json

from robustbert.gate.comparison.compared import Compared, ComparedMeasure, Confirmation
from robustbert.gate.comparison.comparison_fields import (
    ComparisonFields,
    ConfirmationFields,
    DifferenceFields,
    MeasureFields,
    NotComparedFields,
    PolicyFields,
    PowerFields,
    RuleFields,
)
from robustbert.gate.comparison.comparison_wording import notes, reason, verdict_word
from robustbert.gate.policy import POWER, GatePolicy
from robustbert.paths import report_path
from robustbert.version import __version__


def comparison_json(comparison: Compared) -> str:
    """Format a comparison as JSON: everything, unrounded; ``docs/gate.md`` describes the fields."""
    fields = ComparisonFields(
        robustbert_version=__version__,
        verdict=verdict_word(comparison).lower(),  # type: ignore[arg-type]
        reason=reason(comparison),
        exit_code=comparison.exit_code,
        base=_encodable(report_path(comparison.base)),
        candidate=_encodable(report_path(comparison.candidate)),
        policy=_policy(comparison.policy),
        measures=[_measure(measure) for measure in comparison.measures],
        not_compared=[
            NotComparedFields(
                row=cell.row,
                dataset=cell.dataset,
                split=cell.split,
                track=cell.track,
                recipe=cell.recipe,
                reason=cell.reason,
                allow=list(cell.allow),
            )
            for cell in comparison.not_compared
        ],
        notes=list(notes(comparison)),
    )
    return json.dumps(fields.model_dump(), indent=2, allow_nan=False) + "\n"


def _encodable(path: str) -> str:
    """A path without the lone surrogates that stand for bytes that are not UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode()


def _policy(policy: GatePolicy) -> PolicyFields:
    rules = [
        RuleFields(
            max_drop=rule.max_drop, dataset=rule.dataset, track=rule.track, recipe=rule.recipe
        )
        for rule in policy.rules
    ]
    return PolicyFields(
        max_drop=policy.max_drop, alpha=policy.alpha, strict=policy.strict, rules=rules
    )


def _measure(measure: ComparedMeasure) -> MeasureFields:
    rows, difference, power = measure.rows, measure.difference, measure.power
    return MeasureFields(
        base_row=rows.base,
        candidate_row=rows.candidate,
        base_sha256=rows.base_sha256,
        candidate_sha256=rows.candidate_sha256,
        relation=rows.relation,
        dataset=measure.dataset,
        split=measure.split,
        track=measure.track,
        measure=measure.measure,
        recipes=list(measure.recipes),
        n=measure.n,
        base=measure.base,
        candidate=measure.candidate,
        difference=DifferenceFields(
            value=difference.value, low=difference.low, high=difference.high
        ),
        p_value=measure.p_value,
        adjusted_p=measure.adjusted_p,
        lost=list(measure.lost),
        gained=list(measure.gained),
        max_drop=measure.max_drop,
        power=PowerFields(
            power=POWER,
            discordant=power.discordant,
            alpha=power.alpha,
            smallest_drop=power.smallest_drop,
            examples_needed=power.examples_needed,
        ),
        has_power=measure.has_power,
        verdict=measure.verdict,
        failed=measure.failed,
        allowed=list(measure.allowed),
        confirmation=_confirmation(measure.confirmation),
    )


def _confirmation(confirmation: Confirmation | None) -> ConfirmationFields | None:
    if confirmation is None:
        return None
    return ConfirmationFields(
        seed=confirmation.seed,
        power=confirmation.power,
        verdict=confirmation.verdict,
        fresh=None if confirmation.fresh is None else _measure(confirmation.fresh),
    )
