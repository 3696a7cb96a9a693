"""``robustbert compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_assets_profile, add_command
from robustbert.commands.compare_models_options import (
    add_model_options,
    check_model_options,
    confirmed,
    quickly_compared,
)
from robustbert.commands.gate_options import GateSettings, add_policy_options, gate_settings
from robustbert.commands.output_files import check_output_files
from robustbert.commands.terminal import print_error, print_report
from robustbert.console import terminal_width
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.gate import Comparison, GateRun


def add_compare(subparsers: Any) -> None:
    """Add the command ``compare``."""
    command = add_command(
        subparsers,
        "compare",
        compare,
        "compare two runs by a test; exits with 1 if the candidate is less robust",
    )
    command.add_argument(
        "runs",
        nargs="*",
        metavar="BASE CANDIDATE",
        help="run folders, records (records/CELL.json) or baselines (robustbert baseline save); "
        "without BASE, the baseline of the [gate] table",
    )
    for side in ("base", "candidate"):
        command.add_argument(
            f"--{side}-row",
            metavar="ROW",
            help=f"the row of the {side} to compare, as tables label it; needed if the runs have "
            "several rows with other labels",
        )
    add_policy_options(command)
    add_assets_profile(command)
    add_model_options(command)
    for option, what in (
        ("--markdown", "the report as Markdown, for a pull request or a step summary"),
        ("--junit", "the result as JUnit XML, one test case per accuracy"),
        ("--json", "the result as JSON"),
    ):
        command.add_argument(option, type=Path, metavar="FILE", help=f"write {what}")


def compare(options: Any) -> int:
    """Run ``robustbert compare``."""
    from robustbert.gate import compare_runs
    from robustbert.gate.comparison.comparison_text import comparison_text

    check_model_options(options)
    settings = gate_settings(options)
    check_output_files(_outputs(options), [*_paths(options, settings), *_files(options)])
    if options.quick:
        comparison = quickly_compared(_base(options, settings), options, settings)
    else:
        base, candidate = _runs(options, settings)
        comparison = compare_runs(base, candidate, settings.policy, allow=settings.allow)
        if options.confirm:
            comparison = confirmed(comparison, base, candidate, options, settings)
    print_report(comparison_text(comparison, terminal_width()))
    write_reports(comparison, options)
    if comparison.exit_code == 2:
        print_error(_advice(comparison))
    return comparison.exit_code


def _runs(options: Any, settings: GateSettings) -> tuple[GateRun, GateRun]:
    """The base and the candidate."""
    from robustbert.gate import read_gate_run
    from robustbert.gate.gate_run import check_finished

    paths = _paths(options, settings)
    base, candidate = map(read_gate_run, paths)
    for path in paths:
        check_finished(Path(path), settings.allow)
    if options.base_row is not None:
        base = base.only_row(options.base_row)
    if options.candidate_row is not None:
        candidate = candidate.only_row(options.candidate_row)
    return base, candidate


def _paths(options: Any, settings: GateSettings) -> list[str]:
    """The paths of the base and, without ``--quick``, of the candidate.

    Raises:
        InputError: too few or too many are given.
    """
    from robustbert.reports.wording import counted

    given, wanted = list(options.runs), 1 if options.quick else 2
    if len(given) == wanted - 1 and settings.config.baseline:
        return [settings.config.baseline, *given]
    if len(given) != wanted:
        advice = (
            "with --quick, give BASE alone, or none if a [gate] table names the baseline"
            if options.quick
            else "give BASE and CANDIDATE, or CANDIDATE alone if a [gate] table names the baseline"
        )
        raise InputError(f"{counted(len(given), 'run')} given; {advice}")
    return given


def _outputs(options: Any) -> dict[str, Path | None]:
    return {"--markdown": options.markdown, "--junit": options.junit, "--json": options.json}


def _files(options: Any) -> list[Path]:
    """The file of ``--config``, if there is one."""
    return [] if options.config is None else [options.config]


def _base(options: Any, settings: GateSettings) -> GateRun:
    """The base of the quick gate."""
    from robustbert.gate import read_gate_run

    base = read_gate_run(_paths(options, settings)[0])
    return base if options.base_row is None else base.only_row(options.base_row)


def write_reports(comparison: Comparison, options: Any) -> None:
    """Write the reports that ``--markdown``, ``--junit`` and ``--json`` ask for.

    Raises:
        OutputError: a file cannot be written.
    """
    from robustbert.gate.comparison.comparison_json import comparison_json
    from robustbert.gate.comparison.comparison_junit import comparison_junit
    from robustbert.gate.comparison.comparison_markdown import comparison_markdown
    from robustbert.io import write_text

    for path, render in (
        (options.markdown, comparison_markdown),
        (options.junit, comparison_junit),
        (options.json, comparison_json),
    ):
        if path is not None:
            write_text(path, render(comparison))


def _advice(comparison: Comparison) -> str:
    """Why the runs are not comparable, and how to compare them anyway."""
    kinds = dict.fromkeys(kind for cell in comparison.refused for kind in cell.allow)
    if not kinds:
        return "nothing was compared; give runs with a cell in common"
    first = comparison.refused[0]
    more = len(comparison.refused) - 1
    others = f" (and {more} more)" if more else ""
    return (
        f"not comparable: {first.label}: {first.reason}{others}; run the candidate under the same "
        f"conditions, or allow it with --allow {','.join(kinds)}"
    )
