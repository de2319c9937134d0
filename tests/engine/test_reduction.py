"""Days merged from sorted lines, and columns of customers by SQL and by NumPy: by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.engine.duckdb import DuckDB
from custlib.engine.reduction import Count, First, Last, Reduction, Sum
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


EARLY = dt.date(1970, 1, 3)
COLUMNS = {
    Count("days"): [2, 3, 1],
    Count("gifts", "is_gift"): [1, 0, 1],
    Count("early", until=EARLY): [2, 2, 0],
    Count("early_gifts", "is_gift", EARLY): [1, 0, 0],
    First("first_day"): ["1970-01-02", "1970-01-02", "1970-01-05"],
    First("first_gift", where="is_gift"): ["1970-01-03", None, "1970-01-05"],
    First("first_amount", "amount"): [5, 3, 9],
    First("first_gift_amount", "amount", "is_gift"): [13, None, 9],
    Last("last_day"): ["1970-01-03", "1970-01-04", "1970-01-05"],
    Last("last_early", until=EARLY): ["1970-01-03", "1970-01-03", None],
    Last("last_gift", "is_gift"): ["1970-01-03", None, "1970-01-05"],
    Sum("amount_now", "amount"): [18, 2, 9],
    Sum("amount_early", "amount", EARLY): [18, 1, None],
    Sum("double_now", "twice"): [36, 4, 18],
}
# customer, days since 1970, amount, gift; customer 1 has two lines on one day, one of them a gift
LINES = [(1, 1, 5, 0), (1, 2, 6, 1), (1, 2, 7, 0), (2, 1, 3, 0), (2, 2, -2, 0), (2, 3, 1, 0), (3, 4, 9, 1)]


class Twice:
    """A daily column by hand."""

    name = "twice"

    def sql(self, sql):
        return "2 * amount"

    def units(self, days):
        return 2 * days.sums["amount"]


@pytest.mark.parametrize("how", ["sorted", "grouped"])
def test_every_kind_of_column_by_hand(how, tmp_path):
    engine = DuckDB(tmp_path)
    frame = pd.DataFrame(LINES, columns=["customer_id", "number", "amount", "gift"])
    engine.attach_frame("purchases", frame)
    lines = """select customer_id, date '1970-01-01' + cast(number as integer) as day,
               cast(amount as decimal(18, 4)) as amount, gift = 1 as is_gift from purchases"""
    reduction = Reduction(lines, ("amount",), ("is_gift",), tuple(COLUMNS), (Twice(),), "*, days - gifts as others")
    if how == "sorted":
        engine.reduce("customers", reduction)
    else:
        engine.make("customers", reduction.select(engine.dialect))
    rows = engine.fetch("select * from customers order by customer_id")
    for column, expected in COLUMNS.items():
        values = rows[column.name].astype(object).where(rows[column.name].notna(), None)
        assert [v if v is None or not isinstance(v, pd.Timestamp) else f"{v:%Y-%m-%d}" for v in values] == expected
    assert rows["others"].tolist() == [1, 3, 0]
    assert list(rows) == ["customer_id", *(column.name for column in COLUMNS), "others"]
