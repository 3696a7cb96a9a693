"""Complete runs on toy reviews: their files, and that unrelated options do not change them."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.bench import (
    Overrides,
    Suite,
    default_out,
    estimate_plan,
    make_plan,
    run_plan,
    victims,
)
from robustbert.errors import InputError, RecordError, RobustbertWarning
from robustbert.machine import processor_class
from robustbert.records import Engine, Outcome, Record, outcomes_path, read_run, record_name
from robustbert.reports import render_latex, render_markdown, to_csv
from tests.bench.toy_runs import options, plan, without_times
from tests.tiny import make_tiny_bert, set_label_names

pytestmark = pytest.mark.usefixtures("own_cache")


def test_a_run_writes_a_record_and_outcomes_per_cell_and_the_table(reviews, svm, tmp_path):
    result = run_plan(plan(reviews, svm, "tfidf-nb"), options(tmp_path / "out"))
    assert [record.model.name for record in result.records] == ["svm", "tfidf-nb"]
    assert result.errors == 0
    written = read_run(tmp_path / "out")
    assert sorted(map(record_name, written.records)) == sorted(map(record_name, result.records))
    assert all(len(cell) == 6 for cell in written.outcomes.values())
    assert not list(tmp_path.rglob("*.partial"))
    first, second = written.outcomes.values()
    assert [o.example_id for o in first] == [o.example_id for o in second]
    record = result.records[0]
    assert (record.suite, record.dataset.name, record.dataset.split) == ("toy", "reviews", "test")
    assert record.protocol.limits == {}
    assert record.protocol.query_budget is None
    assert record.timing.victim_queries > 0
    assert set(record.assets.hashes) >= {"wordnet", "pos-tagger"}


def test_records_and_tables_are_in_the_order_of_the_plan(reviews, svm, tmp_path):
    """The execution order differs: each recipe runs on both models, to reuse cached embeddings."""
    recipes = ("pruthi", "deepwordbug")
    result = run_plan(plan(reviews, svm, "tfidf-nb", recipes=recipes, n=3), options(tmp_path))
    found = [(record.model.name, record.recipe.name) for record in result.records]
    assert found == [(model, recipe) for model in ("svm", "tfidf-nb") for recipe in recipes]
    table = (tmp_path / "table.md").read_text()
    assert table.index("| deepwordbug") < table.index("| pruthi"), "core recipes come first"
    assert table.index("| svm") < table.index("| tfidf-nb")


def test_record_has_its_creation_time_and_command(reviews, svm, tmp_path):
    before = datetime.now(UTC).replace(microsecond=0)
    command = "robustbert bench --models ~/svm"
    given = dataclasses.replace(options(tmp_path / "given"), command=command)
    (record,) = run_plan(plan(reviews, svm, n=2), given).records
    made = datetime.strptime(record.created_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before <= made <= datetime.now(UTC)
    assert record.command == command
    assert record.protocol.revision == PROTOCOL_REVISION
    assert record.dataset.label_names == ["neg", "pos"]
    assert record.environment.processor_class == processor_class()
    assert {check.name for check in record.reliability} >= {"exhausted", "batch-invariance"}
    (again,) = run_plan(plan(reviews, svm, n=2), given).records
    assert again.created_at == record.created_at, "it was reused"
    (other,) = run_plan(plan(reviews, svm, n=2), options(tmp_path / "other")).records
    assert other.command is None


def test_replicates_have_the_same_examples_and_separate_files(reviews, svm, tmp_path):
    once = plan(reviews, "tfidf-rf", svm, n=4)
    run_plan(once, options(tmp_path / "out"))
    seeds = make_plan(
        Suite(
            name="toy",
            datasets=(f"file:{reviews}",),
            models=("tfidf-rf", str(svm)),
            recipes=("deepwordbug",),
            tracks=("published",),
            num_examples=4,
            training_seeds=(0, 1),
        )
    )
    result = run_plan(seeds, options(tmp_path / "out"))
    found = [(record.model.name, record.training_seed) for record in result.records]
    assert found == [("tfidf-rf", 0), ("tfidf-rf", 1), ("svm", None)]
    first, second, _ = result.records
    assert first.model.sha256 != second.model.sha256
    assert {record.protocol.seed for record in result.records} == {0}
    files = sorted(path.stem.split("--")[1] for path in (tmp_path / "out" / "records").iterdir())
    assert files == ["svm", "tfidf-rf", "tfidf-rf-seed1"]
    outcomes = read_run(tmp_path / "out").outcomes
    ids = {tuple(o.example_id for o in cell) for cell in outcomes.values()}
    seeds = {tuple(o.seed for o in cell) for cell in outcomes.values()}
    assert (len(outcomes), len(ids), len(seeds)) == (3, 1, 1)
    rows = result.table.groups[0].rows
    assert [row.label for row in rows] == ["tfidf-rf", "svm"]
    assert [len(row.replicates) for row in rows] == [2, 1]


def test_models_with_the_same_name_have_separate_files(reviews, svm, bert, tmp_path):
    from shutil import copytree

    other = copytree(bert, tmp_path / "svm")
    result = run_plan(plan(reviews, svm, other, n=3), options(tmp_path / "out"))
    first, second = result.records
    assert first.model.name == second.model.name == "svm"
    assert first.model.variant != second.model.variant
    assert len(read_run(tmp_path / "out").outcomes) == 2
    labels = [row.label for row in result.table.groups[0].rows]
    assert labels == [f"svm [{record.model.sha256[:6]}]" for record in (first, second)]


def test_models_and_recipes_can_be_added_to_a_run_folder(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm), options(tmp_path / "out"))
    run_plan(plan(reviews, "tfidf-nb", recipes=("pruthi",), n=4), options(tmp_path / "out"))
    assert len(read_run(tmp_path / "out").records) == 2
    with pytest.raises(RecordError, match="examples of reviews pruthi is 4 there, but 5"):
        run_plan(plan(reviews, svm, recipes=("pruthi",), n=5), options(tmp_path / "out"))


def test_a_model_with_fewer_examples_can_be_run_on_its_own_or_with_others(reviews, svm, tmp_path):
    suite = Suite(
        name="toy",
        datasets=(f"file:{reviews}",),
        models=("tfidf-nb", "slow"),
        recipes=("deepwordbug",),
        num_examples=4,
        model={"slow": {"base": str(svm), "num_examples": 2}},
    )
    for models in (["tfidf-nb"], ["slow"], None):
        result = run_plan(make_plan(suite, Overrides(models=models)), options(tmp_path / "out"))
    assert [record.protocol.n for record in result.records] == [4, 2]
    outcomes = read_run(tmp_path / "out").outcomes.values()
    few, all_ids = sorted(([one.example_id for one in cell] for cell in outcomes), key=len)
    assert few == all_ids[:2]


def test_a_model_cannot_get_another_number_of_examples_in_the_same_folder(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm, n=4), options(tmp_path / "out"))
    table = {"svm": {"base": str(svm), "num_examples": 2}}
    fewer = make_plan(
        Suite(
            name="toy",
            datasets=(f"file:{reviews}",),
            models=("svm",),
            recipes=("deepwordbug",),
            tracks=("published",),
            num_examples=4,
            model=table,
        )
    )
    for act in (estimate_plan, run_plan):
        with pytest.raises(RecordError, match="has 4 examples, but this run has 2"):
            act(fewer, options(tmp_path / "out"))


def test_the_table_has_all_cells_of_the_folder_those_of_the_last_run_first(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm, recipes=("pruthi", "deepwordbug"), n=3), options(tmp_path))
    result = run_plan(plan(reviews, "tfidf-nb", recipes=("pruthi",), n=3), options(tmp_path))
    assert [record.model.name for record in result.records] == ["tfidf-nb"]
    [group] = result.table.groups
    assert [row.label for row in group.rows] == ["tfidf-nb", "svm"]
    assert group.recipes == ("deepwordbug", "pruthi")
    assert (tmp_path / "table.md").read_text() == render_markdown(result.table)
    assert (tmp_path / "table.tex").read_text() == render_latex(result.table)
    assert (tmp_path / "table.csv").read_text() == to_csv(result.table)
    # outcomes that were deleted by hand are mentioned, and the rest of the table is made
    svm_cell = next(r for r in read_run(tmp_path).records if r.model.name == "svm")
    outcomes_path(tmp_path, record_name(svm_cell)).unlink()
    again = run_plan(plan(reviews, "tfidf-nb", recipes=("pruthi",), n=3), options(tmp_path))
    assert "Outcomes are missing" in render_markdown(again.table)


@pytest.mark.parametrize(("name", "value"), [("lanes", 0), ("token_budget", -1)])
def test_numbers_below_1_are_rejected(reviews, svm, tmp_path, name, value):
    wrong = dataclasses.replace(options(tmp_path / "out"), **{name: value})
    with pytest.raises(InputError, match=f"{value}; give an integer of at least 1"):
        run_plan(plan(reviews, svm), wrong)
    assert not (tmp_path / "out").exists()


def test_lanes_and_token_budget_change_only_the_engine_entry(reviews, bert, tmp_path):
    run_plan(plan(reviews, bert), options(tmp_path / "usual"))
    few = dataclasses.replace(options(tmp_path / "few"), lanes=2, token_budget=1)
    (record,) = run_plan(plan(reviews, bert), few).records
    assert record.engine == Engine(lanes=2, token_budget=1, executor="local", workers=None)
    usual, other = (without_times(tmp_path / name) for name in ("usual", "few"))
    expected = Engine(lanes=128, token_budget=2048, executor="local", workers=None)
    assert usual[0][0].pop("engine") == expected.model_dump()
    other[0][0].pop("engine")
    assert other == usual


def test_results_of_a_cell_do_not_depend_on_other_cells(reviews, svm, bert, tmp_path):
    both = run_plan(plan(reviews, bert, svm, n=4), options(tmp_path / "both"))
    alone = run_plan(plan(reviews, svm, n=4), options(tmp_path / "alone"))
    assert without_time(both.records[1]) == without_time(alone.records[0])
    name = record_name(alone.records[0])
    runs = [read_run(tmp_path / folder).outcomes[name] for folder in ("both", "alone")]
    cells = [[outcome.model_dump(exclude={"seconds"}) for outcome in run] for run in runs]
    assert cells[0] == cells[1]


def without_time(record: Record) -> dict[str, object]:
    return record.model_dump(exclude={"created_at", "timing"})


def test_labels_of_a_folder_are_reordered_as_in_the_dataset(reviews, bert, tmp_path):
    """Swapping both the label names and the outputs does not change predictions."""
    from safetensors.torch import load_file, save_file

    swapped = make_tiny_bert(tmp_path / "swapped")
    set_label_names(swapped, ["pos", "neg"])
    weights = load_file(swapped / "model.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = weights[name].flip(0).contiguous()
    save_file(weights, swapped / "model.safetensors", metadata={"format": "pt"})
    result = run_plan(plan(reviews, bert, swapped), options(tmp_path / "out"))
    one, other = (record.metrics for record in result.records)
    assert one == other


def test_the_default_output_folder_has_suite_and_time():
    assert default_out("quick").parts[0] == "runs"
    assert default_out("quick").name.startswith("quick-20")


def test_outcomes_follow_the_schema_of_the_record(reviews, svm, tmp_path):
    result = run_plan(plan(reviews, svm, n=3, track="unified"), options(tmp_path / "out"))
    record = result.records[0]
    assert record.protocol.query_budget == 50
    assert record.protocol.limits["max_words_changed"] == 0.3
    line = outcomes_path(tmp_path / "out", record_name(record)).read_text().splitlines()[0]
    assert list(json.loads(line)) == list(Outcome.model_fields)


def test_the_file_name_has_the_five_parts_of_a_cell(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm, n=1), options(tmp_path / "out"))
    (path,) = (tmp_path / "out" / "records").iterdir()
    assert path.name == "reviews--svm--none--published--deepwordbug.json"


def test_each_victim_is_loaded_once(reviews, svm, tmp_path, monkeypatch):
    loaded = []
    load = victims.load_model

    def count(source: str, **given: object):
        loaded.append(source)
        return load(source, **given)

    monkeypatch.setattr(victims, "load_model", count)
    small = plan(reviews, svm, "tfidf-nb", recipes=("deepwordbug", "pruthi"), n=2)
    assert len(run_plan(small, options(tmp_path / "out")).records) == 4
    assert len(loaded) == 2
    assert loaded.count(str(svm)) == 1


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_a_clean_accuracy_below_chance_is_a_warning(reviews, svm, tmp_path, monkeypatch):
    from robustbert.models.classical.tfidf_classifier import TfidfClassifier

    plain = TfidfClassifier._probabilities
    monkeypatch.setattr(
        TfidfClassifier, "_probabilities", lambda self, texts: plain(self, texts)[:, ::-1]
    )
    recipes = ("deepwordbug", "pruthi")
    with pytest.warns(RobustbertWarning) as caught:
        run_plan(plan(reviews, svm, n=3, recipes=recipes), options(tmp_path / "out"))
    texts = {str(warning.message) for warning in caught}
    (message,) = (text for text in texts if "chance" in text)  # one for both recipes
    assert message.startswith("svm on reviews: the clean accuracy 0.0% is below chance (50.0%)")
