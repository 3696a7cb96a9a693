"""The records of the quality of explanations: numbers and ids, without texts."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    Params,
    PositiveInt,
    Sha256,
    StrictModel,
    Track,
)
from robustbert.records.strict_json import check_version, parse_object, read_file, validated

#: The version of the format of records.
QUALITY_VERSION: Final = 1


class TextQuality(StrictModel):
    """The quality of the explanation of one text."""

    example_id: Name = Field(description="the id of the example")
    comprehensiveness: float = Field(description="averaged over shares of words, -1 to 1")
    sufficiency: float = Field(description="averaged over shares of words, -1 to 1")
    infidelity: NonNegativeFloat | None = Field(description="null if the method needs no network")
    sensitivity: NonNegativeFloat | None = Field(
        description="null if it needs no network, and for random scores"
    )


class MethodQuality(StrictModel):
    """The quality of a method on the texts of a dataset."""

    method: Name = Field(description="the name of the method, or random")
    params: Params = Field(description="its parameters")
    seconds: NonNegativeFloat | None = Field(description="per text; null for random scores")
    texts: list[TextQuality] = Field(description="in the order of the examples")


class Agreement(StrictModel):
    """The agreement of two methods."""

    first: Name = Field(description="the name of a method")
    second: Name = Field(description="the name of another method")
    rank_correlations: list[float | None] = Field(description="Spearman's, one per text")


class TextChange(StrictModel):
    """What an attack did to the explanation of one text."""

    example_id: Name = Field(description="the id of the example")
    num_words: NonNegativeInt = Field(description="words of the original")
    num_changed: NonNegativeInt = Field(description="words of the original that were changed")
    num_changed_in_top: NonNegativeInt = Field(
        description="changed words among as many words with the largest absolute scores"
    )
    rank_correlation: float | None = Field(description="Spearman's, before and after")


class RecipeChange(StrictModel):
    """What a recipe did to the explanations of a method."""

    track: Track = Field(description="the threat model")
    recipe: Name = Field(description="the attack recipe")
    method: Name = Field(description="the name of the method")
    texts: list[TextChange] = Field(description="broken examples")


class ExplanationQuality(StrictModel):
    """The quality of all methods for one model on one dataset."""

    quality_version: Literal[1] = Field(description="the version of the format")
    dataset: Name = Field(description="the name of the dataset")
    split: Name = Field(description="the split of the examples")
    model: Name = Field(description="the name of the model")
    model_sha256: Sha256 = Field(description="the hash of the model's weights")
    seed: NonNegativeInt = Field(description="the seed that drew the examples")
    processor: Name = Field(description="the processor on which seconds were measured")
    threads: PositiveInt = Field(description="the number of its threads that were used")
    libraries: list[Name] = Field(description="the versions of libraries, as NAME==VERSION")
    network_quality: Params = Field(description="how infidelity and sensitivity were estimated")
    methods: list[MethodQuality] = Field(description="in the order of the registry")
    agreements: list[Agreement] = Field(description="one per pair of methods")
    changes: list[RecipeChange] = Field(description="one per recipe and method; may be empty")


def read_quality(path: Path) -> ExplanationQuality:
    """Read a record of the quality of explanations.

    Raises:
        RecordError: there is no such file, or it is not valid.
    """
    content = parse_object(read_file(path), str(path))
    check_version(content, "quality_version", QUALITY_VERSION, str(path))
    return validated(ExplanationQuality, content, str(path))
