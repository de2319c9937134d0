import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from custlib import project
from custlib.demo.purchases import purchases
from custlib.errors import ModelError
from custlib.models.bgnbd import BGNBD
from custlib.models.chi_squared import ChiSquared
from custlib.models.gammagamma import GammaGamma
from custlib.value import activity
from custlib.value.model_selection import Procedure, procedure
from custlib.value.seasonal import season_index
from custlib.value.seasonal.season_index import DailyPurchases, Season, Steps, estimate, seasonal_index
from custlib.value.seasonal.seasons_found import count_days
from tests.bases import open_base

TEST, END = ChiSquared(90.0, 11, 1e-9), dt.date(2025, 12, 31)
CHRISTMAS = (0.7, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 1.0, 2.0, 3.0)
TRUTH, SPEND = BGNBD(1.2, 40.0, 0.7, 5.0), GammaGamma(6.0, 4.0, 15.0)
EPOCH = dt.date(1970, 1, 1)


def simulated(season=(), *, customers=800, days=731, seed=1):
    """First purchase day and day of each purchase, of customers who join in two thirds of the time."""
    made = purchases(customers, TRUTH, SPEND, days=days, joining_days=days * 2 // 3, season=season, seed=seed)
    made = made.assign(day=(made["timestamp"].dt.normalize() - pd.Timestamp(EPOCH)).dt.days)
    return made.drop_duplicates(["customer_id", "day"])[["customer_id", "day"]]


def known(rows, end):
    """Daily purchases and cells, as known on a day."""
    last = (end - EPOCH).days
    rows = rows[rows["day"] <= last]
    each = rows.groupby("customer_id")["day"].agg(["count", "min", "max"])
    buyers, joined = rows.groupby("day")["customer_id"].nunique(), each["min"].value_counts()
    first = EPOCH + dt.timedelta(days=int(rows["day"].min()))
    daily = DailyPurchases.of(buyers.index, joined.reindex(buyers.index).fillna(0), buyers, first)
    cells = pd.DataFrame(
        {"frequency": each["count"] - 1, "recency": each["max"] - each["min"], "T": last - each["min"]}
    )
    return daily, cells.assign(customers=1)


def last_day(rows):
    return EPOCH + dt.timedelta(days=int(rows["day"].max()))


@pytest.fixture(scope="module")
def christmas():
    return simulated(CHRISTMAS)


# --- worked by hand ---


def test_months_of_a_history_by_hand():
    """From 30 January to 2 March: three purchases again in February, one on the second of March."""
    first, until = dt.date(2025, 1, 30), dt.date(2025, 3, 2)
    day = [(dt.date(2025, month, number) - EPOCH).days for month, number in ((1, 30), (2, 1), (2, 28), (3, 2))]
    daily = DailyPurchases.of(day, [2, 1, 0, 0], [2, 2, 2, 1], first)
    found = Steps.of(daily, until)
    assert found.bounds.tolist() == [-32, -30, -2, 0]
    assert found.month.tolist() == [0, 1, 2]
    assert found.actual.tolist() == [0, 3, 1]
    assert found.joined.tolist() == [-31, -29] and found.customers.tolist() == [2, 1]


def test_what_comes_later_is_not_known_yet():
    first = dt.date(2025, 1, 1)
    day = [(first - EPOCH).days + ahead for ahead in (0, 10, 40)]
    early, late = (DailyPurchases.of(day[:count], [1, 0, 3][:count], [1, 1, 5][:count], first) for count in (2, 3))
    one, other = (Steps.of(daily, dt.date(2025, 1, 31)) for daily in (early, late))
    assert one.actual.tolist() == other.actual.tolist() == [1]
    assert one.customers.tolist() == other.customers.tolist() == [1]


def test_two_years_are_needed_and_both_must_agree():
    index = (0.5,) * 11 + (2.0,)
    assert Season(index, TEST, 24, 2.0).is_there
    assert not Season(index, TEST, 23, 2.0).is_there
    assert not Season(index, TEST, 24, 1.9).is_there
    assert not Season(index, ChiSquared(9.0, 11, 0.01), 24, 2.0).is_there
    assert Season(index, TEST, 24, 1.9).differs


@pytest.mark.parametrize(("days", "months"), [(730, 24), (729, 23), (365, 12)])
def test_two_years_are_730_days(days, months):
    daily = DailyPurchases.of([0], [1], [1], EPOCH)
    assert Steps.of(daily, EPOCH + dt.timedelta(days=days - 1)).months == months


# --- simulated truth ---


def test_two_years_show_a_season(christmas):
    found = estimate(*known(christmas, last_day(christmas)), last_day(christmas))
    assert found.is_there and found.months >= 24
    truth = np.array(CHRISTMAS) * 365.25 / (np.array(CHRISTMAS) * season_index._DAYS).sum()
    np.testing.assert_allclose(found.index, truth, rtol=0.25)
    assert np.average(found.index, weights=season_index._DAYS) == pytest.approx(1)


def test_without_a_season_none_is_found():
    rows = simulated()
    found = estimate(*known(rows, last_day(rows)), last_day(rows))
    assert not found.differs and not found.is_there


def test_less_than_a_year_has_no_index(christmas):
    end = last_day(christmas) - dt.timedelta(days=400)
    assert estimate(*known(christmas, end), end) is None


def test_one_year_alone_is_no_season(christmas):
    """The months differ, and nobody knows whether they will again."""
    end = last_day(christmas) - dt.timedelta(days=200)
    found = estimate(*known(christmas, end), end)
    assert found.differs and not found.is_there


def test_a_single_event_is_no_season():
    """Three times the purchases in one November only."""
    rows = simulated(customers=1500)
    last = (last_day(rows) - EPOCH).days
    again = rows.duplicated("customer_id") & rows["day"].between(last - 60, last - 31)
    extra = pd.concat([rows[again].assign(day=rows["day"] - 1 - ahead) for ahead in (1, 2)])
    more = pd.concat([rows, extra]).drop_duplicates().sort_values(["customer_id", "day"])
    found = estimate(*known(more, last_day(rows)), last_day(rows))
    assert found.differs and not found.is_there


def test_a_trend_is_no_season():
    """Purchases fade by two thirds a year: within each year the first months look best."""
    rows = simulated(customers=6000)
    begin, last = rows["day"].min(), rows["day"].max()
    age = (rows["day"] - begin) / 365
    kept = ~rows.duplicated("customer_id") | (np.random.default_rng(0).random(len(rows)) < np.exp(-1.2 * age))
    daily, cells = known(rows[kept], EPOCH + dt.timedelta(days=int(last)))
    assert not estimate(daily, cells, EPOCH + dt.timedelta(days=int(last))).is_there


# --- what forecasts make of it ---


def project_of(**changes):
    return project.build({"id": "shop", "name": "S", "as_of": END, "source": {"path": "a.csv"}} | changes)


def test_the_project_decides_whether_forecasts_follow_a_season():
    found, daily = Season((0.5,) * 11 + (2.0,), TEST, 24), DailyPurchases.of([0], [1], [1], EPOCH)
    assert procedure(project_of(), found, daily).daily is daily
    assert procedure(project_of(season="off"), found, daily).daily is None
    assert procedure(project_of(), Season(found.index, TEST, 23), daily).daily is None
    assert procedure(project_of(), None, daily).daily is None


def test_forecasts_follow_the_season_as_known_on_their_day(christmas):
    """Two months before the end of the second year: November and December bring twice what half a year has."""
    end = last_day(christmas) - dt.timedelta(days=61)
    daily, cells = known(christmas, end)
    later, _ = known(christmas, last_day(christmas))
    seasonal, plain = (
        Procedure(("bgnbd",), is_averaged=False, daily=one).model(cells, end).expected_purchases(_histories(cells), 61)
        for one in (later, None)
    )
    came = christmas[christmas["customer_id"].isin(cells.index) & (christmas["day"] > (end - EPOCH).days)]
    assert seasonal.sum() == pytest.approx(len(came), rel=0.12)
    assert plain.sum() < 0.6 * len(came)
    assert seasonal_index(later, cells, end) == seasonal_index(daily, cells, end)


def test_where_no_season_can_be_known_no_forecast_follows_it(christmas):
    daily, cells = known(christmas, dt.date(2025, 6, 30))
    end = EPOCH + dt.timedelta(days=int(christmas["day"].min()) + 200)
    with pytest.raises(ModelError, match="less than a year"):
        Procedure(daily=daily).model(cells, end)


def _histories(cells):
    from custlib.value.uncertainty import histories

    return histories(cells)


def test_days_are_counted_in_the_engine(tmp_path: Path):
    rows = [("a", "2025-01-01", 1.0), ("a", "2025-01-01", 2.0), ("a", "2025-01-03", 1.0), ("b", "2025-01-03", 1.0),
            ("b", "2025-01-04", -1.0), ("b", "2025-01-09", 1.0)]  # fmt: skip
    engine = open_base(tmp_path, rows)
    activity.make_activity(engine, "customer_activity", as_of=dt.date(2025, 1, 8))
    found = count_days(engine, "customer_activity", first=dt.date(2025, 1, 1), until=dt.date(2025, 1, 8))
    begin = (dt.date(2025, 1, 1) - EPOCH).days
    assert (found.day - begin).tolist() == [0, 2]
    assert found.joined.tolist() == [1, 1] and found.repeats.tolist() == [0, 1]
