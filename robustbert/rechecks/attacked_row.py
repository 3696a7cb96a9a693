"""A finished row of a run: its worst case, and the test of a second attack against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.errors import InputError
from robustbert.metrics import mcnemar_of_counts, proportion, survived
from robustbert.records import Outcome, Record, Run, record_name, row_sha256
from robustbert.records.row_recheck import SecondAttack
from robustbert.reports.row_labels import record_label

Outcomes = Mapping[str, Sequence[Outcome]]
"""The outcomes of each recipe, keyed by its name."""

#: The level of the test of a drop.
ALPHA = 0.05


@dataclass(frozen=True)
class AttackedRow:
    """One model with its defenses on one dataset and track, under the recipes of its worst case.

    Args:
        records: one per recipe, at least one.
        outcomes: their outcomes.
    """

    records: tuple[Record, ...]
    outcomes: Outcomes

    @property
    def first(self) -> Record:
        """One of the records, for what all of them share."""
        return self.records[0]

    def survivors(self) -> dict[str, bool]:
        """Whether each example that all recipes share survives all of them."""
        return _all(self.outcomes, survived)

    def test(self, second: Outcomes) -> SecondAttack:
        """Test whether fewer examples survive a second attack on the same model.

        The second attack may be on a classifier that rounds its probabilities otherwise, such as a
        calibrated one, so its clean predictions do not count: an example survives it if the row
        classifies its text correctly, and no recipe of the second attack breaks it. One that the
        second attack skips was not attacked again: it survives if it survived before. Examples with
        an error in either attack are left out.

        Args:
            second: the outcomes of the second attack.

        Raises:
            InputError: no example is left.
        """
        before = self.survivors()
        correct = _all(self.outcomes, lambda outcome: outcome.correct)
        unbroken = _all(second, lambda outcome: outcome.status != "broken")
        attacked = _all(second, lambda outcome: outcome.attacked)
        shared = _finished(self.outcomes) & _finished(second)
        if not shared:
            raise InputError(
                f"no example of {record_label(self.first)} was attacked twice without an error; "
                "run it again"
            )
        after = {i: correct[i] and unbroken[i] if attacked[i] else before[i] for i in shared}
        only_before = sum(before[i] and not after[i] for i in shared)
        only_after = sum(after[i] and not before[i] for i in shared)
        tested = mcnemar_of_counts(only_before, only_after, len(shared))
        return SecondAttack(
            worst_case=proportion(sum(after.values()), len(shared)),
            only_before=only_before,
            only_after=only_after,
            p_value=tested.p_value,
        )


def significant_drop(second: SecondAttack) -> float:
    """The drop of the worst case in a second attack; 0 if it rises or may be due to chance.

    >>> from robustbert.metrics import proportion
    >>> after = proportion(2, 20)
    >>> significant_drop(SecondAttack(worst_case=after, only_before=8, only_after=0, p_value=0.01))
    0.4
    """
    drop = (second.only_before - second.only_after) / second.worst_case.n
    return max(0.0, drop) if second.p_value < ALPHA else 0.0


def attacked_rows(run: Run, records: Sequence[Record]) -> tuple[AttackedRow, ...]:
    """The rows of some records of a run, each with its core recipes, or all if it has none of them.

    Raises:
        InputError: the recipes of a row share no example.
    """
    by_row: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        data = record.dataset
        key = (data.name, data.sha256, data.split, record.track, record.protocol.seed)
        by_row.setdefault((*key, row_sha256(record), record.training_seed), []).append(record)
    return tuple(_row(run, of_row) for of_row in by_row.values())


def _row(run: Run, records: Sequence[Record]) -> AttackedRow:
    core = [record for record in records if record.recipe.name in CORE_RECIPES]
    chosen = tuple(core or records)
    outcomes = {record.recipe.name: run.outcomes[record_name(record)] for record in chosen}
    row = AttackedRow(chosen, outcomes)
    if not row.survivors():
        raise InputError(f"the recipes of {record_name(chosen[0])} share no example; run it again")
    return row


def _finished(outcomes: Outcomes) -> set[str]:
    """The shared examples without an error."""
    found = _all(outcomes, lambda outcome: outcome.status != "error")
    return {i for i, finished in found.items() if finished}


def _all(outcomes: Outcomes, holds: Callable[[Outcome], bool]) -> dict[str, bool]:
    """Whether something holds for each shared example under every recipe."""
    tables = [{one.example_id: holds(one) for one in run} for run in outcomes.values()]
    shared = [i for i in tables[0] if all(i in table for table in tables)]
    return {i: all(table[i] for table in tables) for i in shared}
