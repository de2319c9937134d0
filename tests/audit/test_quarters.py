"""The last quarter beside a year ago: three calendar months back from as_of, as in the audit."""

import datetime as dt

import pytest

from custlib.audit import periods
from custlib.audit.months import clock, make_customer_months
from custlib.audit.quarters import quarters_of
from custlib.value import activity

AS_OF = dt.date(2025, 12, 31)
# Anna buys every quarter from 2024 on, more in the last; Bert once a year ago; Carl is new.
ROWS = [
    *(("anna", f"{year}-{month}-15", 10) for year in (2024, 2025) for month in ("01", "04", "07", "10")),
    ("anna", "2025-12-01", 20), ("bert", "2024-11-01", 40), ("carl", "2025-11-01", 5),
]  # fmt: skip


@pytest.fixture
def quarters(base):
    engine = base(ROWS)
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    make_customer_months(engine, AS_OF)
    time = clock(engine, AS_OF, "quarter")
    return quarters_of(time, periods.period_totals(engine, time))


def test_two_quarters_worked_by_hand(quarters):
    # Data begin in mid January 2024: seven whole quarters, so a year ago is Q4 2024 (Anna 10, Bert 40).
    assert quarters.against == "year" and quarters.ago == 4
    assert [quarters.at(name) for name in quarters.measures] == [35, 2, 1, 1.5, pytest.approx(35 / 3)]
    assert [quarters.at(name, 4) for name in quarters.measures] == [50, 2, 1, 1, 25]
    assert quarters.change("revenue") == pytest.approx(-0.3) and quarters.change("frequency") == 0.5
    assert quarters.change("new_customers") == 0


def test_the_series_holds_whole_quarters_the_oldest_first(quarters):
    assert quarters.series("customers").to_dict() == {6: 1, 5: 1, 4: 2, 3: 1, 2: 1, 1: 1, 0: 2}
    assert list(quarters.series("customers", 2).index) == [1, 0]


def test_without_amounts_neither_revenue_nor_spend_is_a_measure(quarters):
    bare = quarters_of(quarters.clock, quarters.totals, has_amount=False)
    assert bare.measures == ("customers", "new_customers", "frequency")


def test_a_shorter_history_is_compared_with_the_quarter_before(base):
    engine = base([row for row in ROWS if row[1] >= "2025-07"])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    make_customer_months(engine, AS_OF)
    time = clock(engine, AS_OF, "quarter")
    found = quarters_of(time, periods.period_totals(engine, time))
    assert (found.against, found.ago, found.change("revenue")) == ("nothing", 0, None), "half of July is missing"
