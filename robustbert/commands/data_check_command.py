"""``robustbert data check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_command, integer, names
from robustbert.commands.dataset_options import add_dataset_options, data_files, given_source
from robustbert.commands.output_files import check_output_files, check_writable
from robustbert.commands.terminal import print_report
from robustbert.console import printable, terminal_width
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.data_checks import CheckSettings, DataReport

_FORMATS = ("text", "json", "html")
_SUFFIXES = {".txt": "text", ".json": "json", ".html": "html"}
#: How many findings of each check are shown, unless the user says it; JSON has all.
_NUM_EXAMPLES = {"text": 5, "html": 20}


def add_check(actions: Any) -> None:
    """Add the action ``check``."""
    action = add_command(
        actions,
        "check",
        check,
        "check a dataset for imbalance, duplicates, leakage, wrong labels and damaged texts; the "
        "exit code is 1 if a check fails",
    )
    action.add_argument(
        "--limit",
        type=names,
        action="extend",
        default=[],
        metavar="NAME=X[,NAME=X]",
        help="limits of checks, from 0 to 1, such as leakage=0.01,label-errors=0.1; docs/data.md "
        "lists the checks and their defaults",
    )
    action.add_argument(
        "--skip",
        type=names,
        action="extend",
        default=[],
        metavar="NAME[,NAME]",
        help="checks to leave out",
    )
    action.add_argument(
        "--folds",
        type=integer,
        default=5,
        metavar="N",
        help="folds of the cross-validation for label-errors, 2 to 20; default: 5",
    )
    action.add_argument(
        "--seed", type=integer, default=0, metavar="N", help="seed of the folds; default: 0"
    )
    action.add_argument(
        "--examples",
        type=integer,
        metavar="N",
        help="show N findings of each check; default: 5 in a text, 20 in a page, all in JSON",
    )
    action.add_argument(
        "--format",
        choices=_FORMATS,
        help="default: that of the suffix of --out, or text; JSON contains no texts of the data",
    )
    action.add_argument(
        "--out", type=Path, metavar="FILE", help="output file; an existing file is replaced"
    )
    data = action.add_argument_group("data", "Give DATASET, or the files of its splits.")
    add_dataset_options(data, positional=True, attacked=False)


def check(options: Any) -> int:
    """Run ``robustbert data check``."""
    from robustbert.data_checks import check_source

    settings = _settings(options)
    file_format = _format(options)
    source = given_source(options)
    if source is None:
        raise InputError("no dataset is given; give DATASET or --train-file")
    if options.examples is not None and options.examples < 0:
        raise InputError(f"--examples is {options.examples}; give 0 or more")
    check_output_files({"--out": options.out}, data_files(options))
    if options.out is not None:
        check_writable("--out", options.out)
    report = check_source(source, settings)
    _write(report, file_format, options)
    return 0 if report.passed else 1


def _settings(options: Any) -> CheckSettings:
    from robustbert.data_checks import CheckSettings

    limits: dict[str, float] = {}
    for pair in options.limit:
        name, sign, number = (part.strip() for part in pair.partition("="))
        if not (name and sign):
            raise InputError(f"--limit: {pair!r} is not NAME=X; write, say, leakage=0.01")
        if name in limits:
            raise InputError(f"--limit: {name} is given twice; give it once")
        try:
            limits[name] = float(number)
        except ValueError:
            raise InputError(f"--limit: {name} is {number!r}; give a number from 0 to 1") from None
    return CheckSettings(limits, tuple(options.skip), options.folds, options.seed)


def _format(options: Any) -> str:
    """The format of the report.

    Raises:
        InputError: a page is to be printed, or the suffix of the file is none of a format.
    """
    if options.format is not None:
        if options.format == "html" and options.out is None:
            raise InputError("--format html needs a file; add --out FILE")
        return str(options.format)
    if options.out is None:
        return "text"
    suffix = options.out.suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(
            f"--out: {options.out} does not end with {', '.join(_SUFFIXES)}; add --format"
        )
    return _SUFFIXES[suffix]


def _write(report: DataReport, file_format: str, options: Any) -> None:
    from robustbert.io import is_special, write_bytes

    content = _content(report, file_format, options.examples)
    if options.out is None:
        print_report(content.decode())
        return
    write_bytes(options.out, content)
    if not is_special(options.out):
        from robustbert.data_checks.report_view import summary

        print_report(f"{printable(summary(report))}\n{options.out}\n")


def _content(report: DataReport, file_format: str, num_examples: int | None) -> bytes:
    from robustbert.data_checks import data_report_page, data_report_text
    from robustbert.records.strict_json import encode

    if file_format == "json":
        return encode(report if num_examples is None else report.cut(num_examples), indent=1)
    number = _NUM_EXAMPLES[file_format] if num_examples is None else num_examples
    if file_format == "html":
        return data_report_page(report, number).encode()
    return data_report_text(report, terminal_width(), number).encode()
