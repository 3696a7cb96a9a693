"""``robustbert audit measure``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_cell_choice, add_command
from robustbert.commands.report_format import add_format
from robustbert.commands.terminal import print_report
from robustbert.console import terminal_width

if TYPE_CHECKING:
    from robustbert.models.pseudo_perplexity import PseudoPerplexity
    from robustbert.reports.similarity_report import Encoder


def add_measure(actions: Any) -> None:
    """Add the action ``measure``."""
    action = add_command(
        actions,
        "measure",
        measure,
        "measure the adversarial texts automatically: similarity, antonyms, unknown words, length, "
        "perplexity",
    )
    action.add_argument(
        "run_folder", type=Path, metavar="RUN", help="output folder of bench or attack"
    )
    add_cell_choice(action, "measure")
    action.add_argument(
        "--no-similarity",
        action="store_true",
        help="leave out the similarity, which needs the optional second encoder",
    )
    action.add_argument(
        "--no-perplexity",
        action="store_true",
        help="leave out the perplexity, which takes a language model some time",
    )
    add_format(action)


def measure(options: Any) -> int:
    """Run ``robustbert audit measure``."""
    from robustbert.audit import measure_run
    from robustbert.audit.measure_tables import (
        measures_as_dict,
        measures_markdown,
        render_measures,
    )

    measured = measure_run(
        options.run_folder,
        None if options.no_similarity else encoder(),
        dataset=options.dataset,
        model=options.model,
        recipe=options.recipe,
        perplexity=None if options.no_perplexity else perplexity(),
    )
    if options.format == "json":
        print(json.dumps(measures_as_dict(measured), indent=2))
    elif options.format == "markdown":
        print(measures_markdown(measured), end="")
    else:
        print_report(render_measures(measured, terminal_width()))
    return 0


def encoder() -> Encoder:
    """The second encoder."""
    from robustbert.models.second_encoder import second_encoder
    from robustbert.reports.similarity_report import Encoder

    second = second_encoder()
    return Encoder(name="E5", source=second.source, encode=second.encode)


def perplexity() -> PseudoPerplexity:
    """What measures perplexities: the masked language model of the current assets profile."""
    from robustbert.models.masked_language_model import masked_language_model
    from robustbert.models.pseudo_perplexity import PseudoPerplexity

    return PseudoPerplexity(masked_language_model())
