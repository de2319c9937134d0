"""Lines sorted as whole numbers, against pandas; runs yield, range by range, what all lines at once do."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from custlib.engine import sorted_lines
from custlib.engine.sorted_lines import Runs, UnfitError, in_order
from custlib.engine.sorting import by_day
from tests.engine.some_lines import days_of, lines_of, some_lines


@pytest.mark.parametrize("amount", [10**6, 2**60], ids=["in the number", "beside it"])
def test_order_keeps_every_line_whole(amount):
    given = some_lines(5000, amount=amount)
    made = in_order(given)
    assert bool(made.loose) == (amount > 10**6)
    key = ["customer_id", "day", "amount", "is_purchase"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(made.columns())[key].astype("int64").sort_values(key, ignore_index=True),
        pd.DataFrame(given)[key].astype("int64").sort_values(key, ignore_index=True),
    )
    assert pd.DataFrame(made.columns()).set_index(["customer_id", "day"]).index.is_monotonic_increasing


def test_one_line_and_constant_columns_take_no_bits():
    made = in_order(lines_of((2**61, 9, 4)))
    assert {name: column.tolist() for name, column in made.columns().items()} == {
        "customer_id": [2**61],
        "day": [9],
        "amount": [4],
    }
    assert [field.bits for field in made.fields] == [0, 0, 0]


def test_customers_too_far_apart_are_refused():
    with pytest.raises(UnfitError):
        in_order(lines_of((-(2**62), 1, 1), (2**62, 1, 1)))


def _column(name, days):
    return (days.sums | days.flags)[name]


@pytest.mark.parametrize("held", [0, 30_000, 10**9], ids=["on disk", "half of them", "in memory"])
@pytest.mark.parametrize("amount", [10**6, 2**40])
def test_runs_give_the_days_that_all_lines_at_once_give(tmp_path, held, amount):
    given = some_lines(9000, customers=3000, amount=amount)
    runs = Runs(tmp_path / "runs", held)
    for number, begin in enumerate(range(0, 9000, 1000)):
        runs.add(number, {name: column[begin : begin + 1000] for name, column in given.items()})
    parts = [by_day(read(), ("amount",), ("is_purchase",)) for read in runs.ranges(2000, ("amount",))]
    assert len(parts) > 2
    whole = days_of(given)
    assert np.concatenate([part.customers for part in parts]).tolist() == whole.customers.tolist()
    for name in ("amount", "is_purchase"):
        of = partial(_column, name)
        assert np.concatenate([of(part) for part in parts]).tolist() == of(whole).tolist()
    assert (tmp_path / "runs").exists() == (held < 10**9)


def test_one_customer_with_all_the_lines_is_one_range(tmp_path, monkeypatch):
    runs = Runs(tmp_path, 10**9)
    runs.add(0, some_lines(5000, customers=-4))
    runs.add(1, some_lines(5000, customers=-4, seed=1))
    (read,) = runs.ranges(5000, ("amount",))
    assert len(read().numbers) == 10_000
    monkeypatch.setattr(sorted_lines, "SAMPLED", 16)
    with pytest.raises(UnfitError):
        list(runs.ranges(100, ("amount",)))


def test_one_large_amount_among_many_small_ones_is_no_large_sum(tmp_path):
    runs = Runs(tmp_path, 10**9)
    runs.add(0, lines_of((1, 1, 2**60), *((2, day, 1) for day in range(100))))
    (read,) = runs.ranges(1000, ("amount",))
    assert by_day(read(), ("amount",), ()).sums["amount"].tolist() == [2**60, *[1] * 100]


def test_a_sum_that_may_leave_64_bits_is_refused(tmp_path):
    runs = Runs(tmp_path, 10**9)
    runs.add(0, lines_of((1, 1, 2**61), (1, 2, 2**61)))
    with pytest.raises(UnfitError):
        list(runs.ranges(100, ("amount",)))
