"""A tiny random BERT and toy reviews: real objects that are small enough for every test."""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WORDS = (
    "a an the and or but not of to in on is was it this that with for as i you we film movie "
    "story plot actor actors scene music good great fine lovely brilliant wonderful charming "
    "delightful superb bad awful poor dull boring terrible dreadful tedious weak clumsy very so "
    "too quite rather never always really"
)

POSITIVE = "good great fine lovely brilliant wonderful charming delightful superb"
NEGATIVE = "bad awful poor dull boring terrible dreadful tedious weak clumsy"


def vocabulary() -> list[str]:
    """A WordPiece vocabulary: common words as single tokens, other words split into letters."""
    characters = string.ascii_lowercase + string.digits
    return [
        *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
        *string.punctuation,
        *characters,
        *(f"##{character}" for character in characters),
        *(word for word in WORDS.split() if len(word) > 1),
    ]


def make_tiny_bert(
    folder: Path,
    *,
    num_labels: int = 2,
    seed: int = 0,
    label_names: Sequence[str] = ("neg", "pos"),
    weight_std: float = 0.5,
) -> Path:
    """Write a random BERT classifier (2 layers, 16 wide, under 100 KB) with its tokenizer.

    Args:
        folder: the output folder; created if it does not exist.
        num_labels: number of classes.
        seed: random seed of the weights.
        label_names: the names of the classes; ignored unless there are ``num_labels`` of them.
        weight_std: standard deviation of the weights. The default is large, so that single words
            flip the prediction; use 0.1 for training.

    Returns:
        ``folder``.
    """
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    words = vocabulary()
    named = len(label_names) == num_labels
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        initializer_range=weight_std,
        id2label=dict(enumerate(label_names)) if named else None,
        label2id={name: i for i, name in enumerate(label_names)} if named else None,
        **({} if named else {"num_labels": num_labels}),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        BertForSequenceClassification(config).save_pretrained(folder, safe_serialization=True)
    vocab_file = folder / "vocab.txt"
    vocab_file.write_text("\n".join(words) + "\n", encoding="utf-8")
    BertTokenizerFast(vocab_file=str(vocab_file), model_max_length=128).save_pretrained(folder)
    return folder


def make_tiny_masked_lm(folder: Path, *, max_positions: int = 512) -> tuple[Any, Any]:
    """A random masked language model in memory, as wide as the tiny BERT, and its tokenizer.

    Args:
        folder: an empty folder, for the tokenizer.
        max_positions: the maximum number of tokens of the model.
    """
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

    make_tiny_bert(folder)
    config = BertConfig.from_pretrained(folder, max_position_embeddings=max_positions)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = BertForMaskedLM(config).eval()
    return network, AutoTokenizer.from_pretrained(folder)


def toy_reviews(n: int, seed: int = 0) -> tuple[list[str], list[int]]:
    """``n`` short synthetic reviews with labels (0 neg, 1 pos) that a few words determine."""
    import random

    generator = random.Random(seed)
    texts, labels = [], []
    for i in range(n):
        label = i % 2
        words = (POSITIVE if label else NEGATIVE).split()
        noun = generator.choice(["film", "movie", "story", "plot", "scene", "music"])
        first, second = generator.sample(words, 2)
        texts.append(
            f"the {noun} was {generator.choice(['very', 'so', 'quite'])} {first} and {second}"
        )
        labels.append(label)
    return texts, labels


def break_weights(folder: Path) -> None:
    """Set the first weight of a saved model to NaN."""
    import torch
    from safetensors.torch import load_file, save_file

    path = Path(folder) / "model.safetensors"
    weights = load_file(path)
    name = sorted(weights)[0]
    weights[name] = weights[name].clone()
    weights[name].view(-1)[0] = torch.nan
    save_file(weights, path, metadata={"format": "pt"})


def set_label_names(folder: Path, names: Sequence[str]) -> None:
    """Rewrite the label map of a saved model."""
    path = Path(folder) / "config.json"
    config = json.loads(path.read_text())
    config["id2label"] = {str(i): name for i, name in enumerate(names)}
    config["label2id"] = {name: i for i, name in enumerate(names)}
    path.write_text(json.dumps(config))
