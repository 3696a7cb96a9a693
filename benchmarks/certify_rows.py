"""Certify the rows of a suite that vote over random changes.

    python benchmarks/certify_rows.py SUITE=CERTIFICATES [-n 100]

Each dataset and model of the suite whose predictions are votes is certified by ``robustbert
certify`` on test examples, with its first training seed. The certificates are written to
``CERTIFICATES/DATASET/MODEL.json``, unless this file is there. Models are trained if they are not
cached.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from run_rows import suite_and_results

from robustbert.bench import Overrides, Suite, load_suite, make_plan
from robustbert.bench.certify_model import check_votes
from robustbert.bench.victim_spec import VictimSpec
from robustbert.cli import main as robustbert
from robustbert.errors import InputError, RobustbertError
from robustbert.leaderboard.row_settings import RowSettings, settings_of_victim
from robustbert.records.names import file_name_part
from robustbert.validation import setting_as_text


@dataclass(frozen=True)
class Certification:
    """The certification of a row on a dataset.

    Args:
        dataset: the name of the dataset.
        victim: the row's model with its defenses.
        out: the file of its certificates.
    """

    dataset: str
    victim: VictimSpec
    out: Path

    def arguments(self, num_examples: int) -> list[str]:
        """The arguments of ``robustbert``."""
        model = self.victim.base
        if self.victim.name != model:
            model = f"{self.victim.name}={model}"
        found = ["certify", "--model", model, "--dataset", self.dataset]
        for defense in self.victim.defenses:
            found += ["--defense", defense.name]
            for name, value in defense.params.items():
                found += ["--set", setting_as_text(name, value)]
        seed = str(self.victim.training_seed)
        return [*found, "-n", str(num_examples), "--seed", seed, "--out", str(self.out)]


def certifications(suite: Suite, folder: Path) -> Iterator[Certification]:
    """What is to certify of a suite: a row that is also attacked adaptively only once.

    Raises:
        InputError: a row that votes has settings that ``robustbert certify`` has no option for.
    """
    rows: set[tuple[str, RowSettings]] = set()
    for model in dict.fromkeys(suite.models):
        for dataset, victim in make_plan(suite, Overrides(models=[model])).victims():
            row = (dataset, replace(settings_of_victim(victim), adaptive=False))
            if row in rows or not _votes(victim):
                continue
            rows.add(row)
            if victim.training or victim.training_seed is None:
                raise InputError(
                    f"{model} is trained with settings for which robustbert certify has no options "
                    "here; certify it by hand"
                )
            name = f"{file_name_part(model)}.json"
            yield Certification(dataset, victim, folder / file_name_part(dataset) / name)


def _votes(victim: VictimSpec) -> bool:
    try:
        check_votes(victim.defenses)
    except InputError:
        return False
    return True


def main() -> int:
    """Certify what is missing of a suite; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", type=suite_and_results, metavar="SUITE=CERTIFICATES")
    parser.add_argument("-n", "--num-examples", type=int, default=100)
    options = parser.parse_args()
    suite, folder = options.suite
    try:
        wanted = [*certifications(load_suite(suite), Path(folder))]
    except RobustbertError as error:
        parser.error(str(error))
    for one in wanted:
        if one.out.exists():
            print(f"{one.out} is there", flush=True)
            continue
        one.out.parent.mkdir(parents=True, exist_ok=True)
        code = robustbert(one.arguments(options.num_examples))
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
