"""Attack the model of a finished row again, under the row's conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.errors import InputError
from robustbert.gate.repeated_attack import repeat_attack, repeated_job
from robustbert.gate.repeated_cells import (
    LoadedVictim,
    RepeatedCells,
    adaptive_votes_of,
    check_trusted,
    loaded_victim,
)
from robustbert.models import Classifier
from robustbert.models.searched_through import attack_through
from robustbert.rechecks.attacked_row import AttackedRow
from robustbert.records import Outcome, Record
from robustbert.reports.row_labels import record_label


@dataclass(frozen=True)
class RowAttacker:
    """Attacks a row's model, or another classifier in its place, with the row's recipes.

    Args:
        row: the finished row.
        loaded: its model.
        cells: loads its data.
    """

    row: AttackedRow
    loaded: LoadedVictim
    cells: RepeatedCells

    @property
    def classifier(self) -> Classifier:
        """The row's model with its defenses."""
        return self.loaded.victim.classifier

    def attack(self, classifier: Classifier, title: str) -> dict[str, Sequence[Outcome]]:
        """The outcomes of each recipe on the examples of the row; adaptive if those of the row are.

        Args:
            classifier: what is attacked.
            title: what is done, for the progress.

        Raises:
            InputError: the examples are not those of the row.
        """
        victim = self._victim(classifier)
        found = {}
        for record in self.row.records:
            stored = [outcome.example_id for outcome in self.row.outcomes[record.recipe.name]]
            outcomes = self._outcomes(victim, record, record.protocol.n, title)
            if {outcome.example_id for outcome in outcomes} != set(stored):
                raise InputError(
                    f"the examples of {record_label(record)} on {record.dataset.name} are not "
                    "those of the protocol; run it again"
                )
            found[record.recipe.name] = outcomes
        return found

    def attack_split(
        self, classifier: Classifier, split: str, n: int, title: str
    ) -> dict[str, Sequence[Outcome]]:
        """The outcomes of each recipe on the first ``n`` examples of another split."""
        victim = self._victim(classifier)
        found = {}
        for record in self.row.records:
            moved = self.cells.on_split(record, split)
            found[record.recipe.name] = self._outcomes(victim, moved, n, title)
        return found

    def _victim(self, classifier: Classifier) -> LoadedVictim:
        votes = adaptive_votes_of(self.row.first)
        through = None if votes is None else attack_through(classifier, votes)
        return loaded_victim(replace(self.loaded.victim, classifier=classifier, through=through))

    def _outcomes(
        self, victim: LoadedVictim, record: Record, n: int, title: str
    ) -> Sequence[Outcome]:
        job = repeated_job(self.cells, victim, record, n=n)
        return repeat_attack(job, record, job.examples.items, title).outcomes


def check_repeatable(record: Record, trusted: Sequence[str]) -> None:
    """Check that a cell can be attacked again by this version, without importing unknown code.

    Args:
        record: the record of the cell.
        trusted: import paths that the record may name.

    Raises:
        InputError: it cannot.
    """
    check_trusted([record], trusted)
    if record.protocol.revision != PROTOCOL_REVISION:
        raise InputError(
            f"{record_label(record)} has revision {record.protocol.revision or 'unknown'} of the "
            f"protocol, but this version of robustbert has {PROTOCOL_REVISION}; run it again"
        )
