"""The tables of ``docs/records.md`` about detectors.

``python -m robustbert.detector_evaluation.detection_fields docs/records.md`` writes them again.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from robustbert.detector_evaluation.detection_record import (
    DetectionCell,
    DetectionFile,
    DetectionRecord,
    Estimate,
    PairScores,
    Rejection,
)
from robustbert.records.field_tables import replace_tables, table_of_properties
from robustbert.records.fields import StrictModel

#: The models that have a table, keyed by their names in the markers.
MODELS: Mapping[str, type[StrictModel]] = MappingProxyType(
    {
        model.__name__: model
        for model in (
            DetectionFile,
            DetectionRecord,
            DetectionCell,
            Estimate,
            Rejection,
            PairScores,
        )
    }
)


def updated_fields(document: str) -> str:
    """Replace every table between markers in ``document`` with the current one.

    A table is between ``<!-- detection fields of MODEL -->`` and ``<!-- end of detection fields
    -->``.
    """
    return replace_tables(document, "detection fields", fields_table)


def fields_table(name: str) -> str:
    """The table of one model in Markdown: name, type and description of each field.

    Args:
        name: a name in :data:`MODELS`.
    """
    return table_of_properties(MODELS[name].model_json_schema()["properties"])


def main() -> None:
    """Update the tables of a document."""
    parser = argparse.ArgumentParser(
        prog="python -m robustbert.detector_evaluation.detection_fields",
        description="Rewrite the tables about detectors in a document.",
    )
    parser.add_argument("document", type=Path, help="docs/records.md")
    path = parser.parse_args().document
    path.write_text(updated_fields(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
