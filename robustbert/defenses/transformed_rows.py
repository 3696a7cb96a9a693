"""The texts of a training, transformed by its defenses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from robustbert.defenses.base import Defense
from robustbert.errors import InputError

if TYPE_CHECKING:
    import datasets

    from robustbert.data import TextDataset
    from robustbert.training import EpochStart, ExtraRow
    from robustbert.training.extra_rows import EpochRows


def those_that_transform(defenses: Sequence[Defense]) -> tuple[Defense, ...]:
    """The defenses that override :meth:`Defense.training_texts`."""
    return tuple(defense for defense in defenses if defense.overrides("training_texts"))


def transform_texts(texts: Sequence[str], defenses: Sequence[Defense]) -> list[str]:
    """The texts after the transformations of all defenses, that of the first one first.

    Raises:
        InputError: a defense returns another number of texts, or a text without a word.
    """
    given = list(texts)
    for defense in defenses:
        found = list(defense.training_texts(given))
        name = type(defense).__name__
        if len(found) != len(given):
            raise InputError(
                f"{name} transforms {len(given)} texts into {len(found)}; return one per text"
            )
        for text, transformed in zip(given, found, strict=True):
            if not (isinstance(transformed, str) and transformed.strip()):
                raise InputError(
                    f"{name} transforms {text!r:.80} into {transformed!r:.80}; return a text with "
                    "at least one word, such as the text itself"
                )
        given = found
    return given


def transform_dataset(dataset: TextDataset, defenses: Sequence[Defense]) -> TextDataset:
    """The dataset with the texts of every split transformed; the dataset itself without defenses.

    The ids of examples are those of the new texts. So the dataset has another hash, and a training
    is not resumed with the texts of another transformation.

    Raises:
        InputError: as in :func:`transform_texts`.
    """
    if not defenses:
        return dataset
    splits = {name: _transform(dataset, rows, defenses) for name, rows in dataset.splits.items()}
    return replace(dataset, splits=splits)


def transform_rows(
    rows: datasets.Dataset | None, defenses: Sequence[Defense]
) -> datasets.Dataset | None:
    """Extra training rows with their texts transformed.

    Raises:
        InputError: as in :func:`transform_texts`.
    """
    if rows is None or not defenses:
        return rows
    import datasets

    columns = {"text": transform_texts(rows["text"], defenses), "label": list(rows["label"])}
    return datasets.Dataset.from_dict(columns)


def transform_epoch_rows(defenses: Sequence[Defense]) -> list[EpochRows]:
    """The functions that make the extra rows of epochs, with transformed texts.

    Args:
        defenses: the defenses of a model in order, some of which make rows, and some transform. All
            transform the rows of a defense, see :meth:`Defense.epoch_rows` for the exception.
    """
    found: list[EpochRows] = []
    for place, maker in enumerate(defenses):
        if maker.overrides("epoch_rows"):
            others = defenses[place + 1 :] if maker.overrides("wrap") else defenses
            transforming = those_that_transform(others)
            rows = TransformedEpochRows(maker, transforming) if transforming else maker
            found.append(rows.epoch_rows)
    return found


@dataclass(frozen=True)
class TransformedEpochRows:
    """The extra rows that a defense makes at the start of each epoch, with transformed texts.

    Args:
        maker: the defense.
        defenses: those that transform.
    """

    maker: Defense
    defenses: tuple[Defense, ...]

    def epoch_rows(self, start: EpochStart) -> Sequence[ExtraRow]:
        """See :meth:`Defense.epoch_rows`.

        Raises:
            InputError: as in :func:`transform_texts`, or a row is not valid.
        """
        from robustbert.training.extra_rows import check_extra_rows

        rows = list(self.maker.epoch_rows(start))
        check_extra_rows(rows, start)
        texts = transform_texts([row.text for row in rows], self.defenses)
        return [replace(row, text=text) for row, text in zip(rows, texts, strict=True)]


def _transform(
    dataset: TextDataset, rows: datasets.Dataset, defenses: Sequence[Defense]
) -> datasets.Dataset:
    import datasets

    from robustbert.data.splitting import example_id

    texts, labels = transform_texts(rows["text"], defenses), list(rows["label"])
    ids = [
        example_id(text, dataset.label_names[label])
        for text, label in zip(texts, labels, strict=True)
    ]
    columns = {"example_id": ids, "text": texts, "label": labels}
    return datasets.Dataset.from_dict(columns, features=rows.features)
