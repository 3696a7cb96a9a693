"""The command line: parse the arguments, run a command, and report errors as single lines.

Nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from robustbert.assets.profiles import using_profile
from robustbert.commands import (
    assets_command,
    audit_command,
    baseline_command,
    bench_command,
    card_command,
    certify_command,
    compare_command,
    curve_command,
    data_command,
    detect_command,
    doctor_command,
    explain_command,
    explore_command,
    history_command,
    leaderboard_command,
    list_command,
    plot_command,
    predict_command,
    pretrain_command,
    recheck_command,
    replay_command,
    show_command,
    similarity_command,
    train_command,
    tune_command,
)
from robustbert.commands.completion import SHELLS, PrintCompletion, complete
from robustbert.commands.terminal import INTERRUPTED, command_line, discard_output, print_error
from robustbert.errors import InputError, RobustbertError, RobustbertWarning
from robustbert.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Returns:
        0: done; 1: an attack failed, an accuracy is too low or has dropped, a reliability check
        failed (with --strict), a check of data failed, an asset is missing, or doctor found a
        problem; 2: invalid input, reported in one line on standard error; 130: interrupted.
    """
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        parser = _parser()
        if "_ARGCOMPLETE" in os.environ:  # set by the shell that asks for completions
            complete(parser)
        options = parser.parse_args(given)
        options.command = command_line(given)
        with _warnings_as_lines(), using_profile(getattr(options, "assets_profile", None)):
            code: int = options.run(options)
    except RobustbertError as error:
        print_error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        print_error("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return 0
    try:
        sys.stdout.flush()  # flushing it at exit must not fail
    except BrokenPipeError:
        discard_output()
    return code


def bench_main() -> int:
    """``python -m robustbert.bench``: the same as ``robustbert bench``."""
    return main(["bench", *sys.argv[1:]])


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Print warnings of robustbert as single lines on standard error."""
    show = warnings.showwarning

    def show_line(message: Any, category: type[Warning], *rest: Any, **options: Any) -> None:
        if issubclass(category, RobustbertWarning):
            from tqdm import tqdm

            with tqdm.external_write_mode(file=sys.stderr):  # a progress bar may be on the line
                print_error(f"warning: {message}")
        else:
            show(message, category, *rest, **options)

    warnings.showwarning = show_line
    try:
        yield
    finally:
        warnings.showwarning = show


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises :class:`InputError` instead of exiting."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see: {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="robustbert",
        description="Measure the adversarial robustness of BERT and other text classifiers.",
        epilog="See robustbert COMMAND --help for details. Datasets, models, recipes and "
        "defenses can also be given as an import path, package.module:Name. Only hub:NAME "
        "and the canonical assets need network access.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"robustbert {__version__}")
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=SHELLS,
        help='print the shell completion; to use it, add eval "$(robustbert --print-completion '
        'bash)" to ~/.bashrc',
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (
        bench_command.add_bench,
        bench_command.add_attack,
        certify_command.add_certify,
        data_command.add_data,
        pretrain_command.add_pretrain,
        train_command.add_train,
        tune_command.add_tune,
        curve_command.add_curve,
        predict_command.add_predict,
        explain_command.add_explain,
        show_command.add_show,
        explore_command.add_explore,
        similarity_command.add_similarity,
        audit_command.add_audit,
        recheck_command.add_recheck,
        detect_command.add_detect,
        card_command.add_card,
        compare_command.add_compare,
        baseline_command.add_baseline,
        history_command.add_history,
        replay_command.add_replay,
        plot_command.add_plot,
        leaderboard_command.add_leaderboard,
        assets_command.add_assets,
        list_command.add_list,
        doctor_command.add_doctor,
    ):
        add(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
