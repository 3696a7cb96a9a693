"""The assets profile: whether recipes read the offline replacements or the original assets.

The current profile is the value of the environment variable ``ROBUSTBERT_ASSETS``. So it is one for
the whole process, and processes that are started later inherit it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from robustbert.errors import UnknownNameError
from robustbert.paths import cache_folder

OFFLINE = "offline"
"""The name of the profile of assets that are read from packages or built from them."""
CANONICAL = "canonical"
"""The name of the profile of the original assets, which are downloaded."""
PROFILES = (OFFLINE, CANONICAL)
"""The names of the profiles. Results with different profiles are not comparable."""
#: The environment variable that holds the name of the current profile.
VARIABLE = "ROBUSTBERT_ASSETS"

_ON_CHANGE: list[Callable[[], None]] = []
#: The origin of the assets that were used last; empty before any were.
_LAST: list[tuple[str, ...]] = []
_P = ParamSpec("_P")
_T = TypeVar("_T")
_Made = TypeVar("_Made", covariant=True)


class Cached(Protocol[_P, _Made]):
    """A function with a cache."""

    def __call__(self, *args: _P.args, **options: _P.kwargs) -> _Made:
        """The value, from the cache if it was computed before."""
        ...

    def cache_clear(self) -> None:
        """Forget all values."""
        ...


def check_profile(name: str, place: str = "") -> str:
    """Check the name of a profile and return it.

    Args:
        name: the name.
        place: where it was given, for the message.

    Raises:
        UnknownNameError: no such profile; the message suggests similar names.
    """
    if name not in PROFILES:
        raise UnknownNameError("assets profile", name, PROFILES, place)
    return name


def current_profile() -> str:
    """The name of the current profile: ``offline``, unless another one was chosen.

    Raises:
        UnknownNameError: the environment variable names no profile.
    """
    profile = check_profile(os.environ.get(VARIABLE) or OFFLINE, VARIABLE)
    _forget_other_profiles(profile)
    return profile


def is_canonical() -> bool:
    """Whether the current profile is ``canonical``; raises as :func:`current_profile` does."""
    return current_profile() == CANONICAL


def select_profile(name: str) -> None:
    """Make a profile the current one, in this process and in those that it starts.

    Raises:
        UnknownNameError: no such profile.
    """
    _set_variable(check_profile(name))


@contextmanager
def using_profile(name: str | None) -> Iterator[None]:
    """Make a profile the current one within the block; None changes nothing.

    Raises:
        UnknownNameError: no such profile.
    """
    if name is None:
        yield
        return
    before = os.environ.get(VARIABLE)
    select_profile(name)
    try:
        yield
    finally:
        _set_variable(before)


def call_on_change(forget: Callable[[], None]) -> None:
    """Call ``forget`` as soon as this process uses the assets of another profile than before.

    It drops what was read from the assets and kept in memory. What :func:`cached_per_profile` keeps
    needs no such function.
    """
    _ON_CHANGE.append(forget)


def _origin(profile: str) -> tuple[str, ...]:
    """The profile, and the folder of downloaded assets, which are not the same everywhere."""
    return (profile,) if profile == OFFLINE else (profile, str(cache_folder()))


def _forget_other_profiles(profile: str) -> None:
    """Call the functions of :func:`call_on_change` if the assets are others than in the last call.

    It is called when a profile is selected, and when assets are used, because the environment can
    be changed by other code as well.
    """
    origin = _origin(profile)
    if [origin] == _LAST:
        return
    changed, _LAST[:] = bool(_LAST), [origin]
    if changed:
        for forget in _ON_CHANGE:
            forget()


def _set_variable(value: str | None) -> None:
    if value is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = value
    if (value or OFFLINE) in PROFILES:  # what was set before may be no profile
        _forget_other_profiles(value or OFFLINE)


def cached_per_profile(
    maxsize: int | None = None,
) -> Callable[[Callable[_P, _T]], Cached[_P, _T]]:
    """``functools.lru_cache`` for functions that read assets: a value belongs to one profile.

    With downloaded assets, it also belongs to one cache folder.

    Args:
        maxsize: how many values are kept; None for all.
    """

    def decorate(function: Callable[_P, _T]) -> Cached[_P, _T]:
        @lru_cache(maxsize)
        def cached(origin: tuple[str, ...], *args: Any, **options: Any) -> _T:
            return function(*args, **options)

        @wraps(function)
        def call(*args: _P.args, **options: _P.kwargs) -> _T:
            keyed: Any = cached  # its arguments can be hashed
            found: _T = keyed(_origin(current_profile()), *args, **options)
            return found

        with_cache: Any = call
        with_cache.cache_clear = cached.cache_clear
        return cast(Cached[_P, _T], with_cache)

    return decorate
