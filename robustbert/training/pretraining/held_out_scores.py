"""Measure a pre-trained network on held-out documents."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from robustbert.errors import DatasetError, ModelError
from robustbert.metrics import clustered_proportion, proportion, ratio_standard_error
from robustbert.models.json_files import StoredModel
from robustbert.progress import progress_bar
from robustbert.records import Metric
from robustbert.training.pretraining.token_masks import NOT_PREDICTED

if TYPE_CHECKING:
    from robustbert.training.pretraining.pretraining_rows import PretrainingRows

#: The half-width of a 95% interval in standard errors.
_Z = 1.959963984540054
#: The largest mean cross-entropy whose perplexity is reported.
_MAX_NATS = 700.0


class Perplexity(StoredModel):
    """A perplexity with its 95% interval; None for a bound that cannot be computed."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        """The perplexity, with its interval if there is one."""
        shown = "n/a" if self.value is None else _digits(self.value)
        if self.low is None or self.high is None:
            return shown
        return f"{shown} [{_digits(self.low)}, {_digits(self.high)}]"


def _digits(value: float) -> str:
    """A number of at least 1 with four digits, or with all before the point if these are more.

    >>> [_digits(value) for value in (4.7881, 120.07, 46839.5, 1e12)]
    ['4.788', '120.1', '46,840', '1e+12']
    """
    return f"{value:,.0f}" if 1e4 <= value < 1e9 else f"{value:.4g}"


class HeldOutScores(StoredModel):
    """What a network predicts on the held-out rows; None for an objective that it was not asked.

    Masks and pairs are the same for networks that were pre-trained with the same tokenizer, texts,
    objectives, masking and maximum length, whatever the seed.

    Attributes:
        rows: the number of rows.
        masked_accuracy: the share of masked tokens whose most likely prediction is right, with an
            interval over rows.
        cross_entropy: the mean cross-entropy of masked tokens, in nats.
        perplexity: its exponential, with an interval over rows. It is a pseudo-measure: the model
            sees the other tokens of both sides, and in rows with random or unchanged tokens it also
            predicts what it sees. It compares to no left-to-right perplexity, and only to models
            on the same rows.
        next_sentence_accuracy: the share of pairs whose second span is rightly said to follow or
            to be random, with a Wilson interval over pairs. Chance is 50%.
    """

    rows: int
    masked_accuracy: Metric | None = None
    cross_entropy: float | None = None
    perplexity: Perplexity | None = None
    next_sentence_accuracy: Metric | None = None

    def lines(self) -> dict[str, str]:
        """The measures as text, by name."""
        named = {
            "masked accuracy": self.masked_accuracy,
            "perplexity of masked tokens": self.perplexity,
            "next sentence accuracy": self.next_sentence_accuracy,
        }
        return {name: str(value) for name, value in named.items() if value is not None}


def measure_held_out(
    network: Any,
    rows: PretrainingRows,
    collate: Callable[[list[dict[str, Any]]], Any],
    batch_size: int,
) -> HeldOutScores:
    """Measure a network in evaluation mode, in float32.

    Args:
        network: a `PretrainingBert`.
        rows: the held-out rows, all with the labels of the same objectives.
        collate: makes a batch of rows.
        batch_size: rows per batch; it does not affect the result, but for rounding.

    Raises:
        DatasetError: masked tokens are to be predicted, but no row has one.
        ModelError: a prediction is not finite.
    """
    counts, sums, right, pairs_right, is_finite = [], [], [], 0, True
    for output, batch in _outputs(network, rows, collate, batch_size):
        if "labels" in batch:
            masked = batch["labels"] != NOT_PREDICTED
            labels = batch["labels"][masked]
            in_row = masked.sum(dim=1).tolist()
            is_right = output.mlm_logits.argmax(dim=-1) == labels
            logs = output.mlm_logits.log_softmax(dim=-1).gather(1, labels[:, None])[:, 0]
            right += [int(part.sum()) for part in is_right.split(in_row)]
            sums += [part.sum().item() for part in (-logs).split(in_row)]
            counts += in_row
        if "next_sentence_label" in batch:
            found = output.nsp_logits.argmax(dim=-1) == batch["next_sentence_label"]
            pairs_right += int(found.sum())
            is_finite &= bool(output.nsp_logits.isfinite().all())
    masks = "labels" in rows[0]
    if masks and not sum(counts):
        raise DatasetError("no held-out text has a token that can be masked; give other texts")
    if not (is_finite and math.isfinite(sum(sums))):
        raise ModelError(
            "the network predicts NaN for held-out texts: its base is broken, or the learning rate "
            "too high"
        )
    return HeldOutScores(
        rows=len(rows),
        masked_accuracy=clustered_proportion(right, counts) if masks else None,
        cross_entropy=sum(sums) / sum(counts) if masks else None,
        perplexity=perplexity(sums, counts) if masks else None,
        next_sentence_accuracy=(
            proportion(pairs_right, len(rows)) if "next_sentence_label" in rows[0] else None
        ),
    )


def perplexity(sums: Sequence[float], counts: Sequence[int]) -> Perplexity:
    """The exponential of the mean cross-entropy of tokens, with its 95% interval over rows.

    Args:
        sums: the sum of the cross-entropies of each row's tokens, in nats.
        counts: the number of tokens of each row, at least one in all.

    >>> print(perplexity([0.0, 0.0], [3, 5]))
    1 [1, 1]
    """
    mean, error = sum(sums) / sum(counts), ratio_standard_error(sums, counts)
    low = high = None
    if error is not None:
        low, high = _exp(mean - _Z * error), _exp(mean + _Z * error)
    return Perplexity(value=_exp(mean), low=low, high=high)


def _exp(nats: float) -> float | None:
    return math.exp(nats) if nats < _MAX_NATS else None


def _outputs(
    network: Any,
    rows: PretrainingRows,
    collate: Callable[[list[dict[str, Any]]], Any],
    batch_size: int,
) -> Iterator[tuple[Any, Any]]:
    import torch

    network.eval()
    made = sorted((rows[i] for i in range(len(rows))), key=lambda row: len(row["input_ids"]))
    with torch.inference_mode(), progress_bar(len(rows), "measuring held-out texts", "row") as bar:
        for start in range(0, len(made), batch_size):
            some = made[start : start + batch_size]
            batch = {name: value.to(network.device) for name, value in collate(some).items()}
            yield network(**batch), batch
            bar.update(len(some))
