import random

import numpy as np
import pytest

from custlib.segment import thresholds as module
from custlib.segment.thresholds import histogram, money_thresholds, quantile_thresholds, share_thresholds


def counted(values):
    found, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
    return found, counts.astype(float)


def scores(values, cuts):
    return [1 + sum(cut <= value for cut in cuts) for value in values]


# --- worked by hand ---


def test_ten_different_values_make_five_equal_classes():
    values = list(range(1, 11))
    assert scores(values, quantile_thresholds(*counted(values), 5)) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1] * 6 + [2, 2, 3, 3], [1] * 6 + [4, 4, 5, 5]),  # a tie at the bottom: classes 2 and 3 are empty
        ([1, 2, 3, 4] + [9] * 6, [1, 1, 2, 2] + [3] * 6),  # a tie at the top: classes 4 and 5 are empty
        ([1, 2] + [5] * 6 + [8, 9], [1, 1, 2, 2, 2, 2, 2, 2, 5, 5]),
        ([7] * 10, [1] * 10),
        ([7], [1]),
    ],
)
def test_equal_values_get_equal_scores(values, wanted):
    assert scores(values, quantile_thresholds(*counted(values), 5)) == wanted


def test_shares_are_met_as_near_as_ties_allow():
    values = [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]
    # three hold 8: thirty per cent is nearer to twenty than none
    assert share_thresholds(*counted(values), [0.2, 0.7]) == [8, 2]
    assert share_thresholds(*counted([5] * 10), [0.2, 0.7]) == [5, 5]


def test_money_is_cut_where_its_share_is_reached():
    # 60 + 20 of 100 reach eighty per cent
    assert money_thresholds(*counted([60, 20, 10, 5, 5]), [0.8]) == [20]
    assert money_thresholds(*counted([60, 20, 10, 5, 5]), [0.8, 0.1]) == [20, 10]


def test_losses_are_no_share_of_the_money():
    assert money_thresholds(*counted([60, 20, 10, 5, 5, -400]), [0.8]) == [20]
    assert money_thresholds(*counted([0, -5]), [0.8]) == []


def test_nobody_has_no_cuts():
    nobody = np.array([]), np.array([])
    assert quantile_thresholds(*nobody, 5) == share_thresholds(*nobody, [0.2]) == money_thresholds(*nobody, [0.8]) == []


# --- from the engine ---


@pytest.fixture
def amounts(base):
    return base([("a", "2025-12-01", x) for x in (3, 1, 2.5, 1, -4, 0)])


def test_the_histogram_of_a_column(amounts):
    values, counts = histogram(amounts, "transactions", "amount")
    assert values.tolist() == [-4, 0, 1, 2.5, 3]
    assert counts.tolist() == [1, 1, 2, 1, 1]
    assert histogram(amounts, "transactions", "amount", where="amount > 2")[0].tolist() == [2.5, 3]


def test_missing_values_are_not_counted(base):
    engine = base([("a", "2025-12-01", 1)])
    engine.make("holes", "select * from (values (1.0), (null), (1.0)) as t(x)")
    assert [part.tolist() for part in histogram(engine, "holes", "x")] == [[1], [2]]


def test_too_many_values_are_cut_to_three_digits(base, monkeypatch):
    monkeypatch.setattr(module, "FETCH_LIMIT", 3)
    engine = base([("a", "2025-12-01", x) for x in (1234.5, 1239, 0, 0.98765, 7, 8, 9)])
    values, counts = histogram(engine, "transactions", "amount")
    np.testing.assert_allclose(values, [0, 0.987, 7, 8, 9, 1230], rtol=1e-12)
    assert counts.tolist() == [1, 1, 1, 1, 1, 2]


def test_a_shuffle_moves_no_cut():
    values = [1, 1, 1, 2, 3, 5, 8, 8, 13, 21, 34, 34]
    mixed = random.Random(3).sample(values, len(values))
    for cut in (quantile_thresholds, lambda v, c, _: share_thresholds(v, c, [0.2, 0.7])):
        assert cut(*counted(values), 5) == cut(*counted(mixed), 5)
