"""A2T: which examples it attacks, when, and what it adds to an epoch."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from robustbert.defenses import make_defense, train_defended
from robustbert.defenses.a2t import A2T
from robustbert.errors import AttackError, InputError, RobustbertWarning, UnknownNameError
from robustbert.models import load_model
from robustbert.training import EpochStart, TrainingConfig
from tests.defenses.perturbed import CONFIG, make_network, weights_by_step
from tests.records.builders import make_outcome

TEXTS = [f"text {i} is a good film" for i in range(1000)]
LABELS = [i % 2 for i in range(1000)]


class FakeRunner:
    """Breaks every example whose number is divisible by ``divisor``; the others get ``status``."""

    lanes = 16

    def __init__(self) -> None:
        self.divisor, self.status = 2, "robust"
        self.attacked: list[int] = []

    def run(self, examples: Any, on_outcome: Any) -> SimpleNamespace:
        self.attacked += [int(example.example_id) for example in examples]
        outcomes = [self.outcome(example) for example in examples]
        for outcome in outcomes:
            on_outcome(outcome)
        return SimpleNamespace(outcomes=outcomes)

    def outcome(self, example: Any) -> Any:
        number, label = int(example.example_id), example.label
        assert (example.text, label) == (TEXTS[number], LABELS[number])
        if number % self.divisor:
            clean = None if self.status == "error" else label
            return make_outcome(
                example.example_id, self.status, label=label, clean_prediction=clean
            )
        return make_outcome(
            example.example_id,
            "broken",
            label=label,
            clean_prediction=label,
            adversarial_prediction=1 - label,
            adversarial_text=f"broken {number}",
        )


def start_of(epoch: int, seed: int = 0) -> EpochStart:
    dataset = SimpleNamespace(length="short")
    return EpochStart(epoch, dataset, TEXTS, LABELS, TrainingConfig(seed=seed), lambda: None)


@pytest.fixture
def runner(monkeypatch) -> FakeRunner:
    fake = FakeRunner()
    monkeypatch.setattr(A2T, "_runner", lambda *_: fake)
    return fake


def test_the_first_epoch_is_clean_and_each_other_one_has_a_share_of_broken_examples(runner):
    defense = A2T()
    assert defense.epoch_rows(start_of(0)) == ()
    assert runner.attacked == []
    rows = defense.epoch_rows(start_of(1))
    assert len(rows) == 200
    for row in rows:
        assert row.row % 2 == 0
        assert (row.text, row.label, row.weight) == (f"broken {row.row}", LABELS[row.row], 1.0)
    assert len(set(runner.attacked)) == len(runner.attacked)
    assert 300 < len(runner.attacked) < 500, "about twice as many as break"


def test_the_order_depends_on_the_epoch_and_the_seed_alone(runner):
    found = [
        [row.row for row in A2T().epoch_rows(start)]
        for start in (start_of(1), start_of(1), start_of(2), start_of(1, seed=1))
    ]
    assert found[0] == found[1]
    assert len({tuple(rows) for rows in found}) == 3
    assert found[0] != sorted(found[0])


def test_rows_do_not_depend_on_how_many_are_attacked_at_once(runner):
    small = A2T().epoch_rows(start_of(1))
    runner.lanes = 700
    assert A2T().epoch_rows(start_of(1)) == small


def test_all_examples_are_attacked_if_too_few_break(runner):
    runner.divisor = 100
    rows = A2T().epoch_rows(start_of(1))
    assert sorted(row.row for row in rows) == list(range(0, 1000, 100))
    assert sorted(runner.attacked) == list(range(1000))


def test_parameters_choose_epochs_share_and_weight(runner):
    defense = A2T(share=0.0105, alpha=0.5, clean_epochs=2, interval=3)
    counts = [len(defense.epoch_rows(start_of(epoch))) for epoch in range(7)]
    assert counts == [0, 0, 11, 0, 0, 11, 0], "rounded up, as in TextAttack"
    attack, *others = defense.row_cost(1000, 7).attacks
    assert [attack.wanted, *(one.wanted for one in others)] == [11, 11]
    assert (attack.examples, attack.epochs) == (1000, 1)
    assert {row.weight for row in defense.epoch_rows(start_of(2))} == {0.5}
    assert defense.weighs_rows
    assert not A2T().weighs_rows


def test_the_progress_counts_each_broken_example_up_to_the_number_wanted(
    runner, monkeypatch, capsys
):
    monkeypatch.setattr("robustbert.progress.FIRST_LINE", 0.0)
    monkeypatch.setattr("robustbert.progress.NEXT_LINE", 0.0)
    runner.divisor = 1  # a chunk of 16 breaks more than the 3 that are wanted
    assert len(A2T(share=0.003).epoch_rows(start_of(1))) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        f"robustbert: attacking in epoch 2: {done} of 3 adversarial texts" for done in (1, 2, 3)
    ]


def test_attacks_that_fail_are_reported_and_all_of_them_stop_the_training(runner):
    runner.status = "error"
    runner.divisor = 999  # breaks two examples
    message = "a2t: 998 attacks on training examples failed in epoch 2 .* first error is it went"
    with pytest.warns(RobustbertWarning, match=message):
        assert len(A2T().epoch_rows(start_of(1))) == 2
    runner.outcome = lambda example: make_outcome(example.example_id, "error")
    with pytest.raises(AttackError, match="no attack on training examples succeeded: it went"):
        A2T().epoch_rows(start_of(1))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"share": -0.1}, "share is -0.1; give a number from 0 to 1"),
        ({"share": math.nan}, "share is nan"),
        ({"share": 1.5}, "share is 1.5"),
        ({"alpha": -1.0}, "alpha is -1.0; give a number of at least 0"),
        ({"alpha": math.inf}, "alpha is inf"),
        ({"clean_epochs": -1}, "clean_epochs is -1"),
        ({"interval": 0}, "interval is 0"),
    ],
)
def test_parameters_out_of_range_are_rejected_by_name(wrong, message):
    with pytest.raises(InputError, match=message):
        make_defense("a2t", wrong)


def test_a_training_without_an_epoch_of_attacks_is_refused(few_texts, tiny_base, tmp_path):
    with pytest.raises(InputError, match=r"clean_epochs = 2, but the training has epochs = 2; low"):
        train_defended([A2T(clean_epochs=2)], few_texts, tiny_base, CONFIG, tmp_path / "m")
    assert not (tmp_path / "m").exists()
    assert A2T(clean_epochs=1).training_config(CONFIG) is CONFIG
    assert A2T(clean_epochs=2, share=0.0).training_config(CONFIG) is CONFIG


def test_unknown_recipes_and_tracks_are_rejected():
    with pytest.raises(UnknownNameError, match="recipe"):
        A2T(recipe="a2tt")
    with pytest.raises(UnknownNameError, match="track"):
        A2T(track="publishd")


def test_a_model_is_trained_again_when_the_attack_changes():
    found = A2T().dependencies()
    assert found.keys() == {"textattack", "protocol", "assets"}
    assert {"word-vectors", "sentence-encoder"} <= found["assets"].keys()


def test_without_a_share_it_is_plain_training_to_the_bit(
    few_texts, tiny_base, plain_weights, tmp_path
):
    defense = A2T(share=0.0, clean_epochs=0)
    assert weights_by_step(defense, few_texts, tiny_base, tmp_path / "out") == plain_weights


@pytest.mark.slow
def test_the_network_is_attacked_as_it_is_and_left_alone(few_texts, tiny_victim, tmp_path):
    """Each adversarial text fools the network of the epoch's start, in evaluation mode."""
    from robustbert.models.huggingface_files import read_tokenizer
    from robustbert.training.epoch_rows import current_classifier

    network = make_network(tiny_victim, dropout=0.5, dtype=torch.float32)
    tokenizer = read_tokenizer(tiny_victim)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    split = few_texts.split("train")
    start = EpochStart(
        0,
        few_texts,
        list(split["text"]),
        list(split["label"]),
        CONFIG,
        lambda: current_classifier(network, tokenizer, few_texts, CONFIG),
    )
    defense = A2T(recipe="deepwordbug", clean_epochs=0, share=1.0)
    rows = defense.epoch_rows(start)
    assert rows
    assert defense.epoch_rows(start) == rows, "dropout plays no part"
    plain = load_model(str(tiny_victim), dtype="float32")
    originals = plain.predict_proba([start.texts[row.row] for row in rows]).argmax(axis=1)
    changed = plain.predict_proba([row.text for row in rows]).argmax(axis=1)
    for row, original, found in zip(rows, originals, changed, strict=True):
        assert original == start.labels[row.row] == row.label != found
    assert network.training
    assert all(weight.requires_grad and weight.grad is None for weight in network.parameters())
    assert all(value.equal(before[key]) for key, value in network.state_dict().items())


@pytest.mark.slow
def test_a_training_on_adversarial_texts_differs_from_the_second_epoch_on_and_resumes(
    few_texts, tiny_victim: Path, tmp_path
):
    config = dataclasses.replace(CONFIG, evals_per_epoch=2)  # checkpoints after 2, 4 and 6 steps
    plain = weights_by_step(None, few_texts, tiny_victim, tmp_path / "plain", config=config)
    parts = A2T(recipe="deepwordbug"), few_texts, tiny_victim
    found = weights_by_step(*parts, tmp_path / "a2t", config=config)
    assert list(found) == list(plain)
    same = [step for step in plain if found[step] == plain[step]]
    assert same == [1, 2, 3, 4], "the first epoch is clean"
    begun = weights_by_step(*parts, tmp_path / "again", config=config, stop_at=7)
    resumed = weights_by_step(*parts, tmp_path / "again", config=config, resume=True)
    assert list(resumed) == [7, 8], "in the middle of the epoch with adversarial texts"
    assert begun | resumed == found
