"""The measurements of clusters: one JSON file each, in the folder of the processor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speed_tables import processor_folder

from robustbert.bench.environment import capture_environment
from robustbert.io import write_text
from robustbert.machine import instruction_set

RESULTS = Path(__file__).parents[2] / "results" / "scale"


def write_measurement(name: str, measured: Mapping[str, Any]) -> Path:
    """Write a measurement with its environment; returns the path."""
    content = {
        **measured,
        "instructions": instruction_set(),
        "environment": capture_environment("cpu").model_dump(mode="json"),
    }
    path = RESULTS / processor_folder(content).name / f"{name}.json"
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return path
