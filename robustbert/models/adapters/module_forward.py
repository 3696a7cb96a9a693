"""Call a PyTorch module on token ids, and check what it returns."""

from __future__ import annotations

import inspect
from typing import Any

import torch

from robustbert.errors import ModelError, RobustbertError, describe_error
from robustbert.models.adapters.module_state import evaluation_mode


class ModuleForward:
    """A module as a function of token ids and attention mask, with one output row per text.

    Args:
        module: its ``forward`` takes token ids and, if it has a parameter ``attention_mask`` or
            ``**kwargs``, an attention mask: int64 (b, t), 1 for tokens and 0 for padding.
        name: the model's name, for messages.
        num_labels: the expected number of columns.

    Attributes:
        takes_mask: whether the module takes an attention mask.
    """

    def __init__(self, module: Any, name: str, num_labels: int) -> None:
        self._module = module
        self._name = name
        self._num_labels = num_labels
        self.takes_mask = _takes_mask(module)

    def __call__(self, ids: Any, mask: Any = None) -> Any:
        """Call the module in evaluation mode: floats (b, k).

        Raises:
            ModelError: the module fails, or returns something else.
        """
        if mask is None and self.takes_mask:
            mask = torch.ones_like(ids)
        try:
            with evaluation_mode(self._module):
                output = (
                    self._module(ids, attention_mask=mask) if self.takes_mask else self._module(ids)
                )
        except (RobustbertError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # the module is the user's code
            shape = tuple(ids.shape)
            inputs = f"input_ids{' and attention_mask' if self.takes_mask else ''}"
            raise ModelError(
                f"model {self._name!r} failed for {inputs} of shape {shape}: "
                f"{describe_error(error)}; check that its tokenizer fits (ids within the "
                "vocabulary, max_length= for long texts, padding of short ones) and that its "
                "forward takes input_ids, and attention_mask if it needs one"
            ) from error
        return self._checked(output, len(ids))

    def _checked(self, output: Any, n: int) -> Any:
        logits = output.get("logits") if isinstance(output, dict) else output
        if not isinstance(logits, torch.Tensor):
            logits = getattr(logits, "logits", None)
        expected = f"shape (n, {self._num_labels}): one row per text, one column per label"
        if not isinstance(logits, torch.Tensor):
            raise ModelError(
                f"model {self._name!r} returned a {type(output).__name__}; its forward must return "
                f"a tensor of {expected}, or an object with such a tensor as logits"
            )
        if logits.shape != (n, self._num_labels):
            single = self._num_labels == 2 and logits.shape == (n, 1)
            hint = "; for one logit x per text, torch.cat([0 * x, x], dim=1)" if single else ""
            raise ModelError(
                f"model {self._name!r} returned a tensor of shape {tuple(logits.shape)} for {n} "
                f"{'text' if n == 1 else 'texts'} and {self._num_labels} labels; its forward must "
                f"return {expected}{hint}"
            )
        if not logits.is_floating_point():
            raise ModelError(
                f"model {self._name!r} returned integers ({logits.dtype}), not scores; its forward "
                "must return logits or probabilities, before any argmax"
            )
        return logits


def _takes_mask(module: Any) -> bool:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # a scripted module has a schema instead
        schema = getattr(module.forward, "schema", None)
        return any(
            argument.name == "attention_mask" for argument in getattr(schema, "arguments", ())
        )
    return any(
        parameter.name == "attention_mask" or parameter.kind is inspect.Parameter.VAR_KEYWORD
        for parameter in parameters
    )
