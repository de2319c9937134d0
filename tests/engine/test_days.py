"""Lines sorted as whole numbers: small cases by hand, random ones against pandas."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from custlib.engine.days import Runs, UnfitError, by_day, in_order, units


def lines(*rows):
    """Lines of (customer, day, amount)."""
    return dict(zip(("customer_id", "day", "amount"), np.array(rows).T, strict=True))


def some(rows, *, seed=0, customers=50, days=400, amount=10**6):
    random = np.random.default_rng(seed)
    return {
        "customer_id": random.integers(-5, customers, rows),
        "day": random.integers(-3, days, rows),
        "amount": random.integers(-amount, amount, rows),
        "is_purchase": random.integers(0, 2, rows).astype(np.uint8),
    }


def _column(name, days):
    return (days.sums | days.flags)[name]


def days_of(columns):
    return by_day(in_order(columns), ("amount",), ("is_purchase",) if "is_purchase" in columns else ())


def test_three_customers_by_hand():
    found = days_of(lines((7, 10, 250), (5, 12, -100), (7, 9, 50), (7, 10, 150), (9, 10, 30)))
    assert found.customers.tolist() == [5, 7, 9]
    assert found.day.tolist() == [12, 9, 10, 10]
    assert found.sums["amount"].tolist() == [-100, 50, 400, 30]
    running, ends = found.running(found.sums["amount"]), found.ends()
    assert (ends - found.starts).tolist() == [1, 2, 1]
    assert found.total(running, ends).tolist() == [-100, 450, 30]
    early = found.ends(10)
    assert (early - found.starts).tolist() == [0, 2, 1]
    assert found.total(running, early).tolist() == [0, 450, 30]
    assert found.total(running, found.ends(9)).tolist() == [0, 50, 0]


def test_some_days_by_hand():
    rows = ((1, 1, 5), (1, 2, 6), (1, 3, 7), (2, 2, 8), (3, 1, 9), (3, 2, 4))
    found = days_of(lines(*rows) | {"is_purchase": np.array([0, 1, 0, 0, 1, 1], np.uint8)})
    bought, ends = found.picked("is_purchase"), found.ends()
    assert (bought.first().tolist(), bought.last(ends).tolist()) == ([1, -1, 4], [1, -1, 5])
    assert bought.count(ends).tolist() == [1, 0, 2]
    early = found.ends(1)
    assert (bought.count(early).tolist(), bought.last(early).tolist()) == ([0, 0, 1], [-1, -1, 4])
    everything = found.picked("is_gift")
    assert (everything.first().tolist(), everything.last(ends).tolist()) == ([0, 3, 4], [2, 3, 5])


def test_a_flag_of_any_line_is_one_of_the_day():
    found = days_of(lines((1, 1, 5), (1, 1, 6), (1, 2, 7)) | {"is_purchase": np.array([0, 1, 0], np.uint8)})
    assert found.flags["is_purchase"].tolist() == [True, False]


@pytest.mark.parametrize("amount", [10**6, 2**60], ids=["in the number", "beside it"])
def test_order_keeps_every_line_whole(amount):
    given = some(5000, amount=amount)
    made = in_order(given)
    assert bool(made.loose) == (amount > 10**6)
    key = ["customer_id", "day", "amount", "is_purchase"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(made.columns())[key].astype("int64").sort_values(key, ignore_index=True),
        pd.DataFrame(given)[key].astype("int64").sort_values(key, ignore_index=True),
    )
    assert pd.DataFrame(made.columns()).set_index(["customer_id", "day"]).index.is_monotonic_increasing


def test_one_line_and_constant_columns_take_no_bits():
    made = in_order(lines((2**61, 9, 4)))
    assert {name: column.tolist() for name, column in made.columns().items()} == {
        "customer_id": [2**61],
        "day": [9],
        "amount": [4],
    }
    assert [field.bits for field in made.fields] == [0, 0, 0]


def test_customers_too_far_apart_are_refused():
    with pytest.raises(UnfitError):
        in_order(lines((-(2**62), 1, 1), (2**62, 1, 1)))


@pytest.mark.parametrize("held", [0, 30_000, 10**9], ids=["on disk", "half of them", "in memory"])
@pytest.mark.parametrize("amount", [10**6, 2**40])
def test_runs_give_the_days_that_all_lines_at_once_give(tmp_path, held, amount):
    given = some(9000, customers=3000, amount=amount)
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


def test_one_customer_with_all_the_lines_is_one_range(tmp_path):
    runs = Runs(tmp_path, 10**9)
    runs.add(0, some(5000, customers=-4))
    runs.add(1, some(5000, customers=-4, seed=1))
    (read,) = runs.ranges(100, ("amount",))
    assert len(read().numbers) == 10_000


def test_a_sum_that_may_leave_64_bits_is_refused(tmp_path):
    runs = Runs(tmp_path, 10**9)
    runs.add(0, lines((1, 1, 2**61), (1, 2, 2**61)))
    with pytest.raises(UnfitError):
        list(runs.ranges(100, ("amount",)))


def test_money_is_whole_units_or_nothing():
    assert units(np.array([12.5, -0.0001, 1e9, 0.29])).tolist() == [125_000, -1, 10**13, 2900]
    assert units(np.array([7])).tolist() == [7]
    for odd in (0.12345, np.nan, np.inf, 1e15):
        with pytest.raises(UnfitError):
            units(np.array([1.0, odd]))
