"""The interface of all classifiers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from robustbert.errors import ModelError
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.models.input_checks import check_texts
from robustbert.models.output_checks import check_probabilities, check_rows
from robustbert.models.token_gradient import TokenGradient as TokenGradient

if TYPE_CHECKING:
    from robustbert.models.embedded_network import EmbeddedNetwork
    from robustbert.models.token_network import TokenNetwork


@dataclass(frozen=True)
class ModelInfo:
    """Metadata of a model, as stored in records.

    Args:
        name: a short name: the folder's name, or the repository's name on the Hugging Face Hub.
        source: its origin, without local paths.
        sha256: the SHA-256 of its configuration and weight files, names included, and of names that
            replace those of its outputs.
        dtype: the inference dtype: float32, bfloat16 or float64.
        max_length: the maximum number of tokens per text; longer texts are truncated. None for no
            limit.
        num_parameters: the number of trained parameters; None if that does not apply.
    """

    name: str
    source: str
    sha256: str
    dtype: str
    max_length: int | None
    num_parameters: int | None


class Classifier(ABC):
    """A text classifier with ``k`` labels.

    Subclasses set ``label_names`` and ``info``, and implement ``_probabilities`` and ``_exact``.
    They override ``_truncated``, ``_unbatched``, :attr:`identified` and :attr:`batch_invariance` if
    the defaults do not hold, and ``_logits`` and :attr:`has_logits` if they have logits. The public
    methods validate the inputs and outputs of every subclass.

    A model of your own needs no subclass: see :class:`robustbert.models.TorchClassifier`,
    :class:`robustbert.models.CallableClassifier` and :class:`robustbert.models.SklearnClassifier`.

    Attributes:
        label_names: the name of each label, in the order of the columns.
        info: the model's metadata.
    """

    label_names: tuple[str, ...]
    info: ModelInfo
    #: Tokens per batch; None if the model has no batches.
    token_budget: int | None = None

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Compute the probability of each label: float32 (n, k); rows sum to 1 within 1e-6.

        A text's row is a function of that text alone, bit for bit: it does not depend on the other
        texts of the call, their number or their order, if :attr:`batch_invariance` is verified.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: the model returns something else than probabilities.
        """
        return self._checked_probabilities(self._probabilities, texts)

    def predict_logits(self, texts: Sequence[str]) -> np.ndarray:
        """Compute the logits: float32 (n, k), in the order of :attr:`label_names`.

        These are the outputs of the forward pass of :meth:`predict_proba` before the softmax, with
        the same batch invariance. The softmax of a row gives the text's probabilities, within
        rounding.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: this model has no logits, or it returns something else than finite numbers.
        """
        if not self.has_logits:
            raise ModelError(
                f"model {self.info.name!r} has no logits; call predict_proba instead, "
                "or choose a transformer or a linear model"
            )
        return self._checked_rows(self._logits, texts)

    def predict_proba_exact(self, texts: Sequence[str]) -> np.ndarray:
        """Compute probabilities in full precision, with a batch size of 1: float32 (n, k).

        Full precision is float32, or float64 for classical models, whatever the inference dtype.
        Successful attacks are verified with this method, so that a verdict does not depend on the
        dtype and the batches of the search.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: the model returns something else than probabilities.
        """
        return self._checked_probabilities(self._exact, texts)

    def truncated(self, texts: Sequence[str]) -> np.ndarray:
        """Whether each text exceeds the maximum length and is truncated: bool (n,).

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
        """
        check_texts(texts)
        return self._truncated(texts) if len(texts) else np.zeros(0, dtype=bool)

    def predict_proba_unbatched(self, texts: Sequence[str]) -> np.ndarray:
        """Compute probabilities in the inference dtype, with a batch size of 1: float32 (n, k).

        This checks batch invariance: :meth:`predict_proba` must return bit-identical rows.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: the model returns something else than probabilities.
        """
        return self._checked_probabilities(self._unbatched, texts)

    @property
    def batch_invariance(self) -> InvarianceResult:
        """Whether :meth:`predict_proba` was verified to be batch invariant; False by default."""
        return InvarianceResult(verified=False)

    @property
    def identified(self) -> bool:
        """Whether ``info.sha256`` identifies the model; True by default.

        If it does not, results of the model must not be reused in later runs.
        """
        return True

    @property
    def has_logits(self) -> bool:
        """Whether :meth:`predict_logits` is supported."""
        return False

    @property
    def has_gradients(self) -> bool:
        """Whether :meth:`token_gradient` is supported."""
        return False

    def token_gradient(self, text: str) -> TokenGradient:
        """Compute the gradient of the loss with respect to the input embedding of each token.

        The loss is the cross-entropy for the predicted label, computed in float32 and in evaluation
        mode (no dropout).

        Raises:
            ModelError: this model has no gradients.
        """
        raise ModelError(
            f"model {self.info.name!r} has no gradients; use a recipe that needs none, or a "
            "network with a tokenizer of transformers"
        )

    def token_gradients(self, texts: Sequence[str]) -> list[TokenGradient]:
        """Compute :meth:`token_gradient` of each text, in order.

        A text's gradient is a function of that text alone, bit for bit. By default, the texts are
        computed one by one.

        Raises:
            ModelError: this model has no gradients.
        """
        return [self.token_gradient(text) for text in texts]

    def with_temperature(self, temperature: float) -> Classifier:
        """The same classifier with its logits divided by a temperature.

        Probabilities, logits and gradients change, predicted labels do not. At temperature 1 it is
        the classifier itself.

        Args:
            temperature: a number above 0.

        Raises:
            ModelError: the classifier is not a network of transformers.
        """
        if temperature == 1:
            return self
        raise ModelError(
            f"cannot change the temperature of model {self.info.name!r}; use a network of "
            "transformers, and change its temperature before it is wrapped"
        )

    def embedded_network(self) -> EmbeddedNetwork:
        """The classifier's network as a function of embeddings, for defenses that change them.

        Raises:
            ModelError: the classifier is not a network of transformers, or its predictions depend
                on more than embeddings.
        """
        raise ModelError(
            f"cannot change the embeddings of model {self.info.name!r}; use a network of "
            "transformers, and change its embeddings before it is wrapped"
        )

    def token_network(self) -> TokenNetwork:
        """The classifier's network as a differentiable function of token ids, for explanations.

        Raises:
            ModelError: the classifier is not a network with a tokenizer of transformers.
        """
        raise ModelError(
            f"model {self.info.name!r} has no gradients; use a method that needs no network, such "
            "as shap, or a network with a tokenizer of transformers"
        )

    def redrawn(self, seed: int, votes: int | None = None) -> Classifier:
        """The same classifier with other random numbers; itself if nothing about it is random.

        A classifier that averages over random changes of a text derives them from the text. Checks
        of such a classifier draw others, and attacks may average over more of them.

        Args:
            seed: at least 0; 0 gives the random numbers that the classifier has at first.
            votes: the number of random changes to average over; None for as many as before.
        """
        return self

    @property
    def num_votes(self) -> int | None:
        """The number of random changes of a text that it averages over; None if it does not."""
        return None

    @property
    def transforms_texts(self) -> bool:
        """Whether :meth:`seen_as` changes texts."""
        return False

    def seen_as(self, texts: Sequence[str]) -> list[str]:
        """What the model sees of each text; texts that it sees as the same are classified the same.

        By default the texts themselves. A classifier that transforms texts returns the transformed
        ones, so that an attack can leave out edits that are undone, without a query.
        """
        return list(texts)

    def __repr__(self) -> str:
        info = self.info
        labels = ", ".join(map(repr, self.label_names[:10]))
        more = ", …" if len(self.label_names) > 10 else ""
        return (
            f"{type(self).__name__}(name={info.name!r}, label_names=({labels}{more}), "
            f"dtype={info.dtype!r}, sha256={info.sha256[:12]!r}…)"
        )

    @abstractmethod
    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Compute probabilities (n, k) of ``n >= 1`` checked texts."""

    @abstractmethod
    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        """Compute probabilities (n, k) in full precision with a batch size of 1, ``n >= 1``."""

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        """Compute logits (n, k) of ``n >= 1`` checked texts, if :attr:`has_logits`."""
        raise NotImplementedError

    def _unbatched(self, texts: Sequence[str]) -> np.ndarray:
        """Compute probabilities (n, k) with a batch size of 1, ``n >= 1``."""
        return np.concatenate([self._probabilities([text]) for text in texts])

    def _truncated(self, texts: Sequence[str]) -> np.ndarray:
        return np.zeros(len(texts), dtype=bool)

    def _checked_probabilities(
        self, function: Callable[[Sequence[str]], Any], texts: Sequence[str]
    ) -> np.ndarray:
        """Check the texts, apply ``function`` and check the probabilities: float32 (n, k)."""
        rows = self._checked_rows(function, texts)
        return check_probabilities(rows, self.info.name) if len(rows) else rows

    def _checked_rows(
        self, function: Callable[[Sequence[str]], Any], texts: Sequence[str]
    ) -> np.ndarray:
        """Check the texts, apply ``function`` and check the rows: float32 (n, k)."""
        check_texts(texts)
        if len(texts) == 0:
            return np.zeros((0, len(self.label_names)), dtype=np.float32)
        rows = check_rows(function(texts), self.info.name, len(texts), self.label_names)
        return rows.astype(np.float32, copy=False)
