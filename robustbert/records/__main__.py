"""``python -m robustbert.records`` prints the JSON Schema stored in ``docs/``.

With ``--tables FILE`` it rewrites the field tables of that Markdown file instead.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from robustbert.records.field_tables import update_tables
from robustbert.records.schema_json import json_schema


def main() -> None:
    """Print the JSON Schema, or update a document's tables."""
    parser = argparse.ArgumentParser(
        prog="python -m robustbert.records",
        description="Print the JSON Schema of records, outcomes and baselines.",
    )
    parser.add_argument(
        "--tables",
        type=Path,
        metavar="FILE",
        help="update the field tables of this Markdown file instead, such as docs/records.md",
    )
    file = parser.parse_args().tables
    if file is None:
        print(json.dumps(json_schema(), indent=2, sort_keys=True))
    else:
        file.write_text(update_tables(file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
