"""``robustbert explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import (
    add_command,
    add_dtype_and_device,
    add_labels,
    integer,
)
from robustbert.commands.input_texts import add_texts, read_texts
from robustbert.commands.output_files import check_output_files, check_writable
from robustbert.commands.terminal import print_report
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.explanations import Explainer
    from robustbert.reports.attributions import ShownAttribution

_PICTURES = ("svg", "png")
_SUFFIXES = ("html", "jsonl", *_PICTURES)
FORMATS = ("terminal", *_SUFFIXES)
_BROKEN = 5  # examples of a cell


def add_explain(subparsers: Any) -> None:
    """Add the command ``explain``."""
    command = add_command(
        subparsers,
        "explain",
        explain,
        "show how much each word of a text contributes to a prediction",
    )
    add_texts(command)
    command.add_argument("--model", required=True, help="a folder or hub:NAME")
    add_method(command, "--method", "integrated-gradients")
    command.add_argument(
        "--target", metavar="LABEL", help="the explained class; default: the predicted one"
    )
    command.add_argument(
        "--format",
        choices=FORMATS,
        help="default: that of the suffix of --out, or terminal",
    )
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="output file; an existing file is replaced"
    )
    _add_run_options(command)
    add_labels(command)
    add_dtype_and_device(command, "predictions; gradients are always computed in float32")


def add_method(command: Any, option: str, default: str | None) -> None:
    """Add the option that names an explanation method, and ``--set`` for its parameters."""
    command.add_argument(
        option,
        default=default,
        metavar="NAME",
        help="see robustbert list explainers" + (f"; default: {default}" if default else ""),
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help=f"a parameter of the method of {option}, such as steps=20; give the option again for "
        "several",
    )


def chosen_explainer(name: str, settings: list[str]) -> Explainer:
    """The method of a name with parameters as ``NAME=VALUE``.

    Raises:
        UnknownNameError: there is no such method or parameter; the message lists the near names.
        InputError: a value has the wrong type or is out of range.
        MissingAssetError: a package that it needs is not installed.
    """
    from robustbert.explanations import EXPLAINERS, make_explainer
    from robustbert.validation import settings_from_text

    kind = EXPLAINERS.load(name)
    explainer = make_explainer(name, settings_from_text(kind, settings, name))
    explainer.check_packages()
    return explainer


def _add_run_options(command: Any) -> None:
    group = command.add_argument_group(
        "run", "Explain the broken examples of a run, before and after the attack."
    )
    group.add_argument(
        "--run",
        dest="run_folder",
        type=Path,
        metavar="RUN",
        help="output folder of bench or attack, with texts",
    )
    for option, kind in (
        ("--dataset", "dataset"),
        ("--row", "row of the table, or model"),
        ("--recipe", "recipe"),
    ):
        group.add_argument(option, metavar="NAME", help=f"use only texts of this {kind}")
    group.add_argument(
        "-n",
        "--num-examples",
        type=integer,
        metavar="N",
        help=f"at most so many broken examples of each cell; default: {_BROKEN}",
    )


def explain(options: Any) -> int:
    """Run ``robustbert explain``."""
    from robustbert.bench import check_dtype_and_device

    file_format = _format(options)
    explainer = chosen_explainer(options.method, options.settings)
    check_dtype_and_device(options.dtype, options.device)
    _check_sources(options)
    inputs = [path for path in (options.run_folder, options.file) if path is not None]
    check_output_files({"--out": options.out}, inputs)
    if options.out is not None:
        check_writable("--out", options.out)
    found = _of_run if options.run_folder is not None else _of_texts
    _write(options, found(options, explainer, file_format), file_format)
    return 0


def _format(options: Any) -> str:
    """The output format.

    Raises:
        InputError: a format of files is given without a file, or the suffix is none of a format.
    """
    if options.format is not None:
        if options.out is None and options.format in ("html", *_PICTURES):
            raise InputError(f"--format {options.format} needs a file; add --out FILE")
        return str(options.format)
    if options.out is None:
        return "terminal"
    suffix = str(options.out.suffix.lower().removeprefix("."))
    if suffix not in _SUFFIXES:
        raise InputError(
            f"--out: {options.out} does not end with .{', .'.join(_SUFFIXES)}; add --format"
        )
    return suffix


def _check_sources(options: Any) -> None:
    """Check that texts come from one place, and that options of runs are given with a run."""
    has_texts = bool(options.texts) or options.file is not None
    if options.run_folder is None:
        for name in ("dataset", "row", "recipe", "num_examples"):
            if getattr(options, name) is not None:
                raise InputError(f"--{name.replace('_', '-')} is given without --run; add --run")
        if not has_texts:
            raise InputError("no text to explain; give TEXT arguments, --file or --run")
    elif has_texts:
        raise InputError("--run and texts are both given; give either of them")
    number = options.num_examples
    if number is not None and number < 1:
        raise InputError(f"--num-examples is {number}; give an integer of at least 1")


def _of_texts(options: Any, explainer: Explainer, file_format: str) -> list[ShownAttribution]:
    from robustbert.explanations import explain as explain_texts
    from robustbert.models import check_texts
    from robustbert.reports.attributions import ShownAttribution, check_num_texts

    texts = read_texts(options)
    check_texts(texts)
    if file_format in _PICTURES:
        check_num_texts(len(texts))
    found = explain_texts(
        texts,
        model=options.model,
        method=explainer,
        target=options.target,
        dtype=options.dtype,
        device=options.device,
        labels=options.labels,
    )
    return [ShownAttribution(f"text {i}", one) for i, one in enumerate(found, start=1)]


def _of_run(options: Any, explainer: Explainer, file_format: str) -> list[ShownAttribution]:
    from robustbert.gate import load_replayed
    from robustbert.reports.attributions import check_num_texts, explain_run
    from robustbert.reports.attributions.run_attributions import cells_of_model
    from robustbert.reports.run_view import Selection, select_cells

    limit = _BROKEN if options.num_examples is None else options.num_examples
    selection = Selection(
        dataset=options.dataset, model=options.row, recipe=options.recipe, limit=limit
    )
    cells = select_cells(options.run_folder, selection)
    classifier = load_replayed(
        options.model, cells, labels=options.labels, dtype=options.dtype, device=options.device
    )
    if options.row is None:
        cells = cells_of_model(options.run_folder, cells, classifier)
    if file_format in _PICTURES:
        check_num_texts(2 * sum(len(cell.outcomes) for cell in cells))
    return explain_run(options.run_folder, cells, classifier, explainer, options.target)


def _write(options: Any, shown: list[ShownAttribution], file_format: str) -> None:
    from robustbert.io import is_special, write_bytes
    from robustbert.reports.attributions import attributions_page, attributions_plot

    title = f"Explanations by {shown[0].attribution.method}"
    if file_format in ("terminal", "jsonl"):
        text = _as_text(shown, file_format, to_file=options.out is not None)
        if options.out is None:
            print_report(text)
            return
        content = text.encode()
    elif file_format == "html":
        content = attributions_page(shown, title).encode()
    else:
        content = attributions_plot(shown, title, file_format)
    write_bytes(options.out, content)
    if not is_special(options.out):
        print(options.out)


def _as_text(shown: list[ShownAttribution], file_format: str, *, to_file: bool) -> str:
    from robustbert.console import terminal_width, use_color
    from robustbert.reports.attributions import attributions_jsonl, attributions_text

    if file_format == "jsonl":
        return attributions_jsonl(shown)
    return attributions_text(shown, color=use_color() and not to_file, width=terminal_width())
