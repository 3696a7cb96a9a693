"""What records say about models, data and runs, as texts that are not escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from robustbert.records import DatasetRef, DefenseRef, ModelRef, Record
from robustbert.reports.conditions import readable

#: Stands for what a record does not say.
UNKNOWN = "unknown"
#: Added to the source of a model by its training.
TRAINED = " trained on "
#: The beginning of the source of a classical model.
SCIKIT_LEARN = "scikit-learn=="
#: The setting in which records keep the hash of the weights that the training started from.
BASE = "base_sha256"
_LIMIT_NAMES = {
    "max_candidates": "embedding neighbours per word at most",
    "max_words_changed": "share of words changed in short texts at most",
    "max_words_changed_long": "share of words changed in long texts at most",
    "min_similarity": "similarity of each changed stretch at least",
    "similarity_stretch": "words of a stretch at least",
}


def settings_text(values: Mapping[str, Any]) -> str:
    """Settings, such as "epochs 2, batch size 32"."""
    return ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in values.items())


def length_text(model: ModelRef) -> str:
    """The maximum input length of a model."""
    return "unlimited" if model.max_length is None else f"{model.max_length} tokens"


def training_text(record: Record) -> str:
    """How the model of a record was trained, without the weights that it started from."""
    training = record.model.training
    seed = UNKNOWN if record.training_seed is None else str(record.training_seed)
    if training is None:
        return "before the run; its settings are not recorded"
    if record.model.source.startswith(SCIKIT_LEARN):  # the recorded settings are those of networks
        return f"fitted by scikit-learn on the training split, seed {seed}"
    others = {name: value for name, value in training.items() if name != BASE}
    return settings_text(others | {"seed": seed})


def defenses_text(defenses: Iterable[DefenseRef]) -> str:
    """Defenses with their parameters; "none" if there are none."""
    return "; ".join(map(_defense, defenses)) or "none"


def data_text(data: DatasetRef) -> str:
    """The source, the split and the size of a dataset."""
    length = f", {data.length} texts" if data.length else ""
    return f"{data.name} from {data.source}, {data.split} split of {data.n:,} texts{length}"


def examples_text(records: Iterable[Record]) -> str:
    """How many examples were drawn with which seed, and for which recipes if that differs."""
    recipes: dict[str, dict[str, None]] = {}
    for record in records:
        drawn = f"{record.protocol.n} drawn with seed {record.protocol.seed}"
        recipes.setdefault(drawn, {})[record.recipe.name] = None
    if len(recipes) == 1:
        return next(iter(recipes))
    return "; ".join(f"{drawn} ({', '.join(names)})" for drawn, names in recipes.items())


def limits_text(record: Record) -> str:
    """The limits of a record, with names that explain themselves."""
    budget = record.protocol.query_budget
    named = {_LIMIT_NAMES.get(name, name): value for name, value in record.protocol.limits.items()}
    if budget is not None:
        named["queries per word of a text at most"] = budget
    return settings_text(named) or "the limits of each recipe"


def adaptive_text(record: Record) -> str | None:
    """Whether the attack of a record knew the defenses; None if there was nothing to know."""
    protocol = record.protocol
    if protocol.adaptive is None:
        return None
    if not protocol.adaptive:
        return "attacked without knowledge of the defenses"
    votes = protocol.adaptive_votes
    followed = "" if votes is None else f"; searches average over {votes} votes"
    return f"adaptive: attacked through the defenses{followed}"


def commit_text(record: Record) -> str | None:
    """The commit of the code that made a record; None if it is not known."""
    commit, is_dirty = record.environment.git_commit, record.environment.dirty
    return (
        None if commit is None else f"commit {commit}{' with uncommitted changes' * bool(is_dirty)}"
    )


def distinct_text(records: Iterable[Record], value: Callable[[Record], Any]) -> str:
    """The distinct values of records, separated by semicolons; None is unknown."""
    values = map(value, records)
    return "; ".join(dict.fromkeys(UNKNOWN if one is None else str(one) for one in values))


def _defense(defense: DefenseRef) -> str:
    return f"{defense.name} ({settings_text({**defense.params, 'revision': defense.revision})})"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(map(readable, value)) or "none"
    return "none" if value is None else readable(value)
