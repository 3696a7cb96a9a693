"""``python -m robustbert.gate docs/gate.md`` rewrites the computed tables of that document."""

from __future__ import annotations

import argparse
from pathlib import Path

from robustbert.gate.document_tables import update_tables


def main() -> None:
    """Update the tables of a document."""
    parser = argparse.ArgumentParser(
        prog="python -m robustbert.gate",
        description="Rewrite the computed tables of the document about comparisons.",
    )
    parser.add_argument("document", type=Path, help="docs/gate.md")
    path = parser.parse_args().document
    path.write_text(update_tables(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
