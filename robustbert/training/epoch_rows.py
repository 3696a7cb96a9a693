"""Extra rows of an epoch, which are made from the network as it is when the epoch starts.

Each extra row is trained on in the batch of the training row that it was made from. So an epoch has
the same number of steps however many extra rows there are, and the learning rate does not depend on
them; batches are larger instead.

The rows of a running epoch are kept beside the checkpoints, because a training that is resumed in
the middle of it cannot make them again: the weights are no longer those of its start.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import transformers
from pydantic import TypeAdapter, ValidationError

from robustbert.errors import OutputError
from robustbert.io import write_bytes
from robustbert.seeds import derive_seed
from robustbert.training.extra_rows import (
    EpochRows,
    EpochStart,
    ExtraRow,
    check_extra_rows,
)
from robustbert.training.seeding import seeded

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.models import Classifier
    from robustbert.training.config import TrainingConfig

#: A training row as the Trainer gets it: token ids, label, and possibly the key of extra rows.
Encoded = dict[str, Any]
#: The key of a training row under which its extra rows are.
EXTRA = "extra_rows"
_STORED = TypeAdapter(tuple[ExtraRow, ...])


class RowsWithExtras(Sequence[Encoded]):
    """Training rows, some of which hold extra rows.

    Args:
        rows: the rows.

    Attributes:
        extras: the extra rows of each row that has some, by its index.
    """

    def __init__(self, rows: Sequence[Encoded]) -> None:
        self._rows = rows
        self.extras: dict[int, list[Encoded]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Encoded: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Encoded]: ...
    def __getitem__(self, index: int | slice) -> Encoded | Sequence[Encoded]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        row, extra = self._rows[index], self.extras.get(index)
        return {**row, EXTRA: extra} if extra else row


class CollateWithExtras:
    """Collates a batch of rows, followed by their extra rows.

    If an extra row has another weight than 1, the batch has ``weights``, float32 (n,).

    Args:
        collate: collates rows of token ids and labels.
    """

    def __init__(self, collate: Callable[[list[Encoded]], Any]) -> None:
        self._collate = collate

    def __call__(self, rows: Sequence[Encoded]) -> Any:
        """The batch of rows and extra rows."""
        import torch

        extra = [dict(one) for row in rows for one in row.get(EXTRA, ())]
        weights = [1.0] * len(rows) + [one.pop("weight") for one in extra]
        plain = [{key: row[key] for key in row if key != EXTRA} for row in rows]
        batch = self._collate([*plain, *extra])
        if any(weight != 1 for weight in weights):
            batch["weights"] = torch.tensor(weights)
        return batch


class AddEpochRows(transformers.TrainerCallback):  # type: ignore[misc]
    """Gives the training rows their extra rows at the start of each epoch.

    With several processes, the first makes the rows and sends them to the others.

    Args:
        makers: functions that make the extra rows.
        rows: the training rows to add them to.
        encode: encodes texts and labels as training rows.
        describe: describes the training at the start of an epoch, from the epoch and the network.
        folder: where the rows of each epoch are kept until the training is complete.
    """

    def __init__(
        self,
        makers: Sequence[EpochRows],
        rows: RowsWithExtras,
        encode: Callable[[Sequence[str], Sequence[int]], list[Encoded]],
        describe: Callable[[int, Any], EpochStart],
        folder: Path,
    ) -> None:
        self._makers = makers
        self._rows = rows
        self._encode = encode
        self._describe = describe
        self._folder = folder

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Make the extra rows, or read them if the epoch has begun before."""
        from accelerate.utils import broadcast_object_list

        steps_per_epoch = state.max_steps // int(args.num_train_epochs)
        epoch, steps_done = divmod(state.global_step, steps_per_epoch)
        found: list[Any] = [None]
        if args.process_index == 0:
            path = self._folder / f"extra-rows-{epoch}.json"
            if steps_done:
                found = [_read(path)]
            else:
                found = [tuple(self._make_rows(epoch, given["model"], args.seed))]
                write_bytes(path, _STORED.dump_json(found[0]))
        (extra,) = broadcast_object_list(found) if args.world_size > 1 else found
        self._add(extra)

    def _make_rows(self, epoch: int, network: Any, seed: int) -> list[ExtraRow]:
        # The generators of the training do not move, so that a resumed one, which reads the rows,
        # draws the same numbers.
        with seeded(derive_seed(seed, "extra rows", epoch)):
            start = self._describe(epoch, network)
            rows = [row for make in self._makers for row in make(start)]
        check_extra_rows(rows, start)
        return rows

    def _add(self, extra: Sequence[ExtraRow]) -> None:
        encoded = self._encode([e.text for e in extra], [e.label for e in extra]) if extra else []
        self._rows.extras = {}
        for one, row in zip(extra, encoded, strict=True):
            self._rows.extras.setdefault(one.row, []).append({**row, "weight": one.weight})


def current_classifier(
    network: Any, tokenizer: Any, dataset: TextDataset, config: TrainingConfig
) -> Classifier:
    """A classifier with a copy of a network in training, in evaluation mode."""
    from robustbert.models.huggingface import HuggingFaceClassifier
    from robustbert.models.huggingface_files import LoadedFiles

    frozen = copy.deepcopy(network).eval().requires_grad_(False)
    return HuggingFaceClassifier(
        LoadedFiles(frozen, tokenizer, "0" * 64),  # it is never stored, so nothing reads its hash
        name="network in training",
        source=f"training on {dataset.source}",
        dtype=config.dtype,
        device=str(frozen.device),
        label_names=dataset.label_names,
    )


def weighted_cross_entropy(model: Any, inputs: Any) -> Any:
    """The mean cross-entropy of a batch, each row times its weight, if it has ``weights``."""
    from torch.nn.functional import cross_entropy

    logits = model(inputs["input_ids"], inputs["attention_mask"]).logits
    if "weights" not in inputs:
        return cross_entropy(logits, inputs["labels"])
    losses = cross_entropy(logits, inputs["labels"], reduction="none")
    return (inputs["weights"] * losses).mean()


def _read(path: Path) -> tuple[ExtraRow, ...]:
    try:
        return _STORED.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise OutputError(
            f"cannot read {path}, without which this training cannot be resumed in the middle of "
            "an epoch; remove its checkpoints and start again"
        ) from error
