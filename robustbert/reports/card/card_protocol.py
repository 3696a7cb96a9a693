"""The parts of a model card that say how the numbers were measured, and how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from robustbert.records import ModelRef, Record
from robustbert.reports.card.card_blocks import bullets, shell_block
from robustbert.reports.card.card_model import settings
from robustbert.reports.card.card_selection import CardRow
from robustbert.reports.conditions import canonical, limits_of
from robustbert.reports.escape import markdown
from robustbert.reports.table_provenance import dates

_UNKNOWN = "unknown"
_LIMIT_NAMES = {
    "max_candidates": "embedding neighbours per word at most",
    "max_words_changed": "share of words changed in short texts at most",
    "max_words_changed_long": "share of words changed in long texts at most",
    "min_similarity": "similarity of each changed stretch at least",
    "similarity_stretch": "words of a stretch at least",
}
_ASSETS_WARNING = "offline (replacements of the original assets; see Caveats)"


def protocol_section(row: CardRow) -> str:
    """Data, limits, seeds, assets, versions and hardware."""
    facts = bullets(f"**{name}:** {text}" for name, text in _facts(row.records))
    return f"## Protocol\n\n{facts}"


def reproduction_section(row: CardRow) -> str:
    """The commands that made the records, or, if they ran from Python, equivalent ones."""
    parts = ["## How to reproduce it"]
    recorded = list(dict.fromkeys(r.command for r in row.records if r.command is not None))
    if recorded:
        parts.append(
            f"{'This command' if len(recorded) == 1 else 'These commands'} made the records, "
            "possibly with those of other models; of an absolute path only the last part is kept."
        )
        parts += map(shell_block, recorded)
    others = [record for record in row.records if record.command is None]
    if others and row.first.defenses:
        parts.append(
            "The run was started from Python, and no command can repeat it, because the model has "
            "a defense: use robustbert.run_plan with the settings above."
        )
    elif others:
        parts.append(
            "The run was started from Python. From the command line it is as follows, with the "
            "default limits, and with the default training if the model is trained first."
        )
        parts += map(shell_block, attack_commands(others))
    return "\n\n".join(parts)


def attack_commands(records: Iterable[Record]) -> list[str]:
    """The commands that attack the model of records again, one for each dataset, track and size."""
    recipes: dict[str, list[str]] = {}
    for record in records:
        recipes.setdefault(_command(record), []).append(record.recipe.name)
    return [f"{start} --recipe {shlex.quote(','.join(names))}" for start, names in recipes.items()]


def _command(record: Record) -> str:
    """The command without the recipe."""
    protocol = record.protocol
    options = {
        "model": _model(record.model),
        "dataset": record.dataset.name,
        "split": record.dataset.split,
        "track": record.track,
        "num-examples": str(protocol.n),
        "seed": str(protocol.seed),
        "dtype": record.model.dtype,
    }
    # with "=", because a name may begin with a dash
    words = [shlex.quote(f"--{option}={value}") for option, value in options.items()]
    return " ".join(["robustbert attack", *words])


def _model(model: ModelRef) -> str:
    """What ``--model`` takes; the place of a model in a folder is not known."""
    if model.training is not None:
        return model.name
    return model.source if model.source.startswith("hub:") else f"{model.name}=path/to/model"


def _facts(records: tuple[Record, ...]) -> Iterator[tuple[str, str]]:
    yield "Protocol revision", _distinct(records, lambda record: record.protocol.revision)
    yield "Data", "; ".join(dict.fromkeys(map(_data, records)))
    yield "Texts", "; ".join(_sizes(records))
    yield from _tracks(records)
    yield "Assets", _distinct(records, _assets)
    yield "TextAttack", _distinct(records, lambda record: record.recipe.textattack_version)
    yield (
        "Versions",
        _distinct(
            records,
            lambda record: (
                f"robustbert {record.robustbert_version}, Python {record.environment.python}, "
                f"PyTorch {record.environment.torch or _UNKNOWN}, "
                f"transformers {record.environment.transformers or _UNKNOWN}"
            ),
        ),
    )
    yield "Code", _distinct(records, _commit)
    yield (
        "Hardware",
        _distinct(
            records,
            lambda record: (
                f"{record.environment.processor}, device {record.environment.device}, "
                f"threads {record.environment.threads}"
            ),
        ),
    )
    yield "Date", dates(records) or _UNKNOWN


def _distinct(records: Iterable[Record], value: Callable[[Record], Any]) -> str:
    """The distinct values, escaped; None is unknown."""
    values = (value(record) for record in records)
    texts = dict.fromkeys(_UNKNOWN if one is None else str(one) for one in values)
    return markdown("; ".join(texts))


def _data(record: Record) -> str:
    data = record.dataset
    length = f", {data.length} texts" if data.length else ""
    return (
        f"{markdown(data.name)} from {markdown(data.source)}, {markdown(data.split)} split of "
        f"{data.n:,} texts{length}, SHA-256 `{data.sha256}`"
    )


def _sizes(records: Iterable[Record]) -> list[str]:
    """How many examples were drawn for which recipes."""
    recipes: dict[str, list[str]] = {}
    for record in records:
        drawn = f"{record.protocol.n} drawn with seed {record.protocol.seed}"
        names = recipes.setdefault(drawn, [])
        if record.recipe.name not in names:
            names.append(record.recipe.name)
    if len(recipes) == 1:
        return list(recipes)
    return [f"{drawn} ({markdown(', '.join(names))})" for drawn, names in recipes.items()]


def _tracks(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    """The limits of each track; several if they differ between records."""
    limits: dict[str, dict[str, str]] = {}
    for record in records:
        shown = settings(named_limits(record)) or "the limits of each recipe"
        limits.setdefault(record.track, {})[canonical(limits_of(record))] = shown
    for track, texts in limits.items():
        yield f"Limits of the {track} track", "; ".join(texts.values())


def named_limits(record: Record) -> dict[str, Any]:
    """The limits of a record with names that explain themselves."""
    budget = record.protocol.query_budget
    named = {_LIMIT_NAMES.get(name, name): value for name, value in record.protocol.limits.items()}
    return named if budget is None else {**named, "queries per word of a text at most": budget}


def _assets(record: Record) -> str:
    return _ASSETS_WARNING if record.assets.profile == "offline" else record.assets.profile


def _commit(record: Record) -> str | None:
    commit, changed = record.environment.git_commit, record.environment.dirty
    if commit is None:
        return None
    return f"commit {commit}{' with uncommitted changes' if changed else ''}"
