"""Extra rows of an epoch: when they are made, what is trained on, and resuming."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from robustbert.defenses import Composition, Defense, train_defended
from robustbert.defenses.flooding import Flooding
from robustbert.errors import InputError, ModelError, OutputError
from robustbert.training import EpochStart, ExtraRow, train
from robustbert.training.epoch_rows import (
    AddEpochRows,
    CollateWithExtras,
    RowsWithExtras,
    weighted_cross_entropy,
)
from robustbert.training.extra_rows import check_extra_rows
from robustbert.training.result import CHECKPOINTS
from tests.defenses.epoch_copies import EpochCopies
from tests.defenses.perturbed import (
    CONFIG,
    make_inputs,
    make_network,
    texts_of,
    weights_by_step,
    weights_hash,
)

ROWS = [{"input_ids": [2, 5 + i, 3], "labels": i % 2} for i in range(4)]
TWICE = dataclasses.replace(CONFIG, evals_per_epoch=2)  # checkpoints in the middle of epochs


def encode(texts: Sequence[str], labels: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"input_ids": [2, int(text), 3], "labels": label}
        for text, label in zip(texts, labels, strict=True)
    ]


def begin_epoch(make: Any, folder: Path, *, step: int) -> RowsWithExtras:
    """The training rows at the start, or a later step, of an epoch of 5 steps."""
    rows = RowsWithExtras(ROWS)
    data = SimpleNamespace(label_names=("neg", "pos"))

    def describe(epoch: int, network: str) -> Any:
        return SimpleNamespace(epoch=epoch, network=network, texts=["a text"] * 4, dataset=data)

    added = AddEpochRows([make], rows, encode, describe, folder)
    args = SimpleNamespace(num_train_epochs=3, process_index=0, world_size=1, seed=7)
    state = SimpleNamespace(max_steps=15, global_step=step)
    added.on_epoch_begin(args, state, None, model="network")
    return rows


def test_rows_are_made_from_the_network_when_an_epoch_starts(tmp_path):
    given = []

    def make(start: Any) -> list[ExtraRow]:
        given.append(start)
        return [ExtraRow(2, "9", 1), ExtraRow(0, "8", 0, 0.5), ExtraRow(2, "7", 1)]

    rows = begin_epoch(make, tmp_path, step=5)
    assert [(start.epoch, start.network) for start in given] == [(1, "network")]
    assert len(rows) == 4
    assert rows[1] == ROWS[1]
    assert rows[3] == ROWS[3]
    assert rows[2]["extra_rows"] == [
        {"input_ids": [2, 9, 3], "labels": 1, "weight": 1.0},
        {"input_ids": [2, 7, 3], "labels": 1, "weight": 1.0},
    ]
    assert [row["input_ids"] for row in rows] == [row["input_ids"] for row in ROWS]


def test_wrong_rows_are_refused_before_they_are_kept(tmp_path):
    with pytest.raises(InputError, match="has the row 4; give 0 to 3"):
        begin_epoch(lambda _: [ExtraRow(4, "9", 1)], tmp_path, step=5)
    assert not list(tmp_path.iterdir())


def test_rows_are_read_again_in_the_middle_of_an_epoch(tmp_path):
    made = begin_epoch(lambda _: [ExtraRow(1, "9", 0, 0.5)], tmp_path, step=5)

    def fail(_: Any) -> list[ExtraRow]:
        raise AssertionError("the weights at the start of the epoch are gone")

    assert begin_epoch(fail, tmp_path, step=7).extras == made.extras != {}
    with pytest.raises(AssertionError):
        begin_epoch(fail, tmp_path, step=5)  # at its start they are made again
    with pytest.raises(OutputError, match=r"extra-rows-2.json.* remove its checkpoints"):
        begin_epoch(fail, tmp_path, step=11)
    (tmp_path / "extra-rows-1.json").write_text('[{"row": "1"}]')
    with pytest.raises(OutputError, match=r"cannot read .*extra-rows-1.json"):
        begin_epoch(fail, tmp_path, step=7)


def test_making_rows_moves_no_generator_and_is_seeded(tmp_path):
    drawn = []

    def make(_: Any) -> list[ExtraRow]:
        drawn.append((random.random(), np.random.rand(), torch.rand(1).item()))
        return []

    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    for step in (0, 0, 5):
        begin_epoch(make, tmp_path, step=step)
    assert drawn[0] == drawn[1] != drawn[2]
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1][1])
    assert torch.get_rng_state().equal(before[2])


def test_a_batch_holds_the_extra_rows_after_its_rows():
    rows = RowsWithExtras(ROWS)
    rows.extras = {1: [{"input_ids": [9], "labels": 1, "weight": 1.0}]}
    collate = CollateWithExtras(lambda batch: {"ids": [row["input_ids"] for row in batch]})
    assert collate([rows[0], rows[1]]) == {"ids": [[2, 5, 3], [2, 6, 3], [9]]}
    assert collate([rows[0]]) == {"ids": [[2, 5, 3]]}
    rows.extras[1][0]["weight"] = 0.25
    assert collate([rows[1], rows[2]])["weights"].tolist() == [1, 1, 0.25]
    assert collate([rows[1]])["weights"].tolist() == [1, 0.25], "collating changes no row"


def test_the_loss_is_the_mean_of_the_weighted_losses(tiny_base):
    network, inputs = make_network(tiny_base), make_inputs()
    losses = [cross_entropy(network(ids).logits, label) for ids, label in texts_of(inputs)]
    weights = torch.tensor([1.0, 1.0, 0.25])
    expected = (losses[0] + losses[1] + 0.25 * losses[2]) / 3
    torch.testing.assert_close(
        weighted_cross_entropy(network, {**inputs, "weights": weights}), expected
    )
    torch.testing.assert_close(weighted_cross_entropy(network, inputs), sum(losses) / 3)


def test_a_training_resumes_in_the_middle_of_an_epoch(few_texts, tiny_base, tmp_path, monkeypatch):
    made = []
    own = EpochCopies.epoch_rows

    def watch(defense: EpochCopies, start: EpochStart) -> Sequence[ExtraRow]:
        made.append(start.epoch)
        return own(defense, start)

    monkeypatch.setattr(EpochCopies, "epoch_rows", watch)
    parts, out = (EpochCopies(), few_texts, tiny_base), tmp_path / "out"
    whole = weights_by_step(*parts, tmp_path / "whole", config=TWICE)
    weights_by_step(*parts, out, config=TWICE, stop_at=7)
    assert sorted(path.name for path in (out / CHECKPOINTS).glob("extra-rows-*")) == [
        "extra-rows-0.json",
        "extra-rows-1.json",
    ]
    resumed = weights_by_step(*parts, out, config=TWICE, resume=True)
    assert resumed == {step: whole[step] for step in (7, 8)}
    assert made == [0, 1, 0, 1], "the resumed training reads the rows"
    assert weights_hash(out) == weights_hash(tmp_path / "whole")
    assert not list(out.glob("**/extra-rows-*"))


def test_an_unfinished_training_with_other_rows_is_not_resumed(few_texts, tiny_base, tmp_path):
    weights_by_step(EpochCopies(), few_texts, tiny_base, tmp_path / "out", config=TWICE, stop_at=3)
    with pytest.raises(OutputError, match="other data, base or settings"):
        train_defended(
            [EpochCopies(share=0.25)], few_texts, tiny_base, TWICE, tmp_path / "out", resume=True
        )


@dataclass(frozen=True)
class LastWord(Defense):
    """Trains on the last words of the first texts, which it also hands over."""

    def epoch_rows(self, start: EpochStart) -> Sequence[ExtraRow]:
        return [ExtraRow(row, start.texts[row].split()[-1], start.labels[row]) for row in range(3)]


def test_rows_of_several_defenses_are_joined_and_another_loss_covers_them(
    few_texts, tiny_base, tmp_path, monkeypatch
):
    sizes = []
    own = Flooding.training_loss

    def watch(defense: Flooding, model: Any, inputs: Any) -> torch.Tensor:
        sizes.append(len(inputs["labels"]))
        assert "weights" not in inputs
        return own(defense, model, inputs)

    monkeypatch.setattr(Flooding, "training_loss", watch)
    found = Composition(
        ("a", "b", "flooding"), (LastWord(), EpochCopies(weight=1.0), Flooding(0.1))
    )
    found.train(few_texts, tiny_base, CONFIG, tmp_path / "out")
    assert len(sizes) == 8, "the number of steps is that of plain training"
    assert sum(sizes[:4]) == sum(sizes[4:]) == 32 + 3 + 16


def test_a_weight_goes_with_no_other_loss():
    with pytest.raises(InputError, match="a weighs rows, and b changes the training loss"):
        Composition(("a", "b"), (EpochCopies(), Flooding(0.1)))


def test_a_classical_model_has_no_epochs(few_texts, tmp_path):
    with pytest.raises(ModelError, match="EpochCopies changes epochs, which tfidf-svm"):
        EpochCopies().check_base("tfidf-svm")
    with pytest.raises(ModelError, match="has no training loss, epochs or callbacks"):
        train(few_texts, "tfidf-svm", CONFIG, tmp_path / "m", epoch_rows=[LastWord().epoch_rows])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a text", "an extra row of an epoch is 'a text'; give robustbert's ExtraRow"),
        (ExtraRow(2, "a text", 0), "has the row 2; give 0 to 1"),
        (ExtraRow(0, "a text", 3), "has the label 3; give 0 to 2"),
        (ExtraRow(0, "a text", 0, -1.0), "has the weight -1.0; give a number of at least 0"),
        (ExtraRow(0, "a text", 0, math.nan), "has the weight nan; give a number of at least 0"),
    ],
)
def test_wrong_rows_are_refused(row, message):
    data = SimpleNamespace(label_names=("a", "b", "c"))
    start = EpochStart(0, data, ["one", "two"], [0, 1], CONFIG, lambda: None)
    check_extra_rows([ExtraRow(1, "a text", 2, 0.0)], start)
    with pytest.raises(InputError, match=message):
        check_extra_rows([row], start)
