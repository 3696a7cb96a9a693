"""The command line: what can be asked; :mod:`robustbert.commands` does it.

Nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from robustbert import commands
from robustbert.errors import InputError, RobustbertError, RobustbertWarning
from robustbert.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Returns:
        0: done; 1: an attack failed, an asset is missing, or doctor found a problem; 2: bad input,
        told in one line on standard error; 130: interrupted.
    """
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        options = _parser().parse_args(given)
        options.command = commands.command_line(given)
        with _warnings_as_lines():
            code: int = options.run(options)
        sys.stdout.flush()
    except RobustbertError as error:
        _say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted")
        return commands.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output went away; nothing is left for Python to flush at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def bench_main() -> int:
    """``python -m robustbert.bench``: the same as ``robustbert bench``."""
    return main(["bench", *sys.argv[1:]])


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """In the block, a warning of robustbert's is printed as one line on standard error."""
    show = warnings.showwarning

    def show_line(message: Any, category: type[Warning], *rest: Any, **options: Any) -> None:
        if issubclass(category, RobustbertWarning):
            from tqdm import tqdm

            with tqdm.external_write_mode(file=sys.stderr):  # a bar may be on the line
                _say(f"warning: {message}")
        else:
            show(message, category, *rest, **options)

    warnings.showwarning = show_line
    try:
        yield
    finally:
        warnings.showwarning = show


def _say(message: str) -> None:
    line = " ".join(message.split())
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    print(f"robustbert: {safe}", file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """One whose errors are ours: one line, and what to do."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see: {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="robustbert",
        description="How well does a BERT text classifier hold up when its input is edited?",
        epilog="robustbert COMMAND --help says more. Only hub:NAME needs a network.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"robustbert {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (
        _add_bench,
        _add_attack,
        _add_train,
        _add_predict,
        _add_similarity,
        _add_assets,
        _add_list,
        _add_doctor,
    ):
        add(subparsers)
    return parser


def _add(subparsers: Any, name: str, run: Callable[[Any], int], summary: str) -> Any:
    command = subparsers.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    command.set_defaults(run=run)
    return command


def _add_bench(subparsers: Any) -> None:
    command = _add(
        subparsers, "bench", commands.bench, "run a suite; tabulate clean and attacked accuracy"
    )
    command.add_argument(
        "--suite",
        default="quick",
        help="a name (robustbert list suites) or a TOML file; default: quick",
    )
    for option, what in (
        ("--datasets", "names, file:PATH or hub:NAME"),
        ("--models", "names, folders or hub:NAME"),
        ("--recipes", "names (robustbert list recipes)"),
        ("--track", "unified, published or unified-li, or several with commas"),
    ):
        command.add_argument(
            option, type=_names, metavar="NAME[,NAME]", help=f"{what}; default: the suite's"
        )
    command.add_argument(
        "-n", "--num-examples", type=_number, metavar="N", help="default: the suite's"
    )
    command.add_argument("--seed", type=_number, metavar="N", help="default: the suite's")
    command.add_argument(
        "--training-seeds",
        type=_numbers,
        metavar="N[,N]",
        help="train each model once with each of these seeds (models that come trained are not "
        "affected); default: the suite's training_seeds, else --seed",
    )
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="show the cells with estimated queries and hours, and run nothing",
    )
    _add_running(command, "runs/SUITE-TIME")


def _add_attack(subparsers: Any) -> None:
    command = _add(subparsers, "attack", commands.attack, "attack one model with one recipe")
    command.add_argument(
        "--model", required=True, help="a folder, hub:NAME, or a name, which is trained first"
    )
    command.add_argument("--dataset", required=True, help="a name, file:PATH or hub:NAME")
    command.add_argument("--recipe", required=True, metavar="NAME", help="robustbert list recipes")
    command.add_argument(
        "-n", "--num-examples", type=_number, default=100, metavar="N", help="default: 100"
    )
    command.add_argument(
        "--track", default="unified", help="unified (default), published or unified-li"
    )
    command.add_argument(
        "--split", default="test", help="whose examples: train, validation or test (default)"
    )
    command.add_argument("--seed", type=_number, default=0, metavar="N", help="default: 0")
    _add_running(command, "runs/attack-TIME")


def _add_running(command: Any, out: str) -> None:
    command.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"for records, outcomes and tables; one of an earlier run goes on; default: {out}",
    )
    command.add_argument("--allow-errors", action="store_true", help="exit 0 if an attack fails")
    _add_numbers(command, "of queries")
    command.add_argument(
        "--lanes",
        type=_number,
        metavar="N",
        help="examples attacked at once; changes no outcome; default: 128",
    )
    command.add_argument(
        "--token-budget",
        type=_number,
        metavar="N",
        help="tokens of a batch; changes no outcome; default: what suits the device",
    )
    _add_columns(command)
    command.add_argument(
        "--text-length",
        metavar="short|long",
        help="of file: and hub: datasets: 30%% or 10%% of a text's words may change on the unified "
        "tracks; default: long if the median training text has more than 100 words",
    )


def _add_train(subparsers: Any) -> None:
    command = _add(subparsers, "train", commands.train, "fine-tune a classifier")
    command.add_argument("--dataset", required=True, help="a name, file:PATH or hub:NAME")
    command.add_argument(
        "--model", required=True, help="what to start from: a name, a folder or hub:NAME"
    )
    command.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="for the model; new or empty"
    )
    command.add_argument("--epochs", type=_number, metavar="N", help="passes over the texts")
    command.add_argument("--batch-size", type=_number, metavar="N", help="texts a step")
    command.add_argument("--learning-rate", type=float, metavar="X", help="at its highest")
    command.add_argument("--max-length", type=_number, metavar="N", help="tokens read of a text")
    command.add_argument("--seed", type=_number, default=0, metavar="N", help="default: 0")
    command.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint in --out"
    )
    command.add_argument(
        "--tensorboard", action="store_true", help="write TensorBoard logs into DIR-logs"
    )
    _add_numbers(command, "of training")
    _add_columns(command)


def _add_predict(subparsers: Any) -> None:
    command = _add(subparsers, "predict", commands.predict, "classify texts, a JSON line each")
    command.add_argument("texts", nargs="*", metavar="TEXT")
    command.add_argument("--model", required=True, help="a folder or hub:NAME")
    command.add_argument(
        "--file", type=Path, help="texts, one a line, in UTF-8; - for standard input"
    )
    _add_numbers(command, "of the model")


def _add_similarity(subparsers: Any) -> None:
    command = _add(
        subparsers,
        "similarity",
        commands.similarity,
        "compare how similar rows' adversarial texts are, by a second encoder too",
    )
    command.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="a folder that bench or attack wrote"
    )
    command.add_argument(
        "--baseline",
        metavar="ROW",
        help="the row from which the others are subtracted, named as in this table; default: first",
    )
    command.add_argument(
        "--all-pairs", action="store_true", help="compare every two rows, not only the first"
    )
    command.add_argument(
        "--stretches",
        action="store_true",
        help="compare changed stretches of 15 to 29 words, as the unified limit does, not texts",
    )
    command.add_argument(
        "--seed", type=_number, default=0, metavar="N", help="of the bootstrap; default: 0"
    )
    command.add_argument("--json", action="store_true", help="print JSON, for a program")


def _add_assets(subparsers: Any) -> None:
    command = _add(
        subparsers, "assets", commands.assets, "show what is on disk, and make what is missing"
    )
    command.add_argument("--check", action="store_true", help="make nothing, only show")


def _add_list(subparsers: Any) -> None:
    command = _add(subparsers, "list", commands.show_list, "list the names other commands take")
    command.add_argument("what", choices=list(commands.LISTS))


def _add_doctor(subparsers: Any) -> None:
    command = _add(
        subparsers, "doctor", commands.doctor, "show what this machine has, and what is wrong"
    )
    command.add_argument("--json", action="store_true", help="print JSON, for a program")


def _add_numbers(command: Any, of_what: str) -> None:
    command.add_argument(
        "--dtype",
        default="auto",
        help=f"number format {of_what}: float32, bfloat16, or auto (default): the faster one",
    )
    command.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:N, mps, or auto (default)"
    )


def _add_columns(command: Any) -> None:
    for name in ("text", "label"):
        command.add_argument(
            f"--{name}-column",
            default=name,
            metavar="NAME",
            help=f"the column of the {name}s in file: and hub: datasets; default: {name}",
        )


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("give at least one name")
    return names


def _numbers(text: str) -> list[int]:
    if not text.strip(" ,"):
        raise argparse.ArgumentTypeError("give at least one whole number")
    return [_number(name) for name in _names(text)]


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


if __name__ == "__main__":
    sys.exit(main())
