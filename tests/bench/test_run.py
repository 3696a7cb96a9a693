"""Whole runs on toy reviews: resuming, truncation, label maps, strange texts."""

from __future__ import annotations

import csv
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE

import pytest

from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.bench import Settings, Suite, default_out, make_plan, run_plan
from robustbert.errors import BatchInvarianceWarning, InputError, OutputError, RecordError
from robustbert.machine import processor_class
from robustbert.records import Engine, Outcome, Record, outcomes_path, read_run, record_name
from robustbert.reports import render_text
from tests.tiny import make_tiny_bert, set_label_names, toy_reviews

pytestmark = pytest.mark.usefixtures("own_cache")


def plan(dataset: Path, *models: object, recipes: tuple[str, ...] = ("deepwordbug",), n: int = 6,
         seed: int = 0, track: str = "published"):  # fmt: skip
    suite = Suite(
        name="toy",
        datasets=(f"file:{dataset}",),
        models=tuple(map(str, models)),
        recipes=recipes,
        tracks=(track,),
        num_examples=n,
        seed=seed,
    )
    return make_plan(suite)


def settings(out: Path) -> Settings:
    return Settings(out=out, dtype="float32", device="cpu")


def timeless(out: Path) -> list[object]:
    """Everything in the files of a run but its times, and how many answers were asked again.

    These are of the process that ended the cell, which asked less if others had begun it.
    """
    run = read_run(out)
    checked = {f"{what}_checked" for what in ("answers", "encodings")}
    left_out = {
        "created_at": True,
        "timing": True,
        "environment": {"batch_invariance": checked},
    }
    records = [record.model_dump(exclude=left_out) for record in run.records]
    outcomes = [
        [outcome.model_dump(exclude={"seconds"}) for outcome in cell]
        for cell in run.outcomes.values()
    ]
    return [records, outcomes, (out / "table.md").read_text(), (out / "table.csv").read_text()]


def test_a_run_writes_a_record_and_outcomes_a_cell_and_the_table(reviews, svm, tmp_path):
    result = run_plan(plan(reviews, svm, "tfidf-nb"), settings(tmp_path / "out"))
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
    """Cells run in another: each recipe on both models, so that encodings are still there."""
    recipes = ("pruthi", "deepwordbug")
    result = run_plan(plan(reviews, svm, "tfidf-nb", recipes=recipes, n=3), settings(tmp_path))
    found = [(record.model.name, record.recipe.name) for record in result.records]
    assert found == [(model, recipe) for model in ("svm", "tfidf-nb") for recipe in recipes]
    table = (tmp_path / "table.md").read_text()
    assert table.index("| deepwordbug") < table.index("| pruthi"), "core recipes come first"
    assert table.index("| svm") < table.index("| tfidf-nb")


def test_a_record_says_that_answers_do_not_depend_on_the_batch(reviews, bert, svm, tmp_path):
    result = run_plan(
        plan(reviews, bert, svm, recipes=("textfooler",), n=4), settings(tmp_path / "out")
    )
    network, classical = (record.environment.batch_invariance for record in result.records)
    for found in (network, classical):
        assert found.status == "verified"
        assert (found.answers_differing, found.encodings_differing) == (0, 0)
        assert 0 < found.answers_checked <= 200
    assert any("16x48 float32" in layer for layer in network.ladder)
    assert any("384x1152 float32" in layer for layer in network.ladder), "the sentence encoder's"
    assert not any("16x48" in layer for layer in classical.ladder)
    assert "†" not in render_text(result.table)


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_answers_that_depend_on_the_batch_are_found_and_marked(reviews, svm, tmp_path, monkeypatch):
    from robustbert.models.classical.tfidf_classifier import TfidfClassifier

    alone = TfidfClassifier._alone
    monkeypatch.setattr(TfidfClassifier, "_alone", lambda self, texts: alone(self, texts) + 1e-6)
    what = plan(reviews, svm, n=3)
    with pytest.warns(BatchInvarianceWarning, match="answers asked again alone"):
        result = run_plan(what, settings(tmp_path / "out"))
    found = result.records[0].environment.batch_invariance
    assert found.status == "not verified"
    assert found.answers_differing == found.answers_checked > 0
    text = render_text(result.table)
    assert "svm †" in text
    assert "† Batch invariance is not verified" in text
    assert f"(svm {found.answers_checked} of " in text


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_what_was_found_stays_when_failed_examples_run_again(reviews, svm, tmp_path, monkeypatch):
    from robustbert.attacks.textattack import search
    from robustbert.models.classical.tfidf_classifier import TfidfClassifier

    what = plan(reviews, svm, n=3)
    run_search, calls = search.search, []

    def fail_once(*given, **options):
        calls.append(given)
        if len(calls) == 1:
            raise search.SearchFailedError("it went wrong", search.QueryCounts())
        return run_search(*given, **options)

    alone = TfidfClassifier._alone
    with monkeypatch.context() as patch:
        patch.setattr(search, "search", fail_once)
        patch.setattr(TfidfClassifier, "_alone", lambda self, texts: alone(self, texts) + 1e-6)
        with pytest.warns(BatchInvarianceWarning):
            first = run_plan(what, settings(tmp_path / "out"))
    assert first.errors == 1
    again = run_plan(what, settings(tmp_path / "out"))
    assert again.errors == 0
    before, after = (run.records[0].environment.batch_invariance for run in (first, again))
    assert after.status == "not verified"
    assert after.answers_differing == before.answers_differing > 0
    assert after.answers_checked > before.answers_checked


def test_a_record_says_when_and_how_it_was_made(reviews, svm, tmp_path):
    before = datetime.now(UTC).replace(microsecond=0)
    command = "robustbert bench --models ~/svm"
    told = dataclasses.replace(settings(tmp_path / "told"), command=command)
    (record,) = run_plan(plan(reviews, svm, n=2), told).records
    made = datetime.strptime(record.created_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before <= made <= datetime.now(UTC)
    assert record.command == command
    assert record.protocol.revision == PROTOCOL_REVISION
    assert record.dataset.label_names == ["neg", "pos"]
    assert record.environment.processor_class == processor_class()
    assert {check.name for check in record.reliability} >= {"exhausted", "batch-invariance"}
    (again,) = run_plan(plan(reviews, svm, n=2), told).records
    assert again.created_at == record.created_at, "it was not made again"
    (quiet,) = run_plan(plan(reviews, svm, n=2), settings(tmp_path / "quiet")).records
    assert quiet.command is None


def test_replicates_are_attacked_alike_and_kept_apart(reviews, svm, tmp_path):
    once = plan(reviews, "tfidf-rf", svm, n=4)
    run_plan(once, settings(tmp_path / "out"))
    both = make_plan(
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
    result = run_plan(both, settings(tmp_path / "out"))
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


def test_models_of_one_name_are_kept_apart(reviews, svm, bert, tmp_path):
    from shutil import copytree

    other = copytree(bert, tmp_path / "svm")
    result = run_plan(plan(reviews, svm, other, n=3), settings(tmp_path / "out"))
    first, second = result.records
    assert first.model.name == second.model.name == "svm"
    assert first.model.variant != second.model.variant
    assert len(read_run(tmp_path / "out").outcomes) == 2
    labels = [row.label for row in result.table.groups[0].rows]
    assert labels == [f"svm [{record.model.sha256[:6]}]" for record in (first, second)]


def test_a_finished_record_of_another_processor_is_refused(reviews, svm, tmp_path, monkeypatch):
    run_plan(plan(reviews, svm, n=2), settings(tmp_path / "out"))
    (path,) = (tmp_path / "out" / "records").iterdir()
    before = path.read_bytes()
    monkeypatch.setattr("robustbert.bench.environment.processor_class", lambda: "another")
    match = rf"{path} is of another processor \(its processor class is \w+, not another\); choose"
    with pytest.raises(RecordError, match=match):
        run_plan(plan(reviews, svm, n=2), settings(tmp_path / "out"))
    assert path.read_bytes() == before


def test_a_record_of_an_earlier_schema_is_of_another_protocol(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm, n=2), settings(tmp_path / "out"))
    (path,) = (tmp_path / "out" / "records").iterdir()
    content = json.loads(path.read_text())
    content["protocol"]["revision"] = 1
    path.write_text(json.dumps(content))
    with pytest.raises(RecordError, match=r"another protocol \(its protocol revision is 1, not"):
        run_plan(plan(reviews, svm, n=2), settings(tmp_path / "out"))


class Interruption:
    """Presses Ctrl-C when so many outcomes of a cell are on disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
        from robustbert.bench import job as cells

        self.left = after
        append = cells.append_outcome

        def append_and_stop(outcome: Outcome, path: Path) -> None:
            append(outcome, path)
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

        monkeypatch.setattr(cells, "append_outcome", append_and_stop)


def test_an_interrupted_run_goes_on_to_the_same_files(reviews, svm, tmp_path, monkeypatch):
    what = plan(reviews, svm, recipes=("deepwordbug", "pruthi"))
    run_plan(what, settings(tmp_path / "whole"))
    for after in (2, 3):
        with monkeypatch.context() as patch:
            Interruption(patch, after)
            with pytest.raises(KeyboardInterrupt):
                run_plan(what, settings(tmp_path / "cut"))
    assert list((tmp_path / "cut").rglob("*.partial"))
    assert not (tmp_path / "cut" / "table.md").exists()
    (torn,) = (tmp_path / "cut").rglob("*.partial")
    with torn.open("ab") as file:
        file.write(b'{"example_id": "killed while wri')
    result = run_plan(what, settings(tmp_path / "cut"))
    assert timeless(tmp_path / "cut") == timeless(tmp_path / "whole")
    assert not list((tmp_path / "cut").rglob("*.partial"))
    # what the first part spent is not known; null says so
    assert [record.timing.attack_seconds is None for record in result.records] == [True, False]


def test_a_cell_that_was_killed_before_the_recheck_is_rechecked(
    reviews, svm, tmp_path, monkeypatch
):
    what = plan(reviews, svm)
    with monkeypatch.context() as patch:
        patch.setattr("robustbert.attacks.runner.AttackRunner.recheck", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_plan(what, settings(tmp_path / "cut"))
    (record,) = run_plan(what, settings(tmp_path / "cut")).records
    (outcomes,) = read_run(tmp_path / "cut").outcomes.values()
    texts = {text for one in outcomes for text in (one.text, one.adversarial_text) if text}
    found = record.environment.batch_invariance
    assert found.answers_checked == found.encodings_checked == len(texts) > 6


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_finished_run_is_read_and_not_run_again(reviews, svm, tmp_path, monkeypatch):
    what = plan(reviews, svm)
    first = run_plan(what, settings(tmp_path / "out"))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "records").iterdir()}
    monkeypatch.setattr("robustbert.attacks.runner.AttackRunner.run", None)
    assert run_plan(what, settings(tmp_path / "out")).records == first.records
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


@pytest.mark.parametrize(
    ("change", "what"),
    [({"n": 5}, "examples of reviews deepwordbug is 6, not 5"), ({"seed": 1}, "seed is 0, not 1")],
)
def test_another_configuration_is_refused_before_anything(reviews, svm, tmp_path, change, what):
    run_plan(plan(reviews, svm), settings(tmp_path / "out"))
    before = timeless(tmp_path / "out")
    with pytest.raises(RecordError, match=f"is of another run: its {what}; choose another --out"):
        run_plan(plan(reviews, svm, **change), settings(tmp_path / "out"))
    assert timeless(tmp_path / "out") == before


def test_results_of_another_model_of_the_name_are_left_alone(reviews, svm, bert, tmp_path):
    from shutil import copytree

    run_plan(plan(reviews, svm), settings(tmp_path / "out"))
    other = copytree(bert, tmp_path / "svm")
    with pytest.raises(
        RecordError, match=r"is of another model and dtype \(its model sha256 is \w{23}…,"
    ):
        run_plan(plan(reviews, other), settings(tmp_path / "out"))


def test_an_unfinished_cell_of_another_model_is_refused(reviews, svm, bert, tmp_path, monkeypatch):
    from shutil import copytree

    with monkeypatch.context() as patch:
        Interruption(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            run_plan(plan(reviews, svm), settings(tmp_path / "out"))
    (journal,) = (tmp_path / "out").rglob("*.partial")
    before = journal.read_bytes()
    other = copytree(bert, tmp_path / "svm")
    with pytest.raises(RecordError, match=r"partial is of another model"):
        run_plan(plan(reviews, other), settings(tmp_path / "out"))
    assert journal.read_bytes() == before


def test_a_folder_takes_more_models_and_recipes(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm), settings(tmp_path / "out"))
    run_plan(plan(reviews, "tfidf-nb", recipes=("pruthi",), n=4), settings(tmp_path / "out"))
    assert len(read_run(tmp_path / "out").records) == 2
    with pytest.raises(RecordError, match="examples of reviews pruthi is 4, not 5"):
        run_plan(plan(reviews, svm, recipes=("pruthi",), n=5), settings(tmp_path / "out"))


def test_a_configuration_that_cannot_be_read_is_refused(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm), settings(tmp_path / "out"))
    file = tmp_path / "out" / "configuration.json"
    for content in ("{", "[]", '{"settings": 3}'):
        file.write_text(content)
        with pytest.raises(RecordError, match=r"configuration.json cannot be read \(.*\); choose"):
            run_plan(plan(reviews, svm), settings(tmp_path / "out"))


def test_what_a_killed_run_was_writing_is_swept_away(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm), settings(tmp_path / "out"))
    (tmp_path / "out" / "records" / ".0123.tmp").write_text("{")
    run_plan(plan(reviews, svm), settings(tmp_path / "out"))
    assert not list((tmp_path / "out").rglob("*.tmp"))


@pytest.mark.parametrize(("name", "value"), [("lanes", 0), ("token_budget", -1)])
def test_no_lanes_and_no_tokens_are_refused(reviews, svm, tmp_path, name, value):
    wrong = dataclasses.replace(settings(tmp_path / "out"), **{name: value})
    with pytest.raises(InputError, match=f"{value}; give a whole number above 0"):
        run_plan(plan(reviews, svm), wrong)
    assert not (tmp_path / "out").exists()


def test_lanes_and_token_budget_change_the_record_alone(reviews, bert, tmp_path):
    run_plan(plan(reviews, bert), settings(tmp_path / "usual"))
    few = dataclasses.replace(settings(tmp_path / "few"), lanes=2, token_budget=1)
    (record,) = run_plan(plan(reviews, bert), few).records
    assert record.engine == Engine(lanes=2, token_budget=1)
    usual, other = (timeless(tmp_path / name) for name in ("usual", "few"))
    assert usual[0][0].pop("engine") == {"lanes": 128, "token_budget": 2048}
    other[0][0].pop("engine")
    assert other == usual


def test_two_runs_do_not_write_to_one_folder(reviews, svm, tmp_path):
    out = tmp_path / "out"
    waiting = """
import sys, time
from pathlib import Path
from robustbert.bench.store import output_folder
with output_folder(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", waiting, str(out)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as other:
        assert other.stdout.readline() == "in\n"
        with pytest.raises(OutputError, match=r"another run is writing to .*out"):
            run_plan(plan(reviews, svm), settings(out))
        other.kill()  # a run that dies holds nothing
    assert len(run_plan(plan(reviews, svm), settings(out)).records) == 1


def test_a_cell_does_not_depend_on_its_neighbours(reviews, svm, bert, tmp_path):
    both = run_plan(plan(reviews, bert, svm, n=4), settings(tmp_path / "both"))
    alone = run_plan(plan(reviews, svm, n=4), settings(tmp_path / "alone"))
    assert strip(both.records[1]) == strip(alone.records[0])
    name = record_name(alone.records[0])
    runs = [read_run(tmp_path / folder).outcomes[name] for folder in ("both", "alone")]
    cells = [[outcome.model_dump(exclude={"seconds"}) for outcome in run] for run in runs]
    assert cells[0] == cells[1]


def strip(record: Record) -> dict[str, object]:
    return record.model_dump(exclude={"created_at", "timing"})


def test_labels_of_a_folder_are_put_in_the_datasets_order(reviews, bert, tmp_path):
    """The same weights with both names and outputs swapped answer the same."""
    from safetensors.torch import load_file, save_file

    swapped = make_tiny_bert(tmp_path / "swapped")
    set_label_names(swapped, ["pos", "neg"])
    weights = load_file(swapped / "model.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = weights[name].flip(0).contiguous()
    save_file(weights, swapped / "model.safetensors", metadata={"format": "pt"})
    result = run_plan(plan(reviews, bert, swapped), settings(tmp_path / "out"))
    one, other = (record.metrics for record in result.records)
    assert one == other


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def rows(make: Callable[[str], str], n: int = 60) -> list[tuple[str, str]]:
    texts, labels = toy_reviews(n)
    return [(make(text), ("neg", "pos")[label]) for text, label in zip(texts, labels, strict=True)]


def test_truncated_texts_are_counted_and_shown(tmp_path, bert):
    long = write(tmp_path / "long.csv", rows(lambda text: f"{text} " + "and very dull " * 45))
    result = run_plan(plan(long, bert, n=2, recipes=("pruthi",)), settings(tmp_path / "out"))
    assert result.records[0].counts.truncated == 2
    assert "beginning of some clean texts: bert (2 of 2)" in render_text(result.table)


STRANGE = {
    "emoji": lambda text: f"😀 {text} 👩‍👩‍👧🏳️‍🌈",
    "right to left": lambda text: f"سيء جدا {text} \u202eהסרט\u202c",
    "control": lambda text: f"\x07{text}\x1b[31m \x7f\x85end",
    "NUL": lambda text: f"{text}\0 \0",
    "only emoji": lambda text: " ".join("😀" + "👍" * len(word) for word in text.split()),
}


@pytest.mark.parametrize("model", ["svm", "bert"])
def test_strange_texts_are_attacked(model, request, tmp_path):
    """All kinds in one file, with every test example attacked."""
    made = [row for make in STRANGE.values() for row in rows(make, 40)]
    folder = request.getfixturevalue(model)
    what = plan(write(tmp_path / "strange.csv", made), folder, n=8)
    result = run_plan(what, settings(tmp_path / "out"))
    outcomes = read_run(tmp_path / "out").outcomes[record_name(result.records[0])]
    assert [outcome.error for outcome in outcomes if outcome.error] == []


def test_a_long_text_is_attacked(tmp_path, svm):
    """So long that TextAttack's own work, which grows with the square, would show."""
    long = write(tmp_path / "long.csv", rows(lambda text: f"{text} " + "and a film " * 30))
    result = run_plan(plan(long, svm, n=1, recipes=("pruthi",)), settings(tmp_path / "out"))
    assert result.errors == 0


def test_the_default_place_says_suite_and_time():
    assert default_out("quick").parts[0] == "runs"
    assert default_out("quick").name.startswith("quick-20")


def test_outcomes_follow_the_schema_of_the_record(reviews, svm, tmp_path):
    result = run_plan(plan(reviews, svm, n=3, track="unified"), settings(tmp_path / "out"))
    record = result.records[0]
    assert record.protocol.query_budget == 50
    assert record.protocol.limits["max_words_changed"] == 0.3
    line = outcomes_path(tmp_path / "out", record_name(record)).read_text().splitlines()[0]
    assert list(json.loads(line)) == list(Outcome.model_fields)


def test_the_files_are_called_by_the_five_parts_of_a_cell(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm, n=1), settings(tmp_path / "out"))
    (path,) = (tmp_path / "out" / "records").iterdir()
    assert path.name == "reviews--svm--none--published--deepwordbug.json"
