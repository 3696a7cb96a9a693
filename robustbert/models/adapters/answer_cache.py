"""A cache on disk for the answers of a slow model."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from robustbert.errors import InputError, OutputError
from robustbert.paths import user_path

#: Identifies the files that this module writes, in SQLite's header ("RBac" in ASCII).
APPLICATION_ID = 0x52426163
#: Version of the table.
FORMAT = 1
#: Seconds to wait for other processes that write.
LOCK_TIMEOUT = 60.0
#: Texts per query; SQLite allows 999 variables in its oldest versions.
QUERY_TEXTS = 500

_CREATE = (
    "CREATE TABLE IF NOT EXISTS answers (model TEXT NOT NULL, text BLOB NOT NULL, "
    "answer BLOB NOT NULL, PRIMARY KEY (model, text)) WITHOUT ROWID"
)


class AnswerCache:
    """Rows of numbers by model and text, in a SQLite file that several processes can share.

    Every operation opens the file anew, so that threads and forked processes share no connection.

    Args:
        path: the file; it is created with its folder.
        model: identifies the model and the meaning of its numbers.
        k: the length of a row.

    Raises:
        InputError: the file is not an answer cache.
        OutputError: the file cannot be written.
    """

    def __init__(self, path: str | Path, model: str, k: int) -> None:
        if not isinstance(path, str | Path):
            raise InputError(f"cache is {path!r:.80}; give a file, or None")
        self._path = user_path(path).absolute()
        self._model = model
        self._bytes = 4 * k
        with self._connection(create=True) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if self._is_new(connection):
                connection.execute(_CREATE)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.commit()

    def get(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """The rows of those texts that are in the cache: float32 (k,)."""
        found = {}
        with self._connection() as connection:
            for part in _parts(texts, QUERY_TEXTS):
                marks = ",".join("?" * len(part))
                rows = connection.execute(
                    f"SELECT text, answer FROM answers WHERE model = ? AND text IN ({marks})",
                    (self._model, *(text.encode() for text in part)),
                )
                for text, answer in rows:
                    if isinstance(answer, bytes) and len(answer) == self._bytes:
                        found[text.decode()] = np.frombuffer(answer, dtype="<f4")
        return found

    def put(self, rows: Mapping[str, np.ndarray]) -> None:
        """Store the rows of texts: float32 (k,)."""
        entries = [
            (self._model, text.encode(), np.ascontiguousarray(row, dtype="<f4").tobytes())
            for text, row in rows.items()
        ]
        with self._connection() as connection:
            connection.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", entries)
            connection.commit()

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        """Whether the file is empty; raise InputError if it is something else than a cache."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application == APPLICATION_ID and version != FORMAT:
            raise InputError(
                f"the answer cache {self._path} was written by another version of robustbert; "
                "choose another file"
            )
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and (application or version or tables):
            raise InputError(f"{self._path} is not an answer cache; choose another file")
        return bool(application != APPLICATION_ID)

    @contextmanager
    def _connection(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            if create:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=LOCK_TIMEOUT)) as connection:
                yield connection
        except (sqlite3.OperationalError, OSError) as error:
            raise OutputError(
                f"cannot use the answer cache {self._path} ({error}); choose another file"
            ) from error
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{self._path} is not an answer cache, or is damaged ({error}); choose another file"
            ) from error


def _parts(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (texts[start : start + size] for start in range(0, len(texts), size))
