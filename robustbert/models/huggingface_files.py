"""Read a Hugging Face sequence classifier from a folder, and refuse what cannot be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.errors import ModelError
from robustbert.models.folders import hash_files
from robustbert.models.quiet import quiet_transformers

#: Files of which a tokenizer has at least one.
TOKENIZER_FILES = (
    *("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model"),
    *("sentencepiece.bpe.model", "sentencepiece.model", "spm.model", "bpe.codes"),
)
#: Weights as pickles, which can run code when they are read.
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
#: Models whose positions start after the padding index, as RoBERTa's do.
OFFSET_POSITIONS = (
    *("roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "camembert", "xmod"),
    *("longformer", "mpnet", "ibert", "data2vec-text"),
)
#: transformers writes 1e30 where a tokenizer has no limit.
NO_LIMIT = 10**6


@dataclass(frozen=True, eq=False)
class LoadedFiles:
    """A network in float32 and evaluation mode, its tokenizer, and the hash of its files."""

    model: Any
    tokenizer: Any
    sha256: str


def read_folder(folder: Path) -> LoadedFiles:
    """Load a sequence classifier: safetensors only, no remote code, nothing initialised anew.

    Raises:
        ModelError: a part is missing, unsafe, broken, or no sequence classifier.
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
    """Check that weights are safetensors and a tokenizer is there.

    Raises:
        ModelError: says which is missing.
    """
    if not any(folder.glob("*.safetensors")):
        pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
        if pickles:
            raise ModelError(
                f"{folder} holds its weights as a pickle ({pickles[0]}), which can run code; "
                "convert it where you trust it: save_pretrained(…, safe_serialization=True)"
            )
        raise ModelError(f"{folder} holds no *.safetensors weights; give a complete model folder")
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise ModelError(
            f"{folder} holds no tokenizer; save the one it was trained with into it "
            "(tokenizer.save_pretrained)"
        )


def read_tokenizer(folder: Path) -> Any:
    """Load the tokenizer of a folder; one without a padding token pads with its end token.

    Raises:
        ModelError: it cannot be read.
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


def longest_input(model: Any, tokenizer: Any) -> int | None:
    """How many tokens the model reads, special tokens included; None where nothing limits it."""
    limits = []
    if tokenizer.model_max_length and tokenizer.model_max_length < NO_LIMIT:
        limits.append(int(tokenizer.model_max_length))
    positions = getattr(model.config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        offset = 0
        if model.config.model_type in OFFSET_POSITIONS:
            offset = (model.config.pad_token_id or 0) + 1
        limits.append(positions - offset)
    return min(limits) if limits else None


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
    except Exception as error:  # safetensors and transformers share no root but this
        raise ModelError(f"cannot load the model of {folder}: {one_line(error)}") from error
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        raise ModelError(
            f"{folder} is no trained sequence classifier (no weights for {missing}); "
            f"train it first: robustbert train --model {folder}"
        )
    if model.config.num_labels < 2:
        raise ModelError(f"{folder} has a single output (a regression); give a classifier")
    return model.eval().requires_grad_(False)


def check_weights(folder: Path, model: Any) -> None:
    """Check that every weight is a finite number.

    Raises:
        ModelError: names the first that is not.
    """
    for name, weight in model.named_parameters():
        if not weight.isfinite().all():
            raise ModelError(
                f"{folder}: the weights {name} hold NaN or infinity; train or download it again"
            )


def one_line(error: Exception) -> str:
    """The first line of an error's message, or its type where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
