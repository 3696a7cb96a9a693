"""Judge all detectors on the attacks of a model, for docs/understanding.md.

``docs/understanding_tables.py`` writes its tables.

    python benchmarks/detection.py [--datasets rotten_tomatoes,bbc_news] [--recipes …]

For each dataset and recipe, the model is attacked on the test split, on the validation split, and
where it survived once more, for the texts with which failed attacks ended; the attacks are kept in
``RUNS/DATASET``. Then each detector is fitted to each recipe and judged on each, and its record is
written to ``RESULTS/DATASET/DETECTOR.json``, unless it is there. The same command resumes
what was interrupted. ``--attack-only`` with one dataset and recipe runs a part of it.

By default as many test examples are attacked as in the published rows, and at most 500 validation
examples. ``--finished RUN`` takes the test attacks of another run, such as that of ``make audit``,
if it has them. All of it then takes an estimated two hours on one thread, most of them for
attribution with ten steps and for perplexity, which takes 0.2 to 0.3 seconds per text.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.cli import main as robustbert
from robustbert.commands.arguments import names
from robustbert.data import load_dataset, select_examples
from robustbert.detection import DETECTORS
from robustbert.detector_evaluation.detection_record import read_detection
from robustbert.records import outcomes_path, record_path
from robustbert.validation import check_at_least

#: Parameters of detectors that differ from their defaults.
SETTINGS = {"attribution": ("settings=steps=10",)}
TRACK = "unified"
# It asks for few predictions, and its assets are those of the attacks: it makes the attacks alone.
FIRST = "fgws"


@dataclass(frozen=True)
class Dataset:
    """What is run on a dataset.

    Args:
        name: its name.
        model: the attacked model.
        recipes: the recipes.
        num_test: the number of test examples, or all if there are fewer.
        num_validation: the number of validation examples, or all if there are fewer.
        run: the run folder.
        results: the folder of the records.
    """

    name: str
    model: str
    recipes: Sequence[str]
    num_test: int
    num_validation: int
    run: Path
    results: Path

    def attack(self, recipe: str) -> list[str]:
        """The command that attacks the test split with a recipe."""
        number = self._number("test", self.num_test)
        given = ["bench", "--models", self.model, "--datasets", self.name, "--recipes", recipe]
        return [*given, "--track", TRACK, "-n", str(number), "--out", str(self.run)]

    def detect(self, detector: str, *more: str) -> list[str]:
        """The command that judges a detector; it attacks what was not attacked before."""
        number = self._number("validation", self.num_validation)
        given = ["detect", "--run", str(self.run), "--detector", detector, "--failed"]
        for setting in SETTINGS.get(detector, ()):
            given += ["--set", setting]
        return [*given, "--validation", str(number), *more]

    def record(self, detector: str) -> Path:
        """The record of a detector."""
        return self.results / self.name / f"{detector}.json"

    def commands(self, *, attack_only: bool) -> Iterator[list[str]]:
        """The commands in order; those whose result is there are left out."""
        for recipe in self.recipes:
            yield self.attack(recipe)
            if attack_only:
                yield self.detect(FIRST, "--recipe", recipe)
        if attack_only:
            return
        for detector in DETECTORS:
            if not self.is_judged(detector):
                path = self.record(detector)
                yield self.detect(detector, "--format", "json", "--out", str(path))

    def reuse(self, finished: Path) -> None:
        """Copy the test attacks of another run; ``bench`` checks that they are the same."""
        for recipe in self.recipes:
            name = f"{self.name}--{self.model}--none--{TRACK}--{recipe}"
            for place in (outcomes_path, record_path):
                old, copy = place(finished, name), place(self.run, name)
                if old.exists() and not copy.exists():
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(old, copy)

    def is_judged(self, detector: str) -> bool:
        """Whether there is a record of a detector on as many examples and on the same recipes."""
        path = self.record(detector)
        if not path.exists():
            return False
        (found,) = read_detection(path)
        numbers = (found.protocol.n, found.validation_examples)
        wanted = (
            self._number("test", self.num_test),
            self._number("validation", self.num_validation),
        )
        return numbers == wanted and {cell.tested_on for cell in found.cells} == {*self.recipes}

    def _number(self, split: str, wanted: int) -> int:
        return min(wanted, len(select_examples(load_dataset(self.name), split, None, seed=0)))


def main() -> int:
    """Run what is missing; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=names, default=["rotten_tomatoes", "bbc_news"])
    parser.add_argument("--recipes", type=names, default=list(CORE_RECIPES))
    parser.add_argument("--model", default="minilm")
    parser.add_argument("-n", "--num-test", type=int, default=300)
    parser.add_argument("--validation", type=int, default=500)
    parser.add_argument("--runs", type=Path, default=Path("runs/detection"))
    parser.add_argument("--results", type=Path, default=Path("results/detection"))
    parser.add_argument("--finished", type=Path)
    parser.add_argument("--attack-only", action="store_true")
    options = parser.parse_args()
    check_at_least(1, num_test=options.num_test, validation=options.validation)
    for name in options.datasets:
        dataset = Dataset(
            name=name,
            model=options.model,
            recipes=options.recipes,
            num_test=options.num_test,
            num_validation=options.validation,
            run=options.runs / name,
            results=options.results,
        )
        if options.finished is not None:
            dataset.reuse(options.finished)
        for command in dataset.commands(attack_only=options.attack_only):
            code = robustbert(command)
            if code:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
