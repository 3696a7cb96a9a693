"""What raters say about the adversarial texts of an audit, per recipe and in total."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from robustbert.audit.audit_key import AuditItem, AuditKey
from robustbert.audit.estimates import Estimate, mean_of, share_of
from robustbert.audit.rater_agreement import Agreement, agreement, check_agreement_package
from robustbert.audit.rating_files import Rating
from robustbert.audit.rating_questions import (
    ANSWERS,
    FLUENCIES,
    MEANINGS,
    SIDES,
    Answers,
)
from robustbert.validation import check_at_least

#: The name of the group of all items.
ALL_ITEMS = "all"
#: The names of the questions whose agreement is measured.
MEANING, LABEL, FLUENCY = "same meaning", "label", "fluency"


@dataclass(frozen=True)
class GroupReport:
    """The judgements of the items of one group.

    A share is a mean over items; that of an item is a mean over its raters.

    Args:
        name: what the items have in common.
        num_items: the number of items of the audit.
        num_rated: the number of them with at least one answer.
        label_kept: share that gave the adversarial text the true label of the original.
        original_label: share that gave the original its true label, as a control.
        same_meaning: share that said yes; "unsure" is not yes.
        unsure: share that said unsure about the meaning.
        fluency_original: mean fluency of the originals, from 1 to 5.
        fluency_difference: mean fluency of the adversarial text minus that of its original.
        agreements: the agreement between raters on each question.
    """

    name: str
    num_items: int
    num_rated: int
    label_kept: Estimate
    original_label: Estimate
    same_meaning: Estimate
    unsure: Estimate
    fluency_original: Estimate
    fluency_difference: Estimate
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True)
class AuditReport:
    """The result of an audit.

    Args:
        dataset: the name of the dataset.
        raters: the names of the raters, in alphabetical order.
        num_ratings: the number of pairs of a rater and an item with at least one answer.
        missing: the number of missing answers in these ratings, keyed by the question's column.
        seed: the seed of the bootstrap.
        groups: one per recipe, and all items.
    """

    dataset: str
    raters: tuple[str, ...]
    num_ratings: int
    missing: Mapping[str, int]
    seed: int
    groups: tuple[GroupReport, ...]


def report_audit(key: AuditKey, ratings: Sequence[Rating], seed: int = 0) -> AuditReport:
    """Join the answers of raters with the key.

    Args:
        key: the key of the audit.
        ratings: the answers.
        seed: the seed of the bootstrap, at least 0.

    Raises:
        InputError: the seed is negative.
        MissingAssetError: the package ``krippendorff`` is not installed.
    """
    check_at_least(0, seed=seed)
    check_agreement_package()
    answers: dict[str, list[Answers]] = {item.id: [] for item in key.items}
    for rating in ratings:
        answers[rating.item].append(rating.answers)
    judged = [_Judged(item, answers[item.id]) for item in key.items]
    groups = group_items(key.items)
    reports = [
        _report(name, [one for one in judged if one.item in items], key, seed)
        for name, items in groups.items()
    ]
    values = [rating.answers.values for rating in ratings]
    return AuditReport(
        dataset=key.dataset,
        raters=tuple(sorted({one.rater.casefold(): one.rater for one in ratings}.values())),
        num_ratings=len(ratings),
        missing={
            column: sum(given[position] is None for given in values)
            for position, column in enumerate(ANSWERS)
        },
        seed=seed,
        groups=(*reports, _report(ALL_ITEMS, judged, key, seed)),
    )


def group_items(items: Sequence[AuditItem]) -> dict[str, list[AuditItem]]:
    """The items of each recipe; where models or tracks differ, of each combination."""
    fields: tuple[Callable[[AuditItem], str], ...] = (
        lambda item: item.recipe,
        lambda item: item.model,
        lambda item: f"{item.track} track",
    )
    differing = [field for field in fields[1:] if len(set(map(field, items))) > 1]
    groups: dict[str, list[AuditItem]] = {}
    for item in items:
        name = ", ".join(field(item) for field in (fields[0], *differing))
        groups.setdefault(name, []).append(item)
    return dict(sorted(groups.items()))


@dataclass(frozen=True)
class _Judged:
    """An item with the answers of its raters."""

    item: AuditItem
    answers: Sequence[Answers]

    @property
    def changed(self) -> int:
        """The position of the adversarial text among the two."""
        return SIDES.index(self.item.adversarial)

    def meanings(self) -> list[str]:
        return [one.same_meaning for one in self.answers if one.same_meaning is not None]

    def labels(self, side: int) -> list[int]:
        return [label for one in self.answers if (label := one.labels[side]) is not None]

    def fluencies(self, side: int) -> list[int]:
        return [number for one in self.answers if (number := one.fluencies[side]) is not None]

    def fluency_differences(self) -> list[int]:
        """The fluency of the adversarial text minus that of the original, of each rater."""
        pairs = [
            (one.fluencies[self.changed], one.fluencies[1 - self.changed]) for one in self.answers
        ]
        return [
            after - before for after, before in pairs if after is not None and before is not None
        ]

    def true_labels(self, side: int) -> list[bool]:
        return [label == self.item.label for label in self.labels(side)]


def _report(name: str, items: Sequence[_Judged], key: AuditKey, seed: int) -> GroupReport:
    def mean(values: Callable[[_Judged], Sequence[float]]) -> list[float]:
        return [fmean(found) for item in items if (found := values(item))]

    return GroupReport(
        name=name,
        num_items=len(items),
        num_rated=sum(bool(item.answers) for item in items),
        label_kept=share_of(mean(lambda item: item.true_labels(item.changed)), seed),
        original_label=share_of(mean(lambda item: item.true_labels(1 - item.changed)), seed),
        same_meaning=share_of(mean(lambda item: _are(item.meanings(), "yes")), seed),
        unsure=share_of(mean(lambda item: _are(item.meanings(), "unsure")), seed),
        fluency_original=mean_of(mean(lambda item: item.fluencies(1 - item.changed)), seed),
        fluency_difference=mean_of(mean(_Judged.fluency_differences), seed),
        agreements=_agreements(items, key, seed),
    )


def _are(answers: Sequence[str], wanted: str) -> list[bool]:
    return [answer == wanted for answer in answers]


def _agreements(
    items: Sequence[_Judged], key: AuditKey, seed: int
) -> tuple[Agreement, Agreement, Agreement]:
    meanings = [[[MEANINGS.index(answer) for answer in item.meanings()]] for item in items]
    labels = [[item.labels(side) for side in range(len(SIDES))] for item in items]
    fluencies = [
        [[FLUENCIES.index(number) for number in item.fluencies(side)] for side in range(len(SIDES))]
        for item in items
    ]
    return (
        agreement(MEANING, "nominal", meanings, len(MEANINGS), seed),
        agreement(LABEL, "nominal", labels, len(key.label_names), seed),
        agreement(FLUENCY, "ordinal", fluencies, len(FLUENCIES), seed),
    )
