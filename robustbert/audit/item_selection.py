"""Draw the broken examples of an audit, equally from each cell."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from robustbert.audit.audit_key import AuditItem
from robustbert.records import Outcome, record_name
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_view import ShownCell
from robustbert.seeds import derive_seed

_ID_LENGTH = 12


@dataclass(frozen=True)
class DrawnItem:
    """An item with the texts that raters see.

    Args:
        item: the item, as the key contains it.
        first: the text on the left.
        second: the text on the right.
    """

    item: AuditItem
    first: str
    second: str


def draw_items(cells: Sequence[ShownCell], n: int, seed: int) -> tuple[DrawnItem, ...]:
    """Draw broken examples, as equally as possible from each cell, in random order.

    No original occurs twice: a rater who sees the same text in two pairs knows that it is the
    original. So there can be fewer items than asked for, also where there are more broken examples.

    Args:
        cells: cells of one dataset with their broken outcomes, which contain texts.
        n: maximum number of items, at least 1.
        seed: the same seed and cells give the same items, sides and order.
    """
    drawn = _drawn_outcomes(cells, n, seed)
    items = [_item(cell, outcome, seed) for cell, outcome in drawn]
    items.sort(key=lambda drawn_item: drawn_item.item.id)  # ids are hashes: a random order
    return tuple(items)


def _drawn_outcomes(
    cells: Sequence[ShownCell], n: int, seed: int
) -> list[tuple[ShownCell, Outcome]]:
    """Take turns: each cell gives its next example whose text has not been taken yet."""
    waiting = [
        (cell, _shuffled(cell, seed)) for cell in sorted(cells, key=lambda cell: len(cell.outcomes))
    ]
    taken: set[str | None] = set()
    drawn: list[tuple[ShownCell, Outcome]] = []
    while waiting:
        for turn in list(waiting):
            cell, outcomes = turn
            while outcomes and outcomes[-1].text in taken:
                outcomes.pop()
            if not outcomes:
                waiting.remove(turn)
                continue
            if len(drawn) == n:
                return drawn
            taken.add(outcomes[-1].text)
            drawn.append((cell, outcomes.pop()))
    return drawn


def _shuffled(cell: ShownCell, seed: int) -> list[Outcome]:
    outcomes = sorted(cell.outcomes, key=lambda outcome: outcome.example_id)
    random.Random(derive_seed(seed, "audit", record_name(cell.record))).shuffle(outcomes)
    return outcomes


def _item(cell: ShownCell, outcome: Outcome, seed: int) -> DrawnItem:
    place = (record_name(cell.record), outcome.example_id)
    side: Literal["first", "second"] = (
        "first" if derive_seed(seed, "side", *place) % 2 else "second"
    )
    item = AuditItem(
        id=_item_id(seed, *place),
        example_id=outcome.example_id,
        model=record_label(cell.record),
        track=cell.record.track,
        recipe=cell.record.recipe.name,
        label=outcome.label,
        adversarial=side,
    )
    texts = (outcome.adversarial_text or "", outcome.text or "")
    first, second = texts if side == "first" else texts[::-1]
    return DrawnItem(item, first, second)


def _item_id(seed: int, cell: str, example_id: str) -> str:
    """A hash, from which raters learn nothing; answers to another audit have other ids.

    The letter in front keeps spreadsheets from rounding an id such as 123456789012 as a number.
    """
    text = "\x1f".join(["item", str(seed), cell, example_id])
    return f"p{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:_ID_LENGTH]}"
