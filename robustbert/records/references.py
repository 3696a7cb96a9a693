"""The inputs of a cell: data, model, defenses, recipe, assets and protocol."""

from __future__ import annotations

from pydantic import Field, model_validator

from robustbert.records.fields import (
    Length,
    Name,
    NonNegativeInt,
    Params,
    PositiveInt,
    Scalar,
    Sha256,
    StrictModel,
    Variant,
)


class DatasetRef(StrictModel):
    """The data of a cell."""

    name: Name = Field(description="name of the dataset")
    source: Name = Field(description="package, file or hub revision that the rows come from")
    split: Name = Field(description="the split whose examples are attacked")
    n: PositiveInt = Field(description="number of rows in that split")
    sha256: Sha256 = Field(
        description="hash of the example ids of all splits: the same hash means the same data"
    )
    length: Length | None = Field(
        description="whether the limits for short or for long texts apply; null if not known"
    )
    label_names: list[str] | None = Field(
        description="name of each label, in order; null if not known"
    )


class ModelRef(StrictModel):
    """The victim of a cell."""

    name: Name = Field(description="name of the model")
    variant: Variant | None = Field(
        description=(
            "distinguishes models of the same name in a suite: a short hash of the base and the "
            "settings; null if the name is unique"
        )
    )
    source: Name = Field(description="origin of the weights")
    sha256: Sha256 = Field(description="hash of the model")
    dtype: Name = Field(description="dtype of the model during the attack")
    max_length: PositiveInt | None = Field(
        description="maximum input length in tokens; null if unlimited"
    )
    num_parameters: NonNegativeInt | None = Field(
        description="number of parameters; null if not applicable"
    )
    training: Params | None = Field(
        description=(
            "training settings except the seed, with the hash of the initial weights "
            "(`base_sha256`); null for a model that the run did not train"
        )
    )


class DefenseRef(StrictModel):
    """A defense of a cell."""

    name: Name = Field(description="name of the defense")
    params: Params = Field(description="its parameters")
    revision: PositiveInt = Field(
        description="revision of its code; different revisions may train different models"
    )

    @model_validator(mode="after")
    def _named(self) -> DefenseRef:
        if self.name == "none":
            raise ValueError("name: an undefended cell has an empty list of defenses, not 'none'")
        return self


class RecipeRef(StrictModel):
    """The attack recipe of a cell."""

    name: Name = Field(description="name of the recipe")
    textattack_version: Name | None = Field(
        description="version of TextAttack, because recipes change between versions"
    )
    params: Params = Field(description="parameters set on the recipe")


class AssetsRef(StrictModel):
    """The assets that a cell used."""

    profile: Name = Field(description="`offline` or `canonical`")
    hashes: dict[str, Sha256] = Field(description="SHA-256 of each asset used, keyed by name")


class Protocol(StrictModel):
    """How examples were drawn, and the limits of the attack."""

    revision: PositiveInt | None = Field(
        description=(
            "revision of the protocol's rules (`robustbert/attacks/protocol.py`); null if not known"
        )
    )
    seed: NonNegativeInt = Field(
        description="seed from which the examples and each attack's seed are derived"
    )
    n: PositiveInt = Field(
        description="number of examples in this cell. *Rule*: at most `dataset.n`"
    )
    query_budget: PositiveInt | None = Field(
        description="maximum queries per word of a text; null if there is no budget"
    )
    limits: dict[str, Scalar] = Field(description="the track's other limits, keyed by name")
    adaptive: bool | None = Field(
        description=(
            "whether the attack knew the defenses, and attacked the model through them; null if "
            "there is nothing to adapt to, or if not known"
        )
    )
    adaptive_votes: PositiveInt | None = Field(
        description=(
            "number of votes that searches of an adaptive attack averaged over; null if the model "
            "is not randomised. *Rule*: null unless `adaptive` is true"
        )
    )

    @model_validator(mode="after")
    def _only_adaptive_votes(self) -> Protocol:
        if self.adaptive_votes is not None and not self.adaptive:
            raise ValueError("adaptive_votes: only adaptive attacks have them")
        return self
