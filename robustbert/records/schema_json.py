"""The JSON Schema of records, outcomes, baselines and rechecks: ``docs/record.schema.json``."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from robustbert.records.baseline import Baseline
from robustbert.records.outcome import Outcome
from robustbert.records.row_recheck import RowRecheck
from robustbert.records.schema import Record

_MODELS = (Record, Outcome, Baseline, RowRecheck)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a record.

    That of an outcome is its ``$defs/Outcome``, that of a baseline its ``$defs/Baseline``, and that
    of a recheck its ``$defs/RowRecheck``.
    """
    _, definitions = models_json_schema(
        [(model, "serialization") for model in _MODELS],
        title="robustbert results",
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/Record",
        **definitions,
    }
