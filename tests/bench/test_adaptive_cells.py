"""Cells that are attacked through their defenses, beside those that are not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import robustbert as rb
from robustbert.bench import Suite, make_plan, run_plan
from robustbert.bench.run import Victims
from robustbert.cli import main
from robustbert.data import DatasetSource
from robustbert.defenses import Defense
from robustbert.defenses.text_noise import TextNoise
from robustbert.defenses.transformed_classifier import TransformedClassifier
from robustbert.defenses.voting_classifier import VotingClassifier
from robustbert.errors import InputError
from robustbert.gate.repeated_cells import RepeatedCells, condition_difference
from robustbert.models.temperature_scaling import at_temperature
from robustbert.rechecks.attacked_row import attacked_rows
from robustbert.rechecks.recheck_run import recheck_row
from robustbert.rechecks.row_attacker import RowAttacker
from robustbert.records import Record, Run, read_run, record_name
from robustbert.records.row_recheck import recheck_path
from robustbert.reports import render_text, to_csv
from robustbert.reports.row_labels import record_label
from tests.bench.toy_runs import options
from tests.rechecks.toy_rechecks import WordLogits
from tests.voting import MaskedVotes

pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
N = 8


class HalfTheWords(TextNoise):
    """Keeps each word with probability 1/2."""

    certified_attacks = "nothing"

    def draw(self, text: str, generator: np.random.Generator, count: int) -> list[str]:
        words = text.split()
        kept = generator.random((count, len(words))) < 0.5
        return [" ".join(w for w, k in zip(words, row, strict=True) if k) or text for row in kept]

    def num_words(self, text: str) -> int:
        return len(text.split())

    def certified_radius(self, text: str, low: float) -> int | None:
        return None


@dataclass(frozen=True)
class Votes(Defense):
    is_randomised: ClassVar[bool] = True
    keeps_gradients: ClassVar[bool] = False

    def wrap(self, classifier):
        return VotingClassifier(classifier, HalfTheWords(), votes=2)


@dataclass(frozen=True)
class LowerCase(Defense):
    keeps_gradients: ClassVar[bool] = False

    def wrap(self, classifier):
        return TransformedClassifier(classifier, str.lower)


@dataclass(frozen=True)
class Cooled(Defense):
    """It wraps, but leaves nothing that an attack could adapt to."""

    def wrap(self, classifier):
        return at_temperature(classifier, 2.0)


def suite_of(reviews: Path, svm: Path, transforming: str = "LowerCase") -> Suite:
    votes, other = (
        {"base": str(svm), "name": "svm", "defense": f"{__name__}:{name}"}
        for name in ("Votes", transforming)
    )
    tables = {
        "svm": {"base": str(svm)},
        "votes": votes,
        "votes-adaptive": votes | {"adaptive": True},
        "other-adaptive": other | {"adaptive": True},
    }
    return Suite(
        name="toy",
        datasets=(f"file:{reviews}",),
        models=tuple(tables),
        recipes=("deepwordbug",),
        tracks=("published",),
        num_examples=N,
        model=tables,
    )


@pytest.fixture(scope="module")
def finished(reviews, svm, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("adaptive") / "run"
    run_plan(make_plan(suite_of(reviews, svm)), options(out))
    return out


@pytest.fixture(scope="module")
def run(finished: Path) -> Run:
    return read_run(finished)


def records_of(run: Run) -> dict[str, Record]:
    """The records, keyed by the defense and whether the attack knew it."""
    return {
        ("+".join(ref.name.partition(":")[2] for ref in record.defenses) or "none")
        + (" adaptive" if record.protocol.adaptive else ""): record
        for record in run.records
    }


def test_records_say_whether_the_attack_knew_the_defenses(run):
    found = {name: record.protocol for name, record in records_of(run).items()}
    assert {name: (one.adaptive, one.adaptive_votes) for name, one in found.items()} == {
        "none": (None, None),
        "Votes": (False, None),
        "Votes adaptive": (True, 32),
        "LowerCase adaptive": (True, None),
    }


def test_clean_accuracy_and_checks_are_those_of_the_attacked_model(run):
    records = records_of(run)
    plain, adaptive = (
        run.outcomes[record_name(records[name])] for name in ("Votes", "Votes adaptive")
    )
    for before, after in zip(plain, adaptive, strict=True):
        assert before.clean_prediction == after.clean_prediction
        assert (before.status == "skipped") == (after.status == "skipped")
    assert [o.queries for o in plain] != [o.queries for o in adaptive], "other searches"
    checks = {check.name for check in records["Votes adaptive"].reliability}
    assert "randomised" in checks


def test_tables_show_both_rows(finished):
    for name in ("table.md", "table.tex", "table.csv"):
        text = (finished / name).read_text(encoding="utf-8")
        assert "(adaptive)" in text, name
    assert (finished / "table.csv").read_text(encoding="utf-8").count(",yes,") > 0


def test_a_finished_run_is_read_again(finished, run, reviews, svm):
    result = run_plan(make_plan(suite_of(reviews, svm)), options(finished))
    assert {*map(record_name, result.records)} == {*map(record_name, run.records)}
    assert all(record in run.records for record in result.records), "nothing ran again"
    labels = [row.label for group in result.table.groups for row in group.rows]
    assert f"svm + {__name__}:Votes (adaptive)" in labels
    assert len(set(labels)) == 4
    assert "(adaptive)" in render_text(result.table, 200)
    assert "adaptive" in to_csv(result.table).splitlines()[0]


@pytest.mark.parametrize("name", ["Votes", "Votes adaptive", "LowerCase adaptive"])
def test_a_cell_is_repeated_as_it_was_attacked(run, reviews, svm, name):
    record = records_of(run)[name]
    cells = RepeatedCells(DatasetSource(f"file:{reviews}"), device="cpu")
    loaded = cells.victim(str(svm), record, same=True)
    job = cells.job(loaded, record, n=N, seed=record.protocol.seed)
    assert condition_difference(job.header, record) is None
    assert job.header.protocol == record.protocol
    again = job.runner.run(job.examples.items).outcomes
    stored = run.outcomes[record_name(record)]
    exclude = {"seconds"}
    assert [o.model_dump(exclude=exclude) for o in again] == [
        o.model_dump(exclude=exclude) for o in stored
    ]


def test_an_adaptive_row_is_not_attacked_adaptively_again(run, reviews, svm, tmp_path):
    records = records_of(run)
    rows = attacked_rows(run, run.records)
    assert len(rows) == 4
    [row] = [row for row in rows if row.first == records["Votes adaptive"]]
    cells = RepeatedCells(DatasetSource(f"file:{reviews}"), device="cpu")
    loaded = cells.victim(str(svm), row.first, same=True)
    found = recheck_row(row, loaded, cells, 4)
    assert found.not_checked["adaptive"] == "the attack of the row is adaptive"
    assert found.adaptive is None
    assert found.row.endswith("Votes (adaptive)")
    again = RowAttacker(row, loaded, cells).attack(loaded.victim.classifier, "again")
    queries = [outcome.queries for outcome in row.outcomes["deepwordbug"]]
    assert [o.queries for o in again["deepwordbug"]] == queries, "other attacks are adaptive too"
    paths = {recheck_path(tmp_path, record) for record in run.records}
    assert len(paths) == 4


def test_a_defense_without_anything_to_adapt_to_is_refused_before_the_attack(
    reviews, svm, tmp_path
):
    plan = make_plan(suite_of(reviews, svm, "Cooled"))
    datasets = {name: source.load() for name, source in plan.sources.items()}
    with pytest.raises(InputError, match=r"nothing to adapt to: svm.*Cooled has no defense"):
        Victims(plan, datasets, options(tmp_path / "out")).check()


def test_a_built_in_defense_without_anything_to_adapt_to_is_refused_before_its_training(reviews):
    table = {"x": {"base": "minilm", "defense": "temperature", "adaptive": True}}
    suite = Suite(
        name="toy", datasets=(f"file:{reviews}",), models=("x",), recipes=("pwws",), model=table
    )
    with pytest.raises(InputError, match=r"nothing to adapt to: x\+temperature has no defense"):
        make_plan(suite)


def test_a_classifier_in_memory_is_attacked_adaptively(reviews):
    data = f"file:{reviews}"
    given = {"n": 4, "track": "published", "adaptive": True}
    record = rb.attack(MaskedVotes(votes=2), "deepwordbug", data, split="test", **given).record
    assert (record.protocol.adaptive, record.protocol.adaptive_votes) == (True, 32)
    assert record_label(record) == "votes (adaptive)"
    with pytest.raises(InputError, match="nothing to adapt to: scale 1 has no defense"):
        rb.attack(WordLogits(), "deepwordbug", data, split="test", **given)
    with pytest.raises(InputError, match="nothing to adapt to: tfidf-nb has no defense"):
        rb.bench("tfidf-nb", dataset=data, adaptive=True)


def test_the_command_attacks_adaptively(reviews, svm, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["attack", "--model", f"svm={svm}", "--recipe", "deepwordbug", "-n", "3"]
    command += ["--dataset", f"file:{reviews}", "--track", "published", "--device", "cpu"]
    command += ["--out", str(out), "--adaptive"]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "an adaptive attack has nothing to adapt to: svm has no defense" in error
    assert error.count("\n") == 1
    assert not out.exists()
    assert main([*command, "--defense", f"{__name__}:Votes"]) == 0
    [record] = read_run(out).records
    assert (record.protocol.adaptive, record.protocol.adaptive_votes) == (True, 32)
    assert "Votes (adaptive)" in capsys.readouterr().out
