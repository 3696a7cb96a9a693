"""Measure the adversarial texts of MiniLM's core recipes automatically.

    python benchmarks/audit.py [--run RUN] [--check RESULTS] [--out results/audit]

The texts come from a run of MiniLM under the core recipes of the suite ``results``, on both
datasets and tracks. Published results contain no texts, so the attacks are run in ``runs/audit``,
unless ``--run`` names another run folder; an interrupted run is resumed. Then each dataset and
track gets a file, ``DATASET-TRACK.json``, with numbers and ids, without texts. ``--check`` compares
the outcomes of the run with published ones, such as those in ``results``, and says how many differ:
on another kind of processor, MiniLM gets other weights.

Expected on 2 cores: half an hour for the attacks, with the training of two models, and 4 minutes
for the measures, most of them for the second encoder; and an estimated 12 minutes on one core for
the perplexities of some 2,850 texts. ``--attack-only`` stops after the attacks.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.audit import MeasuredRun, measure_run
from robustbert.audit.run_measures import MEASURES_VERSION
from robustbert.cli import main as robustbert
from robustbert.commands.audit_measure_command import encoder, perplexity
from robustbert.errors import RobustbertError
from robustbert.io import write_bytes
from robustbert.records import Outcome, read_published, read_run, record_name
from robustbert.records.strict_json import encode
from robustbert.reports.row_labels import record_label

ROOT = Path(__file__).parents[1]
SUITE, MODEL = "results", "minilm"
COMPARED = ("example_id", "status", "queries", "words_changed")


def attack(run: Path) -> int:
    """Attack MiniLM with the core recipes, or resume that; the exit code."""
    options = ["--suite", SUITE, "--models", MODEL, "--recipes", ",".join(CORE_RECIPES)]
    return robustbert(["bench", *options, "--out", str(run)])


def write_measures(measured: MeasuredRun, out: Path) -> list[Path]:
    """Write one file per dataset and track; their paths."""
    core = [cell for cell in measured.cells if cell.recipe in CORE_RECIPES]
    paths = []
    for dataset, track in dict.fromkeys((cell.dataset, cell.track) for cell in core):
        cells = [one for one in core if (one.dataset, one.track) == (dataset, track)]
        part = MeasuredRun(
            measures_version=MEASURES_VERSION,
            encoder=measured.encoder,
            wordfreq=measured.wordfreq,
            language_model=measured.language_model,
            cells=cells,
        )
        paths.append(out / f"{dataset}-{track}.json")
        write_bytes(paths[-1], encode(part, indent=1))
    return paths


def differences(run: Path, results: Path) -> list[str]:
    """How many outcomes of each cell of MiniLM differ from the published ones of the same name."""
    published = {
        (cell.record.dataset.name, cell.record.track, cell.record.recipe.name): cell.outcomes
        for cell in read_published(results)
        if record_label(cell.record) == MODEL
    }
    found = read_run(run)
    lines = []
    for record in found.records:
        if record_label(record) != MODEL:
            continue
        key = (record.dataset.name, record.track, record.recipe.name)
        name = record_name(record)
        if key not in published:
            lines.append(f"{name}: not in {results}")
            continue
        number = _differing(found.outcomes[name], published[key])
        lines.append(f"{name}: {number} of {len(published[key])} outcomes differ")
    return lines


def _differing(outcomes: Sequence[Outcome], others: Sequence[Outcome]) -> int:
    ours, theirs = (
        {tuple(getattr(one, name) for name in COMPARED) for one in side}
        for side in (outcomes, others)
    )
    return len(theirs - ours)


def main() -> int:
    """Attack, measure and write; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="an existing run folder; default: runs/audit")
    parser.add_argument("--check", type=Path, metavar="RESULTS", help="compare the outcomes")
    parser.add_argument("--attack-only", action="store_true", help="measure nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "audit")
    options = parser.parse_args()
    run = options.run or Path("runs/audit")
    if options.run is None and (code := attack(run)):
        return code
    if options.attack_only:
        return 0
    try:
        if options.check:
            print(*differences(run, options.check), sep="\n")
        measured = measure_run(run, encoder(), model=MODEL, perplexity=perplexity())
        paths = write_measures(measured, options.out)
    except RobustbertError as error:
        parser.error(str(error))
    print(*paths, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
