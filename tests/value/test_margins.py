import numpy as np
import pandas as pd
import pytest

from custlib.value import customer_value, margins
from custlib.value.margins import Margins
from tests.bases import MONEY, make_value


def days(rows):
    """Customers from lists of (revenue, profit) of each day, in the columns of ``sampled_days.customers_at``."""
    return pd.DataFrame(
        [
            {
                "days_sold": len(row), "sold": sum(r for r, _ in row), "earned": sum(p for _, p in row),
                "earned_squares": sum(p * p / r for r, p in row),
            }
            for row in rows
        ]
    )  # fmt: skip


def test_the_evidence_by_hand():
    # a: margins of 0 and .2 on 10 each, mean .1; b: .3 and .5, mean .4
    # within: 10 (.1^2 + .1^2) each, together .4, over 1 + 1 spare days: .2
    # between: 20 (.15^2 + .15^2) = .9, less 1 x .2, over 40 - 2 x 400 / 40 = 20: .035
    found = margins.evidence(days([[(10, 0), (10, 2)], [(10, 3), (10, 5)]]))
    assert found == pytest.approx(0.2 / 0.035)


def test_margins_alike_are_no_evidence():
    assert margins.evidence(days([[(10, 4), (20, 8)], [(30, 12), (10, 4)]])) is None
    assert margins.evidence(days([[(10, 4)], [(30, 3)]])) is None  # one day each: within cannot be told from between
    assert margins.evidence(days([[(10, 0), (10, 8)], [(10, 8), (10, 0)]])) is None  # only by chance


def test_a_margin_by_hand():
    own = Margins(0.4, 50.0)
    assert own.of(150.0, -30.0) == pytest.approx(0.4 - 0.6 * 150 / 200)  # -.2 counts three quarters: -.05
    assert own.of(0.0, -30.0) == own.of(-5.0, 2.0) == 0.4  # nothing kept: no own margin
    assert own.of(50.0, -500.0) == pytest.approx((0.4 - 1) / 2)  # at most all is lost
    assert Margins(0.4).of(150.0, -30.0) == 0.4


def test_a_proven_loss_maker_is_valued_below_zero_and_luck_is_no_margin(base):
    # a lost 30 of each 100 on three days, b won 9 of 10 on one: counted at 100 of revenue
    rows = [("a", f"2025-{month}-01", 100) for month in ("09", "10", "11")] + [("b", "2025-11-01", 10)]
    engine = base(rows)
    make_value(engine)
    engine.make(
        "activity", "select * exclude (profit), case when customer_id = 'a' then -90 else 9 end as profit"
        " from customer_activity",
    )  # fmt: skip
    customer_value.make_customer_value(
        engine, "own_value", "activity", "history_scores", money=MONEY, margins=Margins(0.4, 100.0)
    )
    found = engine.fetch("select *, expected_margin / expected_spend as margin from own_value order by customer_id")
    # a: .4 + (-.3 - .4) 300 / 400 = -.125; b: .4 + (.9 - .4) 10 / 110
    np.testing.assert_allclose(found["margin"], [-0.125, 0.4 + 0.5 * 10 / 110], rtol=1e-12)
    assert found["value"][0] < 0 < found["value"][1]


def test_the_cost_to_serve_is_not_taken_twice(base):
    # 60 and 40 at half: 50 of 100 before the cost to serve of 5 a day
    engine = base([("a", "2025-06-14", 60), ("a", "2025-09-22", 40)], margin=0.5)
    make_value(engine, margin=0.5, cost_to_serve=5)
    select = margins.margin_sql(Margins(0.2, 100.0))
    found = engine.fetch(
        f"select {select} as margin from customer_activity", margin=0.2, margin_evidence=100.0, cost_to_serve=5.0
    )
    assert found["margin"].item() == pytest.approx(0.2 + 0.3 / 2)


def shop(*, spread, seed=0, many=400):
    """Customers with margins of their own, with four days before and four after."""
    random = np.random.default_rng(seed)
    own = 0.35 + spread * random.standard_normal(many)
    revenue = random.gamma(4.0, 10.0, (8, many))
    profit = revenue * (own + 0.15 * random.standard_normal((8, many)))
    early, late = slice(0, 4), slice(4, 8)
    frame = pd.DataFrame({"days_sold": 4.0, "sold": revenue[early].sum(0), "earned": profit[early].sum(0)})
    return frame.assign(
        earned_squares=(profit[early] ** 2 / revenue[early]).sum(0), amount=frame["sold"], profit=frame["earned"],
        later_purchases=4.0, later_amount=revenue[late].sum(0), later_profit=profit[late].sum(0),
    )  # fmt: skip


def test_own_margins_count_where_they_predict_better():
    found = margins.choose_multiple(shop(spread=0.2))
    assert (found["multiple"], found["reason"], found["customers"]) == (1.0, "tested", 400)
    assert found["errors"]["1"] < 0.7 * found["errors"]["common"]


def test_luck_is_not_taken_for_a_margin():
    found = margins.choose_multiple(shop(spread=0.0))
    assert found["multiple"] is None


def test_too_few_to_tell():
    found = margins.choose_multiple(shop(spread=0.2, many=20))
    assert (found["multiple"], found["reason"]) == (None, "untested")
