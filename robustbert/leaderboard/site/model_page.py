"""The page of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard.best_known import BestKnown
from robustbert.leaderboard.claims import Claim
from robustbert.leaderboard.site.model_charts import (
    CurveTable,
    accuracy_bars,
    query_curves,
    words_curves,
)
from robustbert.leaderboard.site.model_history import ResultsHistory, SectionHistory
from robustbert.leaderboard.site.record_facts import (
    Cost,
    Fact,
    attack_costs,
    environment_facts,
    model_facts,
    protocol_facts,
)
from robustbert.leaderboard.site.site_models import Section, SiteModel
from robustbert.records import Metric, Record
from robustbert.reports.notes import group_notes
from robustbert.reports.notes.completeness import different_sizes
from robustbert.reports.notes.noted_cells import cells_of
from robustbert.reports.reproduction import Reproduction, reproduction
from robustbert.reports.table_cells import mean_cell, percent_cell
from robustbert.reports.wording import MISSING, counted, listed, percent


@dataclass(frozen=True)
class RecipeLine:
    """The results under one recipe.

    Args:
        recipe: the recipe.
        marks: the symbols of the checks that failed.
        is_core: whether it is a core recipe.
        cells: accuracy, success rate, counts, words changed and similarity.
    """

    recipe: str
    marks: str
    is_core: bool
    cells: tuple[str, ...]


#: The headings of the cells of :class:`RecipeLine`.
RECIPE_HEADINGS = (
    *("Accuracy, %", "Success rate, %", "Examples", "Skipped", "Broken", "Robust"),
    *("Exhausted", "Retracted", "Errors", "Words", "Similarity"),
)


@dataclass(frozen=True)
class ModelSection:
    """What the page shows of one dataset, split and track.

    Args:
        dataset: name of the dataset.
        track: the track.
        facts: the most important numbers.
        claims: what papers state.
        recipes: one line per recipe, the core recipes first.
        queries: accuracy against the query budget.
        words: accuracy against the share of words changed.
        notes: caveats, one fact each.
        costs: time and queries per recipe.
        protocol: how the examples were drawn, and the limits.
        environment: software and hardware.
        reproduction: the commands that repeat the results.
        history: the commits that changed the records.
        replicates: the folders of the other replicates.
        charts: the data of the charts.
    """

    dataset: str
    track: str
    facts: tuple[Fact, ...]
    claims: tuple[Claim, ...]
    recipes: tuple[RecipeLine, ...]
    queries: CurveTable
    words: CurveTable
    notes: tuple[str, ...]
    costs: tuple[Cost, ...]
    protocol: tuple[Fact, ...]
    environment: tuple[Fact, ...]
    reproduction: Reproduction
    history: SectionHistory
    replicates: tuple[str, ...]
    charts: dict[str, Any]


@dataclass(frozen=True)
class ModelPage:
    """Everything that the page shows.

    Args:
        folder: the name of the row folder.
        name: the names of the model and its defenses.
        facts: what the model is.
        sections: one per dataset, split and track.
    """

    folder: str
    name: str
    facts: tuple[Fact, ...]
    sections: tuple[ModelSection, ...]


def model_page(model: SiteModel, history: ResultsHistory) -> ModelPage:
    """What the page of a model shows."""
    return ModelPage(
        folder=model.folder,
        name=model.name,
        facts=model_facts(model.first),
        sections=tuple(_section(section, history) for section in model.sections),
    )


def _section(section: Section, history: ResultsHistory) -> ModelSection:
    group, records = section.board.group, section.records
    queries, words = query_curves(section), words_curves(section)
    return ModelSection(
        dataset=group.dataset,
        track=group.track,
        facts=tuple(_facts(section)),
        claims=section.row.claims,
        recipes=tuple(_line(section, record) for record in records),
        queries=queries,
        words=words,
        notes=tuple(_notes(section)),
        costs=attack_costs(records),
        protocol=protocol_facts(records),
        environment=environment_facts(records),
        reproduction=reproduction(records),
        history=history.of_section(section),
        replicates=section.folders,
        charts={
            "accuracies": accuracy_bars(section),
            "queries": queries.chart,
            "words": words.chart,
        },
    )


def _facts(section: Section) -> Iterator[Fact]:
    replicate, rank = section.replicate, section.row.rank
    yield Fact("Examples", f"{section.row.row.n} of the {section.board.group.split} split")
    if rank is not None:
        interval = str(rank.low) if rank.low == rank.high else f"{rank.low} to {rank.high}"
        others = counted(len(section.board.rows), "row")
        yield Fact("Rank", f"{rank.rank} (95% interval {interval}, {others})")
    else:
        yield Fact("Rank", f"not ranked: {section.row.not_ranked}")
    yield Fact("Clean accuracy", _share(replicate.clean))
    yield Fact("Worst case", _share(replicate.worst_case, replicate.no_worst_case))
    if section.row.best_known is not None:
        yield Fact("Best known attack", _best_known(section.row.best_known))
    if replicate.queries is not None:
        yield Fact("Queries per example", f"{replicate.queries:.1f}")
    if replicate.words_changed is not None:
        yield Fact("Words changed", f"{100 * replicate.words_changed:.1f}%")
    if section.folders and replicate.training_seed is not None:
        yield Fact("Training seed", str(replicate.training_seed))


def _best_known(found: BestKnown) -> str:
    return f"{percent_cell(found.accuracy).inline} %, with {listed(found.recipes)}"


def _notes(section: Section) -> list[str]:
    """The notes on the row, without what its table shows."""
    row, recipes = section.row.row, [record.recipe.name for record in section.records]
    core = [recipe for recipe in section.board.group.core if recipe in recipes]
    shown = set(different_sizes(cells_of([row])))
    notes = group_notes([row], core, recipes, section.board.outcomes)
    return [note for note in notes if note not in shown]


def _share(metric: Metric | None, missing: str = "") -> str:
    if metric is None:
        return f"{MISSING}: {missing}" if missing else MISSING
    return f"{percent(metric)} %" if metric.value is not None else MISSING


def _line(section: Section, record: Record) -> RecipeLine:
    metrics, counts, name = record.metrics, record.counts, record.recipe.name
    numbers = (
        *(record.protocol.n, counts.skipped, counts.broken, counts.robust),
        *(counts.exhausted, counts.retracted, counts.error),
    )
    return RecipeLine(
        recipe=name,
        marks=section.row.row.recipe_marks(name),
        is_core=name in CORE_RECIPES,
        cells=(
            percent(metrics.accuracy_under_attack),
            percent(metrics.attack_success_rate),
            *map(str, numbers),
            mean_cell(metrics.words_changed_mean).value,
            mean_cell(metrics.similarity_mean, digits=3).value,
        ),
    )
