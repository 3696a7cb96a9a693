"""Checks of a PyTorch module, and what identifies it: device, dtype, parameters, their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch

from robustbert.errors import InputError
from robustbert.models.adapters.object_hash import object_sha256
from robustbert.models.label_names import listed

HALF_DTYPES = (torch.float16, torch.bfloat16)


def module_device(module: Any) -> torch.device:
    """The device of the module's first parameter or buffer; the CPU if it has none."""
    first = next(_tensors(module), None)
    return torch.device("cpu") if first is None else first.device


def module_dtype(module: Any) -> torch.dtype:
    """The dtype of the module's first floating-point parameter or buffer; float32 if it has none.

    If there is one in half precision, it is that one's.
    """
    dtypes = [tensor.dtype for tensor in _tensors(module) if tensor.is_floating_point()]
    half = [dtype for dtype in dtypes if dtype in HALF_DTYPES]
    return next(iter(half + dtypes), torch.float32)


def dtype_name(dtype: torch.dtype) -> str:
    """The name of a dtype without the package.

    >>> dtype_name(torch.float32)
    'float32'
    """
    return str(dtype).removeprefix("torch.")


def class_path(value: object) -> str:
    """The import path of an object's class.

    >>> class_path(torch.nn.ReLU())
    'torch.nn.modules.activation.ReLU'
    """
    return f"{type(value).__module__}.{type(value).__qualname__}"


def check_module(module: Any, label_names: Sequence[str]) -> None:
    """Check that ``module`` is a module, and that label names have the order of its configuration.

    Args:
        module: should be a module; that of transformers names its outputs in its configuration.
        label_names: the name of each output, in order.

    Raises:
        InputError: it is something else, or its outputs are these labels in another order.
    """
    if isinstance(module, type):
        raise InputError(f"module is a class; create an instance of {module.__name__} first")
    if isinstance(module, Mapping):
        raise InputError(
            "module is a mapping, not a torch.nn.Module; if these are weights, load them into a "
            "module with its load_state_dict first"
        )
    if not isinstance(module, torch.nn.Module):
        raise InputError(
            f"module is of type {type(module).__name__}, not a torch.nn.Module; use "
            "CallableClassifier for a function and SklearnClassifier for a pipeline"
        )
    names = getattr(getattr(unwrapped(module), "config", None), "id2label", None)
    own = [str(names.get(i)) for i in range(len(names))] if isinstance(names, dict) else []
    if own != list(label_names) and sorted(own) == sorted(label_names):
        raise InputError(
            f"label_names are {listed(label_names)}, but the outputs of the module are "
            f"{listed(own)} in this order; give them in this order, or correct config.id2label"
        )


def unwrapped(module: Any) -> Any:
    """The module inside ``torch.compile`` and data-parallel wrappers."""
    inner = getattr(module, "_orig_mod", None)
    if inner is None and class_path(module).startswith("torch.nn.parallel."):
        inner = module.module
    return module if inner is None else unwrapped(inner)


def fingerprint(module: Any) -> tuple[Any, ...]:
    """A cheap value that changes when a parameter or buffer is replaced or updated in place.

    Updates through ``parameter.data`` are not noticed, because torch does not count them.
    """
    return tuple(
        (id(tensor), tensor.data_ptr(), tensor.dtype, _version(tensor))
        for tensor in _tensors(module)
    )


def state_sha256(module: Any, facts: Sequence[Any]) -> str:
    """The SHA-256 of the classes of a module and its parts, their state, and other facts.

    The state is the state dictionary, the buffers that it omits, and the numbers that are plain
    attributes, such as the ``eps`` of a layer or a temperature.

    Args:
        module: the module.
        facts: JSON values that also determine the outputs.
    """
    digest = hashlib.sha256()
    parts = [[name, class_path(part)] for name, part in module.named_modules()]
    digest.update(json.dumps([parts, _numbers(module), list(facts)]).encode())
    for name, value in sorted({**dict(module.named_buffers()), **module.state_dict()}.items()):
        content: bytes
        if isinstance(value, torch.Tensor):
            header = [name, str(value.dtype), list(value.shape)]
            flat = value.detach().cpu().contiguous().reshape(-1)
            content = flat.view(torch.uint8).numpy().tobytes()
        else:  # the extra state of a module
            header, content = [name], object_sha256(value).encode()
        digest.update(json.dumps(header).encode())
        digest.update(content)
    return digest.hexdigest()


@contextmanager
def evaluation_mode(module: Any) -> Iterator[None]:
    """Within the block, the module is in evaluation mode; afterwards each part is as before."""
    flags = [(part, part.training) for part in module.modules()]
    if not any(training for _, training in flags):
        yield
        return
    module.eval()
    try:
        yield
    finally:
        if flags[0][1]:
            module.train()
        for part, training in flags:
            part.training = training


def _numbers(module: Any) -> list[tuple[str, str, float]]:
    """The public attributes of a module and its parts that are numbers, except the mode."""
    return [
        (name, key, value)
        for name, part in module.named_modules()
        for key, value in sorted(vars(part).items())
        if type(value) in (bool, int, float) and not key.startswith("_") and key != "training"
    ]


def _tensors(module: Any) -> Iterator[Any]:
    return chain(module.parameters(), module.buffers())


def _version(tensor: Any) -> int:
    return 0 if tensor.is_inference() else int(tensor._version)
