"""The masked language model: the packaged MiniLM with weights that were trained further.

``benchmarks/masked_lm.py`` trains them. robustbert ships only what was trained, in float16: the
head of masked language modelling, whose decoder shares the weights of the word embeddings, and the
layers that were not frozen. Of a matrix it can also ship what training added to it, as the two
factors of its best approximation of a low rank (Eckart and Young 1936). The other weights are those
of the base. ``masked-lm.json`` says how they were trained, and what the model predicts with the
shipped weights on texts that it was not trained on.
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

    Matrix = NDArray[np.floating]
    Weights = dict[str, Matrix]

#: What the names of the factors of a matrix end with.
LEFT, RIGHT = ".left", ".right"
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
        trained: what :func:`trained_weights` returns, in any dtype.

    Returns:
        All weights by their names in a ``BertForMaskedLM``, float32.
    """
    weights = {
        f"bert.{name}": values
        for name, values in base.items()
        if not name.startswith("pooler.") and name != "embeddings.position_ids"
    }
    for name, values in trained.items():
        kept = values.astype("float32")
        if name.endswith(LEFT):
            matrix = name.removesuffix(LEFT)
            weights[matrix] = weights[matrix] + kept @ trained[matrix + RIGHT].astype("float32")
        elif not name.endswith(RIGHT):
            weights[name] = kept
    return weights


def trained_weights(
    base: Weights, model: Weights, rank: int | None = None, embedding_rank: int | None = None
) -> Weights:
    """What a trained ``BertForMaskedLM`` has besides the weights of its base, in float16.

    The inverse of :func:`with_trained`, but for rounding and the limited rank. The heads that
    masked language modelling does not use are left out.

    Args:
        base: the weights of a ``BertModel``.
        model: the weights of a ``BertForMaskedLM`` that was trained from it.
        rank: of the change of a layer's matrix; None for the whole matrix.
        embedding_rank: of the change of a table of embeddings; None for the whole table.

    Returns:
        Every weight that the base lacks or has otherwise; of a matrix with a rank its change, as
        the factors ``NAME.left`` (rows, rank) and ``NAME.right`` (rank, columns).
    """
    frozen = with_trained(base, {})
    unused = ("bert.pooler.", "cls.seq_relationship.", "cls.predictions.decoder.")
    found: Weights = {}
    for name, values in model.items():
        if name.startswith(unused) or (name in frozen and (frozen[name] == values).all()):
            continue
        number = embedding_rank if "embeddings" in name else rank
        is_matrix = name in frozen and values.ndim == 2
        if is_matrix and number is not None and number < min(values.shape):
            found[name + LEFT], found[name + RIGHT] = factors(values - frozen[name], number)
        else:
            found[name] = values
    return {name: values.astype("float16") for name, values in found.items()}


def factors(matrix: Matrix, rank: int) -> tuple[Matrix, Matrix]:
    """The factors of the best approximation of a rank, equally large.

    Args:
        matrix: (m, n).
        rank: at most the smaller of m and n.

    Returns:
        Two matrices (m, rank) and (rank, n) whose product is the approximation.
    """
    import numpy as np

    left, scales, right = np.linalg.svd(matrix, full_matrices=False)
    roots = np.sqrt(scales[:rank])
    return left[:, :rank] * roots, roots[:, None] * right[:rank]


def _shipped(name: str) -> bytes:
    return resources.files("robustbert.assets").joinpath("data", name).read_bytes()
