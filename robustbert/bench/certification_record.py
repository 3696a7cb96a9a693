"""The record of certificates of a model on the examples of a dataset."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from robustbert.defenses.certification import CertifiedAccuracies, CertifiedExample
from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    Proportion,
    StrictModel,
    Timestamp,
)
from robustbert.records.schema import AssetsRef, DatasetRef, DefenseRef, Environment, ModelRef


class CertificationRecord(StrictModel):
    """The certificates of a model on the examples of a dataset; it holds no texts."""

    kind: Literal["certification"] = Field(description="distinguishes it from other files")
    format_version: Literal[1] = Field(description="version of this format")
    robustbert_version: Name = Field(description="version of robustbert that wrote it")
    created_at: Timestamp = Field(description="creation time in UTC")
    command: Name | None = Field(description="the command line; null if run from Python")
    dataset: DatasetRef = Field(description="the data")
    model: ModelRef = Field(description="the model")
    defenses: list[DefenseRef] = Field(description="its defenses, the outermost first")
    training_seed: NonNegativeInt | None = Field(
        description="seed of its training; null if it was already trained"
    )
    assets: AssetsRef = Field(description="the assets that its defenses read at inference")
    seed: NonNegativeInt = Field(
        description="seed from which the examples and the changed texts are derived"
    )
    samples: PositiveInt = Field(description="changed texts per example")
    confidence: Proportion = Field(description="confidence level of each certificate")
    attacks: Name = Field(description="what attacks may do with a word; others are not certified")
    unified_share: Proportion = Field(
        description="share of the words that attacks of the `unified` track may change"
    )
    accuracies: CertifiedAccuracies = Field(description="shares of certified examples")
    seconds: NonNegativeFloat = Field(description="time of the certification, without training")
    environment: Environment = Field(description="software versions and hardware")
    examples: list[CertifiedExample] = Field(description="the certificate of each example")
