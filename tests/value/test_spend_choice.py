import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from custlib.models.gammagamma import GammaGamma
from custlib.value import spend_choice
from custlib.value.holdout_period import HoldoutPeriod

MODEL = GammaGamma(4.0, 3.0, 10.0)


def customers(rows):
    names = ["purchases", "first_amount", "amount", "later_purchases", "later_amount"]
    return pd.DataFrame(rows, columns=names).astype(float)


def test_the_deviance_by_hand():
    # weight of the prior (q - 1) / p = .5; x = 2 repeat days of 40 together, the first of 60
    one = customers([(3, 60, 100, 2, 80)])
    repeat, everything = (10 + 40) / 2.5, (10 + 100) / 3.5
    found = spend_choice.deviance_of(one, MODEL, first=False), spend_choice.deviance_of(one, MODEL, first=True)
    assert found == pytest.approx((np.log(repeat) + 40 / repeat, np.log(everything) + 40 / everything))


def shop(*, first, seed=0, many=600):
    """Repeat customers whose first purchase is ``first`` times their own level, or with 0 has nothing to do with it."""
    random = np.random.default_rng(seed)
    level = 4.0 / random.gamma(3.0, 1 / 10.0, many)
    own = random.gamma(4.0, level / 4) * first if first else random.gamma(1.0, 400.0, many)
    repeat = random.gamma(4.0, level / 4)
    later = random.gamma(4.0, level / 4)
    return customers(np.column_stack([np.full(many, 2), own, own + repeat, np.ones(many), later]))


def test_the_first_day_counts_where_it_tells_more():
    found = spend_choice.choose_days(shop(first=1.0))
    assert (found["days"], found["reason"], found["customers"]) == ("all", "tested", 600)
    assert found["deviance"]["all"] < found["deviance"]["repeat"]
    json.dumps(found)


def test_the_first_day_does_not_count_where_it_misleads():
    assert spend_choice.choose_days(shop(first=0))["days"] == "repeat"


def test_too_few_to_tell_are_told_of():
    found = spend_choice.choose_days(shop(first=1.0, many=29))
    assert (found["days"], found["reason"], found["customers"]) == ("repeat", "untested", 29)
    alike = customers([(2, 10, 20, 1, 10)] * 50)  # all spend the same: nothing can be fitted
    assert spend_choice.choose_days(alike)["reason"] == "untested"


def test_the_inner_holdout_ends_before_the_holdout():
    period = HoldoutPeriod(100, 260, dt.date(2025, 12, 31))
    # 160 days are left of the calibration period, half of them are 80
    assert spend_choice.inner_end(period) == period.calibration_end - dt.timedelta(days=80)
    assert spend_choice.inner_end(HoldoutPeriod(30, 260, dt.date(2025, 12, 31))) == dt.date(2025, 11, 1)


def test_nothing_after_the_calibration_period_decides(base):
    from custlib.value import sampled_days
    from custlib.value.history import make_history

    as_of, end = dt.date(2025, 12, 31), dt.date(2025, 6, 30)
    rows = [(f"c{n}", day, 5 + n % 7) for n in range(50) for day in ("2025-01-10", "2025-02-20", "2025-05-05")]
    frames = []
    for later in ([], [(f"c{n}", "2025-09-09", 900) for n in range(50)]):
        engine = base([*rows, *later])
        make_history(engine, as_of=as_of, calibration_end=end)
        engine.make(
            "sampled_days",
            sampled_days.sampled_days_sql(sampled_days.sample_sql(known=50, known_before=50, most=20), as_of),
        )
        frames.append(spend_choice.inner_customers(engine, HoldoutPeriod(184, 355, as_of), "sampled_days"))
    pd.testing.assert_frame_equal(*frames)


def test_a_project_decides_itself(cdnow):
    assert cdnow.get("spend_choice")["reason"] == "tested"
    given = cdnow.project.replace(spend_days="repeat")
    found = spend_choice.spend_choice(given, cdnow.get("holdout_period"), cdnow.get("inner_customers"))
    assert (found["days"], found["reason"]) == ("repeat", "given")
    assert found["until"] == "1997-09-30"
