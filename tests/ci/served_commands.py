"""A program ``robustbert`` for shell scripts that tests run: the real command line, started fast.

The program sends its arguments, folder, environment and standard output and error to a thread of
the test process, which has imported everything heavy. The thread runs one command after another,
with the folder and the environment of the program.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from robustbert.cli import main

CLIENT = """#!{python} -S
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({socket!r})
    request = [sys.argv[1:], os.getcwd(), dict(os.environ)]
    socket.send_fds(connection, [b"."], [1, 2])
    connection.sendall(json.dumps(request).encode())
    connection.shutdown(socket.SHUT_WR)
    sys.exit(int(connection.recv(16)))
"""


@contextlib.contextmanager
def served_robustbert(folder: Path) -> Iterator[Path]:
    """Serve commands; yields the path of the program ``robustbert``, which is in ``folder``.

    Args:
        folder: a folder with a short path (a socket's path has at most 107 characters).
    """
    path = folder / "socket"
    program = folder / "robustbert"
    program.write_text(CLIENT.format(python=sys.executable, socket=str(path)), encoding="utf-8")
    program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=_serve, args=(listener,))
        thread.start()
        try:
            yield program
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket) -> None:
    """Answer requests until the socket is shut down."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            _, fds, _, _ = socket.recv_fds(connection, 1, 2)
            with (
                open(fds[0], "w", encoding="utf-8") as out,
                open(fds[1], "w", encoding="utf-8") as err,
            ):
                request = b"".join(iter(lambda: connection.recv(1 << 16), b""))  # noqa: B023
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                    code = _run(*json.loads(request))
            connection.sendall(str(code).encode())


def _run(arguments: list[str], folder: str, environment: dict[str, str]) -> int:
    try:
        with contextlib.chdir(folder), mock.patch.dict(os.environ, environment, clear=True):
            return main(arguments)
    except SystemExit as stop:  # argparse, after --help and --version
        return int(stop.code or 0)
    except BaseException:
        traceback.print_exc()
        return 70
