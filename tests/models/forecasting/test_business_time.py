import datetime as dt
import json

import numpy as np
import pytest

from custlib.errors import ModelError
from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import (
    Histories,
    as_lifetime_model,
    average,
    candidates,
    from_dict,
    purchases_ahead,
    purchases_by_period,
    residual_ahead,
    to_dict,
)  # fmt: skip
from custlib.models.forecasting.business_time import BusinessTime, InBusinessTime, seen_on
from custlib.models.paretonbd import ParetoNBD
from custlib.models.regularnbd import RegularNBD

MODEL = as_lifetime_model(BGNBD(0.7, 40.0, 0.8, 3.0))
DECEMBER = (0.9,) * 11 + (2.1,)  # two levels
SWING = tuple(1 + 0.5 * np.sin(np.arange(12) / 12 * 2 * np.pi))
YEAR = (*(np.array(DECEMBER) / (334.25 * 0.9 + 31 * 2.1) * 365.25),)  # with mean 1 over the days
END = dt.date(2025, 11, 28)
KNOWN = Histories.of([0, 2, 5], [0.0, 200.0, 310.0], [90.0, 210.0, 600.0])
RATE = float(np.log1p(0.10) / 365)


def flat(end=END):
    return BusinessTime((1.0,) * 12, end)


# --- worked by hand ---


def test_two_days_of_november_and_two_of_december():
    """The 29th and 30th of November last 0.9 each, 1 and 2 December 2.1 each."""
    time = BusinessTime(DECEMBER, END)
    np.testing.assert_allclose(time.passed([0, 1, 2, 3, 4]), [0, 0.9, 1.8, 3.9, 6.0], atol=1e-9)
    np.testing.assert_allclose(time.lasted([0, 0.9, 1.8, 3.9, 6.0]), [0, 1, 2, 3, 4], atol=1e-9)
    np.testing.assert_allclose(time.passed([-28, -29]), [-28 * 0.9, -29 * 0.9], atol=1e-9)


def test_histories_by_hand():
    """Looked at on 4 December: first on 28 November, again on 2 December."""
    time = BusinessTime(DECEMBER, dt.date(2025, 12, 4))
    found = time.histories(Histories.of([1, 0], [4.0, 0.0], 6.0))
    np.testing.assert_allclose(found.T, 2 * 0.9 + 4 * 2.1)
    np.testing.assert_allclose(found.recency, [2 * 0.9 + 2 * 2.1, 0.0])


def test_a_leap_day_lasts_as_long_as_any_other_of_february():
    february = (1.0, 2.0, *(0.9,) * 10)
    assert BusinessTime(february, dt.date(2024, 1, 31)).passed(29) == pytest.approx(58)
    assert BusinessTime(february, dt.date(2025, 1, 31)).passed(29) == pytest.approx(28 * 2 + 0.9)


def test_who_joined_on_the_last_day_has_no_time_behind():
    found = BusinessTime(SWING, END).histories(Histories.of([0, 1], [0.0, 7.0], [0.0, 7.0]))
    assert found.T[0] == 0.0 and found.recency[1] == found.T[1]


def test_the_last_day_is_the_beginning():
    """To the last bit: a horizon of 0 is one, and a model refuses anything below."""
    ends = [END + dt.timedelta(days=7 * week) for week in range(60)]
    index = tuple(np.random.default_rng(1).uniform(0.5, 2.0, 12))
    assert [float(BusinessTime(index, end).passed(0)) for end in ends] == [0.0] * 60
    assert all((np.diff(BusinessTime(index, end).passed(np.arange(-900, 900))) > 0).all() for end in ends[:3])


# --- against calendar time ---


def test_without_a_season_business_time_is_calendar_time():
    same = InBusinessTime(MODEL, flat())
    for name, more in {
        "probability_alive": (30.0,), "expected_purchases": (100.0,), "squared_purchases": (100.0,),
        "probability_of_purchase": (100.0,), "discounted_purchases": (365.0, RATE), "residual_transactions": (RATE,),
        "residual_pairs": (RATE,), "probability_of_return": (),
    }.items():  # fmt: skip
        one, other = (getattr(model, name)(KNOWN, *more) for model in (MODEL, same))
        np.testing.assert_allclose(one, other, rtol=1e-9, err_msg=name)
    np.testing.assert_array_equal(same.simulate(KNOWN, 90.0, 5, np.random.default_rng(1)),
                                  MODEL.simulate(KNOWN, 90.0, 5, np.random.default_rng(1)))  # fmt: skip


def histories(customers=400, seed=2):
    """Customers of BG/NBD, in business days up to the end: first and last purchase, and how often they came back."""
    random = np.random.default_rng(seed)
    joined = -random.uniform(100, 700, customers)
    rows = []
    for begin, rate, drop in zip(joined, random.gamma(0.7, 1 / 40, customers), random.beta(0.8, 3.0, customers),
                                 strict=True):  # fmt: skip
        at, frequency = begin, 0
        while frequency == 0 or random.random() > drop:
            following = at + random.exponential(1 / rate)
            if following > 0:
                break
            at, frequency = following, frequency + 1
        rows.append((begin, at, frequency))
    begin, last, frequency = np.array(rows).T
    return begin, last, frequency


@pytest.mark.parametrize("index", [DECEMBER, SWING])
def test_the_fit_in_business_time_is_that_of_the_same_purchases_without_a_season(index):
    begin, last, frequency = histories()
    even = bgnbd.fit(frequency, last - begin, -begin)
    time = BusinessTime(index, END)
    first, latest = time.lasted(begin), time.lasted(last)  # on the calendar, with a season
    seasonal = time.histories(Histories.of(frequency, latest - first, -first))
    found = bgnbd.fit(frequency, seasonal.recency, seasonal.T)
    np.testing.assert_allclose(
        [found.r, found.alpha, found.a, found.b], [even.r, even.alpha, even.a, even.b], rtol=1e-6
    )
    # whole days of the calendar change the fit, but no more than they do without a season
    whole = time.histories(Histories.of(frequency, np.floor(-first) - np.floor(-latest), np.floor(-first)))
    near = bgnbd.fit(frequency, whole.recency, whole.T)
    ahead = [as_lifetime_model(fit).expected_purchases(seasonal, 180.0).sum() for fit in (even, near)]
    assert ahead[1] == pytest.approx(ahead[0], rel=0.01)


def test_a_horizon_is_as_long_as_its_season():
    model = InBusinessTime(MODEL, BusinessTime(DECEMBER, dt.date(2025, 11, 30)))
    known = model.time.histories(KNOWN)
    np.testing.assert_allclose(model.expected_purchases(KNOWN, 31), MODEL.expected_purchases(known, 31 * 2.1))
    np.testing.assert_allclose(model.probability_alive(KNOWN, 31), MODEL.probability_alive(known, 31 * 2.1))


# --- discounts stay those of the calendar ---


def by_hand(model, ends):
    """Discount what comes between each of several days and the next at the middle."""
    totals = []
    for place in range(KNOWN.size):
        one = Histories.of(*(np.full(ends.size, row[place]) for row in KNOWN.rows))
        totals.append(np.exp(-RATE * (ends[:-1] + ends[1:]) / 2) @ np.diff(model.expected_purchases(one, ends)))
    return totals


@pytest.mark.parametrize("fitted", [BGNBD(0.7, 40.0, 0.8, 3.0), ParetoNBD(0.7, 40.0, 0.9, 250.0),
                                    RegularNBD(2, BGNBD, 0.7, 20.0, 0.8, 3.0)])  # fmt: skip
@pytest.mark.parametrize("days", [61.0, 365.0])
def test_discounted_purchases_are_those_of_each_day(fitted, days):
    model = InBusinessTime(as_lifetime_model(fitted), BusinessTime(SWING, END))
    wanted = by_hand(model, np.arange(days + 1))
    np.testing.assert_allclose(model.discounted_purchases(KNOWN, days, RATE), wanted, rtol=2e-5)


def test_all_purchases_to_come_are_those_of_a_very_long_horizon():
    model = InBusinessTime(MODEL, BusinessTime(YEAR, END))
    wanted = by_hand(model, np.arange(0, 140 * 365, 5.0))
    np.testing.assert_allclose(model.residual_transactions(KNOWN, RATE), wanted, rtol=1e-4)
    assert model.residual_moments(KNOWN, RATE).mean == pytest.approx(model.residual_transactions(KNOWN, RATE))
    assert residual_ahead(model, KNOWN, RATE).mean == pytest.approx(model.residual_transactions(KNOWN, RATE))


# --- as any other model ---


def test_an_average_in_business_time_is_written_and_read():
    begin, last, frequency = histories(200)
    time = BusinessTime(SWING, END)
    both = average([InBusinessTime(one, time) for one in candidates(frequency, last - begin, -begin)])
    again = from_dict(json.loads(json.dumps(to_dict(both, time_unit="day"))))
    assert again.label == both.label and all(isinstance(one, InBusinessTime) for _, one in again.members)
    np.testing.assert_allclose(again.expected_purchases(KNOWN, 90), both.expected_purchases(KNOWN, 90))
    one, other = (purchases_ahead(model, KNOWN, 90).total(np.ones(3)).variance for model in (again, both))
    assert one == pytest.approx(other)


def test_the_same_customers_seen_on_another_day():
    model = average([InBusinessTime(as_lifetime_model(BGNBD(0.7, 40.0, 0.8, 3.0, log_likelihood=-9.0)),
                                    BusinessTime(DECEMBER, dt.date(2025, 11, 30)))])  # fmt: skip
    later = seen_on(model, dt.date(2025, 12, 31))
    assert (later.expected_purchases(KNOWN, 31) < 0.6 * model.expected_purchases(KNOWN, 31)).all()
    assert seen_on(MODEL, END) is MODEL


def test_beyond_all_calendars_a_day_is_a_day():
    model = InBusinessTime(MODEL, BusinessTime(SWING, END))
    assert np.isfinite(model.probability_of_purchase(KNOWN, 1e9)).all()
    assert model.time.passed(1e9) == pytest.approx(1e9, rel=1e-6)


def test_searches_start_at_a_model_in_business_time():
    begin, last, frequency = histories(200)
    first = candidates(frequency, last - begin, -begin, names=["paretonbd"])
    near = InBusinessTime(first[0], BusinessTime(SWING, END))
    again = candidates(frequency, last - begin, -begin, names=["paretonbd"], near=near)
    assert again[0].fitted.evaluations <= first[0].fitted.evaluations


@pytest.mark.parametrize("index", [[1.0] * 11, [1.0] * 11 + [0.0], [1.0] * 11 + [float("nan")]])
def test_an_index_that_is_none_is_refused(index):
    written = to_dict(MODEL, time_unit="day") | {"business_time": {"index": index, "end": "2025-12-31"}}
    with pytest.raises(ModelError, match="twelve numbers above 0"):
        from_dict(written)


@pytest.mark.parametrize("time", [{}, {"index": [1.0] * 12, "end": "soon"}, {"index": None, "end": "2025-12-31"}, 3])
def test_what_is_no_business_time_is_refused(time):
    with pytest.raises(ModelError, match="business time"):
        from_dict(to_dict(MODEL, time_unit="day") | {"business_time": time})


def test_months_of_a_horizon_follow_the_season():
    """Thirty days of November and December each: 2.1 to 0.9 in pace, a little less as customers leave."""
    model = InBusinessTime(MODEL, BusinessTime(DECEMBER, dt.date(2025, 10, 31)))
    november, december = purchases_by_period(model, KNOWN, [30, 61]).sum(axis=0)
    assert 1.9 < december / november < 2.1 / 0.9 * 31 / 30
    known = model.time.histories(KNOWN)
    wanted = purchases_by_period(MODEL, known, [27.0, 27.0 + 31 * 2.1]).sum(axis=0)
    np.testing.assert_allclose([november, december], wanted)
