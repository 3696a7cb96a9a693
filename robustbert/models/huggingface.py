"""Hugging Face sequence classifiers: fast, batch-invariant inference."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from robustbert.io import atomic_folder
from robustbert.models.classifier import Classifier, ModelInfo, TokenGradient
from robustbert.models.devices import choose_device, choose_dtype, describe_device
from robustbert.models.embedded_network import EmbeddedNetwork
from robustbert.models.folders import describe_source
from robustbert.models.huggingface_files import (
    LoadedFiles,
    hub_folder,
    max_input_length,
    read_folder,
)
from robustbert.models.inference.batching import TOKEN_BUDGET, unique_sequences
from robustbert.models.inference.gradient_batches import GradientBatches
from robustbert.models.inference.invariance import (
    DtypeProblem,
    InvarianceResult,
    choose_usable_dtype,
    find_dtype_problem,
    invariance_result,
    sample_texts,
)
from robustbert.models.inference.packed import PackedNetwork, can_pack
from robustbert.models.inference.packs import PACK_TOKENS
from robustbert.models.inference.padded import PaddedNetwork
from robustbert.models.label_names import (
    label_order,
    output_names,
    renamed_sha256,
    warn_of_positions,
)
from robustbert.models.softmax import probabilities_of_logits
from robustbert.models.token_network import TokenNetwork, network_of_transformers
from robustbert.models.tokenization import TransformersTokenization

#: In bfloat16, texts whose two highest probabilities differ by less than this are recomputed in
#: float32, so that predicted labels are those of float32. Measured on a fine-tuned MiniLM and 1,707
#: reviews: bfloat16 changes the difference by at most 0.031 (median 0.0002), and 1.1% of the texts
#: are recomputed.
CLOSE_MARGIN = 0.05


class HuggingFaceClassifier(Classifier):
    """A sequence classifier of transformers, with its tokenizer.

    Args:
        files: the network in float32, its tokenizer and hash.
        name: a short name for records.
        source: its origin, for records.
        dtype: the inference dtype: auto, float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.
        token_budget: tokens per batch, at least 1; None selects a default for the device. Does not
            affect results.
        labels: the names of the model's outputs, in order; None for those of its configuration.
        label_names: the requested labels, in order; None keeps the model's.

    Raises:
        ModelError: the model's labels are not ``label_names``, or it has another number of outputs
            than ``labels``.
        InputError: there is no such device.
    """

    def __init__(
        self,
        files: LoadedFiles,
        *,
        name: str,
        source: str,
        dtype: str = "auto",
        device: str = "auto",
        token_budget: int | None = None,
        labels: Sequence[str] | None = None,
        label_names: Sequence[str] | None = None,
    ) -> None:
        self._device = choose_device(device)
        self._temperature = 1.0
        self._tokenizer = files.tokenizer
        self._exact_model = files.model.to(self._device)
        config = files.model.config
        found = [str(config.id2label.get(i, i)) for i in range(config.num_labels)]
        own = output_names(name, found, labels)
        self.label_names = tuple(own if label_names is None else label_names)
        placeholders = labels is None and found == [f"LABEL_{i}" for i in range(len(found))]
        self._order = label_order(name, own, self.label_names, named=not placeholders)
        if placeholders and label_names is not None:
            warn_of_positions(name, own, self.label_names)
        self._max_length = max_input_length(files.model, files.tokenizer)
        self._tokenization = TransformersTokenization(files.tokenizer, self._max_length)
        self._samples = [tuple(ids) for ids in self._tokenization.encode(sample_texts())]
        self._packs = self._device.type == "cpu" and can_pack(files.model)
        self.token_budget: int = token_budget or (PACK_TOKENS if self._packs else TOKEN_BUDGET)
        self._networks: dict[str, PackedNetwork | PaddedNetwork] = {}
        query_dtype, self._verified = choose_usable_dtype(
            name, choose_dtype(dtype, self._device), self._find_dtype_problem
        )
        self._networks = {used: self._networks[used] for used in {"float32", query_dtype}}
        self._exact_network, self._query = self._network("float32"), self._network(query_dtype)
        self._gradients = GradientBatches(self._exact_model, self._samples)
        self.info = ModelInfo(
            name=name,
            source=source,
            sha256=renamed_sha256(files.sha256, found, own),
            dtype=query_dtype,
            max_length=self._max_length,
            num_parameters=sum(weight.numel() for weight in files.model.parameters()),
        )

    def _network(self, dtype: str) -> PackedNetwork | PaddedNetwork:
        if dtype not in self._networks:
            self._networks[dtype] = self._make_network(dtype)
        return self._networks[dtype]

    def _make_network(self, dtype: str) -> PackedNetwork | PaddedNetwork:
        if self._packs:
            return PackedNetwork(self._exact_model, dtype, self.token_budget)
        model = self._exact_model
        if dtype == "bfloat16":
            model = copy.deepcopy(model).bfloat16()
        return PaddedNetwork.of_transformers(
            model, self._tokenizer, max_length=self._max_length, token_budget=self.token_budget
        )

    @property
    def _batching(self) -> str:
        way = f"{'packed' if self._packs else 'padded'} by {self.token_budget} tokens"
        return f"{way} {describe_device(self._device)}"

    def _find_dtype_problem(self, dtype: str) -> DtypeProblem | None:
        return find_dtype_problem(
            lambda: self._network(dtype).logits,
            self._samples,
            self._exact_model,
            dtype,
            self._batching,
        )

    @property
    def batch_invariance(self) -> InvarianceResult:
        """The combined batch-invariance result of its networks, with the verified row counts."""
        networks = self._networks.values()
        return invariance_result(
            self._verified, [c for network in networks for c in network.row_counts]
        )

    @property
    def has_logits(self) -> bool:
        """Always true."""
        return True

    @property
    def has_gradients(self) -> bool:
        """Always true."""
        return True

    def save(self, folder: Path) -> None:
        """Write weights (float32 safetensors), configuration and tokenizer."""
        with atomic_folder(folder) as partial:
            self._exact_model.save_pretrained(partial, safe_serialization=True)
            self._tokenizer.save_pretrained(partial)

    def token_gradient(self, text: str) -> TokenGradient:
        """See :meth:`Classifier.token_gradient`; no gradients accumulate in the weights."""
        (gradient,) = self.token_gradients([text])
        return gradient

    def token_gradients(self, texts: Sequence[str]) -> list[TokenGradient]:
        """See :meth:`Classifier.token_gradients`; texts of equal length share a forward pass."""
        sequences = self._tokenization.encode(texts) if texts else []
        gradients = self._gradients.compute(sequences, self._temperature)
        return [
            TokenGradient(np.array(ids), self._tokenization.tokens(ids), gradient)
            for ids, gradient in zip(sequences, gradients, strict=True)
        ]

    def with_temperature(self, temperature: float) -> Classifier:
        """See :meth:`Classifier.with_temperature`; it shares its networks with the result."""
        if temperature == 1:
            return self
        changed = copy.copy(self)
        changed._temperature = self._temperature * temperature
        return changed

    def embedded_network(self) -> EmbeddedNetwork:
        """See :meth:`Classifier.embedded_network`."""
        network = EmbeddedNetwork(
            model=self._exact_model,
            tokenizer=self._tokenizer,
            tokenization=self._tokenization,
            query=self._query,
            exact=self._exact_network,
            dtype=self.info.dtype,
            batching=self._batching,
            order=self._order,
            temperature=self._temperature,
        )
        return network.checked(self.info.name)

    def token_network(self) -> TokenNetwork:
        """See :meth:`Classifier.token_network`; float32 and eager attention."""
        network = network_of_transformers(self._exact_model, self._tokenization, self.info.name)
        return network.divided_by(self._temperature).reordered(self._order)

    def _probabilities(self, texts: Sequence[str], *, unbatched: bool = False) -> np.ndarray:
        return probabilities_of_logits(self._own_logits(texts, unbatched=unbatched))[:, self._order]

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        return self._own_logits(texts)[:, self._order]

    def _own_logits(self, texts: Sequence[str], *, unbatched: bool = False) -> np.ndarray:
        """Logits in the inference dtype, float32 (n, k), in the model's own order of labels."""
        unique = unique_sequences(self._tokenization.encode(texts))
        logits = self._query.logits(unique.items, unbatched=unbatched) / self._temperature
        if self._query is not self._exact_network:
            best = np.partition(probabilities_of_logits(logits), -2, axis=1)
            close = np.flatnonzero(best[:, -1] - best[:, -2] < CLOSE_MARGIN)
            if close.size:
                sequences = [unique.items[i] for i in close]
                exact = self._exact_network.logits(sequences, unbatched=unbatched)
                logits[close] = exact / self._temperature
        return np.asarray(logits[unique.inverse])

    def _unbatched(self, texts: Sequence[str]) -> np.ndarray:
        return self._probabilities(texts, unbatched=True)

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        sequences = [tuple(ids) for ids in self._tokenization.encode(texts)]
        logits = self._exact_network.logits(sequences, unbatched=True) / self._temperature
        return probabilities_of_logits(logits)[:, self._order]

    def _truncated(self, texts: Sequence[str]) -> np.ndarray:
        return self._tokenization.truncated(texts)


def load_folder(
    folder: Path,
    *,
    dtype: str = "auto",
    device: str = "auto",
    token_budget: int | None = None,
    labels: Sequence[str] | None = None,
    label_names: Sequence[str] | None = None,
) -> HuggingFaceClassifier:
    """Load a fine-tuned model from a folder; see :func:`robustbert.models.load_model`."""
    return HuggingFaceClassifier(
        read_folder(folder),
        name=folder.resolve().name,
        source=describe_source(folder),
        dtype=dtype,
        device=device,
        token_budget=token_budget,
        labels=labels,
        label_names=label_names,
    )


def load_hub(
    name: str,
    *,
    dtype: str = "auto",
    device: str = "auto",
    token_budget: int | None = None,
    labels: Sequence[str] | None = None,
    label_names: Sequence[str] | None = None,
) -> HuggingFaceClassifier:
    """Load ``NAME`` or ``NAME@REVISION`` from the hub; see :func:`robustbert.models.load_model`."""
    folder = hub_folder(name)
    loaded = load_folder(
        folder,
        dtype=dtype,
        device=device,
        token_budget=token_budget,
        labels=labels,
        label_names=label_names,
    )
    # A snapshot folder is named after its commit.
    repository = name.partition("@")[0]
    loaded.info = replace(loaded.info, name=repository, source=f"hub:{repository}@{folder.name}")
    return loaded
