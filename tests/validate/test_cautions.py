"""Flags by their names, which of them stand beside a forecast, and a base gone silent."""

import datetime as dt

import pytest

from custlib import rules
from custlib.validate.cautions import chosen, name_flags, silent_days
from tests.bases import AS_OF


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
