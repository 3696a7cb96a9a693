"""Field types of the schema."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

#: The form of a :data:`Timestamp`.
TIMESTAMP_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
# Larger numbers overflow where they become floats.
_LARGEST_INTEGER = 2**63 - 1


def _existing(timestamp: str) -> str:
    datetime.strptime(timestamp, TIMESTAMP_FORMAT)  # the error says what does not exist
    return timestamp


#: How the attack on an example ended; ``docs/protocol.md`` defines the statuses.
Status: TypeAlias = Literal["skipped", "robust", "broken", "exhausted", "error"]
#: The limits that apply to the search of a recipe; ``docs/protocol.md`` defines the tracks.
Track: TypeAlias = Literal["published", "unified", "unified-li"]
Length: TypeAlias = Literal["short", "long"]

Name: TypeAlias = Annotated[str, StringConstraints(min_length=1)]
Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Variant: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]
Timestamp: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
    AfterValidator(_existing),
]
NonNegativeInt: TypeAlias = Annotated[int, Field(ge=0, le=_LARGEST_INTEGER)]
PositiveInt: TypeAlias = Annotated[int, Field(ge=1, le=_LARGEST_INTEGER)]
Proportion: TypeAlias = Annotated[float, Field(ge=0, le=1)]
NonNegativeFloat: TypeAlias = Annotated[float, Field(ge=0)]
Similarity: TypeAlias = Annotated[float, Field(ge=-1, le=1)]
Scalar: TypeAlias = str | int | float | bool | None
Params: TypeAlias = dict[str, Scalar | list[Scalar]]


class StrictModel(BaseModel):
    """Base of the schema's models: frozen, and strict about types.

    Unknown fields, NaN and infinity are rejected, and no value is converted to another type. Each
    field has a description: ``docs/records.md`` and the JSON Schema are generated from them.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        json_schema_serialization_defaults_required=True,
    )
