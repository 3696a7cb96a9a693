"""A program ``robustbert`` for shell scripts that tests run: the real command line, started fast.

    python forked_commands.py SOCKET

A server imports everything heavy once. The program sends it the arguments, the folder, the
environment and its standard output and error; the server forks, and the fork runs the command.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
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
def forked_robustbert(folder: Path) -> Iterator[Path]:
    """Run a server; yields the path of the program ``robustbert``, which is in ``folder``.

    Args:
        folder: a folder with a short path (a socket's path has at most 107 characters).
    """
    path = folder / "socket"
    program = folder / "robustbert"
    program.write_text(CLIENT.format(python=sys.executable, socket=str(path)), encoding="utf-8")
    program.chmod(0o755)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(CHECKOUT)}
    server = subprocess.Popen(
        [sys.executable, __file__, str(path)], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield program
    finally:
        server.kill()
        server.communicate()


def serve(path: str) -> None:
    """Answer requests until the process is killed."""
    import torch

    import robustbert.attacks.textattack
    import robustbert.bench.run
    import robustbert.models.classical  # noqa: F401
    from robustbert.cli import main

    torch.set_num_threads(1)  # a fork does not have the threads of this process
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                _, fds, _, _ = socket.recv_fds(connection, 1, 2)
                request = b"".join(iter(lambda: connection.recv(1 << 16), b""))  # noqa: B023
                code = _run(main, json.loads(request), fds)
                connection.sendall(str(code).encode())
            for descriptor in fds:
                os.close(descriptor)


def _run(main, request, fds) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 70
    try:
        arguments, folder, environment = request
        os.dup2(fds[0], 1)
        os.dup2(fds[1], 2)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        try:
            code = main(arguments)
        except SystemExit as stop:  # argparse, after --help and --version
            code = stop.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
