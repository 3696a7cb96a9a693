"""Write the tables of docs/understanding.md from committed results.

``python docs/understanding_tables.py`` writes them; ``--check`` only says whether they are current.
A table is between ``<!-- table: NAME -->`` and ``<!-- end of table -->``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from robustbert.audit import read_measures
from robustbert.audit.measure_tables import measures_markdown

ROOT = Path(__file__).parents[1]
DOCUMENT = "docs/understanding.md"
_TABLE = re.compile(
    r"(?P<start><!-- table: (?P<name>\S+) -->\n).*?(?P<end><!-- end of table -->)", re.DOTALL
)


def audit_table(results: Path) -> str:
    """The automatic measures of the adversarial texts."""
    return measures_markdown(read_measures(results / "audit"))


#: The tables by name; each is made from the folder of results.
TABLES: Mapping[str, Callable[[Path], str]] = MappingProxyType({"audit": audit_table})


def updated(document: str, results: Path) -> str:
    """The document with the current tables between its markers."""

    def table(match: re.Match[str]) -> str:
        return f"{match['start']}\n{TABLES[match['name']](results)}\n{match['end']}"

    return _TABLE.sub(table, document)


def main() -> int:
    """Write or check the document; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the repository")
    options = parser.parse_args()
    path = options.root / DOCUMENT
    text = path.read_text(encoding="utf-8")
    current = updated(text, options.root / "results")
    if options.check:
        if current != text:
            print(f"{path} is outdated; run: python docs/understanding_tables.py", file=sys.stderr)
        return int(current != text)
    path.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
