"""Write generated tables between the markers of a document.

A table is between ``<!-- table: NAME -->`` and ``<!-- end of table -->``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TABLE = re.compile(
    r"(?P<start><!-- table: (?P<name>\S+) -->\n).*?(?P<end><!-- end of table -->)", re.DOTALL
)


def with_tables(document: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """The document with the current tables between its markers.

    Args:
        document: the text of the document.
        tables: make the tables, keyed by the names in the markers.
    """

    def table(match: re.Match[str]) -> str:
        return f"{match['start']}\n{tables[match['name']]().strip()}\n\n{match['end']}"

    return _TABLE.sub(table, document)


def write_document(
    path: Path, tables: Mapping[str, Callable[[], str]], command: str, *, check: bool
) -> int:
    """Write the current tables into a document, or say whether it has them; the exit code.

    Args:
        path: the document.
        tables: make the tables, keyed by the names in the markers.
        command: the command that writes them.
        check: write nothing; the code is 1 if a table is outdated.
    """
    text = path.read_text(encoding="utf-8")
    current = with_tables(text, tables)
    if not check:
        path.write_text(current, encoding="utf-8")
        return 0
    if current != text:
        print(f"{path} is outdated; run: {command}", file=sys.stderr)
    return int(current != text)


def run_script(
    description: str, document: str, command: str, tables: Mapping[str, Callable[[Path], str]]
) -> int:
    """Write the tables of a document, or with ``--check`` say whether it has them; the exit code.

    Args:
        description: of the script, for ``--help``.
        document: the path of the document in the repository.
        command: the command that writes the tables.
        tables: make the tables from the folder of the repository, keyed by their names.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the repository")
    options = parser.parse_args()
    made = {name: partial(make, options.root) for name, make in tables.items()}
    return write_document(options.root / document, made, command, check=options.check)
