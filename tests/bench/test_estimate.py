"""Dry runs: their output is plausible, and nothing is written."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from robustbert.bench import Overrides, RunOptions, Suite, estimate_plan, estimate_text, make_plan
from robustbert.bench.costs import COSTS
from robustbert.bench.meter import _passes
from robustbert.bench.run import run_plan
from robustbert.bench.victim_spec import VictimSpec
from robustbert.cli import main
from robustbert.data import load_dataset, select_examples
from robustbert.data.words import words_of
from robustbert.defenses import DefenseSpec
from robustbert.errors import ModelError, RecordError
from tests.conftest import write_reviews
from tests.tiny import make_tiny_bert

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def cache(own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache for one test that contains only the user's assets."""
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "assets").symlink_to((own_cache / "assets").resolve(), target_is_directory=True)
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(folder))
    return folder


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a dry run trained or attacked")

    for name in ("robustbert.bench.victims.train", "robustbert.attacks.runner.AttackRunner.run"):
        monkeypatch.setattr(name, refuse)


def suite(dataset: Path, *models: object, **changes: object) -> Suite:
    given = {
        "name": "toy",
        "datasets": (f"file:{dataset}",),
        "models": tuple(map(str, models)),
        "recipes": ("deepwordbug", "pwws"),
        "tracks": ("published",),
        "num_examples": 6,
    }
    return Suite(**{**given, **changes})


def options(out: Path) -> RunOptions:
    return RunOptions(out=out, dtype="float32", device="cpu")


def tree(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


@pytest.mark.usefixtures("nothing_runs")
def test_a_dry_run_neither_trains_nor_writes(reviews, svm, bert, cache, tmp_path):
    before = tree(tmp_path)
    plan = make_plan(suite(reviews, svm, bert, "tfidf-nb"))
    found = estimate_plan(plan, options(tmp_path / "new" / "out"))
    assert [estimate.cell for estimate in found.cells] == list(plan.cells)
    assert tree(tmp_path) == before


@pytest.mark.usefixtures("nothing_runs")
def test_query_and_time_estimates_are_plausible(reviews, svm, bert, cache, tmp_path):
    plan = make_plan(suite(reviews, svm, bert))
    found = estimate_plan(plan, options(tmp_path / "out"))
    examples = select_examples(load_dataset(f"file:{reviews}"), "test", 6, 0).items
    words = sum(len(example.text.split()) for example in examples)
    for estimate in found.cells:
        cost = COSTS[estimate.cell.recipe, "published"]
        assert estimate.queries == pytest.approx(cost.queries_per_word * words)
        # the victim classifies a short text in more than a microsecond and less than a second
        query_seconds = estimate.seconds / estimate.queries - cost.overhead_ms / 1000
        assert 1e-6 < query_seconds < 1
    assert found.training_runs == ()
    assert found.missing_assets == ()


@pytest.mark.usefixtures("nothing_runs")
def test_training_estimates_are_positive_and_grow_with_the_epochs(reviews, cache, tmp_path):
    base = make_tiny_bert(tmp_path / "base", weight_std=0.1)
    tables = {
        "plain": {"base": str(base), "training": {"epochs": 2}},
        "long": {"base": str(base), "training": {"epochs": 400}},
        "defended": {
            "base": str(base),
            "training": {"epochs": 2},
            "defense": "augmentation",
            "params": {"num_examples": 8},
        },
        # six forward and six backward passes per step
        "pgd": {
            "base": str(base),
            "training": {"epochs": 2},
            "defense": {"name": "pgd", "steps": 5},
        },
    }
    plan = make_plan(suite(reviews, *tables, "tfidf-svm", model=tables))
    found = estimate_plan(plan, options(tmp_path / "out"))
    plain, long, defended, pgd, classical = found.training_runs
    assert 0 < plain.seconds < 60
    assert long.seconds > 5 * plain.seconds
    # its undefended model is the first one, which will be cached
    assert defended.seconds > 0
    assert pgd.seconds == pytest.approx(6 * plain.seconds)
    assert 0 < classical.seconds < 60
    assert not any(training.cached for training in found.training_runs)


class TestCostsOfDefenses:
    """All against the plain model's measurement, which every row of a dataset and base shares."""

    EPOCHS = 3

    @pytest.fixture
    def estimates(self, reviews, cache, tmp_path):
        """Makes the estimates of a plain model and of one with defenses."""
        base = make_tiny_bert(tmp_path / "base", weight_std=0.1)

        def make(*defenses: object):
            training = {"base": str(base), "training": {"epochs": self.EPOCHS}}
            tables = {"plain": training, "defended": {**training, "defense": list(defenses)}}
            plan = make_plan(suite(reviews, *tables, model=tables))
            return estimate_plan(plan, options(tmp_path / "out"))

        return make

    @staticmethod
    def query_seconds(found, name: str) -> float:
        """The seconds per query of a model, from the estimate of a cell."""
        cell = next(cell for cell in found.cells if cell.cell.victim.name == name)
        overhead = COSTS[cell.cell.recipe, "published"].overhead_ms / 1000
        return cell.seconds / cell.queries - overhead

    @pytest.mark.parametrize(
        ("defenses", "passes"),
        [
            ([{"name": "ranmask", "votes": 5}], 5),
            ([{"name": "dne", "ensemble": 4}], 4),
            ([{"name": "dne", "neighbours": 1}], 1),
            ([{"name": "safer", "votes": 3}, {"name": "ranmask", "votes": 5}], 15),
            (["spell-correction", {"name": "pgd", "steps": 2}], 1),
        ],
    )
    def test_a_query_takes_as_many_passes_as_are_averaged(self, estimates, defenses, passes):
        found = estimates(*defenses)
        plain, defended = (self.query_seconds(found, name) for name in ("plain", "defended"))
        assert defended == pytest.approx(passes * plain)

    def test_adaptive_searches_average_over_more_votes_of_a_model_trained_once(
        self, reviews, cache, tmp_path
    ):
        base = make_tiny_bert(tmp_path / "base", weight_std=0.1)
        plain = {"base": str(base), "training": {"epochs": 1}}
        voting = {**plain, "name": "x", "defense": {"name": "ranmask", "votes": 4}}
        adaptive = {**voting, "adaptive": True, "num_examples": 1}
        tables = {"plain": plain, "voting": voting, "adaptive": adaptive}
        plan = make_plan(suite(reviews, *tables, model=tables))
        found = estimate_plan(plan, options(tmp_path / "out"))
        assert len(found.training_runs) == 2
        first = found.cells[0].cell.recipe
        cells = [cell for cell in found.cells if cell.cell.recipe == first]
        one, four, many = (cell.seconds / cell.queries for cell in cells)
        assert many - one == pytest.approx(31 / 3 * (four - one))

    def test_only_the_outermost_votes_grow_in_an_adaptive_attack(self):
        defenses = (DefenseSpec("safer"), DefenseSpec("dne"))
        victim = VictimSpec("x", "minilm", defenses)
        assert _passes(victim) == 8 * 16
        assert _passes(replace(victim, adaptive_votes=32)) == 32 * 16
        assert _passes(replace(victim, adaptive_votes=4)) == 8 * 16

    @pytest.mark.parametrize(
        ("defenses", "factor"),
        [
            ([{"name": "ranmask", "copies": 2}], 3),
            ([{"name": "pgd", "steps": 4}, {"name": "ranmask", "copies": 2}], 5 * 3),
            ([{"name": "safer", "copies": 3}, {"name": "ranmask", "copies": 2}], 6),
        ],
    )
    def test_added_rows_multiply_the_passes_of_the_loss(self, estimates, defenses, factor):
        plain, defended = estimates(*defenses).training_runs
        assert defended.seconds == pytest.approx(factor * plain.seconds)

    def test_changes_of_texts_are_classified_and_trained_on(self, estimates, reviews):
        found = estimates({"name": "discrete", "samples": 4, "rounds": 2, "clean_epochs": 1})
        plain, defended = found.training_runs
        rows = len(load_dataset(f"file:{reviews}").split("train"))
        queries = rows * 2 * 4 * 2
        expected = plain.seconds * (1 + 2 / 3) + queries * self.query_seconds(found, "plain")
        assert defended.seconds == pytest.approx(expected)

    def test_attacks_during_training_end_with_enough_adversarial_texts(self, estimates, reviews):
        found = estimates({"name": "a2t", "share": 0.1, "recipe": "pwws"})
        plain, defended = found.training_runs
        texts = load_dataset(f"file:{reviews}").split("train")["text"]
        wanted, cost = -(-len(texts) // 10), COSTS["pwws", "published"]
        words = sum(len(words_of(text)) for text in texts) / len(texts) * wanted / cost.success
        query = self.query_seconds(found, "plain") + cost.overhead_ms / 1000
        attacks = 2 * words * cost.queries_per_word * query
        training = plain.seconds * (1 + 2 * wanted / (3 * len(texts)))
        assert defended.seconds == pytest.approx(attacks + training)

    def test_no_more_examples_are_attacked_than_there_are(self, estimates, reviews):
        found = estimates({"name": "a2t", "share": 1.0, "recipe": "pwws"})
        plain, defended = found.training_runs
        cost = COSTS["pwws", "published"]
        words = sum(
            len(words_of(t)) for t in load_dataset(f"file:{reviews}").split("train")["text"]
        )
        query = self.query_seconds(found, "plain") + cost.overhead_ms / 1000
        training = plain.seconds * (1 + 2 / 3 * cost.success)
        expected = training + 2 * words * cost.queries_per_word * query
        assert defended.seconds == pytest.approx(expected)

    def test_attacks_without_a_committed_record_are_unknown(self, estimates):
        plain, defended = estimates({"name": "a2t", "recipe": "leap"}).training_runs
        assert plain.seconds > 0
        assert defended.seconds is None


def test_a_trained_model_is_cached(reviews, cache, tmp_path):
    plan = make_plan(suite(reviews, "tfidf-nb", recipes=("deepwordbug",)))
    run_plan(plan, options(tmp_path / "out"))
    seeds = make_plan(suite(reviews, "tfidf-nb"), Overrides(training_seeds=[0, 1]))
    first, second = estimate_plan(seeds, options(tmp_path / "new")).training_runs
    assert (first.cached, first.seconds) == (True, 0)
    assert not second.cached
    assert second.seconds > 0


def test_finished_cells_are_done(reviews, svm, cache, tmp_path):
    out = tmp_path / "out"
    run_plan(make_plan(suite(reviews, svm, recipes=("deepwordbug",))), options(out))
    before = tree(out)
    found = estimate_plan(make_plan(suite(reviews, svm)), options(out))
    assert [(one.cell.recipe, one.done) for one in found.cells] == [
        ("deepwordbug", True),
        ("pwws", False),
    ]
    text = estimate_text(found)
    assert "2 cells, 1 done" in text
    assert [line.split()[-1] for line in text.splitlines() if "deepwordbug" in line] == ["done"]
    assert tree(out) == before


def test_folder_that_a_run_rejects_is_rejected(reviews, svm, cache, tmp_path, monkeypatch):
    out = tmp_path / "out"
    run_plan(make_plan(suite(reviews, svm)), options(out))
    before = tree(out)
    with pytest.raises(RecordError, match="seed is 0 there, but 1 in this run"):
        estimate_plan(make_plan(suite(reviews, svm, seed=1)), options(out))
    with monkeypatch.context() as patch:
        patch.setattr("robustbert.bench.environment.processor_class", lambda: "another")
        with pytest.raises(RecordError, match="differs from this run in processor"):
            estimate_plan(make_plan(suite(reviews, svm)), options(out))
    assert tree(out) == before


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.usefixtures("nothing_runs")
def test_a_model_that_a_run_cannot_train_is_refused(reviews, cache, tmp_path):
    tables = {"defended": {"base": "tfidf-nb", "defense": "freelb"}}
    with pytest.raises(ModelError, match="which tfidf-nb does not have"):
        estimate_plan(make_plan(suite(reviews, "defended", model=tables)), options(tmp_path / "o"))


def test_unknown_estimates_are_not_zero(reviews, svm, cache, tmp_path):
    plan = make_plan(suite(reviews, svm, "hub:nobody/model", recipes=("leap", "pwws")))
    found = estimate_plan(plan, options(tmp_path / "out"))
    known = [
        (one.cell.victim.name, one.queries is None, one.seconds is None) for one in found.cells
    ]
    assert known == [
        ("svm", True, True),
        ("svm", False, False),
        ("hub:nobody/model", True, True),
        ("hub:nobody/model", False, True),
    ]
    text = estimate_text(found)
    assert "; more than " in text
    assert text.count("n/a") == 2 + 2 + 1


@pytest.mark.usefixtures("nothing_runs")
def test_missing_assets_are_listed_and_not_built(reviews, svm, tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    given = suite(reviews, svm, recipes=("textfooler",))
    found = estimate_plan(make_plan(given), options(tmp_path / "out"))
    assert {"wordnet", "word-vectors"} <= set(found.missing_assets)
    assert "assets to build first, which takes a few minutes: " in estimate_text(found)
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("nothing_runs")
def test_the_command_prints_aligned_tables(
    reviews, svm, bert, cache, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    before = tree(tmp_path)
    models = f"{svm},tfidf-nb,{bert}"
    what = f"--datasets file:{reviews} --models {models} --recipes pwws,a2t -n 5"
    assert main(["bench", "--dry-run", *what.split(), "--training-seeds", "0,1"]) == 0
    written = capsys.readouterr()
    assert written.err == ""
    training_runs, cells, totals = written.out.split("\n\n")
    assert len(training_runs.splitlines()) == 2 + 2
    lines = cells.splitlines()
    assert len(lines) == 2 + 1 + 2 + 2
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split()[-4:] == ["examples", "queries", "attack", "hours"]
    assert "5 cells, 0 done" in totals
    assert "Queries are estimated from" in totals
    assert totals.count("skipped: a2t needs gradients, which ") == 3
    assert tree(tmp_path) == before


@pytest.mark.usefixtures("nothing_runs")
def test_hostile_names_do_not_break_lines(svm, cache, tmp_path):
    from shutil import copytree

    reviews = tmp_path / "a\x1b[31m\u202e.csv"
    write_reviews(reviews)
    model = copytree(svm, tmp_path / "m\nn")
    found = estimate_plan(make_plan(suite(reviews, model)), options(tmp_path / "out"))
    text = estimate_text(found)
    assert text.replace("\n", "").isprintable()
    assert len(text.splitlines()) == 2 + 2 + 1 + 3


def test_the_costs_roughly_match_the_committed_records():
    """Only roughly: committed records may be replaced without updating the table."""
    path = CHECKOUT / "benchmarks" / "costs.py"
    spec = importlib.util.spec_from_file_location("benchmark_costs", path)
    script = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script  # dataclasses look up their module there
    spec.loader.exec_module(script)
    found = script.all_sums(script.RESULTS)
    assert set(found) >= set(COSTS)
    for key, cost in COSTS.items():
        measured = found[key].queries / found[key].words
        assert 1 / 3 < cost.queries_per_word / measured < 3


def test_a_step_that_had_to_wait_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    from robustbert.bench import speed

    clock = [0.0]
    monkeypatch.setattr(speed, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    seconds = iter([60.0, 2.0, 3.0, 4.0, 90.0, 5.0])  # three repeats of two batches

    def work(_: object) -> None:
        clock[0] += next(seconds)

    batches = [[1, 2, 3, 4], [5, 6]]
    assert speed._seconds_per_item(batches, work, 1000.0, 3) == (2 + 4) / 6

    clock[0], seconds = 0.0, iter([60.0, 2.0, 3.0])  # the limit ends it after one batch
    assert speed._seconds_per_item(batches, work, 1.0, 3) == 2 / 4
