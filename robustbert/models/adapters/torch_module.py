"""A classifier around any PyTorch module."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from robustbert.errors import RobustbertWarning
from robustbert.models.adapters.adapter import Adapter, check_name
from robustbert.models.adapters.module_forward import ModuleForward
from robustbert.models.adapters.module_networks import (
    BatchedModule,
    choose_batches,
    one_text_per_batch,
)
from robustbert.models.adapters.module_state import (
    HALF_DTYPES,
    check_module,
    class_path,
    dtype_name,
    fingerprint,
    module_device,
    module_dtype,
    state_sha256,
    unwrapped,
)
from robustbert.models.adapters.module_tokenizer import (
    make_tokenization,
    padding_id,
    probe_sequences,
)
from robustbert.models.classifier import ModelInfo, TokenGradient
from robustbert.models.embedding_gradient import embedding_gradient, find_embedding
from robustbert.models.inference.batching import TOKEN_BUDGET, unique_sequences
from robustbert.models.inference.invariance import InvarianceResult, sample_texts
from robustbert.models.inference.padded import Layout
from robustbert.models.output_checks import HALF_SUM_TOLERANCE, SUM_TOLERANCE, check_rows
from robustbert.models.token_network import TokenNetwork
from robustbert.models.tokenization import TransformersTokenization
from robustbert.validation import check_at_least

#: How much padding may change an output, relative to the largest one: rounding changes less, and
#: attention to padding more.
PADDING_TOLERANCE = 1e-3
HALF_PADDING_TOLERANCE = 3e-2
#: The texts that a module is tried with.
_SAMPLES = (*sample_texts(), "It's 42% naïve: (a) café, not GREAT!")


class TorchClassifier(Adapter):
    """A classifier around any ``torch.nn.Module`` in memory.

    The module is called on its own device and in its own dtype, in evaluation mode and without
    gradients; afterwards each part is in training or evaluation mode as before. Inside a wrapper of
    ``torch.compile`` or ``torch.nn.DataParallel``, the original module is called.

    ``forward`` is called with token ids, int64 (n, t), and with ``attention_mask`` if it has a
    parameter of that name or ``**kwargs``: int64 (n, t), 1 for tokens and 0 for padding. It returns
    a tensor (n, k), or an object or dictionary with such a tensor as ``logits``. A module without
    attention mask gets texts of equal length only, which need no padding. If batches would change
    a text's result on this machine, each text is computed by itself.

    If you train the module further, ``info.sha256`` follows. It covers the parameters and buffers,
    the classes of the module and its parts, their attributes that are numbers, the label names, and
    what the tokenizer returns for a few texts, but not the code of ``forward``. Changes of
    attributes, and changes through ``parameter.data``, are not noticed until other weights change.

    Args:
        module: the module.
        tokenizer: a tokenizer of transformers, or a function that maps a list of strings to one
            list of token ids each. A text without tokens gets the padding token, or 0.
        label_names: the name of each output, in order.
        outputs: what the module returns: ``logits`` or ``probabilities``.
        name: a short name for tables and records; the class name by default.
        max_length: the maximum number of tokens per text; longer texts are truncated. None for the
            limit of a tokenizer or model of transformers, otherwise for no limit.
        token_budget: tokens per batch, at least 1; None selects a default for the device. Does not
            affect results.
        pad_token_id: the token to pad with; None for that of the tokenizer. Only modules with an
            attention mask need one.
        embedding: the layer that maps token ids to embeddings, for recipes that need gradients.
            None for ``module.get_input_embeddings()``, or the only ``torch.nn.Embedding``.

    Raises:
        InputError: an argument is invalid, or padding is needed and there is no padding token.
        ModelError: the module or the tokenizer fails for sample texts, or returns something else.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        tokenizer: Any,
        label_names: Sequence[str],
        *,
        outputs: str = "logits",
        name: str | None = None,
        max_length: int | None = None,
        token_budget: int | None = None,
        pad_token_id: int | None = None,
        embedding: torch.nn.Module | None = None,
    ) -> None:
        super().__init__(label_names, outputs)
        check_module(module, self.label_names)
        check_at_least(1, optional=True, max_length=max_length, token_budget=token_budget)
        check_at_least(0, optional=True, pad_token_id=pad_token_id)
        self._module = module = unwrapped(module)
        self._name = check_name(name, type(module).__name__)
        self._tokenization = make_tokenization(tokenizer, module, max_length, pad_token_id or 0)
        self._forward = ModuleForward(module, self._name, len(self.label_names))
        self.token_budget: int = token_budget or TOKEN_BUDGET
        self._layout = Layout(
            padding_id=padding_id(
                tokenizer, pad_token_id, self._name, needed=self._forward.takes_mask
            ),
            pad_left=getattr(tokenizer, "padding_side", "right") == "left",
            max_length=self._tokenization.max_length,
            token_budget=self.token_budget,
        )
        self._embedding = find_embedding(module, embedding)
        self._batched: dict[tuple[torch.device, torch.dtype, int], BatchedModule] = {}
        self._exact_copy: tuple[Any, Any] = (None, None)
        self._state: Any = None
        source = f"TorchClassifier of {class_path(module)}"
        self._info = ModelInfo(self._name, source, "", "", self._tokenization.max_length, None)
        self._check_sample()

    @property
    def info(self) -> ModelInfo:  # type: ignore[override]
        """The metadata; hash, dtype and number of parameters follow the module."""
        state = fingerprint(self._module)
        if state != self._state:
            self._info = replace(
                self._info,
                sha256=state_sha256(self._module, self._facts()),
                dtype=dtype_name(module_dtype(self._module)),
                num_parameters=sum(weight.numel() for weight in self._module.parameters()),
            )
            self._state = state
        return self._info

    @info.setter
    def info(self, info: ModelInfo) -> None:
        """Change name and source; the hash remains that of the module."""
        self._info = replace(self.info, name=info.name, source=info.source)

    def _facts(self) -> list[Any]:
        """What determines outcomes besides the module."""
        layout = self._layout
        return [
            *(self.label_names, self._kind, self._embedding),
            *(layout.padding_id, layout.pad_left, layout.max_length),
            self._tokenization.encode(_SAMPLES),
        ]

    @property
    def batch_invariance(self) -> InvarianceResult:
        """Verified unless two identical calls give different outputs."""
        return self._batches().batch_invariance

    @property
    def has_gradients(self) -> bool:
        """Whether the tokenizer is one of transformers and there is an embedding layer."""
        is_transformers = isinstance(self._tokenization, TransformersTokenization)
        return is_transformers and self._embedding is not None

    def token_gradient(self, text: str) -> TokenGradient:
        """See :meth:`Classifier.token_gradient`; no gradients accumulate in the weights."""
        if not self.has_gradients:
            return super().token_gradient(text)
        network = self.token_network()
        (ids,) = network.tokenization.encode([text])
        device = module_device(network.module)
        gradient = embedding_gradient(ids, network.embedding, network.forward, device)
        return TokenGradient(np.array(ids), network.tokenization.tokens(ids), gradient)

    def token_network(self) -> TokenNetwork:
        """See :meth:`Classifier.token_network`; logs of the outputs if those are probabilities."""
        tokenization = self._tokenization
        if not isinstance(tokenization, TransformersTokenization) or self._embedding is None:
            return super().token_network()
        module = self._exact_module()
        forward = ModuleForward(module, self._name, len(self.label_names))

        def scores(inputs: Any) -> Any:
            outputs = forward(inputs)
            if self._kind == "logits":
                return outputs
            return outputs.clamp_min(torch.finfo(outputs.dtype).tiny).log()

        embedding = module.get_submodule(self._embedding)
        return TokenNetwork(
            module, embedding, tokenization, scores, self._layout.padding_id, self._name
        )

    @property
    def _half(self) -> bool:
        return module_dtype(self._module) in HALF_DTYPES

    @property
    def _sum_tolerance(self) -> float:
        return HALF_SUM_TOLERANCE if self._half else SUM_TOLERANCE

    def _outputs_of(self, texts: Sequence[str], *, unbatched: bool = False) -> np.ndarray:
        unique = unique_sequences(self._tokenization.encode(texts))
        rows = self._batches().network.logits(unique.items, unbatched=unbatched)
        return np.asarray(rows[unique.inverse])

    def _exact_outputs_of(self, texts: Sequence[str]) -> np.ndarray:
        module = self._exact_module()
        forward = ModuleForward(module, self._name, len(self.label_names))
        network = one_text_per_batch(forward, module_device(module), self._layout)
        return network.logits(self._tokenization.encode(texts))

    def _truncated(self, texts: Sequence[str]) -> np.ndarray:
        return self._tokenization.truncated(texts)

    def _exact_module(self) -> Any:
        """The module, or a float32 copy if it is in half precision."""
        if not self._half:
            return self._module
        state, module = self._exact_copy
        current = fingerprint(self._module)
        if state != current:
            module = copy.deepcopy(self._module).float()
            self._exact_copy = current, module
        return module

    def _batches(self) -> BatchedModule:
        """The module with its batches, which are chosen at the first use on a device."""
        key = module_device(self._module), module_dtype(self._module), torch.get_num_threads()
        if key not in self._batched:
            self._batched[key] = chosen = choose_batches(
                self._forward,
                key[0],
                self._layout,
                probe_sequences(self._tokenization, self._embedding_layer()),
                self._same,
                padding=self._forward.takes_mask,
            )
            if not chosen.repeatable:
                warnings.warn(
                    f"{self._name}: two identical calls gave different outputs, so outcomes are "
                    "not reproducible and are marked in tables; remove what is random in its "
                    "forward, such as dropout that ignores evaluation mode",
                    RobustbertWarning,
                    stacklevel=2,
                )
        return self._batched[key]

    def _embedding_layer(self) -> Any:
        name = self._embedding
        return None if name is None else self._module.get_submodule(name)

    def _same(self, outputs: np.ndarray, others: np.ndarray) -> bool:
        """Whether two outputs are equal, except for rounding."""
        scale = max(1.0, float(np.abs(others).max()))
        tolerance = HALF_PADDING_TOLERANCE if self._half else PADDING_TOLERANCE
        return bool(np.abs(outputs - others).max() <= tolerance * scale)

    def _check_sample(self) -> None:
        """Check the outputs for sample texts, so that a wrong module is rejected early."""
        sequences = self._tokenization.encode(_SAMPLES)
        network = one_text_per_batch(self._forward, module_device(self._module), self._layout)
        rows = check_rows(network.logits(sequences), self._name, len(sequences), self.label_names)
        if self._kind == "logits":
            self._check_logits(rows)
        self._as_probabilities(rows)
