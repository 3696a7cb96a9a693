"""The result of an attack from Python: numbers, a data frame and readable texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from robustbert.console import in_notebook, terminal_width, use_color
from robustbert.errors import InputError
from robustbert.records import Metric, Outcome, Record, Status, record_name
from robustbert.reports import leaderboard_table, outcomes_html, outcomes_text, table_html
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    import pandas as pd

#: The columns of :meth:`AttackResult.to_pandas`, in order.
COLUMNS = (
    "example_id",
    "status",
    "label",
    "clean_prediction",
    "adversarial_prediction",
    "label_probability",
    "adversarial_label_probability",
    "text",
    "adversarial_text",
    "words",
    "words_changed",
    "similarity",
    "queries",
    "retracted",
    "error",
)


@dataclass(frozen=True, repr=False)
class AttackResult:
    """The outcomes of one recipe on one victim.

    Args:
        record: the metrics, and everything needed to repeat the attack.
        outcomes: one per example, in the order of the texts that were given.
    """

    record: Record
    outcomes: tuple[Outcome, ...]

    @property
    def clean_accuracy(self) -> Metric:
        """Correct before the attack / all, with a 95% Wilson interval."""
        return self.record.metrics.clean_accuracy

    @property
    def accuracy_under_attack(self) -> Metric:
        """Correct before and after the attack / all, with a 95% Wilson interval."""
        return self.record.metrics.accuracy_under_attack

    @property
    def attack_success_rate(self) -> Metric:
        """Broken / attacked examples, with a 95% Wilson interval."""
        return self.record.metrics.attack_success_rate

    @property
    def label_names(self) -> tuple[str, ...]:
        """The name of label 0, 1, …."""
        return tuple(self.record.dataset.label_names or ())

    def to_pandas(self) -> pd.DataFrame:
        """One row per example, in the order of the texts that were given.

        Labels and predictions are names; a value that does not exist is missing. ``queries`` counts
        distinct texts, ``similarity`` is angular (0 to 1), and ``words_changed`` is a number of
        words.
        """
        import pandas as pd

        rows = [outcome.model_dump(include=set(COLUMNS)) for outcome in self.outcomes]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        for column in ("label", "clean_prediction", "adversarial_prediction"):
            frame[column] = [self._label_name(row[column]) for row in rows]
        # without this, pandas makes it a float column as soon as a value is missing
        return frame.astype({"words_changed": "Int64"})

    def show(self, status: Status | None = "broken", n: int | None = 10) -> None:
        """Show original and adversarial texts with their changed words highlighted.

        In a notebook they are shown as HTML, elsewhere they are printed.

        Args:
            status: show only outcomes with this status; None for all.
            n: maximum number of examples, at least 1; None for all.

        Raises:
            InputError: there is no such status, or ``n`` is below 1.
        """
        outcomes = self.select(status, n)
        if in_notebook():
            from IPython.display import HTML, display

            display(HTML(outcomes_html(outcomes, self.label_names)))
        else:
            text = outcomes_text(
                outcomes, self.label_names, color=use_color(), width=terminal_width()
            )
            print(text, end="")

    def select(self, status: Status | None = "broken", n: int | None = None) -> Sequence[Outcome]:
        """The first ``n`` outcomes with a status; None for any status, and for no maximum.

        Raises:
            InputError: there is no such status, or ``n`` is below 1.
        """
        if status is not None and status not in get_args(Status):
            raise InputError(
                f"unknown status {status!r}; choose one of {', '.join(get_args(Status))}, or None"
            )
        check_at_least(1, optional=True, n=n)
        return [o for o in self.outcomes if status in (None, o.status)][:n]

    def __repr__(self) -> str:
        record = self.record
        return (
            f"<{record.recipe.name} ({record.track} track) on {record.model.name}, "
            f"{len(self.outcomes)} examples of {record.dataset.name}: "
            f"clean accuracy {self.clean_accuracy}, "
            f"accuracy under attack {self.accuracy_under_attack}>"
        )

    def _repr_html_(self) -> str:
        """The numbers as a table, and the first broken example."""
        table = leaderboard_table([self.record], {record_name(self.record): self.outcomes})
        broken = self.select("broken", 1)
        examples = f"<br>\n{outcomes_html(broken, self.label_names)}" if broken else ""
        return table_html(table) + examples

    def _label_name(self, label: int | None) -> str | None:
        return None if label is None else self.label_names[label]
