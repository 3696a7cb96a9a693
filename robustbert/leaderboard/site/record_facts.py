"""What a model is, how it was attacked, and what that cost, as names and values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from robustbert.leaderboard.site.index_columns import short_number
from robustbert.leaderboard.site.site_models import family
from robustbert.records import Record
from robustbert.reports.marks import batch_invariance
from robustbert.reports.record_texts import (
    UNKNOWN,
    adaptive_text,
    commit_text,
    data_text,
    defenses_text,
    distinct_text,
    examples_text,
    length_text,
    limits_text,
    training_text,
)
from robustbert.reports.table_cells import mean_cell
from robustbert.reports.table_provenance import dates
from robustbert.reports.wording import MISSING


@dataclass(frozen=True)
class Fact:
    """A name and a value."""

    name: str
    value: str


@dataclass(frozen=True)
class Cost:
    """What the attack of one recipe cost.

    Args:
        recipe: the recipe.
        cells: as :data:`COST_HEADINGS` name them.
    """

    recipe: str
    cells: tuple[str, ...]


#: The headings of the cells of :class:`Cost`.
COST_HEADINGS = (
    *("Attack time", "Per example", "Model's share", "Texts scored"),
    *("Queries per example", "Queries if broken"),
)


def model_facts(record: Record) -> tuple[Fact, ...]:
    """What the model of a record is."""
    return tuple(_model_facts(record))


def protocol_facts(records: Sequence[Record]) -> tuple[Fact, ...]:
    """How the examples were drawn, the limits of the attacks, and the assets."""
    return tuple(_protocol_facts(records))


def environment_facts(records: Sequence[Record]) -> tuple[Fact, ...]:
    """The software and the hardware on which records were made."""
    return tuple(_environment_facts(records))


def attack_costs(records: Sequence[Record]) -> tuple[Cost, ...]:
    """The time and the queries of each attack."""
    return tuple(_cost(record) for record in records)


def duration(seconds: float | None) -> str:
    """A time for people.

    >>> duration(0.25), duration(42), duration(200), duration(7000), duration(None)
    ('0.25 s', '42.0 s', '3.3 min', '1.9 h', 'n/a')
    """
    if seconds is None:
        return MISSING
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _model_facts(record: Record) -> Iterator[Fact]:
    model = record.model
    yield Fact("Family", family(model))
    if model.num_parameters is not None:
        number = short_number(model.num_parameters)
        yield Fact("Parameters", f"{number} ({model.num_parameters:,})")
    yield Fact("Defenses", defenses_text(record.defenses))
    yield Fact("Weights", model.source)
    yield Fact("SHA-256", model.sha256)
    yield Fact("Precision during the attacks", model.dtype)
    yield Fact("Maximum input length", length_text(model))
    yield Fact("Training", training_text(record))


def _protocol_facts(records: Sequence[Record]) -> Iterator[Fact]:
    yield Fact("Protocol revision", distinct_text(records, lambda record: record.protocol.revision))
    yield Fact("Data", distinct_text(records, lambda record: data_text(record.dataset)))
    yield Fact("Examples", examples_text(records))
    yield Fact("Limits", distinct_text(records, limits_text))
    if any(map(adaptive_text, records)):
        yield Fact("Knowledge of the defenses", distinct_text(records, adaptive_text))
    yield Fact("Assets", distinct_text(records, lambda record: record.assets.profile))
    yield Fact(
        "TextAttack", distinct_text(records, lambda record: record.recipe.textattack_version)
    )
    seconds = [r.timing.train_seconds for r in records if r.timing.train_seconds is not None]
    yield Fact("Training time", duration(seconds[0]) if seconds else "not measured")
    yield Fact("Date", dates(records) or UNKNOWN)


def _environment_facts(records: Sequence[Record]) -> Iterator[Fact]:
    yield Fact("robustbert", distinct_text(records, lambda record: record.robustbert_version))
    for name in ("python", "torch", "transformers", "tokenizers", "nltk", "scikit_learn"):
        versions = distinct_text(records, attrgetter(f"environment.{name}"))
        yield Fact(name.replace("_", "-"), versions)
    yield Fact("Processor", distinct_text(records, lambda record: record.environment.processor))
    yield Fact("Device", distinct_text(records, lambda record: record.environment.device))
    yield Fact("Threads", distinct_text(records, lambda record: record.environment.threads))
    yield Fact("Code", distinct_text(records, commit_text))
    yield Fact("Batch invariance", batch_invariance(records) or "not checked")
    hashes = {name: digest for r in records for name, digest in r.assets.hashes.items()}
    for name, digest in sorted(hashes.items()):
        yield Fact(f"Asset {name}", digest)


def _cost(record: Record) -> Cost:
    timing, metrics = record.timing, record.metrics
    attack, victim = timing.attack_seconds, timing.victim_seconds
    share = MISSING
    if attack and victim is not None and not record.used_workers:
        share = f"{100 * victim / attack:.0f}%"
    scored = MISSING if timing.victim_queries is None else f"{timing.victim_queries:,}"
    return Cost(
        record.recipe.name,
        (
            duration(attack),
            duration(None if attack is None else attack / record.protocol.n),
            share,
            scored,
            mean_cell(metrics.queries_mean).value,
            mean_cell(metrics.queries_mean_broken).value,
        ),
    )
