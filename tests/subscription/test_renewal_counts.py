"""How often customers have renewed and who has left, by hand, and the models of both."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.models.retention.bdw import BDW
from custlib.models.retention.renewals import survival
from custlib.models.retention.sbg import SBG
from custlib.subscription import renewal_counts
from custlib.subscription.signs import Terms
from tests.bases import open_base

TERMS = Terms("month", 30.4167, 15, "purchases", is_stated=True)
AS_OF = dt.date(2025, 6, 30)


@pytest.fixture
def four(tmp_path):
    """Ann pays to the end; Ben stopped in March; Cy is 5 days overdue; Di began this month."""
    rows = [("ann", f"2025-0{month}-20", 10) for month in range(1, 7)]
    rows += [("ben", f"2025-0{month}-10", 20) for month in range(1, 4)]
    rows += [("cy", "2025-04-26", 5), ("cy", "2025-05-26", 8), ("di", "2025-06-20", 7)]
    engine = open_base(tmp_path, rows)
    engine.make("lifetimes", renewal_counts.lifetimes(engine.dialect, TERMS, AS_OF))
    return engine


def test_lifetimes_by_hand(four):
    found = four.fetch("select * from lifetimes order by customer_id").set_index("customer_id")
    assert found["renewals"].tolist() == [5, 2, 1, 0]
    assert found["is_lost"].tolist() == [False, True, False, False]
    assert found["known"].tolist() == [4, 2, 1, 0]  # Ann's of June: others may still pay, so it is not counted yet
    assert found["amount"].tolist() == [10, 20, 8, 7]
    assert found["days_since_last"].tolist() == [10, 112, 35, 10]


def test_counts_by_hand(four):
    found = renewal_counts.count_renewals(four, "lifetimes")
    assert found.to_numpy().tolist() == [[0, 0, 1], [1, 0, 1], [3, 1, 0], [4, 0, 1]]


def test_the_curve_as_seen_is_that_of_kaplan_and_meier():
    # of 100 customers 20 leave at the first renewal and 10 are new; of the 70 left 35 leave at the second
    counts = pd.DataFrame({"renewal": [0, 1, 2, 3], "lost": [0.0, 20, 35, 0], "remaining": [10.0, 0, 0, 35]})
    found = renewal_counts.curve(counts, {"sbg": SBG(1.0, 3.0), "bdw": BDW(1.0, 3.0, 1.0)})
    assert found["observed"].dropna().tolist() == pytest.approx([1, 1 - 20 / 90, (1 - 20 / 90) / 2, (1 - 20 / 90) / 2])
    assert found["customers"].dropna().tolist() == [100, 90, 70, 35]
    assert found["renewal"].max() == 6
    assert found["sbg"].tolist() == found["bdw"].tolist()


def counted(model, renewals=20):
    left = 1e5 * survival(model, np.arange(renewals + 1))
    t = np.arange(1, renewals + 1)
    return pd.DataFrame({"renewal": t, "lost": -np.diff(left), "remaining": np.where(t == renewals, left[-1], 0.0)})


@pytest.mark.parametrize(("c", "kind"), [(1.0, "sbg"), (0.6, "bdw"), (1.6, "bdw")])
def test_bdw_is_used_only_where_the_chance_to_leave_changes(c, kind):
    content = renewal_counts.fit_models(counted(BDW(2.0, 9.0, c)))
    assert content["kind"] == kind
    assert renewal_counts.read_models(content)["chosen"].label == {"sbg": "sBG", "bdw": "BdW"}[kind]
