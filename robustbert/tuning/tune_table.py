"""The trials of a search as text, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, fields
from typing import Any

from robustbert.console import printable, wrapped
from robustbert.records import Metric
from robustbert.reports.escape import spreadsheet
from robustbert.reports.render import text_table
from robustbert.reports.wording import MISSING, counted, listed, percent
from robustbert.tuning.search_space import SearchSpace
from robustbert.tuning.trial_result import TrialResult, TuneResult

SETTINGS = tuple(field.name for field in fields(SearchSpace))
_INTERVALS = (
    "In percent, on the validation split, with 95% Wilson intervals. The best of many trials looks "
    "better there than it is: train it, and measure it on the test split once."
)
_FRONT = "* no other trial is at least as good in both accuracies and better in one (Pareto front)."
_BEST = "* no other trial is better."
_PRUNED = (
    "Pruned: stopped because its validation accuracy was below that of complete trials at the same "
    "evaluation."
)


def render_tuning(result: TuneResult, width: int) -> str:
    """The table for the terminal, what matters, and the command that trains the best model.

    Args:
        result: the trials.
        width: of the terminal, in characters.
    """
    front = {trial.number for trial in result.front}
    several = len(result.options.models) > 1
    header = ["trial", "status", "clean", *(["attacked"] if result.options.attacks else [])]
    header += [*(["model"] if several else []), *(name.replace("_", " ") for name in SETTINGS), "s"]
    rows = [
        [printable(cell) for cell in _cells(trial, result, trial.number in front)]
        for trial in result.ranked
    ]
    parts = [wrapped(_title(result), width)]
    parts += [text_table(header, rows, width, left=("status", "model", "optimizer"))]
    notes = [
        _INTERVALS,
        _FRONT if len(result.options.metrics) > 1 else _BEST,
        defaults_note(result),
    ]
    if any(trial.status == "pruned" for trial in result.trials):
        notes.append(_PRUNED)
    notes += [
        f"Trial {trial.number} failed: {trial.failure}." for trial in result.trials if trial.failure
    ]
    parts += [wrapped(note, width) for note in [*notes, *importance_texts(result)]]
    if result.best is not None:
        command = result.train_command(result.best)
        parts += [f"To train the model of trial {result.best.number}:\n\n{command}"]
    else:
        parts += ["No trial is complete, so there is no model to train."]
    return "\n\n".join([*parts, ""])


def defaults_note(result: TuneResult) -> str:
    """Which trials have the default settings."""
    number = min(len(result.options.models), len(result.trials))
    which = "Trial 1 has" if number == 1 else f"The first {number} trials have"
    return f"{which} the default settings of training, or the nearest ones of the search space."


def importance_texts(result: TuneResult) -> list[str]:
    """A sentence per accuracy: how much each setting matters."""
    return [
        f"Importance for the {_NAMES[metric]} (fANOVA): "
        + ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in shares.items())
        + "."
        for metric, shares in result.importances.items()
    ]


def tuning_csv(result: TuneResult) -> str:
    """One line per trial, best first, with unrounded numbers; texts are safe in spreadsheets."""
    rows = [_flat(row) for row in _rows(result)]
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {k: spreadsheet(v) if isinstance(v, str) else v for k, v in row.items()} for row in rows
    )
    return file.getvalue()


def tuning_json(result: TuneResult) -> str:
    """All trials, best first, and the command that trains the best model."""
    best = result.best
    content = {
        "dataset": result.dataset,
        "objective": result.options.objective,
        "best": None if best is None else best.number,
        "train_command": None if best is None else result.train_command(best),
        "importances": {metric: dict(shares) for metric, shares in result.importances.items()},
        "trials": _rows(result),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


_NAMES = {"clean": "clean accuracy", "attacked": "accuracy under attack"}


def _title(result: TuneResult) -> str:
    options = result.options
    parts = [f"{counted(len(result.trials), 'trial')} on {result.dataset}"]
    parts += [listed([_NAMES[metric] for metric in options.metrics])]
    if options.attacks:
        attack = options.attack
        examples = counted(attack.num_examples, "validation example")
        parts += [f"attacked with {attack.recipe} ({attack.track} track) on {examples}"]
    names = [*options.models, *(f"+ {defense.name}" for defense in options.defenses)]
    return "; ".join([*parts, " ".join(names)])


def _cells(trial: TrialResult, result: TuneResult, is_best: bool) -> list[str]:
    status: str = trial.status
    if trial.status == "pruned" and trial.evaluations:
        status = f"pruned at {100 * trial.evaluations[-1]:.1f}"
    cells = [f"{trial.number}{'*' if is_best else ''}", status, percent(trial.clean)]
    cells += [percent(trial.attacked)] if result.options.attacks else []
    cells += [trial.model] if len(result.options.models) > 1 else []
    cells += [str(trial.settings.get(name, MISSING)) for name in SETTINGS]
    return [*cells, MISSING if trial.seconds is None else f"{trial.seconds:.0f}"]


def _rows(result: TuneResult) -> list[dict[str, Any]]:
    front = {trial.number for trial in result.front}
    rows = []
    for trial in result.ranked:
        row = asdict(trial) | {"settings": dict(trial.settings)}
        for name in ("clean", "attacked"):
            metric: Metric | None = getattr(trial, name)
            row[name] = None if metric is None else metric.model_dump()
        rows.append(row | {"on_front": trial.number in front})
    return rows


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat = {name: row[name] for name in ("number", "status", "on_front", "model")}
    flat |= {name: row["settings"].get(name) for name in SETTINGS}
    for name in ("clean", "attacked"):
        metric = row[name] or {"value": None, "low": None, "high": None, "n": None}
        flat |= {f"{name}_{part}": metric[part] for part in ("value", "low", "high", "n")}
    last = row["evaluations"][-1] if row["evaluations"] else None
    return flat | {"last_evaluation": last, "seconds": row["seconds"], "failure": row["failure"]}
