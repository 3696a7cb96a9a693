"""What a cell is about: data, model, defenses, recipe, assets and protocol."""

from __future__ import annotations

from pydantic import model_validator

from robustbert.records.fields import (
    Length,
    Name,
    Natural,
    Params,
    Positive,
    Scalar,
    Sha256,
    Strict,
    Variant,
)


class DatasetRef(Strict):
    """The data of a cell: ``n`` rows of ``split``; ``sha256`` over the ids of every split.

    ``length`` says which limits the dataset's texts get, those of short or of long texts;
    ``label_names`` are in the order of the labels. Both are null where not known.
    """

    name: Name
    source: Name
    split: Name
    n: Positive
    sha256: Sha256
    length: Length | None
    label_names: list[str] | None


class ModelRef(Strict):
    """The victim: where its weights come from, their hash, and the dtype of queries.

    ``variant`` tells models of one name apart: a short hash of how each is made. It is null where
    a suite has one model of that name. ``training`` has the settings of the fine-tuning but for its
    seed, and the hash of the weights it started from; it is null for a model that came trained.
    """

    name: Name
    variant: Variant | None
    source: Name
    sha256: Sha256
    dtype: Name
    max_length: Positive | None
    num_parameters: Natural | None
    training: Params | None


class DefenseRef(Strict):
    """A defense of a cell, and the revision of its code: another one may give other models."""

    name: Name
    params: Params
    revision: Positive

    @model_validator(mode="after")
    def _named(self) -> DefenseRef:
        if self.name == "none":
            raise ValueError("name: an undefended cell has an empty list of defenses, not 'none'")
        return self


class RecipeRef(Strict):
    """The attack recipe, the TextAttack it was built by, and what was set on it."""

    name: Name
    textattack_version: Name | None
    params: Params


class AssetsRef(Strict):
    """Where assets came from (``offline`` or ``canonical``), and a hash of each one used."""

    profile: Name
    hashes: dict[str, Sha256]


class Protocol(Strict):
    """How examples were drawn and what an attack was allowed.

    ``query_budget`` is in queries per word of the text; null where there is no budget.
    ``revision`` is that of the protocol's rules; null where not known.
    """

    revision: Positive | None
    seed: Natural
    n: Positive
    query_budget: Positive | None
    limits: dict[str, Scalar]
