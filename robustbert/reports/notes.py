"""What stands under a table: everything that its numbers do not say by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.metrics import Spread
from robustbert.records import Counts, Environment, Record, ReliabilityCheck, record_name
from robustbert.reports.marks import (
    NOT_COMPARABLE,
    NOT_VERIFIED,
    Mark,
    batch_invariance,
    mark_of,
)
from robustbert.reports.minilm import shares_minilm
from robustbert.reports.rows import Outcomes, Replicate, Row
from robustbert.reports.wording import listed

_MOST_PLACES = 6
# Protocol revision 1 counted queries as TextAttack does.
_TEXTATTACK_COUNTS = 1


def group_notes(
    rows: Sequence[Row], core: Sequence[str], recipes: Sequence[str], outcomes: Outcomes
) -> tuple[str, ...]:
    """The notes of one group of rows, one fact each.

    Args:
        rows: of the group, in their order.
        core: the core recipes that some row ran.
        recipes: all recipes that some row ran.
        outcomes: by :func:`robustbert.records.record_name`, as far as they are at hand.
    """
    cells = [
        Cell(row, replicate, recipe, record)
        for row in rows
        for replicate in row.replicates
        for recipe, record in replicate.records.items()
    ]
    return (
        *_worst_case(rows, core),
        *_not_run(rows, core, recipes),
        *_other_sizes(rows, cells),
        *_without_outcomes(cells, outcomes),
        *_not_comparable(rows),
        *_replicates(rows, recipes),
        *_marks(cells),
        *_not_verified(cells),
        *_clean_accuracies(rows),
        *_counts(cells),
        *_truncated(rows),
        *_query_counts(rows),
        *_minilm(rows),
        *_machines(cells),
    )


# What can change the last bits of an answer, and so sometimes an outcome: its name, what is
# compared, and the field that is shown.
_MACHINE: tuple[tuple[str, Callable[[Environment], str | None], str], ...] = (
    ("kinds of processor", lambda environment: environment.processor_class, "processor"),
    ("versions of torch", lambda environment: environment.torch, "torch"),
    ("versions of transformers", lambda environment: environment.transformers, "transformers"),
)


@dataclass(frozen=True)
class Cell:
    """One record and where it stands in the table."""

    row: Row
    replicate: Replicate
    recipe: str
    record: Record

    @property
    def failed(self) -> tuple[ReliabilityCheck, ...]:
        """The reliability checks that it fails."""
        return self.replicate.failed.get(self.recipe, ())


def caption(core: Sequence[str]) -> str:
    """What the worst case of a table is over, and which core recipes it lacks."""
    if not core:
        return f"There is no worst case: none of the core recipes ({listed(CORE_RECIPES)}) was run."
    missing = [recipe for recipe in CORE_RECIPES if recipe not in core]
    if not missing:
        return f"Worst case, queries and words changed are over the core recipes {listed(core)}."
    lacking = f"recipe {missing[0]} was" if len(missing) == 1 else f"recipes {listed(missing)} were"
    over = f"Worst case, queries and words changed are over {listed(core)}"
    return f"{over}; the core {lacking} not run."


def _machines(cells: Sequence[Cell]) -> Iterator[str]:
    environments = [cell.record.environment for cell in cells]
    for what, value, shown in _MACHINE:
        found = {value(one): getattr(one, shown) for one in environments if value(one)}
        if len(found) > 1:
            names = listed(sorted(set(found.values())))
            yield (
                f"The cells were made with {len(found)} {what} ({names}), so single outcomes "
                "may differ for that reason alone."
            )


def _worst_case(rows: Sequence[Row], core: Sequence[str]) -> Iterator[str]:
    if not core:
        return
    reasons: dict[str, list[str]] = {}
    for row in rows:
        for replicate in row.replicates:
            if replicate.incomplete:
                reasons.setdefault(replicate.incomplete, []).append(_label(row, replicate))
    for reason, labels in reasons.items():
        yield f"There is no worst case for {_rows(labels, rows)}: {reason}."


def _not_run(rows: Sequence[Row], core: Sequence[str], recipes: Sequence[str]) -> Iterator[str]:
    for recipe in recipes:
        labels = [row.label for row in rows if row.under(recipe) is None]
        if labels and recipe not in core:
            yield f"{recipe} was not run for {_rows(labels, rows)}."


def _other_sizes(rows: Sequence[Row], cells: Sequence[Cell]) -> Iterator[str]:
    found = [cell.recipe for cell in cells if cell.record.protocol.n != cell.row.n]
    if found:
        yield (
            f"{listed(list(dict.fromkeys(found)))} ran on another number of examples than the "
            "other recipes of a row, which its cells show as n."
        )


def _without_outcomes(cells: Sequence[Cell], outcomes: Outcomes) -> Iterator[str]:
    found = [(cell, "") for cell in cells if record_name(cell.record) not in outcomes]
    if found:
        yield (
            "The outcomes are not at hand, so words changed and, in records of schema 1, the "
            f"reliability checks are not known: {_places(found)}."
        )


def _not_comparable(rows: Sequence[Row]) -> Iterator[str]:
    found: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        if row.differences:
            found.setdefault(row.differences, []).append(row.label)
    for differences, labels in found.items():
        yield (
            f"{NOT_COMPARABLE} Do not compare {listed(labels)} with the other rows: "
            f"{'; '.join(differences)}."
        )


def _replicates(rows: Sequence[Row], recipes: Sequence[str]) -> Iterator[str]:
    repeated = [row for row in rows if len(row.replicates) > 1]
    if not repeated:
        return
    yield (
        "Mean ± standard deviation (the sample standard deviation over n training seeds) instead "
        "of an interval: the spread is that of training, on the same examples. Each replicate "
        "with its intervals is in table.csv."
    )
    for row in repeated:
        if len({replicate.sha256 for replicate in row.replicates}) == 1:
            yield f"All training seeds of {row.label} gave the same weights."
        for recipe in recipes:
            number = row.under(recipe)
            if isinstance(number, Spread) and number.n < len(row.replicates):
                yield (
                    f"{recipe} was run for {number.n} of the {len(row.replicates)} training seeds "
                    f"of {row.label}."
                )


def _marks(cells: Sequence[Cell]) -> Iterator[str]:
    failed: dict[tuple[Mark, float], list[tuple[Cell, ReliabilityCheck]]] = {}
    for cell in cells:
        for check in cell.failed:
            failed.setdefault((mark_of(check), check.threshold), []).append((cell, check))
    for (mark, threshold), found in failed.items():
        footnote = mark.footnote.replace("{threshold}", f"{100 * threshold:g}%")
        measured = [(cell, f"{100 * check.measured:.1f}%") for cell, check in found]
        yield f"{mark.symbol} {footnote}: {_places(measured, most=None)}."


def _not_verified(cells: Sequence[Cell]) -> Iterator[str]:
    failed = [cell for cell in cells if batch_invariance([cell.record]) == "not verified"]
    if failed:
        places = _places([(cell, _differing_answers(cell.record)) for cell in failed], most=None)
        what = "Batch invariance is not verified, so outcomes may not repeat"
        yield f"{NOT_VERIFIED} {what}: {places}."


def _differing_answers(record: Record) -> str:
    found = record.environment.batch_invariance
    if found is None or not found.differing:
        return ""
    checked = found.answers_checked + found.encodings_checked
    return f"{found.differing} of {checked} answers differed when asked again alone"


def _clean_accuracies(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for replicate in row.replicates:
            records = [r for r in replicate.records.values() if r.protocol.n == row.n]
            values = sorted({r.metrics.clean_accuracy.value or 0.0 for r in records})
            if len(values) > 1:
                yield (
                    f"The clean accuracy of {_label(row, replicate)} is not the same in all its "
                    f"records ({100 * values[0]:.1f}% to {100 * values[-1]:.1f}%); the first is "
                    "shown."
                )


# One line for each count that a reader must see when it is not zero: the count, its meaning, and
# the check that gives it a mark of its own.
_COUNTS: tuple[tuple[Callable[[Counts], int], str, str], ...] = (
    (
        lambda counts: counts.error,
        "Attacks failed with errors; their examples count as neither robust nor broken, but "
        "among all",
        "",
    ),
    (
        lambda counts: counts.exhausted,
        "The query budget ran out for some examples, which count as robust",
        "exhausted",
    ),
    (
        lambda counts: counts.retracted,
        "Some claims to have broken an example failed the check; the examples count as robust",
        "retracted",
    ),
)


def _counts(cells: Sequence[Cell]) -> Iterator[str]:
    for count, meaning, check in _COUNTS:
        found = [
            (cell, str(number))
            for cell in cells
            if (number := count(cell.record.counts))
            and check not in {failed.name for failed in cell.failed}
        ]
        if found:
            yield f"{meaning}: {_places(found)}."


def _truncated(rows: Sequence[Row]) -> Iterator[str]:
    found = []
    for row in rows:
        records = [record for one in row.replicates for record in one.records.values()]
        most = max(records, key=lambda record: record.counts.truncated)
        if most.counts.truncated:
            found.append(f"{row.label} ({most.counts.truncated} of {most.protocol.n})")
    if found:
        yield f"The model reads only the beginning of some clean texts: {listed(found)}."


def _query_counts(rows: Sequence[Row]) -> Iterator[str]:
    labels = [row.label for row in rows if _first(row).protocol.revision == _TEXTATTACK_COUNTS]
    if labels:
        yield (
            f"Queries of {_rows(labels, rows)} are TextAttack's own count (protocol revision 1): "
            "a text that a search asks about again counts again."
        )


def _minilm(rows: Sequence[Row]) -> Iterator[str]:
    offline = [row for row in rows if _first(row).assets.profile == "offline"]
    sharing = [row for row in offline if shares_minilm(_first(row).model)]
    others = [row for row in rows if row not in sharing]
    if sharing and others:
        yield (
            f"For {_models(sharing)}, the victim, the similarity encoder and the word vectors "
            "share MiniLM's weights (offline assets), which may shelter it from attacks in "
            f"comparison with {_models(others)}."
        )


def _first(row: Row) -> Record:
    return next(iter(row.replicates[0].records.values()))


def _models(rows: Iterable[Row]) -> str:
    return listed(list(dict.fromkeys(_first(row).model.name for row in rows)))


def _label(row: Row, replicate: Replicate) -> str:
    if len(row.replicates) == 1:
        return row.label
    return f"{row.label} (training seed {replicate.training_seed})"


def _rows(labels: Sequence[str], rows: Sequence[Row]) -> str:
    """The labels of some rows; "all rows" where it is all of several."""
    every = len(rows) > 1 and set(labels) == {row.label for row in rows}
    return "all rows" if every else listed(labels)


def _places(found: Sequence[tuple[Cell, str]], most: int | None = _MOST_PLACES) -> str:
    """Cells by recipe, each with its text: ``iga (minilm 28.2%, tfidf-nb 13.9%)``."""
    by_recipe: dict[str, list[str]] = {}
    for cell, text in found[:most]:
        place = " ".join(filter(None, (_label(cell.row, cell.replicate), text)))
        by_recipe.setdefault(cell.recipe, []).append(place)
    left = len(found) - len(found[:most])
    parts = [f"{recipe} ({', '.join(places)})" for recipe, places in by_recipe.items()]
    return ", ".join(parts) + (f" and {left} more" if left else "")
