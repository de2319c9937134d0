import datetime as dt

import numpy as np
import pytest

from custlib.models import bgnbd
from custlib.validate import rolling_origins


def test_the_windows_by_hand():
    ends, days = rolling_origins.windows(first_day=dt.date(1997, 1, 1), as_of=dt.date(1998, 6, 30), holdout_days=273)
    assert days == 91
    assert ends == [dt.date(1997, 7, 1), dt.date(1997, 9, 30), dt.date(1997, 12, 30), dt.date(1998, 3, 31)]


def test_at_most_six_and_none_without_a_history():
    ends, days = rolling_origins.windows(first_day=dt.date(2015, 1, 1), as_of=dt.date(2025, 1, 1), holdout_days=30)
    assert (len(ends), days) == (6, 28)
    assert rolling_origins.windows(first_day=dt.date(2025, 1, 1), as_of=dt.date(2025, 1, 20), holdout_days=30)[0] == []


def test_one_origin_by_hand(base):
    rows = [(f"c{n}", "2025-03-01", 1) for n in range(20)] + [(f"c{n}", "2025-03-20", 1) for n in range(15)]
    rows += [(f"c{n}", "2025-04-02", 1) for n in range(15, 20)] + [(f"c{n}", "2025-04-10", 1) for n in range(15)]
    rows += [("c0", "2025-05-01", 1), ("late", "2025-05-02", 1)]
    engine = base(rows)
    end = dt.date(2025, 4, 20)
    found = rolling_origins.histories(engine, ends=[dt.date(2025, 3, 10), end], days=20)
    assert list(found) == [end]  # on 10 March nobody had bought again
    frame = rolling_origins.rolling_origins(found, "bgnbd", days=20)
    cells = found[end]
    model = bgnbd.fit(*(cells[name] for name in ("frequency", "recency", "T", "customers")))
    wanted = bgnbd.expected_purchases(model, 20, cells["frequency"], cells["recency"], cells["T"]) @ cells["customers"]
    assert frame["customers"].item() == 20
    assert frame["actual"].item() == 1
    assert frame["expected"].item() == pytest.approx(wanted)
    assert frame["naive"].item() == pytest.approx((15 * 2 + 5) * 20 / 50)
    assert frame["bias"].item() == pytest.approx(wanted - 1)


def test_no_origins_give_an_empty_table():
    frame = rolling_origins.rolling_origins({}, "bgnbd", days=28)
    assert frame.empty
    assert "bias" in frame.columns


def test_cdnow(cdnow):
    project = cdnow.project
    ends, days = rolling_origins.windows(
        first_day=dt.date(1997, 1, 1), as_of=project.as_of, holdout_days=project.holdout_days
    )
    found = rolling_origins.rolling_origins(
        rolling_origins.histories(cdnow.engine, ends=ends, days=days), "bgnbd", days=days
    )
    assert found["actual"].tolist() == [711, 726, 661, 495]
    assert found["actual"].iloc[1:].sum() == 1882
    np.testing.assert_allclose(found["bias"], [0.0135, -0.135, -0.068, 0.262], atol=1e-3)
    assert (found["naive_bias"] > found["bias"]).all()


def test_where_months_differ_the_same_day_a_year_ago_is_an_origin():
    """Windows of 61 days reach back 286 days: none of the others has the months to come."""
    days = {"as_of": dt.date(2025, 12, 31), "days": 61}
    plain, seasonal = (
        rolling_origins.origins(first_day=dt.date(2024, 1, 1), is_seasonal=is_seasonal, **days)
        for is_seasonal in (False, True)
    )
    assert seasonal == [*plain, rolling_origins.Origin(dt.date(2024, 12, 31), 61)]
    short = rolling_origins.origins(first_day=dt.date(2024, 12, 1), is_seasonal=True, **days)
    assert short == rolling_origins.origins(first_day=dt.date(2024, 12, 1), **days)  # with 30 days before it
