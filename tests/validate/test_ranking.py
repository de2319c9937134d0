"""The ranking Gini by hand, and the best customers."""

import numpy as np
import pandas as pd
import pytest

from custlib.validate.ranking import best, ranking_gini


def test_the_gini_is_that_worked_by_hand():
    """By forecast 10, 40, 40, 40 of 40 are held: .25 x (.125 + .625 + 1 + 1) = .6875 of area; at best .8125."""
    assert ranking_gini([4, 3, 2, 1], [10, 30, 0, 0]) == pytest.approx((2 * 0.6875 - 1) / (2 * 0.8125 - 1))
    assert ranking_gini([4, 3, 2, 1], [30, 10, 0, 0]) == pytest.approx(1.0)
    assert ranking_gini([1, 2, 3, 4], [30, 10, 0, 0]) == pytest.approx(-1.0)


def test_customers_with_equal_forecasts_are_in_no_order():
    assert ranking_gini([1, 1, 1, 1], [30, 10, 0, 0]) == pytest.approx(0.0)
    assert ranking_gini([2, 2, 1, 1], [30, 10, 0, 0]) == ranking_gini([2, 2, 1, 1], [10, 30, 0, 0])
    assert np.isnan(ranking_gini([1, 2], [3, 3])) and np.isnan(ranking_gini([1, 2], [0, 0]))


def test_the_first_of_equal_customers_are_the_best():
    assert best(pd.Series([2.0, 2.0, 2.0, 5.0]), 0.5).tolist() == [True, False, False, True]
