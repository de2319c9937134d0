"""Flags by their names, which of them stand beside a forecast, a base gone silent, and what the history says."""

import datetime as dt

import numpy as np
import pytest

from custlib import rules
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import as_lifetime_model
from custlib.project import build
from custlib.validate import cautions
from custlib.validate.cautions import chosen, name_flags, silent_days
from custlib.value import activity
from custlib.value.holdout_period import HoldoutPeriod
from tests.bases import AS_OF

SURE = BGNBD(0.25, 31.0, 0.8, 2.4, log_covariance=np.diag([0.01] * 4))


def bought(*days):
    return [("a", AS_OF - dt.timedelta(days=day), 10) for day in days]


def test_flags_of_both_models_are_told_apart():
    named = name_flags(["ill_conditioned", "ill_conditioned"], ["ill_conditioned"])
    assert named == ("lifetime.ill_conditioned", "spend.ill_conditioned")


def test_flags_that_touch_the_forecast_come_in_the_order_of_the_rules():
    given = ["spend.spend_equal", "lifetime.rate_homogeneous", "lifetime.weak_dropout", "lifetime.not_converged"]
    assert chosen(given, "beside") == ("lifetime.not_converged", "lifetime.weak_dropout", "spend.spend_equal")
    assert chosen(given, "grave") == ("lifetime.not_converged",)
    assert chosen(given, "everybody_stays") == ()


# longest gap 20 days, silent for 40: as long as before by the factor of two, for 41 longer
@pytest.mark.parametrize(("silent", "said"), [(20, 0), (40, 0), (41, 41), (400, 400)])
def test_a_silence_is_said_when_there_was_none_like_it(base, silent, said):
    engine = base(bought(silent, silent + 20, silent + 25))
    assert silent_days(engine, AS_OF) == said


def test_a_month_is_no_silence(base):
    assert silent_days(base(bought(30, 31, 32)), AS_OF) == 0
    assert silent_days(base(bought(31, 32, 33)), AS_OF) == 31


def test_one_day_of_purchases_long_ago_is_a_silence(base):
    assert silent_days(base(bought(100)), AS_OF) == 100


def test_returns_and_later_purchases_break_no_silence(base):
    rows = [*bought(100), ("a", AS_OF - dt.timedelta(days=5), -3), ("b", AS_OF + dt.timedelta(days=1), 9)]
    assert silent_days(base(rows), AS_OF) == 100


def test_the_rules_name_flags_that_exist():
    listed = rules.load("flags")
    assert set(listed["grave"]["lifetime"]) <= set(listed["beside"]["lifetime"])
    assert set(listed["everybody_stays"]["lifetime"]) <= set(listed["beside"]["lifetime"])


# --- what the history says ---


def project_of(**changes):
    return build({"id": "x", "name": "x", "as_of": AS_OF, "source": {"path": "x.csv"}} | changes)


def said(engine, *, covered=400, model=SURE, **options):
    """Cautions of a base with nothing against it but what is given."""
    given = {"outlying_customers": {}, "forecast_trend": {}} | options
    period = HoldoutPeriod(100, covered, AS_OF)
    return cautions.forecast_cautions(
        engine,
        project_of(horizon_days=365),
        period,
        "customer_activity",
        lifetime_model=as_lifetime_model(model),
        **given,
    )


def test_an_ordinary_history_says_nothing_against_the_forecast(small_shop):
    assert said(small_shop) == {}


def test_a_horizon_longer_than_the_history_is_said(small_shop):
    assert said(small_shop, covered=364) == {"forecast.horizon_long": {"days": 365, "covered": 364}}
    assert said(small_shop, covered=365) == {}


@pytest.mark.parametrize(("error", "names"), [(0.99, None), (1.01, "a")])
def test_a_parameter_with_an_error_as_large_as_itself_is_named(small_shop, error, names):
    model = BGNBD(0.25, 31.0, 0.27, 2.4, log_covariance=np.diag([0.01, 0.01, error**2, 0.25]))
    found = said(small_shop, model=model)
    assert found.get("forecast.wide_parameters", {}).get("names") == names


def test_a_trend_is_told_by_its_side(small_shop):
    high, low = (said(small_shop, forecast_trend={"bias": bias, "origins": 6, "days": 90}) for bias in (0.2, -0.2))
    assert high == {"forecast.trend_high": {"share": 0.2, "origins": 6, "days": 90}}
    assert list(low) == ["forecast.trend_low"]


def test_one_outlier_and_several_have_words_of_their_own(small_shop):
    one, three = (said(small_shop, outlying_customers={"customers": n, "frequency": 400}) for n in (1, 3))
    assert (list(one), list(three)) == (["forecast.outlier"], ["forecast.outliers"])


@pytest.mark.parametrize(("early", "is_said"), [(21, True), (20, False)])
def test_first_purchases_at_the_beginning_of_the_data_are_said(base, early, is_said):
    """Forty customers in 300 days: more than half of them within the first thirty."""
    first = [f"2025-03-{6 + n % 28:02d}" for n in range(early)] + [
        f"2025-{5 + n % 7:02d}-01" for n in range(40 - early)
    ]
    engine = base([(f"c{n}", day, 10) for n, day in enumerate(first)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    found = cautions.early_first_purchases(engine, "customer_activity", covered=300)
    assert bool(found) == is_said
    if is_said:
        assert (found["share"], found["days"]) == (pytest.approx(21 / 40), 30)
    assert cautions.early_first_purchases(engine, "customer_activity", covered=139) == {}, "too short to tell"
