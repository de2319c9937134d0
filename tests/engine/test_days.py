"""Days merged from sorted lines: by hand."""

import datetime as dt

import numpy as np
import pytest

from custlib.engine.sorted_lines import UnfitError
from custlib.engine.sorting import units
from tests.engine.some_lines import days_of, lines_of


def test_three_customers_by_hand():
    found = days_of(lines_of((7, 10, 250), (5, 12, -100), (7, 9, 50), (7, 10, 150), (9, 10, 30)))
    assert found.customers.tolist() == [5, 7, 9]
    assert found.day.tolist() == [12, 9, 10, 10]
    assert found.sums["amount"].tolist() == [-100, 50, 400, 30]
    assert (found.ends() - found.starts).tolist() == [1, 2, 1]
    assert found.total("amount").tolist() == [-100, 450, 30]
    early = dt.date(1970, 1, 11)
    assert (found.ends(early) - found.starts).tolist() == [0, 2, 1]
    assert found.total("amount", early).tolist() == [0, 450, 30]
    assert found.total("amount", dt.date(1970, 1, 10)).tolist() == [0, 50, 0]


def test_some_days_by_hand():
    rows = ((1, 1, 5), (1, 2, 6), (1, 3, 7), (2, 2, 8), (3, 1, 9), (3, 2, 4))
    found = days_of(lines_of(*rows) | {"is_purchase": np.array([0, 1, 0, 0, 1, 1], np.uint8)})
    bought, ends = found.picked("is_purchase"), found.ends()
    assert (bought.first().tolist(), bought.last(ends).tolist()) == ([1, -1, 4], [1, -1, 5])
    assert bought.count(ends).tolist() == [1, 0, 2]
    early = found.ends(dt.date(1970, 1, 2))
    assert (bought.count(early).tolist(), bought.last(early).tolist()) == ([0, 0, 1], [-1, -1, 4])
    everything = found.picked("is_gift")
    assert (everything.first().tolist(), everything.last(ends).tolist()) == ([0, 3, 4], [2, 3, 5])


def test_a_flag_of_any_line_is_one_of_the_day():
    found = days_of(lines_of((1, 1, 5), (1, 1, 6), (1, 2, 7)) | {"is_purchase": np.array([0, 1, 0], np.uint8)})
    assert found.flags["is_purchase"].tolist() == [True, False]


def test_money_is_whole_units_or_nothing():
    assert units(np.array([12.5, -0.0001, 1e9, 0.29])).tolist() == [125_000, -1, 10**13, 2900]
    assert units(np.array([7])).tolist() == [7]
    for odd in (0.12345, np.nan, np.inf, 1e15):
        with pytest.raises(UnfitError):
            units(np.array([1.0, odd]))
