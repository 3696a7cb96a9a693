"""The options of ``robustbert compare`` that attack models: ``--confirm`` and ``--quick``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_labels, integer, names
from robustbert.commands.dataset_options import (
    add_dataset_options,
    chosen_datasets,
    given_source,
    reading_options,
)
from robustbert.commands.gate_options import GateSettings
from robustbert.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from robustbert.gate import Comparison, GateRun
    from robustbert.gate.repeated_cells import RepeatedCells


def add_model_options(command: Any) -> None:
    """Add ``--confirm``, ``--quick``, and the models and data that they need."""
    group = command.add_argument_group(
        "attacking models",
        "--confirm attacks both models on fresh examples before a regression fails the build; "
        "--quick attacks the candidate model on a few examples of the base, without a CANDIDATE.",
    )
    group.add_argument(
        "--confirm",
        action="store_true",
        help="test each regression again on fresh examples with fresh seeds; it fails unless it is "
        "not confirmed and would have been seen with a power of 0.8",
    )
    group.add_argument(
        "--quick",
        action="store_true",
        help="attack the candidate model on the first examples of each cell of BASE",
    )
    for side, needed in (("base", "with --confirm"), ("candidate", "with --confirm or --quick")):
        group.add_argument(
            f"--{side}-model",
            metavar="MODEL",
            help=f"the model of the {side}, {needed}: a folder or hub:NAME",
        )
    group.add_argument(
        "--quick-examples",
        type=integer,
        metavar="N",
        help="number of examples per cell with --quick; default: 50",
    )
    group.add_argument(
        "--trust",
        type=names,
        metavar="NAME[,NAME]",
        help="import paths of recipes, defenses and datasets that the runs may name",
    )
    add_labels(group)
    group.add_argument("--device", help="cpu, cuda, cuda:N, mps, or auto (default)")
    add_dataset_options(
        command.add_argument_group(
            "data", "The data of a run on your own dataset, for --confirm and --quick."
        )
    )


def check_model_options(options: Any) -> None:
    """Check that the options go together, and that the device exists.

    Raises:
        InputError: they do not.
    """
    if options.confirm and options.quick:
        raise InputError("--confirm and --quick are both given; give one of them")
    if options.confirm:
        for side in ("base", "candidate"):
            if getattr(options, f"{side}_model") is None:
                raise InputError(
                    f"--confirm needs --{side}-model; give the model that was attacked"
                )
        for model in (options.base_model, options.candidate_model):
            _check_model(model)
    elif options.base_model is not None:
        raise InputError("--base-model is given without --confirm; add it")
    if options.candidate_model is not None and not (options.confirm or options.quick):
        raise InputError("--candidate-model is given without --confirm or --quick; add one")
    if options.assets_profile is not None and not (options.confirm or options.quick):
        raise InputError("--assets is given without --confirm or --quick; add one")
    if options.quick and options.candidate_row is not None:
        raise InputError("--candidate-row is given with --quick, which attacks a model instead")
    if options.quick_examples is not None:
        if not options.quick:
            raise InputError("--quick-examples is given without --quick; add it")
        if options.quick_examples < 1:
            raise InputError(f"--quick-examples is {options.quick_examples}; give at least 1")
    _check_inputs(options)


def _check_model(model: str) -> None:
    """Check that a model exists, which would show only once there is a regression."""
    from robustbert.bench.model_names import split_name
    from robustbert.models.model_registry import HUB_PREFIX, model_folder

    _, base = split_name(model)
    if not base.startswith(HUB_PREFIX):
        model_folder(base)


def _check_inputs(options: Any) -> None:
    """Check that data and labels are given only for attacks, and that the device exists."""
    from robustbert.bench import check_dtype_and_device

    has_data = chosen_datasets(options) is not None
    reading = [name for name, value in reading_options(options).items() if value is not None]
    if reading and not has_data:
        raise InputError(
            f"--{reading[0].replace('_', '-')} is given without data; add --dataset or --test-file"
        )
    if options.confirm or options.quick:
        check_dtype_and_device("auto", options.device or "auto")
        return
    given = {
        "data": has_data or None,
        "--trust": options.trust,
        "--labels": options.labels,
        "--device": options.device,
    }
    for what, value in given.items():
        if value is not None:
            raise InputError(
                f"{what} is given without --confirm or --quick; add one, or leave it out"
            )


def confirmed(
    comparison: Comparison, base: GateRun, candidate: GateRun, options: Any, settings: GateSettings
) -> Comparison:
    """The comparison with its regressions tested again."""
    from robustbert.gate.confirmation import ConfirmedSide, confirm

    return confirm(
        comparison,
        ConfirmedSide("base", base, options.base_model),
        ConfirmedSide("candidate", candidate, options.candidate_model),
        _loader(options, settings, options.labels),
        trusted=options.trust or (),
    )


def quickly_compared(base: GateRun, options: Any, settings: GateSettings) -> Comparison:
    """The comparison of the quick gate; what is not given comes from the configuration.

    Raises:
        InputError: there is no model.
    """
    from robustbert.gate.quick import quick_compare

    config = settings.config
    model = options.candidate_model or config.model
    if model is None:
        raise InputError(
            "--quick needs a model; give --candidate-model, or name it in the [gate] table (model)"
        )
    # strict in the configuration is for the full gate: a few examples never have the power
    policy = replace(settings.policy, strict=bool(options.strict))
    of_config = options.candidate_model is None and options.labels is None
    return quick_compare(
        base,
        model,
        policy,
        examples=options.quick_examples or config.quick_examples,
        allow=settings.allow,
        loader=_loader(options, settings, config.labels if of_config else options.labels),
        trusted=options.trust or (),
    )


def _loader(options: Any, settings: GateSettings, labels: Sequence[str] | None) -> RepeatedCells:
    from robustbert.gate.repeated_cells import RepeatedCells

    tables = settings.config.dataset.items()
    return RepeatedCells(
        given_source(options),
        {name: table.dataset_source(name) for name, table in tables},
        labels,
        options.device or "auto",
    )
