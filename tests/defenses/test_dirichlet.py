"""Random points in the hulls of words and their neighbours."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from robustbert.defenses.dirichlet import log_dirichlet, neighbourhood
from robustbert.defenses.substitutions import Substitutes, SubstituteTable


def make_table(rows: list[list[int]]) -> SubstituteTable:
    """A table whose rows are each token and its substitutes."""
    width = max(map(len, rows))
    ids = torch.tensor([row + row[:1] * (width - len(row)) for row in rows])
    mask = torch.arange(width) < torch.tensor([len(row) for row in rows])[:, None]
    return SubstituteTable(Substitutes(ids, mask), torch.zeros(len(rows), dtype=torch.bool))


#: 1 and 2 are synonyms of 0; 3 of 1; 4 and 0 of 2; nothing of 5; 6 of 3.
TABLE = make_table([[0, 1, 2], [1, 3], [2, 4, 0, 1], [3, 6], [4], [5], [6, 0]])


def rows_of(size, *, direct_only=False):
    found = neighbourhood(TABLE, size, direct_only=direct_only)
    pairs = zip(found.table.rows.ids, found.table.rows.mask, strict=True)
    return [row[mask].tolist() for row, mask in pairs]


class TestNeighbourhood:
    def test_has_the_substitutes_and_then_theirs(self):
        assert rows_of(64) == [
            [0, 1, 2, 3, 4],
            [1, 3, 6],
            [2, 4, 0, 1, 3],
            [3, 6, 0],
            [4],
            [5],
            [6, 0, 1, 2],
        ]

    def test_is_cut_to_its_size(self):
        assert rows_of(3) == [[0, 1, 2], [1, 3, 6], [2, 4, 0], [3, 6, 0], [4], [5], [6, 0, 1]]
        assert rows_of(1) == [[token] for token in range(7)]

    def test_has_the_substitutes_alone_if_asked_for(self):
        assert rows_of(64, direct_only=True)[:3] == [[0, 1, 2], [1, 3], [2, 4, 0, 1]]

    def test_filling_is_the_token_itself(self):
        rows = neighbourhood(TABLE, 64, direct_only=False).table.rows
        own = torch.arange(7)[:, None].expand_as(rows.ids)
        assert rows.ids[~rows.mask].equal(own[~rows.mask])

    def test_concentrations_decay_with_the_second_hop(self):
        found = neighbourhood(TABLE, 64, direct_only=False)
        tokens = torch.tensor([0, 1, 5])
        mask = found.table.rows.mask[tokens]
        np.testing.assert_array_equal(
            found.concentrations(tokens, mask, 0.6, 0.5),
            [[0.6, 0.6, 0.6, 0.3, 0.3], [0.6, 0.6, 0.3, 0, 0], [0.6, 0, 0, 0, 0]],
        )


class TestLogDirichlet:
    def draw(self, parameters, n=4000):
        shape = (n, len(parameters))
        parameters = np.broadcast_to(np.array(parameters, dtype=float), shape)
        return np.exp(log_dirichlet(parameters, np.random.default_rng(0)))

    def test_weights_are_a_convex_combination(self):
        weights = self.draw([1.0, 0.5, 0.0, 3.0])
        assert (weights >= 0).all()
        assert (weights[:, 2] == 0).all()
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)

    @pytest.mark.parametrize("parameters", [[1, 1, 1, 0.5], [0.1, 0.05, 0.2], [20, 3, 7, 1, 1]])
    def test_each_weight_has_its_beta_distribution(self, parameters):
        weights, total = self.draw(parameters), sum(parameters)
        for column, parameter in zip(weights.T, parameters, strict=True):
            beta = stats.beta(parameter, total - parameter)
            assert stats.kstest(column, beta.cdf).pvalue > 1e-3

    def test_small_parameters_choose_one_word_and_large_ones_the_mean(self):
        weights = self.draw([1e-9, 1e-9, 2e-9])
        np.testing.assert_allclose(weights.max(axis=1), 1)
        np.testing.assert_allclose(weights.mean(axis=0), [0.25, 0.25, 0.5], atol=0.03)
        np.testing.assert_allclose(self.draw([1e9, 1e9, 2e9])[0], [0.25, 0.25, 0.5], atol=1e-3)

    def test_a_word_alone_has_all_the_weight(self):
        assert (self.draw([0.3, 0.0]) == [1.0, 0.0]).all()
