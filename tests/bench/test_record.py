"""Building records from their parts."""

from __future__ import annotations

import pytest

from robustbert.attacks.scheduler.recheck import Recheck
from robustbert.bench.identity import cell_identity
from robustbert.bench.record import CellHeader, batch_invariance_entry, make_record, protocol_ref
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.records import Record, record_name
from tests.rechecks.toy_rechecks import WordLogits, loaded
from tests.records.builders import make_outcomes
from tests.records.builders import make_record as build_record

OUTCOMES = make_outcomes(robust=3, broken=2)
VERIFIED = InvarianceResult(True, {"plain 16x16 float32": (384, 768)})


def header_of(record: Record) -> CellHeader:
    return CellHeader(
        suite=record.suite,
        command=record.command,
        dataset=record.dataset,
        model=record.model,
        defenses=tuple(record.defenses),
        training_seed=record.training_seed,
        track=record.track,
        recipe=record.recipe,
        assets=record.assets,
        protocol=record.protocol,
        environment=record.environment,
    )


def test_a_record_has_the_name_and_the_identity_of_its_header() -> None:
    given = build_record(OUTCOMES)
    header = header_of(given)
    entry = batch_invariance_entry(VERIFIED, Recheck(5, 0, 0), Recheck(4, 0, 0))
    record = make_record(
        header,
        OUTCOMES,
        truncated=1,
        timing=given.timing,
        engine=given.engine,
        batch_invariance=entry,
    )
    assert record_name(record) == header.name
    assert cell_identity(record) == cell_identity(header)
    assert (record.counts.robust, record.counts.broken, record.counts.truncated) == (3, 2, 1)
    assert record.environment.batch_invariance == entry


@pytest.mark.parametrize(
    ("result", "differing", "status"),
    [
        (VERIFIED, 0, "verified"),
        (VERIFIED, 1, "not verified"),
        (InvarianceResult(False), 0, "not verified"),
    ],
)
def test_batch_invariance_needs_both_checks(
    result: InvarianceResult, differing: int, status: str
) -> None:
    entry = batch_invariance_entry(result, Recheck(5, 0, 0), Recheck(4, differing, 0))
    assert entry.status == status
    assert (entry.answers_checked, entry.encodings_differing) == (5, differing)


def test_counts_are_added_to_an_earlier_entry() -> None:
    earlier = batch_invariance_entry(VERIFIED, Recheck(5, 2, 1), Recheck(4, 0, 0))
    entry = batch_invariance_entry(VERIFIED, Recheck(2, 0, 0), Recheck(2, 0, 0), earlier)
    assert entry.status == "not verified"
    assert (entry.answers_checked, entry.answers_differing, entry.encodings_checked) == (7, 2, 6)
    assert entry.answers_changed == 1


def test_changes_that_an_earlier_version_did_not_count_stay_unknown() -> None:
    earlier = batch_invariance_entry(VERIFIED, Recheck(5, 0, 0), Recheck(4, 0, 0))
    old = earlier.model_copy(update={"answers_changed": None})
    entry = batch_invariance_entry(VERIFIED, Recheck(2, 0, 0), Recheck(2, 0, 0), old)
    assert entry.answers_changed is None


def test_a_track_without_limits_has_none_in_the_protocol() -> None:
    protocol = protocol_ref(0, 5, None, loaded(WordLogits()).victim)
    assert (protocol.query_budget, protocol.limits, protocol.n) == (None, {}, 5)
