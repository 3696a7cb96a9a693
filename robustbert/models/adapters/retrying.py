"""Call a function that may fail for a while, such as a request to a server."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from robustbert.errors import ModelError, RobustbertError, describe_error

#: The mean wait before the first retry in seconds; it doubles each time, up to the maximum.
FIRST_WAIT = 0.5
MAX_WAIT = 60.0
#: Errors of the function's code, which a retry does not fix.
PROGRAMMING_ERRORS = (
    *(TypeError, NameError, AttributeError, ImportError, SyntaxError, NotImplementedError),
    RecursionError,
)

_jitter = random.Random()  # its own generator: attacks seed the global one


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long a function is tried.

    Args:
        retries: number of further attempts after the first one, at least 0.
        timeout: maximum number of seconds per attempt; None for no limit. An attempt that takes
            longer is abandoned: it continues in a thread of its own.
    """

    retries: int
    timeout: float | None

    def call(self, function: Callable[[], Any], model: str, stop: threading.Event) -> Any:
        """Call ``function`` until it succeeds, with exponential backoff and jitter.

        Args:
            function: the function.
            model: the model's name, for messages.
            stop: if it is set, the wait before the next attempt ends, and so does the call.

        Raises:
            ModelError: the last attempt failed, or the function has an error in its code.
            RobustbertError: raised by the function itself.
        """
        import tenacity

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.retries + 1) | tenacity.stop_when_event_set(stop),
            wait=lambda state: _wait(state.attempt_number),
            sleep=tenacity.sleep_using_event(stop),
            retry=tenacity.retry_if_exception(_is_temporary),
            reraise=True,
        )
        try:
            return retrying(self._attempt, function)
        except RobustbertError:
            raise
        except PROGRAMMING_ERRORS as error:
            raise ModelError(
                f"the function of model {model!r} raised {describe_error(error)}; fix the function"
            ) from error
        except Exception as error:
            attempts = retrying.statistics["attempt_number"]
            raise ModelError(
                f"the function of model {model!r} failed {attempts} "
                f"{'time' if attempts == 1 else 'times'}; the last error was "
                f"{describe_error(error)}; check the endpoint, or allow more retries (retries=) or "
                "more time per attempt (timeout=)"
            ) from error

    def _attempt(self, function: Callable[[], Any]) -> Any:
        if self.timeout is None:
            return function()
        results: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

        def run() -> None:
            try:
                results.put((function(), None))
            except BaseException as error:
                results.put((None, error))

        threading.Thread(target=run, name="robustbert-attempt", daemon=True).start()
        try:
            value, error = results.get(timeout=self.timeout)
        except Empty:
            raise TimeoutError(f"no answer within {self.timeout:g} s") from None
        if error is not None:
            raise error
        return value


def _is_temporary(error: BaseException) -> bool:
    permanent = (*PROGRAMMING_ERRORS, RobustbertError)
    return isinstance(error, Exception) and not isinstance(error, permanent)


def _wait(attempts: int) -> float:
    """Seconds to wait after a number of failed attempts."""
    mean = min(MAX_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 30))
    return float(mean * _jitter.uniform(0.5, 1.5))
