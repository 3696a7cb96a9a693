"""Load a Hugging Face sequence classifier from a folder that may be untrusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.errors import ModelError
from robustbert.models.folders import hash_files
from robustbert.models.quiet import quiet_transformers

#: A tokenizer has at least one of these files.
TOKENIZER_FILES = (
    *("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model"),
    *("sentencepiece.bpe.model", "sentencepiece.model", "spm.model", "bpe.codes"),
)
#: Weights in pickle files, which can run code when they are loaded.
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
#: Model types whose position ids start after the padding index, as in RoBERTa.
OFFSET_POSITIONS = (
    *("roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "camembert", "xmod"),
    *("longformer", "mpnet", "ibert", "data2vec-text"),
)
#: Values of model_max_length from this one on mean that there is no limit: transformers uses 1e30.
NO_LIMIT = 10**6


@dataclass(frozen=True, eq=False)
class LoadedFiles:
    """A model in float32 and evaluation mode, its tokenizer, and the hash of its files."""

    model: Any
    tokenizer: Any
    sha256: str


def read_folder(folder: Path) -> LoadedFiles:
    """Load a sequence classifier: safetensors only, no remote code, no newly initialized weights.

    Raises:
        ModelError: a file is missing, unsafe or broken, or the model is not a sequence classifier.
    """
    check_files(folder)
    tokenizer = read_tokenizer(folder)
    model = _read_network(folder)
    check_weights(folder, model)
    if model.config.pad_token_id is None and tokenizer.pad_token_id is not None:
        model.config.pad_token_id = tokenizer.pad_token_id
    files = [folder / "config.json", *folder.glob("*.safetensors")]
    return LoadedFiles(model, tokenizer, hash_files(files))


def check_files(folder: Path) -> None:
    """Check that a folder contains safetensors weights and a tokenizer.

    Raises:
        ModelError: the weights or the tokenizer are missing.
    """
    if not any(folder.glob("*.safetensors")):
        pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
        if pickles:
            raise ModelError(
                f"{folder} stores its weights in a pickle file ({pickles[0]}), which can execute "
                "arbitrary code; if you trust it, convert it: save_pretrained(…, "
                "safe_serialization=True)"
            )
        raise ModelError(f"{folder} has no *.safetensors weights; pass a complete model folder")
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise ModelError(
            f"{folder} has no tokenizer; save the tokenizer that was used in training to this "
            "folder (tokenizer.save_pretrained)"
        )


def read_tokenizer(folder: Path) -> Any:
    """Load the tokenizer of a folder.

    If it has no padding token, its EOS token is used for padding, or else its unknown token.

    Raises:
        ModelError: the tokenizer cannot be read.
    """
    from transformers import AutoTokenizer

    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True
            )
    except Exception as error:  # the Rust tokenizers raise bare Exception
        raise ModelError(f"cannot read the tokenizer of {folder}: {one_line(error)}") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer


def max_input_length(model: Any, tokenizer: Any) -> int | None:
    """The maximum input length in tokens, including special tokens; None for no limit."""
    limits = [limit for limit in [tokenizer_limit(tokenizer)] if limit is not None]
    positions = getattr(model.config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        offset = 0
        if model.config.model_type in OFFSET_POSITIONS:
            offset = (model.config.pad_token_id or 0) + 1
        limits.append(positions - offset)
    return min(limits) if limits else None


def tokenizer_limit(tokenizer: Any) -> int | None:
    """The maximum length of a tokenizer's outputs, including special tokens; None for no limit."""
    limit = tokenizer.model_max_length
    return int(limit) if limit and limit < NO_LIMIT else None


def _read_network(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForSequenceClassification

    try:
        with quiet_transformers():
            model, report = AutoModelForSequenceClassification.from_pretrained(
                folder,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                torch_dtype=torch.float32,
                output_loading_info=True,
            )
    except Exception as error:  # errors of safetensors and transformers share no other base class
        raise ModelError(f"cannot load the model of {folder}: {one_line(error)}") from error
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        raise ModelError(
            f"{folder} is not a trained sequence classifier (missing weights: {missing}); "
            f"train it first: robustbert train --model {folder}"
        )
    if model.config.num_labels < 2:
        raise ModelError(f"{folder} has a single output (a regression model); pass a classifier")
    return model.eval().requires_grad_(False)


def check_weights(folder: Path, model: Any) -> None:
    """Check that all weights are finite.

    Raises:
        ModelError: a weight is NaN or infinite; the message names it.
    """
    for name, weight in model.named_parameters():
        if not weight.isfinite().all():
            raise ModelError(
                f"{folder}: the weights {name} contain NaN or infinity; train or download the "
                "model again"
            )


def one_line(error: Exception) -> str:
    """The first line of an error's message, or its type if the message is empty."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def hub_folder(name: str) -> Path:
    """Download a model's safetensors, configuration and tokenizer from the hub, or its cache.

    Raises:
        ModelError: there is no such model, or the hub cannot be reached.
    """
    from huggingface_hub import snapshot_download

    repository, _, revision = name.partition("@")
    try:
        with quiet_transformers():
            folder = snapshot_download(
                repository,
                revision=revision or None,
                allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model", "*.codes"],
                ignore_patterns=["*/*"],
            )
    except Exception as error:  # errors of the hub and the network have no common base class
        raise ModelError(
            f"cannot download hub:{name} ({one_line(error)}); check the name and the network "
            "connection, or pass a model folder"
        ) from error
    return Path(folder)
