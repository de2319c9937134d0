import datetime as dt

import numpy as np
import pytest

from custlib.errors import UsageError
from custlib.segment import pyramid
from custlib.value import activity
from tests.bases import AS_OF, make_value


def classes(engine, options):
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    rule = pyramid.define(engine, "customer_activity", options)
    select = pyramid.assign(engine.dialect, rule).format(activity="customer_activity")
    return engine.fetch(f"select * from ({select}) order by customer_id").set_index("customer_id")


def spend(*amounts):
    """One customer per profit; a loss is a small purchase given back with more."""
    day = dt.date(2025, 12, 1)
    rows = []
    for n, amount in enumerate(amounts):
        rows.append((f"c{n:02}", day, max(amount, 0)))
        rows += [(f"c{n:02}", day, amount)] if amount < 0 else []
    return rows


# --- worked by hand ---


def test_ten_customers_make_two_a_seven_b_one_c(base):
    found = classes(base(spend(*range(10, 110, 10))), {"segmentation": "abc"})
    assert "".join(found["segment"]) == "CBBBBBBBAA"
    assert found.loc["c09", "reason"] == "profit of at least 90.00"
    assert found.loc["c00", "reason"] == "profit below the other classes"


def test_equal_profits_are_in_one_class(base):
    found = classes(base(spend(1, 2, 3, 4, 5, 6, 7, 8, 8, 8)), {"segmentation": "abc"})
    assert "".join(found["segment"]) == "CBBBBBBAAA"


def test_no_profit_is_always_last(base):
    found = classes(base(spend(-5, 0, -1, -2, 0, -1, -3, -4, 7, -9)), {"segmentation": "abc"})
    assert "".join(found["segment"]) == "CCCCCCCCAC"
    assert found.loc["c00", "reason"] == found.loc["c01", "reason"] == "no profit"


def test_by_money_the_class_ends_where_its_share_is_reached(base):
    options = {"segmentation": "abc", "by": "money", "shares": [0.8, 0.15, 0.05]}
    found = classes(base(spend(60, 20, 10, 5, 5, -30)), options)
    # 80 of 100; then 10, 5 and its equal; nothing is left below but the loss
    assert "".join(found["segment"]) == "AABBBC"


def test_by_money_without_shares_a_is_eighty_percent_of_it_and_b_all_other_gains(base):
    found = classes(base(spend(60, 20, 10, 5, 5, -30, 0)), {"segmentation": "abc", "by": "money"})
    assert "".join(found["segment"]) == "AABBBCC"


def test_the_pyramid_of_a_hundred(base):
    found = classes(base(spend(*range(1, 101))), {"segmentation": "pyramid"})
    assert found["segment"].value_counts().to_dict() == {"lead": 80, "brass": 15, "gold": 4, "diamond": 1}
    assert found.loc["c99", "segment"] == "diamond"


def test_profit_decides_not_revenue(base):
    engine = base([("a", "2025-12-01", 10), ("b", "2025-12-01", 100)])
    engine.make("transactions", "select * replace (case when customer_id = 'b' then -profit else profit end as profit)"
                " from transactions")  # fmt: skip
    assert classes(engine, {"segmentation": "abc"})["segment"].tolist() == ["A", "C"]


# --- CDNOW ---


@pytest.mark.parametrize(("name", "shares"), [("abc", [0.2, 0.7, 0.1]), ("pyramid", [0.01, 0.04, 0.15, 0.8])])
def test_cdnow_meets_the_shares(cdnow, name, shares):
    definition = cdnow.get("definitions")[name]
    found = cdnow.engine.fetch(
        "select segment, count(*) / 2357.0 as share from customer_segments where segmentation = :name group by 1",
        name=name,
    ).set_index("segment")["share"]
    # the largest tie is 71 customers who spent the same, 3 % of all
    np.testing.assert_allclose(found[list(definition.ids)], shares, atol=0.02)


# --- the curve ---


def test_the_curve_by_hand(base):
    engine = base(spend(10, 80, 10))
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    found = pyramid.curve(engine, "customer_activity", points=3, fewest=1)
    np.testing.assert_allclose(found["customer_share"], [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(found["value_share"], [0, 0.8, 0.9, 1])
    assert pyramid.share_of_top(found, 0.2) == pytest.approx(0.48)


def test_losses_bend_the_curve_above_the_whole(base):
    engine = base(spend(80, 40, -20))
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    np.testing.assert_allclose(
        pyramid.curve(engine, "customer_activity", points=3, fewest=1)["value_share"], [0, 0.8, 1.2, 1]
    )


def test_the_curve_shows_no_point_of_fewer_than_ten_customers(base):
    engine = base(spend(*range(1, 41)))
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    shares = pyramid.curve(engine, "customer_activity", points=40)["customer_share"]
    assert shares[0] == 0 and shares[1] == 10 / 40


def test_a_base_without_profit_has_a_flat_curve(base):
    engine = base(spend(0, 0))
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    assert pyramid.curve(engine, "customer_activity")["value_share"].tolist() == [0, 0]


def test_the_curve_of_cdnow_is_concave_and_thinned(cdnow):
    found = pyramid.curve(cdnow.engine, "customer_value", measure="value", points=50)
    assert len(found) == 51
    slopes = np.diff(found["value_share"]) / np.diff(found["customer_share"])
    assert (np.diff(slopes) <= 1e-9).all()


# --- the 20/80 point ---


def test_two_of_ten_bring_80_of_100(base):
    engine = base(spend(50, 30, 5, 5, 3, 3, 1, 1, 1, 1))
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    found = pyramid.pareto(engine, "customer_activity")
    assert found.money_of_best == pytest.approx(0.8)
    assert found.customers_for_rest == pytest.approx(0.2)


def test_where_all_bring_the_same_a_fifth_brings_a_fifth(base):
    engine = base(spend(10, 10, 10, 10, 10))
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    found = pyramid.pareto(engine, "customer_activity")
    assert (found.money_of_best, found.customers_for_rest) == pytest.approx((0.2, 0.8))


def test_losses_make_the_best_bring_more_than_the_whole(base):
    """120 are gained and 20 lost: of the 100 that stay, the first brings 80, the first two 120."""
    engine = base(spend(80, 40, 0, 0, -20))
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    found = pyramid.pareto(engine, "customer_activity", share=0.4)
    assert found.money_of_best == pytest.approx(1.2)
    assert found.customers_for_rest == pytest.approx(0.15)
    assert pyramid.pareto(engine, "customer_activity").customers_for_rest == pytest.approx(0.2)


def test_without_money_there_is_no_point(base):
    engine = base(spend(0, 0))
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    found = pyramid.pareto(engine, "customer_activity")
    assert np.isnan([found.money_of_best, found.customers_for_rest]).all()


def test_nobody_has_no_point(base):
    engine = base(spend(1))
    engine.make("nobody", "select cast(null as double) as profit where false")
    assert np.isnan(pyramid.pareto(engine, "nobody").money_of_best)


def test_the_point_of_cdnow_is_on_its_curve(cdnow):
    found = pyramid.pareto(cdnow.engine, "customer_activity")
    fine = pyramid.curve(cdnow.engine, "customer_activity", points=2357, fewest=1)
    assert pyramid.share_of_top(fine, 0.2) == pytest.approx(found.money_of_best, abs=1e-3)
    assert pyramid.share_of_top(fine, found.customers_for_rest) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("share", [0, 1, -0.1, 20])
def test_a_share_outside_0_and_1_is_refused(small_shop, share):
    with pytest.raises(UsageError, match="share: .* must be above 0 and below 1"):
        pyramid.pareto(small_shop, "customer_activity", share=share)


# --- what each tier asks for, as published ---


@pytest.mark.parametrize(
    ("tier", "name", "moves"),
    [
        ("diamond", "钻石", ("strengthen", "extend", "keep loyal")),
        ("gold", "黄金", ("raise", "extend", "care")),
        ("brass", "黄铜", ("raise", "maintain", "cut benefits")),
        ("lead", "重铅", ("raise", "cut benefits")),
    ],
)
def test_each_tier_of_the_pyramid_has_its_moves(small_shop, tier, name, moves):
    rule = pyramid.define(small_shop, "customer_activity", {"segmentation": "pyramid"})
    entry = {segment["id"]: segment for segment in rule["segments"]}[tier]
    assert entry["name"]["zh"] == name
    said = entry["strategy"]["en"].lower()
    assert [said.index(move) for move in moves] == sorted(said.index(move) for move in moves)
    assert len([word for word in ("strengthen", "raise", "extend", "care", "maintain", "cut", "keep loyal")
                if word in said]) == len(moves)  # fmt: skip


@pytest.mark.parametrize(
    ("own", "begins"),
    [("A", ("Develop first", "优先发展")), ("B", ("Keep or shrink", "保持或缩减")), ("C", ("Give up", "抛弃"))],
)
def test_each_class_of_abc_has_its_strategy(small_shop, own, begins):
    rule = pyramid.define(small_shop, "customer_activity", {"segmentation": "abc"})
    strategy = {segment["id"]: segment["strategy"] for segment in rule["segments"]}[own]
    assert strategy["en"].startswith(begins[0]) and strategy["zh"].startswith(begins[1])


@pytest.mark.parametrize(("by", "shares"), [("customers", [0.9, 0.05, 0.05]), ("money", [0.99, 0.005, 0.005])])
def test_a_loss_is_always_c_however_classes_are_cut(base, by, shares):
    found = classes(base(spend(90, 10, 0, -5, -5)), {"segmentation": "abc", "by": by, "shares": shares})
    assert "".join(found["segment"][2:]) == "CCC"


# --- errors ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shares": [0.5, 0.5]}, "abc.shares: .* must be 3 shares that add up to 1"),
        ({"shares": [0.5, 0.4, 0.2]}, "must be 3 shares that add up to 1"),
        ({"shares": [1.2, -0.4, 0.2]}, "must be 3 shares that add up to 1"),
        ({"by": "profit"}, "segments.options.abc: by: .*'customers' or 'money'"),
        ({"share": [1]}, "segments.options.abc: share: unknown key. Did you mean 'shares'"),
        ({"segmentation": "pyramid", "by": "money"}, 'pyramid.shares: by = "money" has no published shares. Give 4'),
    ],
)
def test_wrong_options_are_refused(small_shop, options, message):
    with pytest.raises(UsageError, match=message):
        pyramid.define(small_shop, "customer_activity", {"segmentation": "abc"} | options)


def test_where_nobody_brings_money_no_share_is_made_up(base):
    engine = base([("a", "2025-01-01", 5), ("b", "2025-01-01", 3)], margin=-1)
    make_value(engine)
    found = pyramid.curve(engine, "customer_value", measure="profit", fewest=0)
    assert (found["value_share"] == 0).all()


def test_where_losses_outweigh_shares_are_of_what_the_best_brought(base):
    engine = base([("a", "2025-01-01", 30), ("b", "2025-01-01", 10), ("c", "2025-01-01", 10)])
    make_value(engine, cost_to_serve=20)
    # a brings 10; b and c lose 10 each
    found = pyramid.curve(engine, "customer_value", measure="profit", points=3, fewest=0)
    assert found["value_share"].tolist() == pytest.approx([0, 1, 0, -1])
