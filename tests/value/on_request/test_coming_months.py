"""Purchases and value by month: by hand, and the months sum to the horizon."""

import datetime as dt

import numpy as np
import pytest

from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import ModelAverage, as_lifetime_model
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD
from custlib.models.regularnbd import RegularNBD
from custlib.value.customer_value import make_customer_value
from custlib.value.history_scores import score_customers
from custlib.value.margins import Margins
from custlib.value.on_request.coming_months import make_coming_months, month_ends
from tests.bases import AS_OF, DAILY_RATE, MONEY, make_value

ROWS = [("a", "2025-06-01", 30), ("a", "2025-11-01", 35), ("b", "2025-06-01", 30)]
LASTING = BGNBD(1.0, 10.0, 1e-9, 1.0)  # nobody leaves: the rate (r + x) / (alpha + T) for every day
SEVERAL = ModelAverage(
    ((0.5, as_lifetime_model(BGNBD(0.3, 31.0, 0.8, 2.4))), (0.3, as_lifetime_model(MBGNBD(0.5, 40.0, 0.9, 1.6))),
     (0.1, as_lifetime_model(ParetoNBD(0.6, 60.0, 0.8, 90.0))),
     (0.1, as_lifetime_model(RegularNBD(2, BGNBD, 0.6, 30.0, 0.8, 2.4))))
)  # fmt: skip


def months_of(engine, model, *, days=365, rate=DAILY_RATE):
    make_coming_months(engine, "coming_months", model, as_of=AS_OF, horizon_days=days, daily_rate=rate)
    return engine.fetch("select * from coming_months join customer_value using (customer_id) order by customer_id")


def test_months_by_hand(base):
    engine = base(ROWS)
    make_value(engine, model=LASTING)
    found = months_of(engine, as_lifetime_model(LASTING), days=40).loc[0]
    # 1 repeat in 213 days: 2 / 223 purchases a day, 31 days of January and 9 of February
    assert found["expected_purchases_2026_01"] == pytest.approx(31 * 2 / 223, rel=1e-7)
    assert found["expected_purchases_2026_02"] == pytest.approx(9 * 2 / 223, rel=1e-7)
    discounted = -np.expm1(-DAILY_RATE * 31) / DAILY_RATE * 2 / 223
    assert found["value_2026_01"] == pytest.approx(discounted * found["expected_margin"], rel=1e-7)
    assert not [name for name in found.index if name.endswith("2026_03")]


def test_calendar_months_from_any_day():
    assert month_ends(dt.date(2024, 1, 31), 60) == {"2024_02": 29, "2024_03": 60}  # a leap year
    assert month_ends(dt.date(2025, 12, 30), 1) == {"2025_12": 1}
    whole = month_ends(dt.date(2025, 6, 30), 365)
    assert len(whole) == 12 and whole["2026_06"] == 365
    assert len(month_ends(dt.date(2025, 6, 15), 365)) == 13, "the first and the last are parts of a month"


@pytest.mark.parametrize("rate", [DAILY_RATE, 0.0])
def test_the_months_sum_to_the_horizon(small_shop, rate):
    make_value(small_shop)
    score_customers(
        small_shop, "history_scores", "customer_activity", SEVERAL, horizon_days=365, daily_rate=rate,
        residual_rate=DAILY_RATE,
    )  # fmt: skip
    make_customer_value(
        small_shop, "customer_value", "customer_activity", "history_scores", money=MONEY, margins=Margins(0.4),
        cost_to_serve=1.5,
    )  # fmt: skip
    found = months_of(small_shop, SEVERAL, rate=rate)
    for name in ("expected_purchases", "value"):
        months = found[[column for column in found.columns if column.startswith(f"{name}_")]]
        assert months.shape[1] == 12
        np.testing.assert_allclose(months.sum(axis=1), found[name], rtol=1e-9)
    purchases = found[[column for column in found.columns if column.startswith("expected_purchases_")]]
    assert (purchases > 0).all().all()
    make_value(small_shop)
