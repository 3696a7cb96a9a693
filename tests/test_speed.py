"""Speed benchmarks: TextAttack's own outcomes as an oracle, and the printed tables."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from robustbert.bench import Suite
from robustbert.defenses import Composition, Defense, DefenseSpec, compose
from robustbert.leaderboard.relative_times import MeasuredDefenses, QueryTimes, StepTimes
from tests.defenses.cases import LOSSES
from tests.defenses.perturbed import CONFIG, toy_dataset
from tests.records.builders import ENVIRONMENT
from tests.tiny import make_tiny_bert

SPEED = Path(__file__).parents[1] / "benchmarks" / "speed"


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch):
    """A function that imports a module of ``benchmarks/speed`` by name."""
    monkeypatch.syspath_prepend(str(SPEED))
    names = ("a2t_epoch", "compare", "floor", "parity", "plain", "shares", "speed_tables")
    names += ("query_times", "times_command", "training_steps")
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def victim(bert):
    from robustbert.models import load_model

    return load_model(str(bert), dtype="float32")


@pytest.fixture
def reviews(victim) -> list[Any]:
    """Texts labelled with the victim's predictions."""
    from tests.attacks.conftest import TEXTS, Review

    labels = victim.predict_proba(TEXTS).argmax(axis=1)
    return [Review(text[:9], text, int(y)) for text, y in zip(TEXTS, labels, strict=True)]


def test_differences_are_reported(tools):
    parity, plain = tools("parity"), tools("plain")
    from tests.records.builders import make_outcome

    ours = make_outcome("e0", "broken").model_copy(
        update={"text": "a fine film", "adversarial_text": "a fin film", "queries": 7}
        | {"textattack_queries": 9}
    )
    same = plain.PlainOutcome("e0", "broken", "a fin film", 7, 9)
    assert parity.differences([same], [ours]) == []
    other = plain.PlainOutcome("e0", "robust", None, 8, 9)
    found = parity.differences([other], [ours])
    assert [(d.field, d.plain, d.ours) for d in found] == [
        ("status", "robust", "broken"),
        ("text", "none", "fin"),
        ("queries", "8 (9)", "7 (9)"),
    ]
    assert parity.Row.of("pwws", "float32", 1, []).is_met
    assert not parity.Row.of("pwws", "float32", 1, found).is_met
    assert parity.Row.of("pwws", "bfloat16", 1, found[1:]).is_met


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deepwordbug", "textfooler", "textbugger"])
def test_outcomes_equal_those_of_unmodified_textattack(tools, bert, victim, reviews, name: str):
    """Includes recipes with a sentence encoder (sentence-transformers in the baseline)."""
    from robustbert.attacks import AttackRunner

    outcomes = AttackRunner(victim, name, track="published", dtype="float32").run(reviews).outcomes
    assert "broken" in [outcome.status for outcome in outcomes]
    plain = list(tools("plain").PlainTextAttack(bert, name, "dynamic").outcomes(reviews))
    assert tools("parity").differences(plain, outcomes) == []


@pytest.mark.slow
def test_implementations_are_compared_and_the_floor_is_measured(tools, bert, victim, reviews):
    compare = tools("compare")
    warm_up, *examples = reviews[:3]
    attacks = {
        dtype: compare.RobustbertAttack(bert, "textfooler", dtype, victim.label_names)
        for dtype in compare.DTYPES
    }
    got = compare.compare_implementations(attacks, bert, "textfooler", warm_up, examples, 1)
    assert got["same"]["float32"] == {"status": 2, "text": 2, "queries": 2}
    assert {len(seconds) for seconds in got["seconds"].values()} == {1}
    floor = compare.measure_floor_ratios(attacks["float32"], warm_up, examples, 1)
    assert floor["victim"][0] > 0
    assert floor["encoder"][0] > 0

    skipped = replace(warm_up, label=1 - warm_up.label)
    with pytest.raises(SystemExit, match="skipped"):
        attacks["float32"].attack(skipped, examples)


@pytest.mark.slow
def test_time_shares_sum_to_one(tools, bert, victim, reviews):
    from robustbert.models.inference.packed import PackedBert, PackedNetwork

    before = PackedNetwork.logits, PackedBert.means
    warm_up, *examples = reviews[:3]
    attack = tools("compare").RobustbertAttack(bert, "textfooler", "bfloat16", victim.label_names)
    found = tools("shares").time_shares(attack, warm_up, examples)
    assert sum(found.values()) == pytest.approx(1)
    assert all(0 < share < 1 for share in found.values())
    assert before == (PackedNetwork.logits, PackedBert.means)


@pytest.mark.slow
def test_floor_measurement(tools, bert):
    floor = tools("floor")
    queried = floor.QueriedTexts(victim=("a fine film", "a dull film"), encoder=("a fine film",))
    found = floor.measure_floor(bert, queried, "float32")
    assert found.forward_seconds == found.victim + found.encoder > 0
    assert found.gflops > 0

    # two layers of a tiny BERT on 5 tokens, computed by hand
    class Config:
        hidden_size, intermediate_size, num_hidden_layers = 16, 32, 2

    linear = 2 * 5 * (4 * 16 * 16 + 2 * 16 * 32)
    assert floor.operations(Config, 5) == 2 * (linear + 2 * 2 * 5 * 5 * 16)


def test_tables_have_one_row_per_file_and_one_section_per_processor(tools, tmp_path, monkeypatch):
    tables = tools("speed_tables")
    summary = tables.summary([3.0, 1.0, 2.0])
    assert summary == {"min": 1.0, "median": 2.0, "max": 3.0}
    got = {
        "dataset": "d",
        "recipe": "r",
        "n": 5,
        "ratios": {f"{d} to {s}": summary for s in tables.PADDING for d in tables.DTYPES},
        "floor": {
            d: {"n": 9, "attack_to_bare": summary, "forward_to_peak": summary}
            for d in tables.DTYPES
        },
        "instructions": "AMX bf16",
    }
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    for processor in ("Intel(R) Xeon(R)", "Some CPU"):
        got["environment"] = {"processor": processor}
        folder = tables.processor_folder(got)
        folder.mkdir()
        (folder / "d-r.json").write_text(json.dumps(got))
    assert (tmp_path / "intel-r-xeon-r-amx-bf16" / "d-r.json").exists()
    title, ratios, floors, other, *_ = tables.format_tables().split("\n\n")
    assert title == "**Intel(R) Xeon(R), AMX bf16**"
    assert other == "**Some CPU, AMX bf16**"
    head, _, row = ratios.splitlines()
    assert [cell.strip() for cell in row.split("|")[1:3]] == ["d r", "5"]
    assert row.count("2.0 (1.0–3.0)×") == 4
    assert head.count("|") == row.count("|")
    head, _, row = floors.splitlines()
    assert [cell.strip() for cell in row.split("|")[1:3]] == ["d r", "9"]
    assert row.count("2.00 (1.00–3.00)") == 4
    assert head.count("|") == row.count("|")


def test_gpus_have_tables_of_their_own(tools, tmp_path, monkeypatch):
    tables = tools("speed_tables")
    summary = tables.summary([3.0, 1.0, 2.0])
    got = {
        "dataset": "d",
        "recipe": "r",
        "n": 5,
        "ratios": {f"{d} to {s}": summary for s in tables.PADDING for d in tables.DTYPES},
        "same": {d: {"status": 5, "text": 4, "queries": 3} for d in tables.DTYPES},
        "memory": dict.fromkeys((*tables.PADDING, *tables.DTYPES), 2**20 * 7),
        "floor": {},
        "gpu": "Some GPU CUDA 13.0",
        "instructions": "AMX bf16",
        "environment": {"processor": "Intel(R) Xeon(R)"},
    }
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    folder = tables.processor_folder(got)
    assert folder.name == "some-gpu-cuda-13-0"
    folder.mkdir()
    (folder / "d-r.json").write_text(json.dumps(got))
    title, ratios, others = tables.format_tables().split("\n\n")
    assert title == "**Some GPU CUDA 13.0**"
    assert ratios.splitlines()[-1].count("2.0 (1.0–3.0)×") == 4
    cells = [cell.strip() for cell in others.splitlines()[-1].split("|")[1:-1]]
    assert cells == ["d r", "5", "5, 4, 3", "5, 4, 3", "7", "7", "7", "7"]


def test_docs_show_the_committed_figures(tools):
    docs = (SPEED.parents[1] / "docs" / "performance.md").read_text(encoding="utf-8")
    assert tools("speed_tables").format_tables() in docs
    assert tools("a2t_epoch").format_table() in docs


class Side:
    """Attacks in a number of CPU seconds, and records when."""

    def __init__(self, name: str, cpu: float, timed: Any, order: list[str]) -> None:
        self.name, self.cpu, self.timed, self.order = name, cpu, timed, order

    def attack(self, texts: Any, labels: Any) -> Any:
        assert (texts, labels) == (["a", "b"], [0, 1])
        self.order.append(self.name)
        return self.timed(adversarial=1, wall=2 * self.cpu, cpu=self.cpu)


def test_implementations_of_an_epoch_take_turns_in_rotated_order(tools):
    a2t_epoch, order = tools("a2t_epoch"), []
    sides = {name: Side(name, cpu, a2t_epoch.Timed, order) for name, cpu in (("x", 4), ("y", 1))}
    runs = a2t_epoch.compare(sides, ["a", "b"], [0, 1], 3)
    assert order == ["x", "y", "y", "x", "x", "y"]
    assert a2t_epoch.per_example(runs, 2, "cpu") == {"x": [2.0] * 3, "y": [0.5] * 3}
    assert a2t_epoch.per_example(runs, 2, "wall") == {"x": [4.0] * 3, "y": [1.0] * 3}


def test_the_table_of_epochs_shows_each_file(tools, tmp_path, monkeypatch):
    a2t_epoch = tools("a2t_epoch")
    names = ("textattack", "textattack-dynamic", "float32", "bfloat16")
    ratios = {f"{o} to {t}": {"min": 9, "median": 12, "max": 14} for o in names[2:] for t in names}
    measured = {
        "n": 100,
        "adversarial": dict.fromkeys(names, 7),
        "cpu_seconds_per_example": {name: [1.0, 1.25, 3.0] for name in names},
        "ratios": ratios,
        "environment": {"processor": "a processor"},
        "instructions": "AVX2",
    }
    path = tmp_path / "a-processor" / "a2t-epoch.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(measured))
    monkeypatch.setattr(a2t_epoch, "TRAINING_RESULTS", tmp_path)
    rows = [
        [cell.strip() for cell in line.split("|")] for line in a2t_epoch.format_table().split("\n")
    ]
    assert [row[2] for row in rows[2:]] == list(names)
    assert rows[2][1:-1] == [
        "a processor, AVX2",
        "textattack",
        "100",
        "7",
        "1.25 (1.00–3.00)",
        "",
        "",
    ]
    assert rows[4][-3:-1] == ["12.0 (9.0–14.0)×"] * 2


@pytest.mark.slow
def test_textattack_and_the_defense_attack_every_text_of_an_epoch(tools, bert, monkeypatch):
    a2t_epoch = tools("a2t_epoch")
    from tests.defenses.perturbed import toy_dataset

    monkeypatch.setattr("robustbert.data.load_dataset", lambda _: toy_dataset())
    monkeypatch.setattr(a2t_epoch, "WARM_UP", "the film was brilliant and good")
    split = toy_dataset().split("train")
    texts, labels = list(split["text"])[:4], list(split["label"])[:4]
    for side in (
        a2t_epoch.TextAttackTrainer(bert, "dynamic"),
        a2t_epoch.RobustbertDefense(bert, "float32"),
    ):
        found = side.attack(texts, labels)
        assert 0 <= found.adversarial <= 4
        assert found.wall > 0 < found.cpu


@dataclass(frozen=True)
class Watching(Defense):
    """Plain training that stores what its steps get."""

    name: str = ""
    seen: list[Any] = field(default_factory=list, hash=False, compare=False)

    def training_loss(self, model, inputs):
        weight = model.classifier.weight.detach().clone()
        state = (torch.is_autocast_enabled("cpu"), model.training)
        self.seen.append((self.name, inputs["input_ids"].clone(), weight, state))
        assert model.classifier.weight.grad is None
        return model(**inputs).loss


def test_each_batch_is_done_by_all_in_rotated_order(tools, tmp_path):
    steps, seen = tools("training_steps"), []
    watching = [Composition((name,), (Watching(name, seen),)) for name in "abc"]
    config = replace(CONFIG, dtype="bfloat16", warmup_ratio=0.0)
    base = str(make_tiny_bert(tmp_path / "base", weight_std=0.1))
    found = steps.measure_steps(watching, toy_dataset(), base, config, 3)
    assert [len(seconds) for seconds in found] == [3, 3, 3]  # without the first batch
    assert min(map(min, found)) > 0
    assert "".join(name for name, *_ in seen) == "abcbcacababc"
    for i in range(0, 12, 3):
        assert all(torch.equal(seen[i][1], ids) for _, ids, *_ in seen[i : i + 3])
        assert len(seen[i][1]) == config.batch_size
    weights = [weight for _, _, weight, _ in seen]
    assert not any(torch.equal(a, b) for a, b in pairwise(weights)), "a step updates the weights"
    assert {state for *_, state in seen} == {(True, True)}


@pytest.mark.slow
def test_the_steps_of_every_training_defense_are_measured(tools, tmp_path):
    base = str(make_tiny_bert(tmp_path / "base", weight_std=0.1))
    made = [compose(())]
    made += [Composition((case.name,), (case.make(),)) for case in LOSSES]
    found = tools("training_steps").measure_steps(made, toy_dataset(), base, CONFIG, 2)
    assert [len(seconds) for seconds in found] == [2] * len(made)
    passes = [one.step_cost.forward for one in made]
    assert sum(found[passes.index(max(passes))]) > sum(found[0])


def test_the_steps_of_a_suite_are_those_of_its_losses(tools):
    tables = {
        "a": {"base": "minilm", "defense": {"name": "pgd", "steps": 3}},
        "b": {"base": "minilm", "defense": "augmentation"},
        "c": {"base": "minilm", "defense": ["flooding", "augmentation"]},
        "d": {"base": "minilm", "defense": "flooding", "training": {"batch_size": 8}},
        "e": {"base": "minilm", "defense": {"name": "pgd", "steps": 3}, "training": {"epochs": 3}},
    }
    suite = Suite(
        name="toy",
        datasets=("rotten_tomatoes",),
        models=("tfidf-nb", "minilm", *tables),
        recipes=("pwws",),
        num_examples=5,
        model=tables,
    )
    found = tools("training_steps").losses_of_suite(suite)
    assert [one.names for one in found] == [(), ("pgd",), ("flooding", "augmentation")]


def test_measured_steps_are_printed_with_their_passes(tools):
    made = compose([DefenseSpec("pgd", {"steps": 3})])
    times = StepTimes(
        model="minilm",
        dataset="rotten_tomatoes",
        batch_size=32,
        seed=0,
        instructions="AVX2",
        environment=ENVIRONMENT,
        rows=[
            MeasuredDefenses(defenses=[], cpu_seconds=[0.1, 0.3]),
            MeasuredDefenses(defenses=list(made.refs()), cpu_seconds=[0.4, 0.6]),
        ],
    )
    *_, row = tools("training_steps").format_table(times).splitlines()
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert cells == ["minilm + pgd (steps = 3)", "4 + 4", "500", "3.0× (2.5–3.5)"]


@dataclass
class Recording:
    """Stores who was asked about which texts."""

    name: str
    seen: list[tuple[str, list[str]]]

    def predict_proba(self, texts: list[str]) -> None:
        self.seen.append((self.name, texts))


def test_each_batch_of_queries_is_done_by_all_in_rotated_order(tools):
    seen: list[tuple[str, list[str]]] = []
    classifiers = [Recording(name, seen) for name in "abc"]
    found = tools("query_times").measure_queries(classifiers, [["w", "x"], ["y"], ["z"]])
    assert "".join(name for name, _ in seen) == "abcbcacab"
    assert [texts for _, texts in seen] == [["w", "x"]] * 3 + [["y"]] * 3 + [["z"]] * 3
    assert [len(seconds) for seconds in found] == [2, 2, 2]  # without the first batch
    assert min(map(min, found)) > 0


def test_the_queries_of_a_suite_are_those_of_its_wrappers(tools):
    tables = {
        "a": {"base": "minilm", "defense": "pgd"},
        "b": {"base": "minilm", "defense": ["spell-correction", "augmentation", "dne"]},
        "c": {"base": "minilm", "defense": ["spell-correction", "dne"]},
        "d": {"base": "minilm", "defense": "dne", "training": {"max_length": 64}},
    }
    suite = Suite(
        name="toy",
        datasets=("rotten_tomatoes",),
        models=("tfidf-nb", "minilm", *tables),
        recipes=("pwws",),
        num_examples=5,
        model=tables,
    )
    found = tools("query_times").wrappers_of_suite(suite)
    assert [one.names for one in found] == [(), ("spell-correction", "dne")]


def test_measured_queries_are_printed(tools):
    made = compose([DefenseSpec("dne")])
    times = QueryTimes(
        model="minilm",
        dataset="rotten_tomatoes",
        batch_size=50,
        seed=0,
        instructions="AVX2",
        environment=ENVIRONMENT,
        rows=[
            MeasuredDefenses(defenses=[], cpu_seconds=[0.1, 0.1]),
            MeasuredDefenses(defenses=list(made.refs()), cpu_seconds=[0.4, 0.6]),
        ],
    )
    *_, row = tools("query_times").format_table(times).splitlines()
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [
        "minilm + dne",
        "10.00",
        "5.0× (4.5–5.5)",
    ]
