"""What a run leaves behind: an :class:`Outcome` an example, a :class:`Record` a cell.

The one definition of the results' schema; ``docs/record.schema.json`` is written from it and
``docs/records.md`` explains the fields. Models are frozen and strict: an unknown field, a number
written as a string, NaN and infinity are refused. What is absent is null.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import models_json_schema

SCHEMA_VERSION: Final = 1

Status: TypeAlias = Literal["skipped", "robust", "broken", "exhausted", "error"]
Track: TypeAlias = Literal["published", "unified"]

Name: TypeAlias = Annotated[str, StringConstraints(min_length=1)]
Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Natural: TypeAlias = Annotated[int, Field(ge=0)]
Positive: TypeAlias = Annotated[int, Field(ge=1)]
Proportion: TypeAlias = Annotated[float, Field(ge=0, le=1)]
NonNegative: TypeAlias = Annotated[float, Field(ge=0)]
Similarity: TypeAlias = Annotated[float, Field(ge=-1, le=1)]
Scalar: TypeAlias = str | int | float | bool | None
Params: TypeAlias = dict[str, Scalar | list[Scalar]]

# A proportion stored next to the counts it comes from may differ from them by rounding alone.
_TOLERANCE = 1e-9


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        json_schema_serialization_defaults_required=True,
    )


class Outcome(_Strict):
    """What happened to one example under one recipe.

    ``adversarial_prediction``, ``adversarial_text``, ``words_changed`` and ``similarity`` describe
    the text that the attack claims to have won with: they are null unless the outcome is
    ``broken`` or ``retracted``. Both texts are null where texts are withheld.
    """

    example_id: Name
    status: Status
    retracted: bool
    label: Natural
    clean_prediction: Natural | None
    adversarial_prediction: Natural | None
    text: str | None
    adversarial_text: str | None
    queries: Natural
    words: Natural
    words_changed: Natural | None
    similarity: Similarity | None
    seed: Natural
    seconds: NonNegative
    error: str | None

    @property
    def correct(self) -> bool:
        """Whether the victim was right before any attack."""
        return self.clean_prediction == self.label

    @property
    def attacked(self) -> bool:
        """Whether an attack ran to its end: broken, robust or exhausted."""
        return self.status in ("broken", "robust", "exhausted")

    @model_validator(mode="after")
    def _consistent(self) -> Outcome:
        if (self.status == "error") != (self.error is not None):
            raise ValueError("error: a message belongs to status 'error', and to it alone")
        if self.retracted and self.status != "robust":
            raise ValueError(f"retracted: the status must be 'robust', not {self.status!r}")
        if self.attacked and not self.correct:
            raise ValueError(f"status: {self.status!r}, but the clean prediction is not the label")
        if self.status == "skipped" and (self.correct or self.clean_prediction is None):
            raise ValueError("status: 'skipped' needs a clean prediction that is not the label")
        self._check_claim()
        return self

    def _check_claim(self) -> None:
        if self.status == "broken":
            if self.adversarial_prediction in (None, self.label):
                raise ValueError("adversarial_prediction: 'broken' needs one that is not the label")
            if self.words_changed is None:
                raise ValueError("words_changed: 'broken' needs it measured")
            if self.text is not None and self.adversarial_text is None:
                raise ValueError("adversarial_text: missing although the text is given")
        elif not self.retracted and self._claims():
            raise ValueError("an adversarial text or its measures without 'broken' or 'retracted'")
        if self.text is None and self.adversarial_text is not None:
            raise ValueError("adversarial_text: given although the text is withheld")

    def _claims(self) -> bool:
        claim = (self.adversarial_prediction, self.adversarial_text)
        return any(part is not None for part in (*claim, self.words_changed, self.similarity))


class Metric(_Strict):
    """A proportion with its 95% interval: null throughout, never 0, where ``n`` is 0."""

    value: Proportion | None
    low: Proportion | None
    high: Proportion | None
    n: Natural

    @model_validator(mode="after")
    def _consistent(self) -> Metric:
        numbers = [self.low, self.value, self.high]
        present = [number for number in numbers if number is not None]
        if len(present) != (3 if self.n else 0):
            raise ValueError("value, low and high: null where n is 0, numbers elsewhere")
        if present != sorted(present):
            raise ValueError("the value lies outside its interval")
        return self


class DatasetRef(_Strict):
    """The data of a cell: ``n`` rows of ``split``; ``sha256`` over the ids of every split."""

    name: Name
    source: Name
    split: Name
    n: Positive
    sha256: Sha256


class ModelRef(_Strict):
    """The victim: where its weights come from, their hash, and the number format of queries."""

    name: Name
    source: Name
    sha256: Sha256
    dtype: Name
    max_length: Positive | None
    num_parameters: Natural | None


class DefenseRef(_Strict):
    """The defense of a cell; an undefended cell has null in its place."""

    name: Name
    params: Params

    @model_validator(mode="after")
    def _named(self) -> DefenseRef:
        if self.name == "none":
            raise ValueError("name: an undefended cell has null for its defense, not 'none'")
        return self


class RecipeRef(_Strict):
    """The attack recipe, the TextAttack it was built by, and what was set on it."""

    name: Name
    textattack_version: Name | None
    params: Params


class AssetsRef(_Strict):
    """Where assets came from (``offline`` or ``canonical``), and a hash of each one used."""

    profile: Name
    hashes: dict[str, Sha256]


class Protocol(_Strict):
    """How examples were drawn and what an attack was allowed.

    ``query_budget`` is in queries a word of the text; null where there is no budget.
    """

    seed: Natural
    n: Positive
    query_budget: Positive | None
    limits: dict[str, Scalar]


class Counts(_Strict):
    """How many examples had each status; the first five sum to the cell's ``n``.

    ``retracted`` are among the robust. ``truncated``: clean texts longer than the model reads.
    """

    skipped: Natural
    robust: Natural
    broken: Natural
    exhausted: Natural
    error: Natural
    retracted: Natural
    truncated: Natural

    @property
    def total(self) -> int:
        """The number of examples, errors among them."""
        return self.skipped + self.attacked + self.error

    @property
    def attacked(self) -> int:
        """The number of examples whose attack ran to its end."""
        return self.robust + self.broken + self.exhausted

    @model_validator(mode="after")
    def _consistent(self) -> Counts:
        if self.retracted > self.robust:
            raise ValueError("retracted: more than there are robust examples")
        if self.truncated > self.total:
            raise ValueError("truncated: more than there are examples")
        return self


class Metrics(_Strict):
    """The cell's numbers. A mean over no example is null."""

    clean_accuracy: Metric
    accuracy_under_attack: Metric
    attack_success_rate: Metric
    queries_mean: NonNegative | None
    queries_mean_broken: NonNegative | None
    words_changed_mean: NonNegative | None
    similarity_mean: Similarity | None


class Timing(_Strict):
    """Wall-clock seconds, and the victim's share of them; null where it was not measured."""

    train_seconds: NonNegative | None
    attack_seconds: NonNegative | None
    victim_seconds: NonNegative | None
    victim_queries: Natural | None


class Engine(_Strict):
    """How the attack was spread out; changes no outcome, only the time.

    ``token_budget`` is the tokens of a batch of the victim's; null where it has no batches.
    """

    lanes: Positive
    token_budget: Positive | None


class BatchInvariance(_Strict):
    """Whether a text's scores depended on the other texts of their batch, as far as was checked.

    ``verified``: each network gave the same bits alone and in batches on this machine, and so did
    the answers of the run that were asked again. ``ladder`` has, for each kind of linear layer that
    is filled up to checked row counts, those of the ladder that agreed.
    """

    status: Literal["verified", "not verified"]
    ladder: dict[str, list[Positive]]
    answers_checked: Natural
    answers_differing: Natural
    encodings_checked: Natural
    encodings_differing: Natural

    def joined(self, later: BatchInvariance) -> BatchInvariance:
        """What both have found, of two runs of one cell."""
        numbers = (
            *("answers_checked", "answers_differing"),
            *("encodings_checked", "encodings_differing"),
        )
        both = self.status == later.status == "verified"
        return BatchInvariance(
            status="verified" if both else "not verified",
            ladder={**self.ladder, **later.ladder},
            **{name: getattr(self, name) + getattr(later, name) for name in numbers},
        )

    @property
    def differing(self) -> int:
        """All answers and encodings that came out differently alone."""
        return self.answers_differing + self.encodings_differing

    @model_validator(mode="after")
    def _consistent(self) -> BatchInvariance:
        if self.answers_differing > self.answers_checked:
            raise ValueError("answers_differing: more than were checked")
        if self.encodings_differing > self.encodings_checked:
            raise ValueError("encodings_differing: more than were checked")
        if self.differing and self.status == "verified":
            raise ValueError("status: 'verified', but some came out differently")
        return self


class Environment(_Strict):
    """The versions and the machine that made a record."""

    python: Name
    torch: Name | None
    transformers: Name | None
    textattack: Name | None
    datasets: Name | None
    processor: Name
    threads: Positive
    device: Name
    git_commit: Name | None
    dirty: bool | None
    # null in records from before it was checked
    batch_invariance: BatchInvariance | None = None


class Record(_Strict):
    """A cell: its numbers, and everything needed to repeat it."""

    schema_version: Literal[1] = SCHEMA_VERSION
    robustbert_version: Name
    suite: str | None
    dataset: DatasetRef
    model: ModelRef
    defense: DefenseRef | None
    track: Track
    recipe: RecipeRef
    assets: AssetsRef
    protocol: Protocol
    counts: Counts
    metrics: Metrics
    timing: Timing
    # null in records of before it was kept
    engine: Engine | None = None
    environment: Environment

    @model_validator(mode="after")
    def _consistent(self) -> Record:
        counts = self.counts
        if counts.total != self.protocol.n:
            raise ValueError(f"counts: sum to {counts.total}, but protocol.n is {self.protocol.n}")
        if self.protocol.n > self.dataset.n:
            raise ValueError(f"protocol.n: more examples than the {self.dataset.n} of the split")
        self._check_metrics()
        return self

    def _check_metrics(self) -> None:
        counts, metrics = self.counts, self.metrics
        survived = counts.robust + counts.exhausted
        correct = round((metrics.clean_accuracy.value or 0) * counts.total)
        if not counts.attacked <= correct <= counts.attacked + counts.error:
            raise ValueError("metrics.clean_accuracy: does not follow from the counts")
        _check_proportion("clean_accuracy", metrics.clean_accuracy, correct, counts.total)
        _check_proportion(
            "accuracy_under_attack", metrics.accuracy_under_attack, survived, counts.total
        )
        _check_proportion(
            "attack_success_rate", metrics.attack_success_rate, counts.broken, counts.attacked
        )
        _check_mean("queries_mean", metrics.queries_mean, counts.attacked)
        _check_mean("queries_mean_broken", metrics.queries_mean_broken, counts.broken)
        _check_mean("words_changed_mean", metrics.words_changed_mean, counts.broken)


# Fields that records from before they were added do not have.
_ADDED_FIELDS = {"Record": ("engine",), "Environment": ("batch_invariance",)}


def _check_proportion(name: str, metric: Metric, k: int, n: int) -> None:
    agrees = metric.n == n and (n == 0 or abs((metric.value or 0.0) - k / n) <= _TOLERANCE)
    if not agrees:
        raise ValueError(f"metrics.{name}: {metric.value} of {metric.n}, but counts say {k}/{n}")


def _check_mean(name: str, mean: float | None, n: int) -> None:
    if (mean is None) != (n == 0):
        raise ValueError(f"metrics.{name}: {mean}, but it is a mean over {n} examples")


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a record; an outcome's is its ``$defs/Outcome``."""
    _, definitions = models_json_schema(
        [(Record, "serialization"), (Outcome, "serialization")],
        title="robustbert results",
    )
    for model, fields in _ADDED_FIELDS.items():
        required = definitions["$defs"][model]["required"]
        definitions["$defs"][model]["required"] = [name for name in required if name not in fields]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/Record",
        **definitions,
    }
