"""The tables of ``docs/gate.md`` that are computed: fields of the JSON, and what tests can see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from robustbert.gate.comparison.comparison_fields import MODELS
from robustbert.gate.policy import DIFFERENCES
from robustbert.metrics import examples_needed, smallest_drop
from robustbert.records.field_tables import table_of_properties

#: The numbers of examples, the shares of lost and gained examples, and the allowed drops that the
#: tables of power have.
NUMBERS, SHARES, DROPS = (100, 300, 1000, 3000), (0.05, 0.1, 0.2), (0.02, 0.03, 0.05, 0.1)
#: The level of one test in these tables: 0.05, divided by four recipes, the worst case over them
#: and clean accuracy.
LEVEL = 0.05 / 6

_TABLE = re.compile(r"(<!-- table of (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def update_tables(document: str) -> str:
    """Replace every table between markers in ``document`` with the current one.

    A table is between ``<!-- table of NAME -->`` and ``<!-- end of table -->``.
    """
    return _TABLE.sub(lambda match: match[1] + TABLES[match[2]]() + match[3], document)


def _differences() -> str:
    rows = ((f"`{kind}`", meaning) for kind, meaning in DIFFERENCES.items())
    return _table(("kind", "what is allowed"), rows)


def _smallest_drops() -> str:
    rows = (
        [f"{n:,}", *(_points(smallest_drop(n, share, LEVEL)) for share in SHARES)] for n in NUMBERS
    )
    return _table(("examples", *_share_names()), rows)


def _examples_needed() -> str:
    rows = (
        [_points(drop), *(_number(examples_needed(drop, share, LEVEL)) for share in SHARES)]
        for drop in DROPS
    )
    return _table(("allowed drop", *_share_names()), rows)


def _share_names() -> list[str]:
    return [f"{100 * share:.0f}% lost or gained" for share in SHARES]


def _points(drop: float | None) -> str:
    return "n/a" if drop is None else f"{100 * drop:.1f} points"


def _number(number: int | None) -> str:
    return "n/a" if number is None else f"{number:,}"


def _table(header: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _fields(name: str) -> Callable[[], str]:
    model = next(model for model in MODELS if model.__name__ == name)
    definition = model.model_json_schema(mode="serialization")
    properties = definition.get("properties") or definition["$defs"][name]["properties"]
    return lambda: table_of_properties(properties)


#: The functions that make the tables, keyed by the name in the marker.
TABLES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "differences": _differences,
        "smallest_drops": _smallest_drops,
        "examples_needed": _examples_needed,
        **{model.__name__: _fields(model.__name__) for model in MODELS},
    }
)
