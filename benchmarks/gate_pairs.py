"""Compare three pairs of models, as an example of what the gate finds.

    python benchmarks/gate_pairs.py [RUNS]

With RUNS, the folder for models and runs (an interrupted one is resumed; about two hours on one
core): trains MiniLM on rotten_tomatoes with training seeds 0 and 1 and on a fifth of its training
split, attacks the three models with the core recipes on all test examples, and saves their
baselines in ``results/gate``. With and without RUNS, writes the reports of three comparisons to
``docs/gate``: the plain model against the one with a fifth of the data, against itself with another
training seed, and against itself.
"""

from __future__ import annotations

import csv
import os
import sys
from datetime import datetime
from pathlib import Path

from robustbert.cli import main
from robustbert.data import load_dataset
from robustbert.gate import compare
from robustbert.gate.comparison.comparison_json import comparison_json
from robustbert.gate.comparison.comparison_junit import comparison_junit
from robustbert.gate.comparison.comparison_markdown import comparison_markdown
from robustbert.gate.comparison.comparison_text import comparison_text
from robustbert.gate.comparison.comparison_wording import verdict_word
from robustbert.io import write_text
from robustbert.records import read_baseline

DATASET, SHARE = "rotten_tomatoes", 5
RECIPES = "deepwordbug,pwws,textbugger,textfooler"
ROOT = Path(__file__).resolve().parents[1]
BASELINES, REPORTS = ROOT / "results" / "gate", ROOT / "docs" / "gate"
#: The baselines that the plain model is compared with, keyed by the folder of the reports.
PAIRS = {"fifth": "minilm-fifth", "seed": "minilm-seed1", "itself": "minilm"}
WIDTH = 100


def run_all(runs: Path) -> None:
    """Train and attack the models, and save their baselines."""
    model = train_on_a_part(runs)
    attack = ["--datasets", DATASET, "-n", "832", "--recipes", RECIPES, "--track", "unified"]
    plain, part = runs / "plain", runs / "fifth"
    command("bench", *attack, "--models", "minilm", "--training-seeds", "0,1", "--out", str(plain))
    command("bench", *attack, "--models", f"minilm-fifth={model}", "--out", str(part))
    for run, row, name in (
        (plain, "minilm", "minilm"),
        (plain, "minilm seed 1", "minilm-seed1"),
        (part, "minilm-fifth", "minilm-fifth"),
    ):
        file = str(BASELINES / f"{name}.json")
        command("baseline", "save", str(run), "--row", row, "--out", file)


def train_on_a_part(runs: Path) -> Path:
    """Train MiniLM on the first fifth of the training split; return its folder."""
    folder, model = runs / "data", runs / "minilm-fifth"
    if model.exists():
        return model
    dataset = load_dataset(DATASET)
    folder.mkdir(parents=True, exist_ok=True)
    for split, share in (("train", SHARE), ("validation", 1)):
        rows = dataset.split(split)[:]
        n = len(rows["text"]) // share
        with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            labels = [dataset.label_names[label] for label in rows["label"][:n]]
            writer.writerows(zip(rows["text"][:n], labels, strict=True))
    files = [f"--{split}-file={folder / split}.csv" for split in ("train", "validation")]
    command("train", *files, "--model", "minilm", "--out", str(model))
    return model


def write_reports(out: Path) -> None:
    """Compare the pairs, and write the reports of each into a folder of ``out``."""
    os.chdir(ROOT)  # the reports name the baselines by their paths
    folder = BASELINES.relative_to(ROOT)
    for name, candidate in PAIRS.items():
        base, path = folder / "minilm.json", folder / f"{candidate}.json"
        comparison = compare(base, path)
        # the time of the last baseline, so that the same baselines give the same reports
        times = [read_baseline(one).created_at for one in (base, path)]
        created_at = datetime.fromisoformat(max(times))
        write_text(out / name / "report.txt", comparison_text(comparison, WIDTH))
        write_text(out / name / "report.md", comparison_markdown(comparison))
        write_text(out / name / "junit.xml", comparison_junit(comparison, created_at))
        write_text(out / name / "report.json", comparison_json(comparison))
        print(f"{name}: {verdict_word(comparison)}")


def command(*arguments: str) -> None:
    """Run a command of robustbert; exit if it fails."""
    code = main(arguments)
    if code:
        sys.exit(f"robustbert {' '.join(arguments)}: exit code {code}")


if __name__ == "__main__":
    if len(sys.argv) > 2 or "--help" in sys.argv:
        sys.exit(__doc__)
    if len(sys.argv) == 2:
        run_all(Path(sys.argv[1]))
    write_reports(REPORTS)
