"""What requests to servers have in common: retries, and one-line reasons without passwords."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

#: How often a request is made before it fails.
ATTEMPTS = 5
#: The longest pause between two attempts, in seconds.
MAX_WAIT = 20.0
#: The longest time to wait for a connection, and for the next packet, in seconds.
TIMEOUT = (10.0, 60.0)

_T = TypeVar("_T")


class BrokenConnectionError(Exception):
    """A request that failed, but may succeed later; the message is the reason."""


def retry(call: Callable[[], _T]) -> _T:
    """Call a function until it does not raise a :class:`BrokenConnectionError`, with pauses.

    Raises:
        BrokenConnectionError: of the last attempt.
    """
    import tenacity

    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_exponential(max=MAX_WAIT),
        retry=tenacity.retry_if_exception_type(BrokenConnectionError),
        reraise=True,
    )
    return retrying(call)


def may_succeed_later(error: Exception) -> bool:
    """Whether a connection that was there broke; otherwise there is no network, or no server."""
    import requests
    from urllib3.exceptions import MaxRetryError

    broken = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    never_connected = bool(error.args) and isinstance(error.args[0], MaxRetryError)
    return isinstance(error, broken) and not never_connected


def is_busy(status: int) -> bool:
    """Whether a status says that the server may answer later."""
    return status == 429 or status >= 500


def reason(error: Exception) -> str:
    """Why a request failed, in one line without addresses of objects and without passwords."""
    cause = getattr(error.args[0] if error.args else error, "reason", error)
    lines = str(cause).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    text = re.sub(r"^<?[\w.]*HTTPS?Connection.*?[>)]: ", "", text)
    return without_user_info(text)[:200]


def without_user_info(text: str) -> str:
    """An address, or a text with addresses, without the user names and passwords in them.

    >>> without_user_info("https://me:secret@example.org/nltk")
    'https://example.org/nltk'
    """
    return re.sub(r"(?<=://)[^/?#\s]*@", "", text)
