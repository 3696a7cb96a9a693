"""Helpers of the tests of training defenses: a small network, its batches, and short trainings."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustbert.data import Cleaning, TextDataset
from robustbert.defenses import train_defended
from robustbert.models.huggingface_files import read_tokenizer
from robustbert.training import TrainingConfig
from tests.tiny import make_tiny_bert, vocabulary
from tests.training.conftest import toy_split

CONFIG = TrainingConfig(
    epochs=2, batch_size=8, learning_rate=3e-3, dtype="float32", device="cpu", evals_per_epoch=1
)


def toy_dataset() -> TextDataset:
    """32 short reviews for training, and 8 each for validation and test."""
    splits = {"train": toy_split(32, 0), "validation": toy_split(8, 1), "test": toy_split(8, 2)}
    cleaning = Cleaning(rows=48, empty=0, duplicates=0, conflicts=0, html_breaks=0)
    return TextDataset("toy", "made-up==1", ("neg", "pos"), splits, cleaning)


def make_network(folder: Path, *, dropout: float = 0.0, dtype: torch.dtype = torch.float64) -> Any:
    """The network of a folder in training mode; in float64 it is exact enough for formulas."""
    from transformers import AutoModelForSequenceClassification

    network = AutoModelForSequenceClassification.from_pretrained(
        folder, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout
    )
    return network.to(dtype).train()


def make_inputs() -> dict[str, torch.Tensor]:
    """Three texts of 3, 6 and 8 tokens, which are words, padded to 8."""
    generator = torch.Generator().manual_seed(7)
    words = vocabulary()
    ids = torch.randint(words.index("an"), len(words), (3, 8), generator=generator)
    mask = torch.ones_like(ids)
    for row, length in enumerate((3, 6, 8)):
        mask[row, length:] = 0
    ids[mask == 0] = 0
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([0, 1, 1])}


def texts_of(inputs: dict[str, torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The token ids of each text without padding, (1, t), and its label, (1,)."""
    lengths = inputs["attention_mask"].sum(dim=1)
    return [
        (ids[None, :length], label[None])
        for ids, length, label in zip(inputs["input_ids"], lengths, inputs["labels"], strict=True)
    ]


def loss_of_text(network: Any, ids: torch.Tensor, label: torch.Tensor, delta: Any) -> torch.Tensor:
    """The cross-entropy of one text without padding, its embeddings moved by ``delta``."""
    embeddings = network.get_input_embeddings().weight[ids]
    return cross_entropy(network(inputs_embeds=embeddings + delta).logits, label)


def uniform_start(
    network: Any, inputs: dict[str, torch.Tensor], size: float, norm: str
) -> torch.Tensor:
    """The start that a defense draws after ``torch.manual_seed(0)``."""
    n, t = inputs["input_ids"].shape
    torch.manual_seed(0)
    start = torch.empty(n, t, network.config.hidden_size, dtype=torch.float64).uniform_(-1, 1)
    if norm == "linf":
        return size * start
    lengths = inputs["attention_mask"].sum(dim=1)
    return torch.stack(
        [
            size * row / (length * row.shape[1]) ** 0.5
            for row, length in zip(start, lengths, strict=True)
        ]
    )


def perturbed_inputs(
    defense: Any, network: Any, inputs: dict[str, torch.Tensor], patch: pytest.MonkeyPatch
) -> torch.Tensor:
    """The embeddings of each pass of a loss that gets embeddings: (passes, n, t, d)."""
    seen = []
    forward = network.forward

    def watch(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("inputs_embeds") is not None:
            seen.append(kwargs["inputs_embeds"].detach().clone())
        return forward(*args, **kwargs)

    with patch.context() as own:
        own.setattr(network, "forward", watch)
        defense.training_loss(network, inputs)
    return torch.stack(seen)


def attach(defense: Any, network: Any) -> None:
    """Run what the defense does with a network and its tokenizer before the training."""
    tokenizer = read_tokenizer(Path(network.name_or_path))
    for callback in defense.callbacks():
        callback.on_init_end(
            SimpleNamespace(seed=0), None, None, model=network, processing_class=tokenizer
        )


def gradients(network: Any) -> dict[str, torch.Tensor]:
    """Copies of the gradients in ``.grad``, by the names of the weights."""
    return {
        name: weight.grad.clone()
        for name, weight in network.named_parameters()
        if weight.grad is not None
    }


def weights_hash(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def weights_by_step(
    defense: Any,
    dataset: Any,
    base: Path,
    out: Path,
    *,
    stop_at: int = 0,
    resume: bool = False,
    config: TrainingConfig = CONFIG,
    accumulate: int = 1,
) -> dict[int, str]:
    """A hash of the network's weights after each step of a short training.

    The written model is that of the best checkpoint, which may be an early one.

    Args:
        defense: the defense; None trains without one. Its plain model is a random network, which
            single words flip.
        stop_at: the step after which it is interrupted; 0 for none.
        resume: continue from the last checkpoint.
        config: the training settings.
        accumulate: the number of batches whose gradients a step accumulates.
    """
    from robustbert.training import finetune, train

    arguments = finetune.FineTuning._arguments

    found: dict[int, str] = {}

    class Watch(finetune.ShowProgress):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            super().on_step_end(args, state, control)
            digest = hashlib.sha256()
            for weight in kwargs["model"].parameters():
                digest.update(weight.detach().numpy().tobytes())
            found[state.global_step] = digest.hexdigest()
            if state.global_step == stop_at:
                raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetune, "ShowProgress", Watch)
        patch.setattr(
            finetune.FineTuning,
            "_arguments",
            lambda tuning, rows: dataclasses.replace(
                arguments(tuning, rows), gradient_accumulation_steps=accumulate
            ),
        )
        with pytest.raises(KeyboardInterrupt) if stop_at else nullcontext():
            if defense is None:
                train(dataset, str(base), config, out, resume=resume)
            else:
                with tempfile.TemporaryDirectory() as folder:
                    plain = make_tiny_bert(Path(folder)) if defense.needs_plain_model else None
                    train_defended(
                        [defense], dataset, base, config, out, plain=plain, resume=resume
                    )
    return found
