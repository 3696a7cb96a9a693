"""The sentences that all reports of a comparison share; names in them are not escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from types import MappingProxyType

from robustbert.gate.comparison.compared import Compared, ComparedMeasure
from robustbert.gate.comparison.comparison_notation import (
    ALLOWED_MARK,
    allowed_drop,
    compact,
    dataset_name,
    measure_name,
    p_in_sentence,
    points,
    short_name,
)
from robustbert.gate.comparison.matching import (
    SAME_MODEL,
    SAME_TRAINING,
    NotCompared,
    RowPair,
)
from robustbert.gate.policy import LEAST_DISCORDANT, POWER
from robustbert.reports.conditions import short_hash
from robustbert.reports.wording import counted, listed, percent

_VERDICTS = MappingProxyType({0: "PASSED", 1: "FAILED", 2: "NOT COMPARABLE"})
_MAX_LISTED = 5


def verdict_word(comparison: Compared) -> str:
    """PASSED, FAILED or NOT COMPARABLE."""
    return _VERDICTS[comparison.exit_code]


def reason(comparison: Compared) -> str:
    """The reason for the verdict, in one phrase."""
    total = counted(len(comparison.measures), "measure")
    regressions = sum(m.verdict == "regression" for m in comparison.failures)
    low_power = sum(m.verdict == "low power" for m in comparison.failures)
    phrases = []
    if regressions:
        phrases.append(f"{regressions} of {total} dropped significantly and by more than allowed")
    if low_power:
        phrases.append(f"{low_power} of {total} cannot show the allowed drop (strict)")
    if comparison.refused:
        phrases.append(f"{_cells_and_rows(comparison.refused)} could not be compared")
    if not comparison.measures and not comparison.refused:
        phrases.append("the runs have no cell in common")
    if rejected := sum(m.verdict == "regression" and not m.failed for m in comparison.measures):
        phrases.append(f"{counted(rejected, 'regression')} not confirmed on fresh examples")
    return "; ".join(phrases) or f"none of {total} dropped significantly and by more than allowed"


def _cells_and_rows(parts: Iterable[NotCompared]) -> str:
    is_row = [part.dataset is None for part in parts]
    numbers = ((sum(is_row), "row"), (len(is_row) - sum(is_row), "cell"))
    return listed([counted(number, noun) for number, noun in numbers if number])


def finding(measure: ComparedMeasure) -> str:
    """What was found about a measure, in one line."""
    track = f" ({measure.track} track)" if measure.track else ""
    row = short_name(measure.rows.label)
    place = (
        f"{measure_name(measure)} of {row} on {dataset_name(measure.dataset, measure.split)}{track}"
    )
    if measure.verdict == "low power":
        return f"{place}: {_too_little_power(measure)}"
    change = measure.difference.value
    moved = "dropped" if change < 0 else "rose" if change > 0 else "did not change"
    by = f" by {100 * abs(change):.1f} points" if change else ""
    return (
        f"{place} {moved}{by}: from {percent(measure.base)} to {percent(measure.candidate)}, "
        f"difference {points(measure.difference)}, Holm-corrected "
        f"{p_in_sentence(measure.adjusted_p)}, allowed drop {allowed_drop(measure)}"
        f"{_confirmed(measure)}"
    )


def _confirmed(measure: ComparedMeasure) -> str:
    confirmation = measure.confirmation
    if confirmation is None:
        return ""
    if confirmation.fresh is None:
        return f"; {confirmation.verdict}: no fresh example is left"
    fresh = confirmation.fresh
    return (
        f"; {confirmation.verdict} on {counted(fresh.n, 'fresh example')}: difference "
        f"{points(fresh.difference)}, {p_in_sentence(fresh.adjusted_p)}, power "
        f"{confirmation.power:.2f}"
    )


def _too_little_power(measure: ComparedMeasure) -> str:
    smallest, needed = measure.power.smallest_drop, measure.power.examples_needed
    seen = "no drop" if smallest is None else f"only a drop of at least {100 * smallest:.1f} points"
    enough = "no number is enough" if needed is None else f"{needed:,} are needed"
    return (
        f"{counted(measure.n, 'example')} can show {seen} with a power of {POWER}; for the allowed "
        f"drop of {allowed_drop(measure)}, {enough}"
    )


def warnings(comparison: Compared) -> tuple[str, ...]:
    """What the comparison could not have found."""
    found = (power_sentence(comparison), cannot_fail_sentence(comparison))
    return tuple(sentence for sentence in found if sentence is not None)


def notes(comparison: Compared) -> tuple[str, ...]:
    """Everything that a reader has to know, one or two sentences each."""
    return (
        *warnings(comparison),
        *relation_sentences(comparison),
        *comparison.notes,
        *unused_rule_sentences(comparison),
        *policy_sentences(comparison),
    )


def policy_sentences(comparison: Compared) -> tuple[str, ...]:
    """How the verdict was reached, and what the columns of a report mean."""
    measures, policy = comparison.measures, comparison.policy
    if not measures:
        return ()
    drops = sorted({measure.max_drop for measure in measures})
    allowed = f"{compact(100 * drops[0])} points" if len(drops) == 1 else 'column "allowed"'
    strict = (
        f", or if the allowed drop cannot be shown with a power of {POWER} (strict)"
        if policy.strict
        else ""
    )
    alpha = compact(measures[0].power.alpha)
    return (
        f"A measure fails if its drop is significant and larger than allowed ({allowed}){strict}. "
        f"Significant: the p-value of the exact McNemar test, Holm-corrected for "
        f"{counted(len(measures), 'test')}, is at most {compact(policy.alpha)}.",
        f"Lost, gained: examples that only the base, only the candidate classifies correctly. "
        f"Smallest drop: the smallest, in points, that this many examples show with a probability "
        f"(power) of {POWER}. Needed: how many show the allowed drop (n/a: no number does). Both "
        f"assume the share of lost and gained examples that was found, at least "
        f"{100 * LEAST_DISCORDANT:.0f}%, and a test at the level {compact(policy.alpha)} / "
        f"{len(measures)} = {alpha}.",
        "95% intervals (Wilson; paired bootstrap for differences) cover the choice of the "
        "examples, not the training seed.",
    )


def unused_rule_sentences(comparison: Compared) -> tuple[str, ...]:
    """The rules that apply to no measure, as after a misspelled name."""
    return tuple(
        f"The rule {short_name(rule.text)} applies to no measure that was compared."
        for rule in comparison.policy.rules
        if not any(rule.matches(m.dataset, m.track, m.measure) for m in comparison.measures)
    )


def power_sentence(comparison: Compared) -> str | None:
    """How many measures passed although the allowed drop could have been missed; None if none."""
    weak = [m for m in comparison.measures if not m.failed and not m.has_power]
    if not weak:
        return None
    needed = [m.power.examples_needed for m in weak if m.power.examples_needed is not None]
    enough = f" {max(needed):,} examples show it for each of them." if needed else ""
    return (
        f"Low power: {len(weak)} of {counted(len(comparison.measures), 'measure')} did not fail, "
        f"but have too few examples to show the allowed drop with a power of {POWER}.{enough}"
    )


def cannot_fail_sentence(comparison: Compared) -> str | None:
    """Which measures cannot drop by more than allowed; None if all can."""
    low = [
        m for m in comparison.measures if m.base.value is not None and m.base.value <= m.max_drop
    ]
    if not low:
        return None
    names = listed(
        [f"{measure_name(m)} on {dataset_name(m.dataset, m.split)}" for m in low[:_MAX_LISTED]]
    )
    more = f" and {len(low) - _MAX_LISTED} more" if len(low) > _MAX_LISTED else ""
    return (
        f"No regression is possible, because the accuracy of the base is not higher than the "
        f"allowed drop: {names}{more}."
    )


def relation_sentences(comparison: Compared) -> tuple[str, ...]:
    """What the two models of each pair of rows have in common, and what follows."""
    datasets: dict[RowPair, dict[str, None]] = {}
    for measure in comparison.measures:
        name = dataset_name(measure.dataset, measure.split)
        datasets.setdefault(measure.rows, {})[name] = None
    labels = Counter(rows.label for rows in datasets)
    return tuple(
        _relation(rows, f" on {listed(list(names))}" if labels[rows.label] > 1 else "")
        for rows, names in datasets.items()
    )


def _relation(rows: RowPair, on: str) -> str:
    weights = " and ".join(
        dict.fromkeys(map(short_hash, (rows.base_sha256, rows.candidate_sha256)))
    )
    sentence = (
        f"{short_name(rows.label)}{on}: base and candidate are {rows.relation} (weights {weights})."
    )
    if rows.relation == SAME_MODEL:
        return f"{sentence} A difference between them is not due to the model."
    if rows.relation.startswith(SAME_TRAINING):
        return f"{sentence} A difference between them shows the effect of the training seed."
    return sentence


def allowed_sentences(measures: Iterable[ComparedMeasure]) -> tuple[str, ...]:
    """The differences that were allowed, with the measures that each belongs to."""
    by_difference: dict[str, list[str]] = {}
    for measure in measures:
        for difference in measure.allowed:
            by_difference.setdefault(difference, []).append(measure_name(measure))
    return tuple(
        f"{ALLOWED_MARK} Allowed for {listed(list(dict.fromkeys(names)))}: {difference}."
        for difference, names in by_difference.items()
    )


def not_compared_sentences(comparison: Compared) -> tuple[str, ...]:
    """What was not compared, with the reason and the option that would allow it."""
    recipes: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for cell in comparison.not_compared:
        track = f" ({cell.track} track)" if cell.track else ""
        on = f" on {dataset_name(cell.dataset, cell.split)}" if cell.dataset else ""
        place = f"{short_name(cell.row)}{on}{track}"
        names = recipes.setdefault((place, cell.reason, cell.allow), [])
        names += [short_name(cell.recipe)] if cell.recipe is not None else []
    return tuple(
        (f"{listed(names)} of {place}" if names else place)
        + f": {why}"
        + (f" (to allow it: --allow {','.join(allow)})" if allow else "")
        for (place, why, allow), names in recipes.items()
    )
