"""The JSON of a comparison: its fields and their meaning."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from robustbert.gate.comparison.compared import ConfirmationVerdict, Verdict
from robustbert.records import Metric
from robustbert.records.fields import NonNegativeInt, PositiveInt, Proportion, StrictModel

#: The version of the format. New fields do not change it; a field that changes or goes does.
COMPARISON_VERSION: Final = 1

_ROW = "its label, as tables show it"


class RuleFields(StrictModel):
    """An exception from the allowed drop; null stands for all."""

    max_drop: Proportion = Field(description="the allowed drop of accuracy")
    dataset: str | None = Field(description="name of the dataset that it applies to")
    track: str | None = Field(description="name of the track that it applies to")
    recipe: str | None = Field(description="a recipe, `worst_case` or `clean`")


class PolicyFields(StrictModel):
    """What was allowed."""

    max_drop: Proportion = Field(description="the allowed drop of accuracy")
    alpha: Proportion = Field(description="the level of all tests together")
    strict: bool = Field(description="whether too little power is a failure")
    rules: list[RuleFields] = Field(
        description="exceptions from `max_drop`; the last one that matches decides"
    )


class DifferenceFields(StrictModel):
    """Candidate minus base, with a 95% paired bootstrap interval."""

    value: float = Field(description="the difference, in [-1, 1]")
    low: float = Field(description="lower end of the interval")
    high: float = Field(description="upper end of the interval")


class PowerFields(StrictModel):
    """What the test can see."""

    power: Proportion = Field(description="the required probability of finding a drop")
    discordant: Proportion = Field(
        description="the share of lost and gained examples that is assumed: the observed one, at "
        "least 0.05"
    )
    alpha: Proportion = Field(
        description="the level of the test: that of the policy divided by the number of tests"
    )
    smallest_drop: Proportion | None = Field(
        description="the smallest drop that is found with this power; null if none is"
    )
    examples_needed: PositiveInt | None = Field(
        description="the number of examples that show the allowed drop; null if none is enough"
    )


class ConfirmationFields(StrictModel):
    """The test of a regression on fresh examples."""

    seed: int = Field(description="the seed of the selection and of the attacks")
    power: Proportion = Field(description="the power to see a drop as large as the first one")
    verdict: ConfirmationVerdict = Field(description="whether the regression is confirmed")
    fresh: MeasureFields | None = Field(
        description="the measure on the fresh examples; null if no example was left"
    )


class MeasureFields(StrictModel):
    """One accuracy of two rows on the same examples."""

    base_row: str = Field(description=f"the row of the base: {_ROW}")
    candidate_row: str = Field(description=f"the row of the candidate: {_ROW}")
    base_sha256: str = Field(description="hash of the weights of the base")
    candidate_sha256: str = Field(description="hash of the weights of the candidate")
    relation: str = Field(description="what the two models have in common")
    dataset: str = Field(description="name of the dataset")
    split: str = Field(description="name of the split")
    track: str | None = Field(description="name of the track; null for clean accuracy")
    measure: str = Field(description="a recipe, `worst_case` or `clean`")
    recipes: list[str] = Field(description="the recipes that it is computed over")
    n: PositiveInt = Field(description="number of compared examples")
    base: Metric = Field(description="the accuracy of the base, with its Wilson 95% interval")
    candidate: Metric = Field(description="the accuracy of the candidate, likewise")
    difference: DifferenceFields = Field(description="candidate minus base")
    p_value: Proportion = Field(description="of the exact McNemar test")
    adjusted_p: Proportion = Field(description="after Holm's correction over all measures")
    lost: list[str] = Field(
        description="ids of the examples that only the base classifies correctly"
    )
    gained: list[str] = Field(
        description="ids of the examples that only the candidate classifies correctly"
    )
    max_drop: Proportion = Field(description="the allowed drop of this measure")
    power: PowerFields = Field(description="what the test can see")
    has_power: bool = Field(description="whether the allowed drop would be seen with this power")
    verdict: Verdict = Field(description="what the test says")
    failed: bool = Field(description="whether the candidate does not pass")
    allowed: list[str] = Field(description="differences between the cells that were allowed")
    confirmation: ConfirmationFields | None = Field(
        description="the test of a regression on fresh examples; null if there was none"
    )


class NotComparedFields(StrictModel):
    """A cell or a row that was not compared."""

    row: str = Field(description="the label of its row")
    dataset: str | None = Field(description="name of the dataset; null for a whole row")
    split: str | None = Field(description="name of the split; null for a whole row")
    track: str | None = Field(description="name of the track; null for a whole row")
    recipe: str | None = Field(description="name of the recipe; null for a whole row")
    reason: str = Field(description="why it was not compared")
    allow: list[str] = Field(
        description="the kinds of differences that `--allow` would have to name; empty if nothing "
        "has to be done"
    )


class ComparisonFields(StrictModel):
    """A comparison."""

    comparison_version: Literal[1] = Field(COMPARISON_VERSION, description="version of the format")
    robustbert_version: str = Field(description="the version of robustbert that compared the runs")
    verdict: Literal["passed", "failed", "not comparable"] = Field(description="the verdict")
    reason: str = Field(description="the reason for the verdict, in one phrase")
    exit_code: NonNegativeInt = Field(
        description="0: passed; 1: a measure failed; 2: not comparable"
    )
    base: str = Field(description="the path of the base; of an absolute one, the last component")
    candidate: str = Field(description="the path of the candidate, likewise")
    policy: PolicyFields = Field(description="what was allowed")
    measures: list[MeasureFields] = Field(description="the compared accuracies")
    not_compared: list[NotComparedFields] = Field(
        description="cells and rows that were not compared"
    )
    notes: list[str] = Field(description="what to know about the numbers, a sentence each")


#: The models with a table in ``docs/gate.md``, keyed by the part of the JSON.
MODELS = (
    *(ComparisonFields, PolicyFields, RuleFields, MeasureFields, DifferenceFields, PowerFields),
    *(ConfirmationFields, NotComparedFields),
)
