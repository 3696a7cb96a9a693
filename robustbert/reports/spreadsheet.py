"""Export a :class:`~robustbert.reports.leaderboard.Table` with full precision: CSV and pandas."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from robustbert.metrics import MeanStd
from robustbert.records import Metric, defense_names
from robustbert.reports.conditions import limits_of
from robustbert.reports.escape import spreadsheet
from robustbert.reports.table_groups import Group, Groups
from robustbert.reports.table_rows import Mean, Proportion, Replicate, Row

if TYPE_CHECKING:
    import pandas as pd

_Value: TypeAlias = str | int | float | None

_NAMES = ("dataset", "split", "track", "line", "label", "model", "defense", "training_seeds")
_PROVENANCE = (
    *("defense_params", "model_sha256", "dtype", "dataset_sha256", "assets_profile"),
    *("protocol_revision", "protocol_seed", "limits", "differences"),
)
_PARTS = ("value", "low", "high", "n", "sd", "replicates")
_RECIPE_PARTS = (
    *("queries_mean", "textattack_queries_mean"),
    *("errors", "exhausted", "retracted", "failed_checks"),
)
_MEANS = (
    *("queries_mean", "queries_sd", "textattack_queries", "textattack_queries_sd"),
    *("words_changed_share", "words_changed_sd", "batch_invariance"),
)


def to_csv(table: Groups) -> str:
    """Format a table as CSV: one line per row, followed by its replicates if it has several.

    The column ``line`` is ``row`` or ``replicate``. Proportions are in [0, 1] and have ``value``,
    ``low`` and ``high`` (the Wilson 95% interval of a single model), ``n`` (examples), ``sd`` (the
    sample standard deviation over replicates) and ``replicates``. Missing values are empty,
    including those of recipes that were not run in a group.
    """
    header, *lines = _grid(table)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([spreadsheet(str(name)) for name in header])
    writer.writerows(
        [spreadsheet(value) if isinstance(value, str) else value for value in line]
        for line in lines
    )
    return file.getvalue()


def to_frame(table: Groups) -> pd.DataFrame:
    """A data frame with the rows and columns of :func:`to_csv`; its texts are not escaped."""
    import pandas as pd

    header, *lines = _grid(table)
    return pd.DataFrame(lines, columns=header)


def _grid(table: Groups) -> list[list[_Value]]:
    """The column names and the lines of all groups."""
    recipes = tuple(dict.fromkeys(name for group in table.groups for name in group.recipes))
    header: list[_Value] = [*_NAMES]
    header += _column_names("clean_accuracy", _PARTS) + _column_names("worst_case", _PARTS)
    header += ["worst_case_recipes", *_MEANS]
    for recipe in recipes:
        header += _column_names(recipe, (*_PARTS, *_RECIPE_PARTS))
    header += _PROVENANCE
    rows = [(group, row) for group in table.groups for row in group.rows]
    return [header, *(line for group, row in rows for line in _lines(group, row, recipes))]


def _column_names(name: str, parts: Iterable[str]) -> list[_Value]:
    return [f"{name}_{part}" for part in parts]


def _lines(group: Group, row: Row, recipes: Sequence[str]) -> list[list[_Value]]:
    if len(row.replicates) == 1:
        return [_line(group, row, row.replicates, "row", recipes)]
    single = [_line(group, row, (one,), "replicate", recipes) for one in row.replicates]
    return [_line(group, row, row.replicates, "row", recipes), *single]


def _line(
    group: Group, row: Row, replicates: tuple[Replicate, ...], line: str, recipes: Sequence[str]
) -> list[_Value]:
    shown = replace(row, replicates=replicates)
    record = next(iter(replicates[0].records.values()))
    seeds = [str(r.training_seed) for r in replicates if r.training_seed is not None]
    values: list[_Value] = [group.dataset, group.split, group.track, line, row.label]
    values += [record.model.name, defense_names(record.defenses) or "", " ".join(seeds)]
    values += [*_parts(shown.clean, row.n), *_parts(shown.worst_case, row.n)]
    values += [" ".join(group.core)]
    for mean in (shown.queries, shown.textattack_queries, shown.words_changed):
        values += _mean(mean)
    values += [shown.batch_invariance]
    for recipe in recipes:
        values += _recipe(shown, recipe)
    return [*values, *_provenance(shown)]


def _parts(number: Proportion | None, n: int | None) -> list[_Value]:
    if number is None:
        return [None] * len(_PARTS)
    if isinstance(number, Metric):
        return [number.value, number.low, number.high, number.n, None, 1]
    return [number.mean, None, None, n, number.std, number.n]


def _mean(mean: Mean | None) -> list[_Value]:
    return [mean.mean, mean.std] if isinstance(mean, MeanStd) else [mean, None]


def _recipe(row: Row, recipe: str) -> list[_Value]:
    values = _parts(row.accuracy_under(recipe), row.num_examples(recipe))
    failed = [check.name for one in row.replicates for check in one.failed.get(recipe, ())]
    checks = " ".join(dict.fromkeys(failed))
    if len(row.replicates) > 1 or recipe not in row.replicates[0].records:
        return [*values, *[None] * (len(_RECIPE_PARTS) - 1), checks]
    record = row.replicates[0].records[recipe]
    metrics, counts = record.metrics, record.counts
    values += [metrics.queries_mean, metrics.textattack_queries_mean]
    return [*values, counts.error, counts.exhausted, counts.retracted, checks]


def _provenance(row: Row) -> list[_Value]:
    record = next(iter(row.replicates[0].records.values()))
    params = [{defense.name: defense.params} for defense in record.defenses]
    hashes = dict.fromkeys(replicate.sha256 for replicate in row.replicates)
    return [
        json.dumps(params) if params else "",
        " ".join(hashes),
        record.model.dtype,
        record.dataset.sha256,
        record.assets.profile,
        record.protocol.revision,
        record.protocol.seed,
        json.dumps(limits_of(record), sort_keys=True),
        "; ".join(row.differences),
    ]
