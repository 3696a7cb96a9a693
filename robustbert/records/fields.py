"""Field types of the schema."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

#: How the attack on an example ended; ``docs/protocol.md`` defines the statuses.
Status: TypeAlias = Literal["skipped", "robust", "broken", "exhausted", "error"]
#: The limits that apply to the search of a recipe; ``docs/protocol.md`` defines the tracks.
Track: TypeAlias = Literal["published", "unified", "unified-li"]
Length: TypeAlias = Literal["short", "long"]

Name: TypeAlias = Annotated[str, StringConstraints(min_length=1)]
Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Variant: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]
Timestamp: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
]
NonNegativeInt: TypeAlias = Annotated[int, Field(ge=0)]
PositiveInt: TypeAlias = Annotated[int, Field(ge=1)]
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
