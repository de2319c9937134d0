import datetime as dt

import pytest

from custlib.audit.months import bounds, clock, day_grid, make_customer_months, month_end, unit
from custlib.errors import UsageError
from custlib.value import activity


def months(engine, as_of):
    activity.make_activity(engine, "customer_activity", as_of=as_of)
    make_customer_months(engine, as_of)
    return engine


def rows_of(engine):
    return [
        tuple(row)
        for row in engine.fetch(
            "select customer_id, cohort, months_ago, purchase_days, cast(revenue as double) as revenue"
            " from customer_months order by all"
        ).itertuples(index=False)
    ]


# --- worked by hand ---


def test_two_customers_by_hand(base):
    engine = base(
        [
            ("a", "2025-01-10", 10), ("a", "2025-01-10", 5), ("a", "2025-01-20", 7), ("a", "2025-03-31", 9),
            ("b", "2025-02-01", 20), ("b", "2025-03-01", -4),
        ]
    )  # fmt: skip
    assert rows_of(months(engine, dt.date(2025, 3, 31))) == [
        ("a", 2, 0, 1, 9.0),
        ("a", 2, 2, 2, 22.0),
        ("b", 1, 0, 0, -4.0),
        ("b", 1, 1, 1, 20.0),
    ]


def test_money_given_back_before_the_first_purchase_counts_with_it(base):
    engine = base([("a", "2025-01-05", -3), ("a", "2025-02-05", 10)])
    assert rows_of(months(engine, dt.date(2025, 3, 31))) == [("a", 1, 1, 1, 7.0)]


def test_who_never_bought_is_no_customer(base):
    engine = base([("a", "2025-02-05", 10), ("b", "2025-02-05", -10)])
    assert [row[0] for row in rows_of(months(engine, dt.date(2025, 3, 31)))] == ["a"]


def test_months_end_as_as_of_does():
    assert [month_end(dt.date(2025, 3, 30), n).isoformat() for n in (0, 1, 2, 13)] == [
        "2025-03-30", "2025-02-28", "2025-01-30", "2024-02-29",
    ]  # fmt: skip
    assert [month_end(dt.date(2025, 2, 28), n).isoformat() for n in (1, 2)] == ["2025-01-31", "2024-12-31"]


@pytest.mark.parametrize("as_of", [dt.date(2025, 3, 30), dt.date(2024, 2, 29), dt.date(2025, 12, 31)])
@pytest.mark.parametrize("length", [1, 3, 12])
def test_periods_leave_no_day_out(as_of, length):
    for ago in range(15):
        first, last = bounds(as_of, length, ago)
        assert first <= last
        assert bounds(as_of, length, ago + 1)[1] + dt.timedelta(days=1) == first


def test_every_day_is_in_the_month_of_its_bounds():
    as_of = dt.date(2025, 3, 30)
    for row in day_grid(dt.date(2023, 12, 1), as_of).itertuples():
        first, last = bounds(as_of, 1, row.months_ago)
        assert first <= row.day <= last


# --- how time is cut ---


def test_the_coarsest_unit_with_three_whole_periods_is_taken(base):
    def cut(*days):
        engine = months(base([(f"c{n}", day, 1) for n, day in enumerate(days)]), dt.date(2025, 12, 31))
        found = clock(engine, dt.date(2025, 12, 31))
        return found.period.name, found.cohort.name, found.periods, found.whole_periods

    assert cut("2023-01-01", "2024-05-05", "2025-05-05") == ("year", "year", 3, 3)
    assert cut("2023-01-02", "2024-05-05", "2025-05-05") == ("quarter", "quarter", 12, 11)
    assert cut("2025-01-01", "2025-02-01", "2025-03-01") == ("quarter", "month", 4, 4)
    assert cut("2025-11-01", "2025-12-01") == ("month", "month", 2, 2)
    assert cut("2025-12-31") == ("month", "month", 1, 0)


def test_a_unit_can_be_asked_for(base):
    engine = months(base([("a", "2024-12-01", 1), ("b", "2025-06-01", 1)]), dt.date(2025, 12, 31))
    assert clock(engine, dt.date(2025, 12, 31), "year").period == unit("year")
    with pytest.raises(UsageError, match="period: quater is unknown. Did you mean 'quarter'"):
        clock(engine, dt.date(2025, 12, 31), "quater")


def test_the_year_before_is_known_where_it_is_whole(base):
    engine = months(base([("a", "2024-07-01", 1)]), dt.date(2025, 9, 30))
    assert clock(engine, dt.date(2025, 9, 30), "quarter").year_ago == 4
    assert clock(engine, dt.date(2025, 9, 30), "year").year_ago is None
    later = months(base([("a", "2024-10-01", 1)]), dt.date(2025, 9, 30))
    assert clock(later, dt.date(2025, 9, 30), "quarter").year_ago is None
