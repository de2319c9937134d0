import datetime as dt

import pandas as pd
import pytest

from custlib.engine.dialect import DUCKDB, SPARK
from custlib.engine.duckdb import DuckDB
from custlib.errors import UsageError
from custlib.lifetimes.compatible import PERIODS, lifetimes_summary, make_lifetimes_summary


@pytest.fixture
def engine(tmp_path):
    """Two customers: a buys on two days of a week (20 in two rows), and in the next; b once."""
    opened = DuckDB(tmp_path)
    days = ["2025-01-06", "2025-01-08", "2025-01-08", "2025-01-13", "2025-01-12"]
    bought = pd.DataFrame({"customer_id": list("aaaab"), "day": pd.to_datetime(days), "amount": [10.0, 15, 5, 6, 7]})
    opened.attach_frame("bought", bought)
    return opened


def rows(engine):
    return engine.fetch("select * from summed order by customer_id").to_numpy().tolist()


def test_two_customers_by_hand(engine):
    make_lifetimes_summary(engine, "summed", "bought", freq="D", last_day=dt.date(2025, 1, 15))
    assert rows(engine) == [["a", 2, 7, 9, 13], ["b", 0, 0, 3, 0]]
    make_lifetimes_summary(engine, "summed", "bought", freq="W")
    assert rows(engine) == [["a", 1, 1, 1, 6], ["b", 0, 0, 1, 0]]
    make_lifetimes_summary(engine, "summed", "bought", freq="W", skipped=0)
    assert rows(engine) == [["a", 2, 1, 1, 18], ["b", 1, 0, 1, 7]]


def test_without_amounts_there_is_no_money(engine):
    engine.make("visits", "select customer_id, day from bought")
    make_lifetimes_summary(engine, "summed", "visits", freq="D")
    assert list(engine.columns("summed")) == ["customer_id", "frequency", "recency", "T"]
    assert rows(engine) == [["a", 2, 7, 7], ["b", 0, 0, 1]]


def test_days_before_the_first_counted_monday_are_in_their_week(engine):
    engine.make("old", "select 'a' as customer_id, unnest([date '1969-12-28', date '1969-12-29']) as day")
    make_lifetimes_summary(engine, "summed", "old", freq="W")  # a Sunday and the Monday after
    assert rows(engine) == [["a", 1, 1, 1]]


def test_the_select_differs_between_engines_in_words_of_the_dialect_only():
    end = dt.date(2025, 1, 15)
    selects = {
        sql.engine: lifetimes_summary(sql, "bought", days=7, last_day=end).select(sql) for sql in (DUCKDB, SPARK)
    }
    assert "datediff(cast(day as date), date '1970-01-05')" in selects["spark"]
    assert "min_by(amount, day)" in selects["spark"]
    assert "date_diff('day', date '1970-01-05', cast(day as date))" in selects["duckdb"]


@pytest.mark.parametrize("freq", ["D", "W"])
def test_grouping_gives_what_sorting_gives(engine, freq):
    options = {"days": PERIODS[freq], "last_day": dt.date(2025, 1, 15)}
    make_lifetimes_summary(engine, "summed", "bought", freq=freq, last_day=options["last_day"])
    by_sorting = rows(engine)
    engine.make("summed", lifetimes_summary(engine.dialect, "bought", **options).select(engine.dialect))
    assert rows(engine) == by_sorting


@pytest.mark.parametrize("freq", ["D", "W"])
def test_a_day_at_the_end_of_the_calendar(engine, freq):
    engine.make("late", "select 'a' as customer_id, unnest([date '2025-01-06', date '9999-12-31']) as day")
    make_lifetimes_summary(engine, "summed", "late", freq=freq)
    days = (dt.date.max - dt.date(2025, 1, 6)).days
    assert rows(engine) == [["a", 1, *[days // {"D": 1, "W": 7}[freq]] * 2]]


def test_nobody_and_a_moment_in_place_of_a_day(engine):
    engine.make("nobody", "select * from bought where false")
    make_lifetimes_summary(engine, "summed", "nobody", freq="D")
    assert rows(engine) == []
    make_lifetimes_summary(engine, "summed", "bought", freq="D", last_day=pd.Timestamp("2025-01-15 10:30"))
    assert rows(engine)[0] == ["a", 2, 7, 9, 13]


def test_another_period_is_refused(engine):
    with pytest.raises(UsageError, match="freq: 'month' is unknown. Available: D, W"):
        make_lifetimes_summary(engine, "summed", "bought", freq="month")
