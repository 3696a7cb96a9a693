"""``BertForPreTraining`` that scores the vocabulary at masked positions alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.utils import ModelOutput

from robustbert.errors import InputError, ModelError
from robustbert.models.huggingface_files import check_weights, max_input_length, one_line
from robustbert.models.pretrained import Base
from robustbert.models.quiet import quiet_transformers
from robustbert.training.pretraining.pretraining_config import PretrainingConfig
from robustbert.training.pretraining.token_masks import NOT_PREDICTED

#: Weights that a base may lack: the heads, and the pooler, which a masked language model lacks.
_NEW = ("cls.", "bert.pooler.")


@dataclass
class PretrainingOutput(ModelOutput):  # type: ignore[misc]
    """The losses and scores of a batch; None for an objective of which it has no labels.

    Args:
        loss: the sum of the losses of the objectives.
        mlm_loss: the mean cross-entropy over masked tokens; 0 if there are none.
        nsp_loss: the mean cross-entropy over pairs.
        mlm_logits: float32 (masked tokens, vocabulary), in the order of the batch's tokens.
        nsp_logits: float32 (rows, 2); class 1 is a random second span.
    """

    loss: torch.Tensor | None = None
    mlm_loss: torch.Tensor | None = None
    nsp_loss: torch.Tensor | None = None
    mlm_logits: torch.Tensor | None = None
    nsp_logits: torch.Tensor | None = None


class PretrainingBert(transformers.BertForPreTraining):  # type: ignore[misc]
    """``BertForPreTraining`` with either objective or both.

    The vocabulary is scored at masked positions alone, as in the paper's code: about 15% of the
    tokens, which saves a third of a small model's time and most of its memory.
    """

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor,
        labels: torch.Tensor | None = None,
        next_sentence_label: torch.Tensor | None = None,
    ) -> PretrainingOutput:
        """Compute losses and scores.

        Args:
            input_ids: (n, length).
            attention_mask: (n, length).
            token_type_ids: (n, length).
            labels: the ids of masked tokens, and `NOT_PREDICTED` elsewhere, (n, length).
            next_sentence_label: 1 if the second span is random, else 0, (n,).
        """
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids, return_dict=False)
        output = PretrainingOutput()
        if labels is not None:
            masked = labels != NOT_PREDICTED
            output["mlm_logits"] = self.cls.predictions(hidden[masked]).float()
            total = torch.nn.functional.cross_entropy(
                output["mlm_logits"], labels[masked], reduction="sum"
            )
            output["mlm_loss"] = total / masked.sum().clamp(min=1)
        if next_sentence_label is not None:
            output["nsp_logits"] = self.cls.seq_relationship(pooled).float()
            output["nsp_loss"] = torch.nn.functional.cross_entropy(
                output["nsp_logits"], next_sentence_label
            )
        losses = [output[name] for name in ("mlm_loss", "nsp_loss") if name in output]
        output["loss"] = torch.stack(losses).sum()
        return output


@dataclass(frozen=True, eq=False)
class LoadedBert:
    """A network to pre-train, and the weights that are new because its base lacks them."""

    network: PretrainingBert
    new_weights: tuple[str, ...]


def check_bert(base: Base) -> None:
    """Check that a base model is a BERT, without loading its weights.

    Raises:
        ModelError: it is another architecture, or a classical model.
    """
    kind = "a classical model"
    if base.folder is not None:
        try:
            with quiet_transformers():
                config = transformers.AutoConfig.from_pretrained(
                    base.folder, trust_remote_code=False, local_files_only=True
                )
        except Exception as error:  # errors of transformers have no common base class
            raise ModelError(f"cannot read {base.folder}: {one_line(error)}") from error
        if config.model_type == "bert":
            return
        kind = f"of the type {config.model_type}"
    raise ModelError(f"cannot pre-train {base.name}, which is {kind}; use a BERT, such as minilm")


def load_bert(folder: Path) -> LoadedBert:
    """Load a BERT with its pre-training heads; heads that it lacks are new.

    New heads are initialized from torch's global generator, and the decoder shares its weights with
    the embeddings.

    Raises:
        ModelError: the folder's weights cannot be loaded, or some of the encoder are missing.
    """
    try:
        with quiet_transformers():
            network, report = PretrainingBert.from_pretrained(
                folder,
                use_safetensors=True,
                local_files_only=True,
                torch_dtype=torch.float32,
                output_loading_info=True,
            )
    except Exception as error:  # errors of safetensors and transformers share no other base class
        raise ModelError(f"cannot pre-train {folder}: {one_line(error)}") from error
    missing = sorted(report["missing_keys"])
    lost = [name for name in missing if not name.startswith(_NEW)]
    if lost:
        raise ModelError(f"cannot pre-train {folder}: it lacks the weights {lost[0]}")
    check_weights(folder, network)
    _forget_labels(network.config)
    return LoadedBert(network, tuple(missing))


def freeze_layers(network: PretrainingBert, count: int) -> None:
    """Keep the embeddings and the lowest ``count`` layers as they are; 0 freezes nothing.

    Raises:
        InputError: the network has fewer layers.
    """
    layers = network.bert.encoder.layer
    if count > len(layers):
        raise InputError(
            f"pre-training: frozen_layers is {count}, but the base has {len(layers)} layers"
        )
    if count:
        for module in (network.bert.embeddings, *layers[:count]):
            module.requires_grad_(False)


def check_tokenizer(network: PretrainingBert, tokenizer: Any, config: PretrainingConfig) -> None:
    """Check that a base's tokenizer and network can do what the settings ask for.

    Raises:
        ModelError: it is no fast tokenizer, lacks a special token, or has more tokens than the
            network; or the network knows no second segment.
        InputError: the maximum length is above the base's.
    """
    bert = network.config
    special = (tokenizer.mask_token, tokenizer.cls_token, tokenizer.sep_token)
    reason = None
    if not tokenizer.is_fast or None in special:
        reason = "its tokenizer is not that of BERT"
    elif len(tokenizer) > bert.vocab_size:
        reason = f"its tokenizer has {len(tokenizer)} tokens, but the network {bert.vocab_size}"
    elif config.pairs_sentences and bert.type_vocab_size < 2:
        reason = "it does not tell a second segment apart, which nsp needs"
    if reason:
        raise ModelError(f"cannot pre-train this base: {reason}; use another, such as minilm")
    limit = max_input_length(network, tokenizer)
    if limit is not None and config.max_length > limit:
        raise InputError(
            f"pre-training: max_length is {config.max_length}, but the base takes at most {limit} "
            "tokens"
        )


def _forget_labels(config: Any) -> None:
    """Remove what the configuration of a fine-tuned classifier says about its classes."""
    config.id2label = {0: "LABEL_0", 1: "LABEL_1"}
    config.label2id = {"LABEL_0": 0, "LABEL_1": 1}
    config.problem_type = None
