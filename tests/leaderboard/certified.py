"""Synthetic certificates of a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.bench.certification_record import CertificationRecord
from robustbert.defenses.certification import CertifiedAccuracies, CertifiedExample
from robustbert.io import write_bytes
from robustbert.records.strict_json import encode
from tests.leaderboard.defense_results import defense, row

#: The number of words for which each of ten examples is certified.
RADII = (None, None, 0, 0, 1, 1, 1, 2, 3, 9)


def certification(**changes: Any) -> CertificationRecord:
    """The certificates of MiniLM with ``safer`` on ten examples."""
    record = row("rrr", defense("safer"))[0].record
    examples = [
        CertifiedExample(
            example_id=f"e{i}",
            label=1,
            prediction=int(radius is not None),
            label_votes=0 if radius is None else 100,
            label_low=0.0 if radius is None else 0.95,
            words=9,
            unified_limit=2,
            radius=radius,
        )
        for i, radius in enumerate(RADII)
    ]
    shared = {
        name: getattr(record, name)
        for name in ("robustbert_version", "created_at", "dataset", "model", "defenses", "assets")
    }
    return CertificationRecord(
        **shared
        | {
            "kind": "certification",
            "format_version": 1,
            "command": None,
            "training_seed": 0,
            "seed": 0,
            "samples": 100,
            "confidence": 0.99,
            "attacks": "substitutes",
            "unified_share": 0.3,
            "accuracies": CertifiedAccuracies.of(examples),
            "seconds": 1.0,
            "environment": record.environment,
            "examples": examples,
        }
        | changes
    )


def write_certification(record: CertificationRecord, folder: Path, name: str) -> Path:
    """Write certificates as ``benchmarks/certify_rows.py`` does."""
    path = folder / record.dataset.name / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, encode(record, indent=2))
    return path
