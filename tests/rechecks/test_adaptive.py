"""The attack on a model through its defense: more votes, and edits that are not undone."""

from __future__ import annotations

import pytest

from robustbert.defenses.transformed_classifier import TransformedClassifier
from robustbert.models.searched_through import attack_through
from robustbert.rechecks.adaptive import check_adaptive
from robustbert.rechecks.recheck_run import checks_of, recheck_row
from robustbert.rechecks.recheck_text import recheck_text
from robustbert.rechecks.row_attacker import RowAttacker
from tests.rechecks.toy_rechecks import WordLogits, cells_of, loaded, row_of, run_of
from tests.tiny import NEGATIVE, WORDS
from tests.voting import MaskedVotes

pytestmark = [
    pytest.mark.usefixtures("own_cache"),
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning"),
]
N = 28
KNOWN = {word for word in WORDS.split() if word not in NEGATIVE.split()}
STARTS = {word[0] for word in NEGATIVE.split()}


def corrected(text: str) -> str:
    """Replace unknown words that start like a negative one: other edits of these are undone."""
    words = text.lower().split()
    return " ".join("bad" if w not in KNOWN and w[0] in STARTS else w for w in words)


@pytest.fixture(scope="module")
def random_attacker(many_reviews, own_cache, tmp_path_factory) -> RowAttacker:
    votes = MaskedVotes(votes=1)
    run = run_of(votes, many_reviews, tmp_path_factory.mktemp("runs") / "run", "deepwordbug", n=N)
    return RowAttacker(row_of(run), loaded(votes), cells_of(many_reviews))


@pytest.fixture(scope="module")
def corrector_attacker(many_reviews, own_cache, tmp_path_factory) -> RowAttacker:
    model = TransformedClassifier(WordLogits(), corrected)
    run = run_of(model, many_reviews, tmp_path_factory.mktemp("runs") / "run", "deepwordbug", n=N)
    return RowAttacker(row_of(run), loaded(model), cells_of(many_reviews))


def test_the_search_follows_more_votes(random_attacker):
    asked = set()

    class Counted(MaskedVotes):
        def _probabilities(self, texts):
            asked.add(self.votes)
            return super()._probabilities(texts)

        def redrawn(self, seed, votes=None):
            return Counted(self.votes if votes is None else votes, seed)

    counted = RowAttacker(random_attacker.row, loaded(Counted(1)), random_attacker.cells)
    found = check_adaptive(counted, 64)
    assert (found.votes, found.leaves_out_undone_edits) == (64, False)
    assert asked == {1, 63}, "its own vote, and the further ones"
    before = random_attacker.row.survivors()
    attack = found.attack
    assert attack.worst_case.n == N
    after = sum(before.values()) - attack.only_before + attack.only_after
    assert attack.worst_case.value == pytest.approx(after / N)


def test_a_text_counts_as_broken_only_if_it_fools_the_votes_of_the_model(random_attacker):
    """Searched through its own vote alone, it is the same attack."""
    same = check_adaptive(random_attacker, 1).attack
    assert (same.only_before, same.only_after, same.p_value) == (0, 0, 1)
    assert same.worst_case.value == sum(random_attacker.row.survivors().values()) / N


def test_no_success_is_retracted_because_only_the_average_was_fooled(random_attacker):
    attacker = random_attacker
    outcomes = attacker.attack(attack_through(attacker.classifier, 64), "again")["deepwordbug"]
    plain = attacker.row.outcomes["deepwordbug"]
    assert {o.status for o in outcomes} >= {"broken", "robust"}
    assert not any(outcome.retracted for outcome in outcomes)
    skipped = [[o.example_id for o in run if o.status == "skipped"] for run in (outcomes, plain)]
    assert skipped[0] == skipped[1], "its own vote decides which clean texts are attacked"
    for outcome in outcomes:
        if outcome.status == "broken":
            [row] = attacker.classifier.predict_proba_exact([outcome.adversarial_text])
            assert row.argmax() != outcome.label


def test_it_is_recorded_as_a_check(random_attacker):
    attacker = random_attacker
    found = recheck_row(attacker.row, attacker.loaded, attacker.cells, 16)
    assert found.adaptive == check_adaptive(attacker, 16), "it repeats"
    [check] = checks_of(found)
    drop = found.worst_case.value - found.adaptive.attack.worst_case.value
    significant = found.adaptive.attack.p_value < 0.05
    assert check.name == "adaptive"
    assert check.measured == pytest.approx(max(0.0, drop) if significant else 0.0)
    assert "  adaptive (through 16 votes): worst case " in recheck_text(found)


def test_a_corrector_that_wastes_the_queries_of_the_attack_is_marked(corrector_attacker):
    attacker = corrector_attacker
    found = recheck_row(attacker.row, attacker.loaded, attacker.cells, 16)
    assert (found.adaptive.votes, found.adaptive.leaves_out_undone_edits) == (None, True)
    attack = found.adaptive.attack
    assert attack.worst_case.value < 0.2 < 0.4 < found.worst_case.value
    assert attack.only_after == 0
    checks = {check.name: check for check in checks_of(found)}
    assert checks["adaptive"].measured == pytest.approx(
        found.worst_case.value - attack.worst_case.value
    )
    assert not checks["adaptive"].passed
    last = recheck_text(found).splitlines()[-1]
    assert last.startswith("  adaptive (without edits that the model undoes): worst case ")
    assert last.endswith(", marked α")


def test_adaptive_texts_fool_the_corrected_model_with_no_edit_in_vain(corrector_attacker):
    attacker = corrector_attacker
    through = attack_through(attacker.classifier, 1)
    outcomes = attacker.attack(through, "again")["deepwordbug"]
    broken = [outcome for outcome in outcomes if outcome.status == "broken"]
    assert broken
    for outcome in broken:
        [row] = attacker.classifier.predict_proba_exact([outcome.adversarial_text])
        assert row.argmax() != outcome.label
        before, after = outcome.text.split(), outcome.adversarial_text.lower().split()
        changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        assert all(corrected(a) != corrected(b) for a, b in changed)


def test_there_is_nothing_to_adapt_to_without_a_defense():
    assert attack_through(WordLogits(), 8) is None
