"""The key of an audit: what its items are, which raters must not see."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import Field, model_validator

from robustbert.errors import RecordError
from robustbert.records.fields import Name, NonNegativeInt, StrictModel, Track
from robustbert.records.strict_json import check_version, encode, parse_object, read_file, validated

#: The version of the file's format.
KEY_VERSION: Final = 1
#: The folder of an audit in a run folder, unless ``--out`` names another one.
AUDIT_FOLDER = "audit"
KEY_FILE = "key.json"


class AuditItem(StrictModel):
    """A pair of texts that raters judge.

    The place of the adversarial text is drawn at random, so that raters cannot tell from it which
    text is the original.
    """

    id: Name = Field(description="what raters see of the item; unique within an audit")
    example_id: Name = Field(description="the id of the example")
    model: Name = Field(description="the label of the row: the model with its defenses")
    track: Track = Field(description="the threat model")
    recipe: Name = Field(description="the attack recipe")
    label: NonNegativeInt = Field(description="the true class of the original, from 0")
    adversarial: Literal["first", "second"] = Field(description="which text is the adversarial one")


class AuditKey(StrictModel):
    """The items of an audit of one dataset; it contains no texts."""

    key_version: Literal[1] = Field(description="the version of the format")
    dataset: Name = Field(description="the name of the dataset")
    split: Name = Field(description="the split of the examples")
    label_names: list[Name] = Field(min_length=1, description="the name of each class")
    seed: NonNegativeInt = Field(description="the seed that drew the items and their order")
    items: list[AuditItem] = Field(min_length=1, description="in the order that raters see")

    @model_validator(mode="after")
    def _consistent(self) -> AuditKey:
        if len({item.id for item in self.items}) < len(self.items):
            raise ValueError("items: an id occurs twice")
        if any(item.label >= len(self.label_names) for item in self.items):
            raise ValueError("items: a label has no name in label_names")
        return self


def key_bytes(key: AuditKey) -> bytes:
    """The content of the file of a key."""
    return encode(key, indent=2)


def read_key(folder: Path) -> AuditKey:
    """Read the key of an audit.

    Args:
        folder: the folder of the audit, or the run folder that contains it.

    Raises:
        RecordError: there is no key, or it is not valid.
    """
    path = next(
        (
            place / KEY_FILE
            for place in (folder, folder / AUDIT_FOLDER)
            if (place / KEY_FILE).is_file()
        ),
        None,
    )
    if path is None:
        raise RecordError(
            f"{folder} contains no audit ({KEY_FILE} is missing); make one with robustbert audit "
            "export RUN, or pass its --out folder"
        )
    content = parse_object(read_file(path), str(path))
    check_version(content, "key_version", KEY_VERSION, str(path))
    return validated(AuditKey, content, str(path))
