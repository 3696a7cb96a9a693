"""What the plots of a run show: the rows and recipes of each dataset and track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from robustbert.attacks.recipes import RECIPES
from robustbert.records import Outcome, Record, record_name
from robustbert.reports.notes import group_notes
from robustbert.reports.notes.comparability import different_conditions, different_query_counts
from robustbert.reports.notes.completeness import different_sizes, recipes_not_run
from robustbert.reports.notes.noted_cells import cells_of, first_record
from robustbert.reports.notes.reliability_notes import batch_invariance_not_verified
from robustbert.reports.plots.plot_style import MAX_LABEL, distinct_names
from robustbert.reports.results_table import leaderboard_table
from robustbert.reports.run_folder import filtered, read_finished
from robustbert.reports.table_cells import marked
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Outcomes, Row, most_common_n
from robustbert.reports.wording import listed


@dataclass(frozen=True)
class PlotData:
    """The rows of one dataset, split and track, with their outcomes.

    Args:
        group: the rows; all figures of it have the same rows in the same colours.
        outcomes: the outcomes of every cell, keyed by :func:`robustbert.records.record_name`.
        has_worst_case: whether the worst case is shown.
    """

    group: Group
    outcomes: Outcomes
    has_worst_case: bool

    @property
    def heading(self) -> str:
        """The dataset, its split, the track and the number of examples."""
        group = self.group
        return f"{group.dataset} ({group.split}, n={group.n}), {group.track} track"

    @property
    def labels(self) -> list[str]:
        """The labels of the rows, with the marks of the whole row."""
        names = distinct_names([row.label for row in self.group.rows], MAX_LABEL)
        return [marked(name, row.marks) for name, row in zip(names, self.group.rows, strict=True)]

    @property
    def recipes(self) -> list[str]:
        """The recipes that at least one row has, the core ones first."""
        present = {name for row in self.group.rows for r in row.replicates for name in r.records}
        return [recipe for recipe in self.group.recipes if recipe in present]

    def cell_outcomes(self, row: Row, recipe: str) -> list[Outcome]:
        """The outcomes of a cell, of all replicates together; empty if it was not run."""
        records = [one.records[recipe] for one in row.replicates if recipe in one.records]
        return [outcome for record in records for outcome in self.outcomes[record_name(record)]]

    def recipe_titles(self, width: int = MAX_LABEL) -> list[str]:
        """The names of the recipes, with ``(n=...)`` if it differs from that of the group."""
        names = distinct_names(self.recipes, width)
        return [
            name + self._differing_n(recipe)
            for name, recipe in zip(names, self.recipes, strict=True)
        ]

    def _differing_n(self, recipe: str) -> str:
        """`` (n=...)`` if not all rows have the number of examples of the group, else empty."""
        found = (row.num_examples(recipe) for row in self.group.rows)
        numbers = sorted({number for number in found if number is not None})
        if numbers == [self.group.n]:
            return ""
        return f" (n={' to '.join(map(str, dict.fromkeys((numbers[0], numbers[-1]))))})"

    def row_notes(self) -> list[str]:
        """Notes on cells that are missing and on the marks of rows, for every figure."""
        rows = self.group.rows
        return [
            *self._not_run(),
            *different_conditions(rows),
            *batch_invariance_not_verified(cells_of(rows)),
        ]

    def _not_run(self) -> list[str]:
        cells = []
        for recipe in self.recipes:
            labels = [row.label for row in self.group.rows if row.num_examples(recipe) is None]
            if labels:
                cells.append(f"{recipe} for {listed(labels)}")
        return [f"Not run: {'; '.join(cells)}."] if cells else []

    def accuracy_notes(self) -> list[str]:
        """The notes of the table that are needed to read accuracies, without what bars show."""
        group = self.group
        core = group.core if self.has_worst_case else ()
        notes = group_notes(group.rows, core, self.recipes, self.outcomes)
        shown = {
            *different_sizes(cells_of(group.rows)),
            *recipes_not_run(group.rows, core, self.recipes),
        }
        return [note for note in notes if note not in shown]

    def query_notes(self) -> list[str]:
        """Name the rows whose queries are TextAttack's count."""
        return list(different_query_counts(self.group.rows))


def read_plot_data(
    run: Path, *, dataset: str | None = None, model: str | None = None, recipe: str | None = None
) -> tuple[PlotData, ...]:
    """Read what the plots of a run show, one part per dataset, split and track.

    Args:
        run: a run folder, or committed results; the outcomes need no texts.
        dataset: show only the dataset with this name.
        model: show only rows with this label in tables, or of the model with this name.
        recipe: show only the recipe with this name, and no worst case.

    Raises:
        InputError: the run has no such dataset, row or recipe; the message lists what it has.
        RecordError: the folder is not a run folder, has no finished cell, lacks the outcomes of
            one, or holds an invalid file.
    """
    read = read_finished(run)
    records = filtered(read.records, "dataset", dataset, lambda r: r.dataset.name, run)
    records = filtered(records, "recipe", recipe, lambda r: r.recipe.name, run)
    outcomes = {name: read.outcomes[name] for name in map(record_name, records)}
    groups = leaderboard_table(sorted(records, key=_position), outcomes).groups
    rows = _selected([row for group in groups for row in group.rows], model, run)
    return tuple(
        PlotData(_with_rows(group, kept), outcomes, bool(group.core) and recipe is None)
        for group in groups
        if (kept := tuple(row for row in group.rows if any(row is one for one in rows)))
    )


def _position(record: Record) -> tuple[str, str, int, int]:
    """Sorts defended models behind their undefended ones, and recipes as the registry does."""
    recipes = list(RECIPES)
    known = record.recipe.name in recipes
    recipe = recipes.index(record.recipe.name) if known else len(recipes)
    return record.dataset.name, record.model.name, len(record.defenses), recipe


def _selected(rows: Sequence[Row], model: str | None, run: Path) -> Sequence[Row]:
    """The rows with this label; without one, those with this name, or of the model's name."""
    for value in (lambda row: row.name, lambda row: first_record(row).model.name):
        if model not in {row.label for row in rows} and model in set(map(value, rows)):
            return filtered(rows, "row", model, value, run)
    return filtered(rows, "row", model, lambda row: row.label, run)


def _with_rows(group: Group, rows: tuple[Row, ...]) -> Group:
    return replace(group, rows=rows, n=most_common_n([row.n for row in rows]))
