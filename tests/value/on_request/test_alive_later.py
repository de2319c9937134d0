"""P(alive) some days ahead: by hand, and null where nothing tells."""

import numpy as np
import pytest

from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import Histories, as_lifetime_model
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD
from custlib.value.on_request.alive_later import make_alive_later
from tests.bases import make_value

ROWS = [("a", "2025-06-01", 30), ("a", "2025-11-01", 35), ("b", "2025-06-01", 30)]


def later_of(engine, model, days):
    make_value(engine, model=model)
    make_alive_later(engine, "alive_later", as_lifetime_model(model), after_days=days)
    return engine.fetch("select * from alive_later order by customer_id").set_index("customer_id").iloc[:, 0]


def test_pareto_by_hand(base):
    # the drop-out rate of who is active ~ Gamma(s, beta + T): stays t by ((beta + T) / (beta + T + t))^s
    model = ParetoNBD(0.8, 40.0, 1.5, 120.0)
    found = later_of(base(ROWS), model, 60)
    histories = Histories.of([1, 0], [153, 0], [213, 213])
    now = as_lifetime_model(model).probability_alive(histories)
    np.testing.assert_allclose(found, now * (333 / 393) ** 1.5, rtol=1e-12)


def test_bgnbd_after_one_purchase_is_null(base):
    found = later_of(base(ROWS), BGNBD(0.8, 40.0, 0.8, 2.4), 60)
    assert 0 < found["a"] < 1
    assert np.isnan(found["b"]), "no occasion to drop out yet: nothing tells"


def test_in_zero_days_it_is_now_and_in_many_nobody_is_left(base):
    model, engine = MBGNBD(0.8, 40.0, 0.8, 2.4), base(ROWS)
    soon = later_of(engine, model, 0)
    now = engine.fetch("select probability_alive from customer_value order by customer_id")["probability_alive"]
    assert soon.to_list() == pytest.approx(now.to_list(), rel=1e-12)
    days = [later_of(engine, model, days)["a"] for days in (30, 300, 3650)]
    assert days == sorted(days, reverse=True)
