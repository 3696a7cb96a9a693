"""What a training starts from: a name of the table, a model folder, or the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.errors import ModelError, UnknownNameError
from robustbert.models.folders import describe_source, hash_files
from robustbert.models.huggingface_files import check_files, check_weights, one_line
from robustbert.models.model_registry import HUB_PREFIX, MODELS
from robustbert.models.pretrained import TfidfBase
from robustbert.models.quiet import quiet_transformers


@dataclass(frozen=True)
class Base:
    """Where a training starts.

    Args:
        name: what the user wrote, or the folder's name.
        source: where it comes from, without paths of this machine.
        folder: the weights; None for a classical model, which starts from nothing.
        kind: of a classical model; None for a network.
        sha256: of the weights and the configuration; None for a classical model.
    """

    name: str
    source: str
    folder: Path | None = None
    kind: str | None = None
    sha256: str | None = None


def find_base(spec: str) -> Base:
    """Find what a training starts from.

    Args:
        spec: a name of the table of models, a folder, ``hub:NAME`` or ``hub:NAME@REVISION``.

    Raises:
        UnknownNameError: neither a name of the table nor a folder.
        ModelError: the folder holds no network that can be fine-tuned.
        MissingAssetError: the package of the weights is not installed.
    """
    if spec.startswith(HUB_PREFIX):
        from robustbert.models.huggingface import hub_folder

        folder = hub_folder(spec.removeprefix(HUB_PREFIX))
        repository = spec.partition("@")[0]
        return _network(repository, f"{repository}@{folder.name}", folder)
    if spec in MODELS:
        entry = MODELS.load(spec)
        if isinstance(entry, TfidfBase):
            return Base(spec, entry.source, kind=entry.kind)
        return _network(spec, entry.source, entry.folder())
    folder = Path(spec).expanduser()
    if not folder.is_dir():
        raise UnknownNameError("model", spec, MODELS)
    return _network(folder.resolve().name, describe_source(folder), folder)


def load_network(folder: Path, label_names: Sequence[str]) -> Any:
    """Load a network for fine-tuning on ``label_names``.

    A classification head is kept where its labels are exactly these; otherwise a new one is drawn
    from torch's generator.

    Raises:
        ModelError: it cannot be loaded, or has no version for sequence classification.
    """
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

    safe = {"trust_remote_code": False, "local_files_only": True}
    weights = {**safe, "use_safetensors": True, "torch_dtype": torch.float32}
    try:
        with quiet_transformers():
            config = AutoConfig.from_pretrained(folder, **safe)
            own = [config.id2label.get(i) for i in range(config.num_labels)]
            config.id2label = dict(enumerate(label_names))
            config.label2id = {name: i for i, name in enumerate(label_names)}
            if own == list(label_names):
                model = AutoModelForSequenceClassification.from_pretrained(
                    folder, config=config, **weights
                )
            else:
                model = AutoModelForSequenceClassification.from_config(config)
                encoder = AutoModel.from_pretrained(folder, config=config, **weights)
                # Not strict: some encoders have a pooler that their classifiers do without.
                model.base_model.load_state_dict(encoder.state_dict(), strict=False)
    except Exception as error:  # safetensors and transformers share no root but this
        raise ModelError(f"cannot fine-tune {folder}: {one_line(error)}") from error
    check_weights(folder, model)
    return model


def _network(name: str, source: str, folder: Path) -> Base:
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} holds no config.json; give a Hugging Face model folder")
    check_files(folder)
    digest = hash_files([folder / "config.json", *folder.glob("*.safetensors")])
    return Base(name, source, folder=folder, sha256=digest)
