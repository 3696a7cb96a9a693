"""The attack on a randomised classifier through the average over more votes."""

from __future__ import annotations

import pytest

from robustbert.rechecks.recheck_run import checks_of, recheck_row
from robustbert.rechecks.row_attacker import RowAttacker
from robustbert.rechecks.votes import check_votes
from tests.rechecks.toy_rechecks import cells_of, loaded, row_of, run_of
from tests.voting import MaskedVotes

pytestmark = [
    pytest.mark.usefixtures("own_cache"),
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def attacker(many_reviews, own_cache, tmp_path_factory) -> RowAttacker:
    votes = MaskedVotes(votes=1)
    run = run_of(votes, many_reviews, tmp_path_factory.mktemp("runs") / "run", "deepwordbug", n=20)
    return RowAttacker(row_of(run), loaded(votes), cells_of(many_reviews))


def test_the_search_follows_more_votes_and_the_verdict_is_by_the_attacked_classifier(attacker):
    asked = set()

    class Counted(MaskedVotes):
        def _probabilities(self, texts):
            asked.add(self.votes)
            return super()._probabilities(texts)

        def redrawn(self, seed, votes=None):
            return Counted(self.votes if votes is None else votes, seed)

    counted = RowAttacker(attacker.row, loaded(Counted(1)), attacker.cells)
    found = check_votes(counted, 64)
    assert found.votes == 64
    assert asked == {64}, "the exact probabilities are computed by another method"
    before = attacker.row.survivors()
    attack = found.attack
    assert attack.worst_case.n == 20
    after = sum(before.values()) - attack.only_before + attack.only_after
    assert attack.worst_case.value == pytest.approx(after / 20)


def test_a_text_counts_as_broken_only_if_it_fools_the_votes_of_the_model(attacker):
    """Searched through 1 vote with the same seed, it is the same attack."""
    same = check_votes(attacker, 1).attack
    assert (same.only_before, same.only_after, same.p_value) == (0, 0, 1)
    assert same.worst_case.value == sum(attacker.row.survivors().values()) / 20


def test_it_is_recorded_as_a_check(attacker):
    found = recheck_row(attacker.row, attacker.loaded, attacker.cells, 16)
    assert found.more_votes == check_votes(attacker, 16), "it repeats"
    [check] = checks_of(found)
    drop = found.worst_case.value - found.more_votes.attack.worst_case.value
    significant = found.more_votes.attack.p_value < 0.05
    assert check.name == "more-votes"
    assert check.measured == pytest.approx(max(0.0, drop) if significant else 0.0)
