"""A classifier around any function of texts."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from robustbert.errors import BatchInvarianceWarning, InputError
from robustbert.models.adapters.adapter import Adapter, check_name
from robustbert.models.adapters.answer_arrays import is_half, to_array
from robustbert.models.adapters.answer_cache import AnswerCache
from robustbert.models.adapters.daemon_threads import map_in_daemon_threads
from robustbert.models.adapters.retrying import RetryPolicy
from robustbert.models.classifier import ModelInfo
from robustbert.models.inference.invariance import InvarianceResult, is_invariant, sample_texts
from robustbert.models.inference.invariance_cache import InvarianceCache
from robustbert.models.output_checks import (
    HALF_SUM_TOLERANCE,
    SUM_TOLERANCE,
    check_probabilities,
    check_rows,
    normalized,
)
from robustbert.validation import check_at_least


class CallableClassifier(Adapter):
    """A classifier around any function of texts, such as a request to an HTTP endpoint.

    Wrong answers (NaN, another shape, numbers that are not probabilities) raise an error at once.
    Exceptions of the function are retried, except those of programming errors such as TypeError.

    Args:
        function: maps a list of strings to numbers of shape (n, k): lists, a numpy array, a torch
            tensor or a data frame. It must be thread-safe if ``concurrency`` is above 1 or there is
            a ``timeout``, after which the next attempt starts while the last one goes on.
        label_names: the name of each column, in order.
        name: identifies the model in tables, records and the answer cache; choose another name
            whenever the function or the model behind it changes. Results of a function without a
            name are never reused in later runs.
        outputs: what the function returns: ``probabilities`` or ``logits``.
        batch_size: maximum number of texts per call, at least 1. If the function's answers depend
            on the other texts of a call, use 1.
        concurrency: number of calls at the same time, at least 1.
        retries: number of further attempts after a failed one, at least 0, with exponential backoff
            from about half a second.
        timeout: maximum number of seconds per attempt, above 0; None for no limit.
        cache: a file in which answers are kept, so that later runs do not ask for them again; it
            needs a ``name``. Several processes can share it. None for no file. Checks always ask
            again: each adversarial text, and a sample of at least 200 texts per attack.

    Raises:
        InputError: an argument is invalid, or ``cache`` is a file of another kind.
        OutputError: ``cache`` cannot be written.
    """

    def __init__(
        self,
        function: Callable[[list[str]], Any],
        label_names: Sequence[str],
        *,
        name: str | None = None,
        outputs: str = "probabilities",
        batch_size: int = 32,
        concurrency: int = 1,
        retries: int = 5,
        timeout: float | None = None,
        cache: str | Path | None = None,
    ) -> None:
        super().__init__(label_names, outputs)
        if not callable(function):
            raise InputError(
                f"function is a {type(function).__name__}, which cannot be called; pass a function "
                "that maps a list of strings to one row of numbers each"
            )
        check_at_least(1, batch_size=batch_size, concurrency=concurrency)
        check_at_least(0, retries=retries)
        is_number = isinstance(timeout, Real) and 0 < timeout <= threading.TIMEOUT_MAX
        if not (timeout is None or is_number):
            raise InputError(
                f"timeout is {timeout!r}; it must be above 0 seconds, or None for no limit"
            )
        if cache is not None and name is None:
            raise InputError(
                "cache needs a name, which identifies the model in it; pass name= and change it "
                "whenever the model changes"
            )
        self._function = function
        self._batch_size, self._concurrency = batch_size, concurrency
        self._policy = RetryPolicy(retries, timeout)
        self._identified = name is not None
        name = check_name(name, _function_name(function))
        meaning = [name, self.label_names, self._kind]
        unique = [] if self._identified else [secrets.token_hex(16)]
        digest = hashlib.sha256(json.dumps(["CallableClassifier", *meaning, *unique]).encode())
        self.info = ModelInfo(name, "CallableClassifier", digest.hexdigest(), "float32", None, None)
        self._cache: AnswerCache | None = None
        if cache is not None:
            self._cache = AnswerCache(cache, json.dumps(meaning), len(self.label_names))
        self._invariant: bool | None = True if batch_size == 1 else None

    @property
    def identified(self) -> bool:
        """Whether a name was given."""
        return self._identified

    @property
    def batch_invariance(self) -> InvarianceResult:
        """Verified if a text's answers agree in calls with one and with several texts.

        The first access asks for the answers to a few sample texts, unless ``batch_size`` is 1.
        """
        if self._invariant is None:
            samples = sample_texts()
            self._invariant = is_invariant(
                partial(self._answers, size=self._batch_size),
                samples,
                "function",
                InvarianceCache(None),
                (1, -(-self._batch_size // len(samples))),
            )
            if not self._invariant:
                self._warn(samples)
        return InvarianceResult(verified=self._invariant)

    def _warn(self, samples: Sequence[str]) -> None:
        """Warn that answers are not reproducible, and say why."""
        first, second = (self._answers(samples, size=1) for _ in range(2))
        if first.tobytes() == second.tobytes():
            reason = "the answer for a text depends on the other texts of its call"
            advice = "pass batch_size=1"
        else:
            reason = "the same text gets different answers"
            advice = "turn off sampling and dropout in the model behind the function"
        warnings.warn(
            f"{self.info.name}: {reason}, so outcomes may not be reproducible and are marked in "
            f"tables; {advice}",
            BatchInvarianceWarning,
            stacklevel=2,
        )

    def _outputs_of(self, texts: Sequence[str], *, unbatched: bool = False) -> np.ndarray:
        if unbatched:
            return self._exact_outputs_of(texts)
        distinct = list(dict.fromkeys(texts))
        rows = {} if self._cache is None else self._cache.get(distinct)
        missing = [text for text in distinct if text not in rows]
        with closing(self._ask_in_parts(missing, self._batch_size)) as parts:
            for part, answers in parts:
                new = {missing[index]: row for index, row in zip(part, answers, strict=True)}
                if self._cache is not None:
                    self._cache.put(new)
                rows.update(new)
        return np.stack([rows[text] for text in texts])

    def _exact_outputs_of(self, texts: Sequence[str]) -> np.ndarray:
        return self._answers(texts, size=1)

    def _answers(self, texts: Sequence[str], *, size: int) -> np.ndarray:
        """Ask for the answers to all texts, without the cache: float32 (n, k)."""
        rows = np.empty((len(texts), len(self.label_names)), dtype=np.float32)
        for part, answers in self._ask_in_parts(texts, size):
            rows[part.start : part.stop] = answers
        return rows

    def _ask_in_parts(
        self, texts: Sequence[str], size: int
    ) -> Generator[tuple[range, np.ndarray], None, None]:
        """Call the function with at most ``size`` texts at a time.

        Yields:
            the indices of the texts of a call, and their answers, float32, in no fixed order.
        """
        stop = threading.Event()
        starts = range(0, len(texts), size)
        return map_in_daemon_threads(
            lambda part: self._ask([texts[index] for index in part], stop),
            [range(start, min(start + size, len(texts))) for start in starts],
            self._concurrency,
            stop,
        )

    def _ask(self, texts: list[str], stop: threading.Event) -> np.ndarray:
        """Call the function, with retries, and check its answer: float32 (n, k)."""
        name, labels = self.info.name, self.label_names
        answer = self._policy.call(lambda: self._function(list(texts)), name, stop)
        rows = check_rows(to_array(answer, labels, name), name, len(texts), labels)
        if self._kind == "probabilities":
            half = is_half(answer)
            check_probabilities(rows, name, HALF_SUM_TOLERANCE if half else SUM_TOLERANCE)
            rows = normalized(rows) if half else rows
        else:
            self._check_logits(rows)
        with np.errstate(over="ignore"):  # infinity is rejected below
            return check_rows(rows.astype(np.float32), name, len(texts), labels)


def _function_name(function: Any) -> str:
    """The name of a function, if it has a readable one."""
    name = getattr(function, "__name__", type(function).__name__)
    return name if name.isidentifier() else "function"
