import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custlib.models import cells
from custlib.models.cells import merge_rows, rank_rows, rank_values

COLUMNS = {
    "days": np.array([7.0, 0.0, 7.0, 3.0]),
    "weeks": np.array([1 / 7, 3.0, 1 / 7, 0.0]),
    "far apart": np.array([0.0, 1e300, 5.0, 1e300]),
    "below zero": np.array([-3.0, 2.0, -3.0]),
    "whole": np.array([4, 2, 4]),
    "empty": np.array([]),
}


def test_customers_that_are_equal_become_one_cell():
    # frequency, recency, T of four customers, the second and the last of them equal
    rows, weights = merge_rows(
        np.array([[2.0, 0.0, 1.0, 0.0], [9.0, 0.0, 4.0, 0.0], [12.0, 8.0, 12.0, 8.0]]), np.ones(4)
    )
    assert rows.T.tolist() == [[0, 0, 8], [1, 4, 12], [2, 9, 12]]
    assert weights.tolist() == [2, 1, 1]


@pytest.mark.parametrize("name", COLUMNS)
def test_values_are_ranked_as_numpy_ranks_them(name):
    values, places = rank_values(COLUMNS[name])
    expected, back = np.unique(COLUMNS[name], return_inverse=True)
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(places, back)


@pytest.mark.parametrize("limit", [2**62, 1])
def test_rows_are_ranked_also_where_they_cannot_be_numbered(limit, monkeypatch):
    monkeypatch.setattr(cells, "_LARGEST_CODE", limit)
    (x, T), places = rank_rows([np.array([2.0, 0.0, 2.0, 2.0]), np.array([0.5, 9.0, 0.1, 0.5])])
    assert (x.tolist(), T.tolist(), places.tolist()) == ([0, 2, 2], [9, 0.1, 0.5], [2, 0, 1, 2])


@pytest.mark.parametrize("limit", [2**62, 1])
@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.1, 1.0, 2.5])), min_size=1, max_size=12),
    weights=st.sampled_from([1.0, 0.1, 3.0]),
    seed=st.integers(0, 9),
)
def test_cells_do_not_depend_on_the_order_nor_on_how_equal_rows_come(limit, rows, weights, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "_LARGEST_CODE", limit)
        columns, weights = np.array(rows).T, weights * (1.0 + np.arange(len(rows)) % 3)
        order = np.random.default_rng(seed).permutation(len(rows))
        once = merge_rows(columns, weights)
        shuffled = merge_rows(columns[:, order], weights[order])
        again = merge_rows(*once)
    np.testing.assert_array_equal(once[0], np.unique(columns, axis=1))
    for one, other in (*zip(once, shuffled, strict=True), *zip(once, again, strict=True)):
        np.testing.assert_array_equal(one, other)
    assert once[1].sum() == pytest.approx(weights.sum())


def test_rows_of_no_weight_are_dropped():
    rows, weights = merge_rows(np.array([[1.0, 2.0]]), np.array([0.0, 4.0]))
    assert (rows.tolist(), weights.tolist()) == ([[2.0]], [4.0])
    assert merge_rows(np.array([[1.0]]), np.array([0.0]))[1].size == 0
