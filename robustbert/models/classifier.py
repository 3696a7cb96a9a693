"""What every classifier can do, whatever it is made of."""

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
    """What a record says of a model.

    Args:
        name: a short name: the folder's, or the hub's.
        source: where it comes from, without paths of this machine.
        sha256: over the names and bytes of the files that hold the configuration and weights.
        dtype: the number format that answers queries: float32, bfloat16 or float64.
        max_length: how many tokens are read before a text is cut; None means all.
        num_parameters: how many numbers were learnt; None where that means nothing.
    """

    name: str
    source: str
    sha256: str
    dtype: str
    max_length: int | None
    num_parameters: int | None


@dataclass(frozen=True, eq=False)
class TokenGradient:
    """The gradient of the predicted label's loss, a row a token.

    Args:
        token_ids: int64 (t,), special tokens included.
        tokens: the t tokens as the tokenizer writes them.
        gradient: float32 (t, d), with respect to the output of the input embeddings.
    """

    token_ids: np.ndarray
    tokens: tuple[str, ...]
    gradient: np.ndarray


class Classifier(ABC):
    """A text classifier with ``k`` labels.

    Subclasses write ``_probabilities``, ``_exact`` and ``_truncated``, and say in
    :attr:`batch_invariance` whether rows depend on the batch; the checks before and after live
    here, so that no classifier can be asked nonsense or answer it.
    """

    label_names: tuple[str, ...]
    info: ModelInfo
    #: Tokens of a batch; None where there are no batches.
    token_budget: int | None = None

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """The probability of each label, float32 (n, k); rows sum to 1 within 1e-6.

        A text's row is a function of that text alone, to the last bit: it does not depend on the
        other texts of the call, their number or their order, if :attr:`batch_invariance` is
        verified.

        Raises:
            InputError: a text is empty, blank, or no valid string.
            ModelError: the model answers with something other than finite numbers.
        """
        return self._rows(self._probabilities, texts)

    def predict_proba_exact(self, texts: Sequence[str]) -> np.ndarray:
        """The probabilities of texts, each asked alone, in at least float32; float32 (n, k).

        This is what an attack's success is verified with, whatever number format answered the
        queries of its search, and in whatever batches.

        Raises:
            InputError: a text is empty, blank, or no valid string.
            ModelError: the model answers with something other than finite numbers.
        """
        return self._rows(self._exact, texts)

    def truncated(self, texts: Sequence[str]) -> np.ndarray:
        """Which texts are longer than the model reads; bool (n,).

        Raises:
            InputError: a text is empty, blank, or no valid string.
        """
        check_texts(texts)
        return self._truncated(texts) if len(texts) else np.zeros(0, dtype=bool)

    def predict_proba_alone(self, texts: Sequence[str]) -> np.ndarray:
        """As :meth:`predict_proba`, each text asked by itself: float32 (n, k).

        To check with: :meth:`predict_proba` gives the same, to the last bit.

        Raises:
            InputError: a text is empty, blank, or no valid string.
            ModelError: the model answers with something other than finite numbers.
        """
        return self._rows(self._alone, texts)

    @property
    def batch_invariance(self) -> InvarianceResult:
        """Whether rows of :meth:`predict_proba` depend on the batch; not verified by default."""
        return InvarianceResult(verified=False)

    @property
    def has_gradients(self) -> bool:
        """Whether :meth:`token_gradient` answers."""
        return False

    def token_gradient(self, text: str) -> TokenGradient:
        """The gradient of the cross-entropy of the predicted label at the input embeddings.

        Computed in float32 and evaluation mode (no dropout).

        Raises:
            ModelError: this model has no gradients.
        """
        raise ModelError(
            f"model {self.info.name!r} has no gradients; use a Hugging Face model, "
            "or a recipe that asks only for probabilities"
        )

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model into ``folder``: all of it or nothing.

        Raises:
            OutputError: the folder cannot be written, or holds something already.
        """

    @abstractmethod
    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Answer a query: (n, k) for ``n >= 1`` checked texts."""

    @abstractmethod
    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        """Answer in full precision, each text by itself: (n, k) for ``n >= 1``."""

    def _alone(self, texts: Sequence[str]) -> np.ndarray:
        """Answer a query, each text by itself: (n, k) for ``n >= 1``."""
        return np.concatenate([self._probabilities([text]) for text in texts])

    def _truncated(self, texts: Sequence[str]) -> np.ndarray:
        return np.zeros(len(texts), dtype=bool)

    def _rows(
        self, function: Callable[[Sequence[str]], np.ndarray], texts: Sequence[str]
    ) -> np.ndarray:
        """What ``function`` answers to texts, both checked: float32 (n, k)."""
        check_texts(texts)
        if len(texts) == 0:
            return np.zeros((0, len(self.label_names)), dtype=np.float32)
        probabilities = function(texts)
        if not np.isfinite(probabilities).all():
            raise ModelError(
                f"model {self.info.name!r} answered with NaN or infinity; "
                "its weights are broken: train or download it again"
            )
        return probabilities.astype(np.float32, copy=False)
