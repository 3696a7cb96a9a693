"""The tables of ``docs/records.md`` about certificates.

``python -m robustbert.bench.certification_tables docs/records.md`` writes them again.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from robustbert.bench.certification_record import CertificationRecord
from robustbert.defenses.certification import CertifiedAccuracies, CertifiedExample
from robustbert.records.field_tables import replace_tables, table_of_properties
from robustbert.records.fields import StrictModel

#: The models that have a table, keyed by their names in the markers.
MODELS: Mapping[str, type[StrictModel]] = MappingProxyType(
    {
        model.__name__: model
        for model in (CertificationRecord, CertifiedAccuracies, CertifiedExample)
    }
)


def update_tables(document: str) -> str:
    """Replace every table between markers in ``document`` with the current one.

    A table is between ``<!-- table of MODEL -->`` and ``<!-- end of table -->``.
    """
    return replace_tables(document, "table", model_table)


def model_table(name: str) -> str:
    """The table of one model in Markdown: name, type and description of each field.

    Args:
        name: a name in :data:`MODELS`.
    """
    return table_of_properties(MODELS[name].model_json_schema()["properties"])


def main() -> None:
    """Update the tables of a document."""
    parser = argparse.ArgumentParser(
        prog="python -m robustbert.bench.certification_tables",
        description="Rewrite the tables about certificates in a document.",
    )
    parser.add_argument("document", type=Path, help="docs/records.md")
    path = parser.parse_args().document
    path.write_text(update_tables(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
