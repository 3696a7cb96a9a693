"""The interface of all classifiers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robustbert.errors import ModelError
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.models.input_checks import check_texts


@dataclass(frozen=True)
class ModelInfo:
    """Metadata of a model, as records hold it.

    Args:
        name: a short name: that of the folder or on the hub.
        source: its origin, without local paths.
        sha256: the hash of the names and contents of its configuration and weight files.
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


@dataclass(frozen=True, eq=False)
class TokenGradient:
    """The gradient of the predicted label's loss, one row per token.

    Args:
        token_ids: int64 (t,), special tokens included.
        tokens: the t tokens as strings.
        gradient: float32 (t, d), with respect to the output of the input embeddings.
    """

    token_ids: np.ndarray
    tokens: tuple[str, ...]
    gradient: np.ndarray


class Classifier(ABC):
    """A text classifier with ``k`` labels.

    Subclasses implement ``_probabilities``, ``_exact`` and ``save``, and ``_truncated``, ``_alone``
    and :attr:`batch_invariance` where the defaults do not hold; those with logits implement
    ``_logits`` and :attr:`has_logits`. The methods of this class check the texts before and the
    numbers after, for all classifiers alike.
    """

    label_names: tuple[str, ...]
    info: ModelInfo
    #: Tokens per batch; None if the model does not work in batches.
    token_budget: int | None = None

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Compute the probability of each label: float32 (n, k); rows sum to 1 within 1e-6.

        A text's row is a function of that text alone, bit for bit: it does not depend on the other
        texts of the call, their number or their order, if :attr:`batch_invariance` is verified.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: the model returns NaN or infinity.
        """
        return self._checked_rows(self._probabilities, texts)

    def predict_logits(self, texts: Sequence[str]) -> np.ndarray:
        """Compute the logits: float32 (n, k), in the order of :attr:`label_names`.

        The same forward pass as :meth:`predict_proba`, before the softmax, and as independent of
        the batch: the softmax of a row gives the text's probabilities, within rounding.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: this model has no logits, or it returns NaN or infinity.
        """
        if not self.has_logits:
            raise ModelError(
                f"model {self.info.name!r} has no logits; use its probabilities "
                "(predict_proba), or a network or a linear model"
            )
        return self._checked_rows(self._logits, texts)

    def predict_proba_exact(self, texts: Sequence[str]) -> np.ndarray:
        """Compute probabilities in at least float32, one text per batch: float32 (n, k).

        Successful attacks are verified with these: they do not depend on the dtype and the batches
        of the search.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: the model returns NaN or infinity.
        """
        return self._checked_rows(self._exact, texts)

    def truncated(self, texts: Sequence[str]) -> np.ndarray:
        """Which texts exceed the maximum length and are truncated: bool (n,).

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
        """
        check_texts(texts)
        return self._truncated(texts) if len(texts) else np.zeros(0, dtype=bool)

    def predict_proba_alone(self, texts: Sequence[str]) -> np.ndarray:
        """Like :meth:`predict_proba`, with one text per batch: float32 (n, k).

        For checks: :meth:`predict_proba` must return the same rows, bit for bit.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
            ModelError: the model returns NaN or infinity.
        """
        return self._checked_rows(self._alone, texts)

    @property
    def batch_invariance(self) -> InvarianceResult:
        """Whether rows of :meth:`predict_proba` depend on the batch; not verified by default."""
        return InvarianceResult(verified=False)

    @property
    def has_logits(self) -> bool:
        """Whether :meth:`predict_logits` is supported."""
        return False

    @property
    def has_gradients(self) -> bool:
        """Whether :meth:`token_gradient` is supported."""
        return False

    def token_gradient(self, text: str) -> TokenGradient:
        """Compute the gradient of the predicted label's cross-entropy at the input embeddings.

        Computed in float32 and evaluation mode (no dropout).

        Raises:
            ModelError: this model has no gradients.
        """
        raise ModelError(
            f"model {self.info.name!r} has no gradients; use a Hugging Face model, "
            "or a recipe that needs only probabilities"
        )

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model into ``folder``, atomically.

        Raises:
            OutputError: the folder cannot be written, or holds something already.
        """

    @abstractmethod
    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Compute probabilities (n, k) of ``n >= 1`` checked texts."""

    @abstractmethod
    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        """Compute probabilities (n, k) in full precision, one text per batch, ``n >= 1``."""

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        """Compute logits (n, k) of ``n >= 1`` checked texts, if :attr:`has_logits`."""
        raise NotImplementedError

    def _alone(self, texts: Sequence[str]) -> np.ndarray:
        """Compute probabilities (n, k), one text per batch, ``n >= 1``."""
        return np.concatenate([self._probabilities([text]) for text in texts])

    def _truncated(self, texts: Sequence[str]) -> np.ndarray:
        return np.zeros(len(texts), dtype=bool)

    def _checked_rows(
        self, function: Callable[[Sequence[str]], np.ndarray], texts: Sequence[str]
    ) -> np.ndarray:
        """Apply ``function`` to checked texts and check its rows: float32 (n, k)."""
        check_texts(texts)
        if len(texts) == 0:
            return np.zeros((0, len(self.label_names)), dtype=np.float32)
        rows = function(texts)
        if not np.isfinite(rows).all():
            raise ModelError(
                f"model {self.info.name!r} returned NaN or infinity; "
                "its weights are broken: train or download it again"
            )
        return rows.astype(np.float32, copy=False)
