"""The part of a model card that shows how robust the model is, and what to beware of."""

from __future__ import annotations

from collections.abc import Iterator

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.metrics import MeanStd
from robustbert.records import Metric, Record
from robustbert.reports.card.card_blocks import bullets
from robustbert.reports.card.card_selection import CardRow, CardTable
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.marks import batch_invariance
from robustbert.reports.minilm import shares_minilm
from robustbert.reports.notes.completeness import different_sizes
from robustbert.reports.notes.noted_cells import cells_of
from robustbert.reports.offline_assets import OFFLINE, OFFLINE_WARNING
from robustbert.reports.table_cells import marked
from robustbert.reports.wording import MISSING, counted, listed, percent

_HEADER = (
    "attack",
    "accuracy in % [95% interval]",
    "texts",
    "attack success rate in % [95% interval]",
    "queries per text",
)
_READING = (
    "Accuracy under an attack is the share of all texts that the model classifies correctly and "
    "still does after the attack has tried to change its answer; the worst case counts only texts "
    "that withstand every core attack, so it is the number to compare models by. Intervals are 95% "
    "Wilson intervals over the sampled texts: a difference within them can be chance, and numbers "
    "of other datasets, tracks or protocol revisions are not comparable."
)
_TRACKS = {
    "unified": "All attacks have the same limits, listed below under Protocol.",
    "unified-li": "The limits are those of the code of Li et al. 2021.",
    "published": "Each attack has its own limits, as published.",
}
_UPPER_BOUND = (
    "The attacks are heuristic searches, so accuracy under attack is an upper bound: other "
    "attacks, or these with more queries, may break more texts. No person checked whether the "
    "adversarial texts keep the meaning of the originals."
)
_MINILM = (
    "The model shares MiniLM's weights with the similarity encoder and the word vectors of the "
    "offline assets, which may make it look more robust than models of another origin."
)


def summary(row: CardRow) -> str:
    """One sentence per dataset: accuracy without attack and in the worst case.

    It is about the first track, which is the unified one if that was run.
    """
    first = {one.group.dataset: one for one in reversed(row.tables)}
    return " ".join(_summary(one) for one in row.tables if first[one.group.dataset] is one)


def results_section(row: CardRow) -> str:
    """A table of accuracies for each dataset and track, with its notes, and how to read it."""
    return "\n\n".join(["## Robustness", *map(_table, row.tables), "### How to read it", _READING])


def caveats_section(row: CardRow) -> str:
    """What limits the meaning of the numbers."""
    return f"## Caveats\n\n{bullets(_caveats(row))}"


def _summary(one: CardTable) -> str:
    group, worst_case = one.group, one.results.worst_case
    texts = f"{markdown(group.dataset)} ({markdown(group.split)} split, {group.track} track)"
    clean = f"On {texts}, it classifies {_share(one.results.clean)} of the texts correctly"
    if worst_case is None:
        return f"{clean}; its worst case under attack is not available."
    attacks = f"the attacks {markdown(listed(group.core))}"
    if len(group.core) == 1:
        attacks = f"the attack {markdown(group.core[0])}"
    return f"{clean}, and {_share(worst_case)} in the worst case under {attacks}."


def _share(metric: Metric) -> str:
    return MISSING if metric.value is None else f"{100 * metric.value:.1f}%"


def _table(one: CardTable) -> str:
    group = one.group
    heading = f"### {markdown(group.dataset)} ({markdown(group.split)}), {group.track} track"
    parts = [
        marked(heading, one.row.marks),
        "\n".join(pipe_table(_HEADER, _rows(one))),
        _definitions(one),
    ]
    # the column of sizes replaces this note, which is about the cells of other tables
    replaced = set(different_sizes(cells_of(group.rows)))
    notes = [note for note in group.notes if note not in replaced]
    if notes:
        parts.append(bullets(map(markdown, notes)))
    return "\n\n".join(parts)


def _rows(one: CardTable) -> Iterator[list[str]]:
    results, group = one.results, one.group
    yield ["no attack", percent(results.clean), str(results.clean.n), "", ""]
    core = [record for record in one.records if record.recipe.name in group.core]
    for record in core:
        yield _recipe(one, record)
    if group.core:
        marks = markdown(one.row.worst_case_marks(group.core))
        accuracy = marked(f"**{percent(results.worst_case)}**", marks)
        queries = _number(results.queries)
        yield ["**worst case**", accuracy, str(one.row.n), "", queries]
    for record in one.records:
        if record not in core:
            yield _recipe(one, record)


def _recipe(one: CardTable, record: Record) -> list[str]:
    metrics, name = record.metrics, record.recipe.name
    return [
        markdown(name),
        marked(percent(metrics.accuracy_under_attack), markdown(one.row.recipe_marks(name))),
        str(metrics.accuracy_under_attack.n),
        percent(metrics.attack_success_rate),
        _number(metrics.queries_mean),
    ]


def _number(mean: float | MeanStd | None) -> str:
    return f"{mean:.1f}" if isinstance(mean, float) else MISSING


def _definitions(one: CardTable) -> str:
    """What the track, the worst case and the columns are."""
    core = one.group.core
    missing = [recipe for recipe in CORE_RECIPES if recipe not in core]
    if not core:
        worst_case = "There is no worst case, because no core recipe was run."
    else:
        recipes = f"core recipe{'s' * (len(core) > 1)} {markdown(listed(core))}"
        worst_case = f"The worst case is over the {recipes}"
        worst_case += f"; {listed(missing)} did not run." if missing else "."
    return (
        f"{_TRACKS[one.group.track]} {worst_case} The attack success rate is the share of "
        "correctly classified texts that the attack broke. Queries are the distinct texts that "
        "the model scored per attacked text."
    )


def _caveats(row: CardRow) -> Iterator[str]:
    yield _UPPER_BOUND
    yield _reliability(row)
    yield _batch_invariance(row.records)
    yield _errors(row.records)
    yield _truncation(row.records)
    if any(record.assets.profile == OFFLINE for record in row.records):
        yield OFFLINE_WARNING
        if shares_minilm(row.first.model):
            yield _MINILM


def _reliability(row: CardRow) -> str:
    if any(checks for one in row.tables for checks in one.results.failed.values()):
        return (
            "Numbers with a mark failed a reliability check; the notes below their table say which."
        )
    if not all(record.reliability for record in row.records):
        return "Not all reliability checks are recorded; no available one failed."
    return "All numbers passed the reliability checks of their records."


def _batch_invariance(records: tuple[Record, ...]) -> str:
    status = batch_invariance(records)
    if status == "verified":
        found = [record.environment.batch_invariance for record in records]
        checked = sum(one.answers_checked + one.encodings_checked for one in found if one)
        return (
            "Batch invariance was verified: the results do not depend on which texts are computed "
            f"together ({checked:,} outputs were recomputed one by one and were identical)."
        )
    if status is None:
        return "Batch invariance was not checked, so outcomes may depend on the batches."
    return "Batch invariance is not verified (†), so outcomes may not be reproducible."


def _errors(records: tuple[Record, ...]) -> str:
    errors = sum(record.counts.error for record in records)
    if not errors:
        return "No attack failed with an error."
    return f"{counted(errors, 'attack')} failed with an error, which counts as incorrect."


def _truncation(records: tuple[Record, ...]) -> str:
    most = max(records, key=lambda record: record.counts.truncated)
    if not most.counts.truncated:
        return "The model truncated none of the texts."
    return (
        f"The model truncated up to {most.counts.truncated} of {counted(most.protocol.n, 'text')} "
        f"({markdown(most.dataset.name)}) and classified their beginnings."
    )
