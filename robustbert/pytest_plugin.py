"""A pytest plugin: tests that attack a model, and fail if it is not robust enough.

A test is marked with ``@pytest.mark.robustness(model=..., dataset=..., min_worst_case=0.4)``, or
calls the fixture :func:`robustness`. The arguments are those of
:func:`robustbert.gate.robustness.check_robustness`, except ``out``; the model can also be a
function without arguments that returns it. Every pytest run loads this module, so nothing else of
robustbert is imported before a test needs it.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import re
import time
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from robustbert.gate import RobustnessResult

_MARKER = "robustness"
_SKIP_OPTION = "--skip-robustness"
_DEFAULT_REASON = f"{_SKIP_OPTION} is given"
_RESULT = pytest.StashKey["RobustnessResult"]()
_FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    functools.partial,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--skip-robustness``, ``--robustness-out`` and the setting ``robustness_skip``."""
    group = parser.getgroup("robustbert")
    group.addoption(
        _SKIP_OPTION,
        nargs="?",
        const=_DEFAULT_REASON,
        metavar="REASON",
        help="skip the tests that attack a model with robustbert, for this reason; an empty one "
        "runs them",
    )
    group.addoption(
        "--robustness-out",
        metavar="DIR",
        help="keep the records, outcomes and tables of each attacked model in a new folder of DIR",
    )
    parser.addini(
        "robustness_skip",
        "reason to skip the tests that attack a model with robustbert; empty (the default) runs "
        "them",
        default="",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and reject a path that was taken for the reason to skip."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(model, dataset, recipes, *, min_worst_case, min_clean, min_under, on, n, seed, "
        "track, split): attack the model with robustbert, and fail if an accuracy is below its "
        "minimum",
    )
    reason = config.getoption("skip_robustness")
    # os.path: Path raises an error for a reason that is longer than a file name may be
    if reason and os.path.exists(reason.partition("::")[0]):
        raise pytest.UsageError(
            f"{_SKIP_OPTION} took the path {reason} for its reason; put the option last, or write "
            f"{_SKIP_OPTION}=REASON"
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip marked tests, and so the set-up of their fixtures, if they should be skipped."""
    reason = _reason_to_skip(config)
    if reason:
        for item in items:
            if item.get_closest_marker(_MARKER) is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Attack the model of a marked test before its body runs."""
    __tracebackhide__ = _hidden
    marker = item.get_closest_marker(_MARKER)
    if marker is None:
        return
    if sum(one.name == _MARKER for one in item.own_markers) > 1:
        pytest.fail(
            f"the test has several {_MARKER} markers; keep one, or use the fixture {_MARKER}",
            pytrace=False,
        )
    item.stash[_RESULT] = _check(item, *marker.args, **marker.kwargs)


class Robustness:
    """The value of the fixture ``robustness``.

    Calling it attacks a model, and fails the test unless every accuracy reaches its minimum.

    Args:
        item: the test.
    """

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def __call__(self, *args: Any, **options: Any) -> RobustnessResult:
        """Attack a model; the arguments are those of the marker.

        Returns:
            What was required and measured, if all of it passed.
        """
        __tracebackhide__ = _hidden
        return _check(self._item, *args, **options)

    @property
    def result(self) -> RobustnessResult:
        """The result of the test's marker, for the body of the test."""
        __tracebackhide__ = _hidden
        if _RESULT not in self._item.stash:
            pytest.fail(
                f"there is no result: the test has no marker {_MARKER}; add one, or call the "
                "fixture",
                pytrace=False,
            )
        return self._item.stash[_RESULT]


@pytest.fixture
def robustness(request: pytest.FixtureRequest) -> Robustness:
    """A function with the arguments of the marker; ``result`` is the result of the marker."""
    reason = _reason_to_skip(request.config)
    if reason:
        pytest.skip(reason)
    return Robustness(request.node)


def _reason_to_skip(config: pytest.Config) -> str:
    """Why no model should be attacked; empty to attack them. The command line takes precedence."""
    option = config.getoption("skip_robustness")
    return str(config.getini("robustness_skip") if option is None else option)


def _check(item: pytest.Item, *args: Any, **options: Any) -> RobustnessResult:
    """Attack a model; fail the test, without a traceback, unless it passes."""
    __tracebackhide__ = _hidden
    from robustbert.console import printable
    from robustbert.errors import RobustbertError

    try:
        result = _attack(item, *args, **options)
    except RobustbertError as error:
        message = printable(" ".join(f"{_MARKER}: {error}".split()))
    else:
        if result.passed:
            return result
        message = f"{printable(result.summary)}\n\n{result!r}"
    pytest.fail(message, pytrace=False)  # not in the handler: both errors would be shown


def _attack(item: pytest.Item, *args: Any, **options: Any) -> RobustnessResult:
    """Attack a model, given the arguments of a marker.

    Raises:
        RobustbertError: an argument is wrong, or the model cannot be attacked.
    """
    __tracebackhide__ = _hidden
    from robustbert.errors import InputError
    from robustbert.gate import check_robustness

    if "out" in options:
        raise InputError("out is not an argument here; give pytest the option --robustness-out DIR")
    try:
        bound = inspect.signature(check_robustness).bind(*args, **options)
    except TypeError as error:
        raise InputError(f"{error}; see pytest --markers") from error
    with _usual_warnings():
        bound.arguments["model"] = _model(bound.arguments["model"])
        bound.arguments["out"] = _out(item)
        return check_robustness(*bound.args, **bound.kwargs)


def _hidden(error: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether the frames of this module are left out of a traceback.

    The failure of a test is shown without one; pytest expects that not every frame of it is hidden.
    """
    return not isinstance(error.value, pytest.fail.Exception)


@contextmanager
def _usual_warnings() -> Iterator[None]:
    """Within the block, let no warning become an error, whatever the settings of the tests.

    A warning of another package that is raised during an attack would be counted as a failed
    attack. Warnings of robustbert are shown.
    """
    from robustbert.errors import RobustbertWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("default", RobustbertWarning)
        yield


def _model(model: Any) -> Any:
    """The model itself, or what a function without arguments returns."""
    __tracebackhide__ = _hidden
    from robustbert.errors import InputError

    if not isinstance(model, _FUNCTIONS):
        return model
    try:
        inspect.signature(model).bind()
    except (TypeError, ValueError):
        name = getattr(model, "__name__", "partial")
        raise InputError(
            f"the model is the function {name}, which needs arguments; give a function without "
            "arguments that returns the model"
        ) from None
    return model()


def _out(item: pytest.Item) -> Path | None:
    """A new folder for the run of a test; None if runs are not kept."""
    folder = item.config.getoption("robustness_out")
    if folder is None:
        return None
    digest = hashlib.sha256(item.nodeid.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    name = re.sub(r"[^a-z0-9_]+", "-", item.name.lower()).strip("-")[:40]
    stem = f"{name}-{digest}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    parent = Path(item.config.invocation_params.dir, folder)
    taken = sum(path.name.startswith(stem) for path in parent.glob(f"*-{digest}-*"))
    return parent / (f"{stem}-{taken + 1}" if taken else stem)
