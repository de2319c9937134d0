"""When customers buy next: dates by hand, and why there is none."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import as_lifetime_model
from custlib.value.on_request.next_purchase import SHARES, make_next_purchase
from tests.bases import AS_OF, make_value

FREQUENT = [("a", f"2025-{month:02d}-01", 10) for month in range(1, 13)]
LOST = [("lost", f"2025-01-{day:02d}", 10) for day in range(1, 31, 2)]
ONCE = [("once", "2025-12-01", 10)]


def dates(engine, model):
    make_value(engine, model=model)
    make_next_purchase(engine, "next_purchase", as_lifetime_model(model), as_of=AS_OF)
    return engine.fetch("select * from next_purchase").set_index("customer_id")


def test_the_dates_by_hand(base):
    # 11 repeats in 364 days, r + x = 11.5, alpha + T = 384: t = 384 ((1 - share)^(-1 / 11.5) - 1), rounded up
    found = dates(base(FREQUENT), BGNBD(0.5, 20.0, 0.8, 2.4)).loc["a"]
    days = [int(np.ceil(384 * ((1 - share) ** (-1 / 11.5) - 1))) for share in SHARES.values()]
    assert days == [4, 24, 86]
    assert [pd.Timestamp(found[name]).date() for name in SHARES] == [AS_OF + dt.timedelta(days=day) for day in days]
    assert found["next_purchase_reason"] is None
    # who is active buys again for sure under BG/NBD: the chance of a return is P(alive)
    odds = 0.8 / (2.4 + 10) * (384 / (20 + 334)) ** 11.5
    assert found["probability_of_return"] == pytest.approx(1 / (1 + odds), rel=1e-12)


def test_who_has_most_likely_left_has_no_date(base):
    found = dates(base(LOST), BGNBD(0.5, 20.0, 0.8, 2.4)).loc["lost"]
    assert found["probability_of_return"] < 0.10
    assert found["next_purchase_reason"] == "unlikely"
    assert found[list(SHARES)].isna().all()


def test_a_date_beyond_ten_years_is_left_out_alone(base):
    # r = .3 after 30 days: the median after 50 (2^(1 / .3) - 1) = 454 days, the ninth decile after 295 years
    found = dates(base(ONCE), BGNBD(0.3, 20.0, 0.8, 2.4)).loc["once"]
    assert pd.Timestamp(found["next_purchase"]).date() == AS_OF + dt.timedelta(days=454)
    assert found["next_purchase_high"] is pd.NaT or found["next_purchase_high"] is None
    assert found["next_purchase_reason"] == "late"
