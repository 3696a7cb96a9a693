"""``robustbert certify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import (
    add_assets_profile,
    add_command,
    add_dtype_and_device,
    add_labels,
    integer,
)
from robustbert.commands.dataset_options import add_dataset_options, data_files, given_source
from robustbert.commands.defense_options import add_defense_options, chosen_defenses
from robustbert.commands.output_files import check_output_files, check_writable
from robustbert.commands.terminal import print_report
from robustbert.console import printable, terminal_width, wrapped
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.bench.certification_record import CertificationRecord

_ROWS = (
    ("1", "certified, 1 word changed"),
    ("2", "certified, 2 words changed"),
    ("3", "certified, 3 words changed"),
    ("unified", "certified, unified limit"),
    ("all", "certified, all words changed"),
)


def add_certify(subparsers: Any) -> None:
    """Add the command ``certify``."""
    command = add_command(
        subparsers,
        "certify",
        certify,
        "certify that attacks cannot change the vote of a model with the defense safer or ranmask",
    )
    command.add_argument(
        "--model",
        required=True,
        help="a model folder, hub:NAME, or a name (see robustbert list models), which is trained "
        "first; NAME=FOLDER chooses the name in the output",
    )
    add_defense_options(command, "the model; one that votes over random changes is needed")
    add_dataset_options(command)
    command.add_argument(
        "-n",
        "--num-examples",
        type=integer,
        metavar="N",
        help="number of examples; default: 100, or all if there are fewer",
    )
    command.add_argument(
        "--split",
        default="test",
        help="split to certify: train, validation, test (default), or all for the whole dataset",
    )
    _add_certificate_options(command)
    add_labels(command)
    add_assets_profile(command)
    add_dtype_and_device(command, "inference")
    command.add_argument(
        "--token-budget",
        type=integer,
        metavar="N",
        help="maximum number of tokens per batch; does not affect results; default: depends on the "
        "device",
    )


def _add_certificate_options(command: Any) -> None:
    command.add_argument(
        "--samples",
        type=integer,
        default=1000,
        metavar="N",
        help="number of changed texts that are classified per example; default: 1000",
    )
    command.add_argument(
        "--confidence",
        type=float,
        default=0.99,
        metavar="X",
        help="probability that a certificate holds, above 0 and below 1; default: 0.99",
    )
    command.add_argument(
        "--seed",
        type=integer,
        default=0,
        metavar="N",
        help="seed for training, example selection and changed texts; default: 0",
    )
    command.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="JSON file for the certificate of each example; default: runs/certify-TIME.json",
    )


def certify(options: Any) -> int:
    """Run ``robustbert certify``."""
    from robustbert.bench import default_out
    from robustbert.bench.certify_model import CertifyOptions, certify_model
    from robustbert.io import write_bytes
    from robustbert.records.strict_json import encode

    out = options.out or default_out("certify").with_suffix(".json")
    check_output_files({"--out": out}, data_files(options))
    check_writable("--out", out)
    source = given_source(options)
    if source is None:
        raise InputError("no dataset is given; give --dataset or --test-file")
    chosen = CertifyOptions(
        split=options.split,
        num_examples=options.num_examples,
        samples=options.samples,
        confidence=options.confidence,
        seed=options.seed,
        dtype=options.dtype,
        device=options.device,
        token_budget=options.token_budget,
        command=options.command,
    )
    record = certify_model(
        options.model, source, chosen_defenses(options), chosen, labels=options.labels
    )
    print_report(_report(record))  # first, so that it is not lost if the file cannot be written
    write_bytes(out, encode(record, indent=2))
    print(printable(f"{record.seconds:.0f} s; the certificate of each example is in {out}"))
    return 0


def _report(record: CertificationRecord) -> str:
    """The certified accuracies as a table, with what they mean."""
    from robustbert.reports.render import text_table
    from robustbert.reports.wording import percent

    accuracies, width = record.accuracies, terminal_width()
    middle = accuracies.median_radius
    rows = [["vote, without attack", percent(accuracies.vote)]]
    rows += [[name, percent(accuracies.certified[key])] for key, name in _ROWS]
    rows += [["median radius in words", "none" if middle is None else str(middle)]]
    title = "+".join([record.model.name, *(defense.name for defense in record.defenses)])
    notes = (
        f"{len(record.examples)} examples of {record.dataset.name} ({record.dataset.split}), "
        f"{record.samples} changed texts each; a certificate holds with a probability of "
        f"{100 * record.confidence:g}%. In percent, with 95% Wilson intervals.",
        f"Certified for attacks in which {record.attacks}, and for no others. The unified limit is "
        f"{100 * record.unified_share:g}% of the words. Certificates are about the vote of all "
        "changed texts, not of the few that a prediction averages.",
    )
    table = text_table([printable(title), "accuracy"], rows, width)
    return "\n\n".join([table, *(wrapped(note, width) for note in notes), ""])
