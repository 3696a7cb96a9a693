"""How a record was made: time, engine, versions and machine."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from robustbert.records.fields import Name, Natural, NonNegative, Positive, Strict


class Timing(Strict):
    """Wall-clock seconds, and the victim's share of them; null where it was not measured."""

    train_seconds: NonNegative | None
    attack_seconds: NonNegative | None
    victim_seconds: NonNegative | None
    victim_queries: Natural | None


class Engine(Strict):
    """How the attack was spread out; changes no outcome, only the time.

    ``token_budget`` is the number of tokens in a batch of the victim; null where it has no batches.
    """

    lanes: Positive
    token_budget: Positive | None


class BatchInvariance(Strict):
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


class Environment(Strict):
    """The versions and the machine that made a record.

    Versions are null for what is not installed. ``processor_class`` is a hash of everything that
    decides which matmul kernels run. Records from before something was kept have null for it.
    """

    python: Name
    torch: Name | None
    transformers: Name | None
    tokenizers: Name | None
    textattack: Name | None
    nltk: Name | None
    scikit_learn: Name | None
    datasets: Name | None
    processor: Name
    processor_class: Name | None
    threads: Positive
    device: Name
    git_commit: Name | None
    dirty: bool | None
    batch_invariance: BatchInvariance | None
