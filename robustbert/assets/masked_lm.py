"""The masked language model: the packaged MiniLM with weights that were trained further.

``benchmarks/masked_lm.py`` trains them. robustbert ships only what was trained: the head of masked
language modelling, whose decoder shares the weights of the word embeddings, and the highest layers,
in float16. The other weights are those of the base. ``masked-lm.json`` says how they were trained,
and what the model predicts on texts that it was not trained on.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from robustbert.assets.manifest import tree_sha256
from robustbert.errors import MissingAssetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Weights = dict[str, NDArray[np.floating]]

WEIGHTS, DESCRIPTION = "masked-lm.safetensors", "masked-lm.json"
#: The files of the tokenizer, which is that of the base.
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
_CONFIG, _MODEL = "config.json", "model.safetensors"


def build(folder: Path, needed: Mapping[str, Path]) -> None:
    """Write the model into ``folder``, as ``transformers.BertForMaskedLM`` loads it.

    Raises:
        MissingAssetError: the trained weights or the base are not those that belong together.
    """
    from safetensors.numpy import load, load_file, save_file

    base = needed["bert-weights"]
    content = _shipped(WEIGHTS)
    described = json.loads(_shipped(DESCRIPTION))
    if hashlib.sha256(content).hexdigest() != described["sha256"]:
        raise MissingAssetError(f"robustbert's file {WEIGHTS} is damaged; install robustbert again")
    if tree_sha256(base / _MODEL) != described["base_sha256"]:
        raise MissingAssetError(
            "the masked language model was trained from other weights than those of the installed "
            f"{described['base']}; install that version"
        )
    weights = with_trained(load_file(base / _MODEL), load(content))
    save_file(weights, folder / _MODEL, metadata={"format": "pt"})
    config = json.loads((base / _CONFIG).read_text(encoding="utf-8"))
    config |= {"architectures": ["BertForMaskedLM"], "_name_or_path": described["base"]}
    (folder / _CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for name in _TOKENIZER:
        shutil.copyfile(base / name, folder / name)


def with_trained(base: Weights, trained: Weights) -> Weights:
    """The weights of a masked language model.

    Args:
        base: the weights of a ``BertModel``. Its pooler is left out, which the model does not use.
        trained: trained weights of a ``BertForMaskedLM`` in any dtype, by their names in it.

    Returns:
        All weights by their names in a ``BertForMaskedLM``, float32.
    """
    kept = {
        f"bert.{name}": values
        for name, values in base.items()
        if not name.startswith("pooler.") and name != "embeddings.position_ids"
    }
    return kept | {name: values.astype("float32") for name, values in trained.items()}


def trained_weights(base: Weights, model: Weights) -> Weights:
    """The weights of a ``BertForMaskedLM`` that its base lacks or has otherwise, in float16.

    The inverse of :func:`with_trained`, but for rounding. The heads that masked language modelling
    does not use are left out.
    """
    frozen = with_trained(base, {})
    unused = ("bert.pooler.", "cls.seq_relationship.", "cls.predictions.decoder.")
    return {
        name: values.astype("float16")
        for name, values in model.items()
        if not name.startswith(unused) and not (name in frozen and (frozen[name] == values).all())
    }


def _shipped(name: str) -> bytes:
    return resources.files("robustbert.assets").joinpath("data", name).read_bytes()
