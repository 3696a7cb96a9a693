"""A replay for the terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from robustbert.console import printable, wrapped
from robustbert.gate.replay import Replay, ReplayedCell, ReplayedGroup, Transfer
from robustbert.reports.conditions import short_hash
from robustbert.reports.escape import comment, shorten
from robustbert.reports.wording import counted, listed, percent

_WIDTH = 100
_MAX_LABEL_WIDTH = 40
_HEADERS = (
    *("attacked row", "recipe", "examples"),
    *("clean accuracy", "transfer rate", "accuracy on stored texts"),
)
_EVIDENCE = (
    "These are transfer results. No attack was adapted to this model, so a low transfer rate is no "
    "evidence of robustness; a high one is evidence against it. The accuracy on stored texts is "
    "not accuracy under attack: do not compare the two."
)
_MEASURES = (
    "Examples: those with a stored adversarial text that broke the attacked model. Transfer rate: "
    "examples with a stored text that fools this model / examples whose clean text it classifies "
    "correctly. Accuracy on stored texts: correct on the clean text and on every stored text / all "
    "these examples. In %, with 95% Wilson intervals."
)


def render_replay(replay: Replay) -> str:
    """Format a replay for the terminal: a table per dataset and track, and notes."""
    parts = [f"{printable(_title(replay))}\n"]
    for group in replay.groups:
        parts.append(f"{printable(group.name)}\n\n{_table(group, _terminal, 'simple')}\n")
    notes = [wrapped(note, _WIDTH) for note in _notes(replay)]
    return "\n".join([*parts, *notes]) + "\n"


def render_replay_markdown(replay: Replay) -> str:
    """Format a replay as Markdown, for a pull-request comment or a step summary."""
    parts = [f"### {comment(_title(replay))}"]
    for group in replay.groups:
        parts += [f"**{comment(group.name)}**", _table(group, comment, "pipe")]
    parts.append("\n".join(f"- {comment(note)}" for note in _notes(replay)))
    return "\n\n".join(parts) + "\n"


def replay_as_json(replay: Replay) -> str:
    """Format a replay as JSON: numbers are unrounded, null where there is no example."""
    content = {
        "kind": "transfer",
        "note": _EVIDENCE,
        "run": replay.run,
        "model": {
            "name": replay.model.name,
            "source": replay.model.source,
            "sha256": replay.model.sha256,
            "dtype": replay.model.dtype,
        },
        "texts": replay.texts,
        "groups": [_group_as_dict(group) for group in replay.groups],
    }
    return json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _group_as_dict(group: ReplayedGroup) -> dict[str, Any]:
    first = group.cells[0]
    return {
        "dataset": first.dataset,
        "split": first.split,
        "track": first.track,
        **_transfer_as_dict(group.transfer),
        "cells": [
            {
                "row": cell.row,
                "recipe": cell.recipe,
                "same_model": cell.own,
                **_transfer_as_dict(cell.transfer),
            }
            for cell in group.cells
        ],
    }


def _transfer_as_dict(transfer: Transfer) -> dict[str, Any]:
    return {
        "n": transfer.n,
        "correct": transfer.correct,
        "fooled": transfer.fooled,
        "clean_accuracy": transfer.clean_accuracy.model_dump(),
        "transfer_rate": transfer.rate.model_dump(),
        "accuracy_on_stored_texts": transfer.accuracy.model_dump(),
    }


def _title(replay: Replay) -> str:
    model = replay.model
    return (
        f"Transfer of the adversarial texts stored in {replay.run} to {model.name} "
        f"({short_hash(model.sha256)}, {model.dtype})"
    )


def _table(group: ReplayedGroup, escape: Callable[[str], str], style: str) -> str:
    from tabulate import tabulate

    rows = [
        [escape(cell.row), escape(cell.recipe), *_numbers(cell.transfer)] for cell in group.cells
    ]
    if len(group.cells) > 1:
        rows.append(["all of them", "any text", *_numbers(group.transfer)])
    table: str = tabulate(
        rows,
        headers=_HEADERS,
        tablefmt=style,
        disable_numparse=True,
        colalign=("left", "left", *("right" for _ in _HEADERS[2:])),
    )
    return table


def _numbers(transfer: Transfer) -> list[str]:
    measures = (transfer.clean_accuracy, transfer.rate, transfer.accuracy)
    return [str(transfer.n), *map(percent, measures)]


def _terminal(label: str) -> str:
    return shorten(printable(label), _MAX_LABEL_WIDTH)


def _notes(replay: Replay) -> Iterator[str]:
    yield _EVIDENCE
    yield _MEASURES
    yield f"{counted(replay.texts, 'distinct text')} scored, clean texts included."
    cells = [cell for group in replay.groups for cell in group.cells]
    if own := [cell.row for cell in cells if cell.own]:
        yield (
            f"The model is the one that was attacked as {listed(list(dict.fromkeys(own)))}: its "
            "own texts are expected to fool it."
        )
    if replay.model.dtype == "bfloat16":
        yield (
            "The run verified its texts in float32; this model was scored in bfloat16, in which "
            "single predictions may differ (--dtype float32)."
        )
    yield from _empty(cells)


def _empty(cells: list[ReplayedCell]) -> Iterator[str]:
    if empty := [cell for cell in cells if not cell.transfer.n]:
        names = [f"{cell.recipe} on {cell.dataset} ({cell.row})" for cell in empty]
        yield f"No attack succeeded, so there is no stored text: {listed(names)}."
