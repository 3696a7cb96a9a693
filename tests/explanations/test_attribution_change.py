from __future__ import annotations

import pytest
from scipy.stats import kendalltau, spearmanr

from robustbert.errors import InputError
from robustbert.explanations.attribution_change import attribution_change
from tests.reports.attributions.shown import make_attribution


def change(before, scores_before, after, scores_after):
    return attribution_change(
        make_attribution(before, scores_before), make_attribution(after, scores_after)
    )


def test_replaced_words_are_aligned():
    first, second = (0.1, 0.9, -0.5, 0.3), (0.2, 0.1, -0.4, 0.8)
    found = change("a fine dull film", first, "a good dull movie", second)
    assert (found.num_words, found.num_aligned) == (4, 4)
    assert found.rank_correlation == pytest.approx(spearmanr(first, second).statistic)
    assert found.rank_correlation != pytest.approx(kendalltau(first, second).statistic)
    # the top two are "fine" (0.9) and "dull" (-0.5); "fine" and "film" were changed
    assert (found.num_changed, found.num_changed_in_top) == (2, 1)
    assert found.share_in_top == 0.5
    assert found.share_by_chance == 0.5


def test_removed_and_inserted_words_have_no_counterpart():
    found = change(
        "a very fine film about a dog",
        (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
        "a fine film about a new dog",
        (0.1, 0.3, 0.4, 0.5, 0.6, 9.0, 0.7),
    )
    assert found.num_aligned == 6
    assert found.rank_correlation == pytest.approx(1)
    assert found.num_changed == 1  # "very" was removed
    assert found.num_changed_in_top == 0


def test_a_word_that_was_split_is_aligned_with_one_part():
    found = change("a fine film", (0.1, 0.2, 0.3), "a fi ne film", (0.1, 0.2, 0.2, 0.3))
    assert found.num_aligned == 3
    assert found.rank_correlation == pytest.approx(1)


def test_no_correlation_of_few_or_equal_scores():
    assert change("a film", (0.1, 0.2), "a movie", (0.1, 0.2)).rank_correlation is None
    found = change("a fine film", (0.0, 0.0, 0.0), "a good film", (0.1, 0.2, 0.3))
    assert found.rank_correlation is None


def test_only_insertions_leave_no_share():
    found = change("a film", (0.1, 0.2), "a fine film", (0.1, 0.3, 0.2))
    assert found.num_changed == 0
    assert found.share_in_top is found.share_by_chance is None


def test_different_classes_cannot_be_compared():
    with pytest.raises(InputError, match="explain different classes"):
        attribution_change(make_attribution("a film"), make_attribution("a film", target=0))
