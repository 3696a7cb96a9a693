"""The lines that say where the numbers of a table come from."""

from __future__ import annotations

from typing import Any

from robustbert.reports import leaderboard_table
from robustbert.reports.offline_assets import OFFLINE_WARNING
from robustbert.reports.table_provenance import provenance_lines
from tests.records.builders import make_record
from tests.reports.tables import RUN, changed


def lines(*records: Any) -> list[str]:
    return provenance_lines(leaderboard_table(records).groups)


def test_all_values_are_listed_in_order() -> None:
    first = make_record(RUN, robustbert_version="0.2.0", seed=10, created_at="2026-11-26T01:02:03Z")
    second = changed(
        make_record(RUN, model="b", training_seed=9, created_at="2026-11-24T01:02:03Z"),
        recipe={"textattack_version": None},
        protocol={"revision": None},
    )
    third = make_record(RUN, model="c", dataset="d", training_seed=None, created_at=None)
    assert lines(first, second, third)[0] == (
        "robustbert 0.1.0 and 0.2.0; TextAttack 0.3.11 and unknown; "
        "protocol revisions 2 and unknown; example seeds 0 and 10; training seeds 9 and 10; "
        "2026-11-24 to 2026-11-26."
    )


def test_what_is_not_known_or_was_not_trained() -> None:
    [facts, _] = lines(make_record(RUN, training_seed=None, created_at=None))
    assert facts.endswith("protocol revision 2; example seed 0; unknown date.")
    assert lines() == []


def test_offline_assets_are_warned_of() -> None:
    offline, canonical = make_record(RUN), make_record(RUN, model="b", profile="canonical")
    assert lines(offline)[1] == f"Assets profile: offline. {OFFLINE_WARNING}"
    assert lines(canonical)[1] == "Assets profile: canonical."
    assert lines(offline, canonical)[1] == (
        f"Assets profile: canonical and offline. For rows with offline assets: {OFFLINE_WARNING}"
    )
