import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd
from custlib.validate import reconciliation
from custlib.value import activity
from tests.bases import MODEL

ROWS = [
    ("a", "2025-02-01", 10), ("a", "2025-02-01", 5), ("a", "2025-03-01", 20), ("a", "2025-05-01", 30),
    ("b", "2025-05-10", 40), ("b", "2025-05-20", -15), ("b", "2025-11-01", 7),
]  # fmt: skip


def test_quarters_by_hand(base):
    engine = base(ROWS)
    until = dt.date(2025, 11, 30)
    activity.make_activity(engine, "customer_activity", as_of=until)
    found = reconciliation.by_quarter(engine, "customer_activity", MODEL, mean_spend=10.0, until=until)
    assert found["quarter"].tolist() == ["2025 Q1", "2025 Q2", "2025 Q3", "2025 Q4"]
    assert found["joined"].tolist() == [1, 1, 0, 0]
    assert found["new_customers"].tolist() == [15, 40, 0, 0]
    assert found["existing_customers"].tolist() == [20, 30 - 15, 0, 7]
    first = 10 * bgnbd.new_customer_purchases(MODEL, 58)  # 1 February to 31 March
    second = 10 * (bgnbd.new_customer_purchases(MODEL, 149) + bgnbd.new_customer_purchases(MODEL, 51)) - first
    assert found["modelled"].tolist()[:2] == pytest.approx([first, second], rel=1e-12)
    assert found["gap"].iloc[0] == pytest.approx(first / 20 - 1)
    assert np.isnan(found["gap"].iloc[2])  # nobody bought: no gap can be stated
    # the last quarter goes to the last day only
    whole = 10 * (bgnbd.new_customer_purchases(MODEL, 302) + bgnbd.new_customer_purchases(MODEL, 204))
    assert found["modelled"].sum() == pytest.approx(whole, rel=1e-12)


def test_cdnow_adds_up_to_the_books(cdnow):
    until = cdnow.project.as_of
    found = reconciliation.by_quarter(
        cdnow.engine, "customer_activity", cdnow.get("calibration_beta_geometric"), mean_spend=35.17, until=until
    )
    books = cdnow.engine.fetch("select sum(amount) as money from transactions")["money"].item()
    assert found[["new_customers", "existing_customers"]].to_numpy().sum() == pytest.approx(float(books))
    assert found["joined"].tolist() == [2357, 0, 0, 0, 0, 0]
    whole = found["modelled"].sum() / found["existing_customers"].sum() - 1
    assert whole == pytest.approx(-0.12, abs=0.01)
    assert isinstance(found, pd.DataFrame)
