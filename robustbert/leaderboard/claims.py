"""Claimed figures: what papers state for a row, shown beside what was measured.

A row folder of published results may contain ``claims.json``:

.. code-block:: json

    {"claims_version": 1, "claims": [{"paper": "A defense", "year": 2026,
      "url": "https://example.org/paper", "measure": "accuracy_under_attack",
      "recipe": "textfooler", "value": 0.423, "note": "on 1,000 other examples"}]}

A claimed figure never ranks: it comes from other examples, limits and queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import Url

from robustbert.console import printable
from robustbert.errors import RecordError
from robustbert.records import published_claims, published_place
from robustbert.records.fields import Proportion, StrictModel
from robustbert.records.strict_json import check_version, parse_object, read_file, validated

#: The version of the format of ``claims.json``.
CLAIMS_VERSION = 1

Measure: TypeAlias = Literal["clean_accuracy", "accuracy_under_attack", "worst_case"]

_MEASURES: Mapping[Measure, str] = MappingProxyType(
    {
        "clean_accuracy": "clean accuracy",
        "accuracy_under_attack": "accuracy under",
        "worst_case": "worst case",
    }
)


def _one_line(text: str) -> str:
    if printable(text) != text or text.strip() != text:
        raise ValueError("must be one line of printable characters, without spaces at its ends")
    return text


def _https(text: str) -> str:
    if not text.startswith("https://"):
        raise ValueError("must start with https://")
    if not text.isascii() or any(character in text for character in " \\\"'<>`"):
        raise ValueError("must have no spaces, quotes or characters outside of ASCII; escape them")
    url = Url(text)
    if url.username is not None or url.password is not None:
        raise ValueError("must not have a user name or a password")
    return text


#: One line of printable text.
ClaimText: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)
]
#: An https link without user name and password.
ClaimLink: TypeAlias = Annotated[
    str, StringConstraints(max_length=500), AfterValidator(_one_line), AfterValidator(_https)
]


class Claim(StrictModel):
    """A figure that a paper states for a model with its defenses."""

    paper: ClaimText = Field(description="the title of the paper")
    year: Annotated[int, Field(ge=1950, le=2100)] = Field(description="the year it appeared")
    url: ClaimLink = Field(description="an https link to the paper")
    measure: Measure = Field(description="what the figure measures")
    recipe: ClaimText | None = Field(
        default=None,
        description="the attack. *Rule*: given for `accuracy_under_attack`, and only for it",
    )
    value: Proportion = Field(description="the figure, as a proportion")
    note: ClaimText | None = Field(
        default=None, description="conditions in which the paper differs from the leaderboard"
    )

    @property
    def about(self) -> str:
        """What the figure measures, in words."""
        return f"{_MEASURES[self.measure]} {self.recipe or ''}".rstrip()

    @property
    def source(self) -> str:
        """The paper, its year and its link, and the note if there is one."""
        return f"{self.paper} ({self.year}), {self.url}{f'; {self.note}' if self.note else ''}"

    @model_validator(mode="after")
    def _consistent(self) -> Claim:
        if (self.measure == "accuracy_under_attack") != (self.recipe is not None):
            raise ValueError("recipe: needed for accuracy_under_attack, and only allowed with it")
        return self


class _Claims(StrictModel):
    """The content of ``claims.json``."""

    claims_version: Literal[1]
    claims: Annotated[list[Claim], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> _Claims:
        for index, claim in enumerate(self.claims):
            if claim in self.claims[:index]:
                raise ValueError(f"claims.{index}: the same as an earlier one")
        return self


def read_claims(path: Path) -> tuple[Claim, ...]:
    """Read the claims of a row.

    Raises:
        RecordError: the file is missing or not in the format; the message names the field.
    """
    return parse_claims(read_file(Path(path)), str(path))


def parse_claims(content: bytes, place: str) -> tuple[Claim, ...]:
    """Parse the content of ``claims.json``; ``place`` starts the message of an error.

    Raises:
        RecordError: it is not in the format; the message names the field.
    """
    parsed = parse_object(content, place)
    check_version(parsed, "claims_version", CLAIMS_VERSION, place)
    return tuple(validated(_Claims, parsed, place).claims)


def read_all_claims(results: Path) -> dict[PurePosixPath, tuple[Claim, ...]]:
    """Read all claims of published results, keyed by the path of their row folder.

    Args:
        results: the results folder, or the folder of one dataset in it.

    Raises:
        RecordError: a file is not in the format, or its folder contains no record.
    """
    paths = published_claims(results)
    for path in paths:
        if not [other for other in path.parent.glob("*.json") if other != path]:
            raise RecordError(f"{path}: its folder contains no record; file a run of the row first")
    return {published_place(path).parent: read_claims(path) for path in paths}
