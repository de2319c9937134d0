import datetime as dt
import json

import pandas as pd
import pytest

from custlib import rules
from custlib.errors import UsageError
from custlib.segment import profiles, rfm
from custlib.value import activity
from tests.bases import AS_OF, make_value

FIXED = {"segmentation": "rfm", "mode": "fixed", "scores": "days", "map": "rf25"}
COLUMNS = ["customer_id", "days_since_last", "frequency", "profit"]


def given(engine, rows, *more):
    """A table of customers at a date: (customer, days since last, repeat purchase days, profit, further measures)."""
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *more])
    engine.attach_frame("given", frame.astype(dict.fromkeys(frame.columns[1:], "float64")))
    return "given"


def assigned(engine, rule, activity="given"):
    select = rfm.assign(engine.dialect, rule).format(activity=activity)
    return engine.fetch(f"select * from ({select}) order by customer_id").set_index("customer_id")


def scored(engine, rule, rows, *more):
    """Scores in SQL of (days_since_last, purchase days, money)."""
    rows = [(f"c{n:03}", row[0], row[1] - 1, *row[2:]) for n, row in enumerate(rows)]
    select = rfm.scores(rule).format(activity=given(engine, rows, *more))
    return engine.fetch(f"select * from ({select}) order by customer_id")[["R", "F", "M"]].to_numpy().tolist()


def score_of(thresholds, value, *, falling=False, above=False):
    """The rule of scores, in Python."""
    reached = sum(threshold < value if above else threshold <= value for threshold in thresholds)
    return 5 - reached if falling else 1 + reached


@pytest.fixture(scope="module")
def engine(one_purchase):
    return one_purchase


@pytest.fixture(scope="module")
def days(engine):
    return rfm.define(engine, given(engine, []), FIXED)


# --- worked by hand ---


def test_five_customers_by_hand(base):
    """Days since last 1 10 20 40 80, purchases 5 3 2 1 1, money 50 42 30 20 10."""
    rows = [("e", AS_OF - dt.timedelta(80), 10)]
    for name, silent, purchases, money in (("d", 40, 1, 20), ("c", 20, 2, 30), ("b", 10, 3, 42), ("a", 1, 5, 50)):
        rows += [(name, AS_OF - dt.timedelta(silent + n), money / purchases) for n in range(purchases)]
    engine = base(rows)
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    rule = rfm.define(engine, "customer_activity", {"segmentation": "rfm"})
    # among 2, 3, 5 purchase days the quarters are cut at 3 and 5; no value has three quarters below it
    assert rule["cuts"] == {
        "recency": [10, 20, 40, 80],
        "frequency": [2, 3, 5],
        "monetary": [20, 30, 42, 50],
    }
    found = engine.fetch(f"select * from ({rfm.assign(engine.dialect, rule).format(activity='customer_activity')})")
    found = found.set_index("customer_id").sort_index()
    assert found["reason"].tolist() == ["R5 F4 M5", "R4 F3 M4", "R3 F2 M3", "R2 F1 M2", "R1 F1 M1"]
    assert found["segment"].tolist() == ["champions", "promising", "attention", "one_time", "one_time"]


def test_who_bought_last_on_one_fair_day_long_ago_is_not_fresh(base):
    """Five of ten were last seen 300 days ago: R = 1, as equal values of money get the lowest score."""
    fair = [(f"f{n}", AS_OF - dt.timedelta(300), 10) for n in range(5)]
    since = [(f"s{n}", AS_OF - dt.timedelta(n), 10) for n in range(1, 6)]
    engine = base(fair + since)
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    rule = rfm.define(engine, "customer_activity", {"segmentation": "rfm"})
    found = engine.fetch(f"select * from ({rfm.scores(rule).format(activity='customer_activity')})")
    scored = found.set_index("customer_id")["R"].to_dict()
    assert scored == {**{f"f{n}": 1 for n in range(5)}, "s1": 5, "s2": 5, "s3": 4, "s4": 4, "s5": 3}


# --- the published table of days, and F and M after the airline table ---


@pytest.mark.parametrize(
    ("silent", "score"), [(0, 5), (7, 5), (8, 4), (30, 4), (31, 3), (60, 3), (61, 2), (120, 2), (121, 1), (9999, 1)]
)
def test_days_since_the_last_purchase(engine, days, silent, score):
    assert scored(engine, days, [(silent, 1, 0.0)])[0][0] == score
    assert score_of(days["cuts"]["recency"], silent, falling=True) == score


@pytest.mark.parametrize(
    ("purchases", "score"), [(1, 1), (2, 2), (5, 2), (6, 3), (10, 3), (11, 4), (23, 4), (24, 5), (500, 5)]
)
def test_purchases(engine, days, purchases, score):
    assert scored(engine, days, [(0, purchases, 0.0)])[0][1] == score
    assert score_of(days["cuts"]["frequency"], purchases) == score


@pytest.mark.parametrize(
    ("money", "score"),
    [
        (-20, 1),
        (0, 1),
        (500, 1),
        (500.01, 2),
        (501, 2),
        (1000, 2),
        (1001, 3),
        (1000.01, 3),
        (3000, 3),
        (3001, 4),
        (5000, 4),
        (5000.01, 5),
        (5001, 5),
    ],
)
@pytest.mark.sampled
def test_money(engine, days, money, score):
    assert scored(engine, days, [(0, 1, float(money))])[0][2] == score
    assert score_of(days["cuts"]["monetary"], money, above=True) == score


def test_without_money_everybody_has_the_lowest_score(engine, days):
    assert scored(engine, days, [(0, 1, None)]) == [[5, 1, 1]]


# --- the airline table ---

AIRLINE = ("purchases_last_730d", "revenue_last_730d")


@pytest.fixture(scope="module")
def airline(engine):
    return rfm.define(engine, given(engine, [], *AIRLINE), {"segmentation": "rfm_airline"})


def flown(engine, rule, silent=0, purchases=1, revenue=0.0):
    """Scores of one customer of an airline."""
    return scored(engine, rule, [(silent, 1, 0.0, purchases, revenue)], *AIRLINE)[0]


@pytest.mark.parametrize(
    ("silent", "score"),
    [(0, 5), (30, 5), (31, 4), (91, 4), (92, 3), (182, 3), (183, 2), (365, 2), (366, 1), (9999, 1)],
)
def test_the_airlines_last_purchase(engine, airline, silent, score):
    """Within a month (30 days), three (91), six (182), twelve (365), over twelve."""
    assert flown(engine, airline, silent=silent)[0] == score


@pytest.mark.parametrize(
    ("purchases", "score"), [(0, 1), (1, 1), (2, 2), (5, 2), (6, 3), (10, 3), (11, 4), (23, 4), (24, 5), (25, 5)]
)
def test_the_airlines_purchases_in_24_months(engine, airline, purchases, score):
    assert flown(engine, airline, purchases=purchases)[1] == score


@pytest.mark.parametrize(
    ("mean", "score"),
    [
        (-1, 1), (0, 1), (499.99, 1), (500, 1), (500.01, 2), (501, 2), (1000, 2), (1000.01, 3), (1001, 3), (3000, 3),
        (3000.01, 4), (3001, 4), (5000, 4), (5000.01, 5), (5001, 5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("purchases", [1, 3, 7])
@pytest.mark.sampled
def test_the_airlines_mean_spend(engine, airline, mean, score, purchases):
    revenue = round(mean * purchases, 2)
    assert flown(engine, airline, purchases=purchases, revenue=revenue)[2] == score


def test_half_a_cent_above_500_on_average_is_above_500(engine, airline):
    assert flown(engine, airline, purchases=2, revenue=1000.01)[2] == 2


def test_who_did_not_fly_for_24_months_has_the_lowest_scores(engine, airline):
    assert flown(engine, airline, silent=800, purchases=0, revenue=0.0) == [1, 1, 1]


def test_the_airline_reads_two_measures(airline):
    assert rfm.needs({"segmentation": "rfm_airline"}) == ("purchases_last_730d", "revenue_last_730d")
    assert airline["above"] == ["monetary"]
    assert airline["measures"]["monetary"] == {"of": "revenue_last_730d", "per": "purchases_last_730d"}


def test_three_passengers_by_hand(engine, airline):
    given(engine, [("a", 12, 40, 9e4, 30, 180000), ("b", 100, 8, 100, 6, 3000), ("c", 700, 2, -5, 1, 400)], *AIRLINE)
    found = assigned(engine, airline)
    assert found["reason"].tolist() == ["R5 F5 M5", "R3 F3 M1", "R1 F1 M1 below zero"]
    assert found["segment"].tolist() == ["champions", "about_to_sleep", "lost"]


# --- the amount of goods, the 125 cells, the product ---


def test_rfa_takes_the_amount_of_goods_instead_of_money(engine):
    """Five customers; who buys most brings least money."""
    rows = [(f"c{n}", 10 * n, 0 if n > 3 else 5 - n, 10 * n, 100 - n) for n in range(1, 6)]
    given(engine, rows, "quantity_last_36500d")
    rule = rfm.define(engine, "given", {"segmentation": "rfa"})
    assert rfm.needs({"segmentation": "rfa"}) == ("quantity_last_36500d",)
    assert rule["cuts"] == {"recency": [20, 30, 40, 50], "frequency": [2, 4, 5], "quantity": [96, 97, 98, 99]}
    found = assigned(engine, rule)
    assert found["reason"].tolist() == ["R5 F4 A5", "R4 F3 A4", "R3 F2 A3", "R2 F1 A2", "R1 F1 A1"]
    assert found["segment"].tolist() == ["545", "434", "323", "212", "111"]


def test_every_one_of_the_125_cells_is_a_segment(engine):
    """532 is R5, F3, M2; its strategy is that of its class in the map."""
    rule = rfm.define(engine, given(engine, []), {"segmentation": "rfm125", "mode": "fixed"})
    ids = [segment["id"] for segment in rule["segments"]]
    assert len(set(ids)) == len(ids) == 125
    assert (ids[0], ids[-1]) == ("555", "111")
    grid = [(f"{r}{f}{m}", r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)]
    silent, often = {5: 7, 4: 30, 3: 60, 2: 120, 1: 121}, {1: 1, 2: 2, 3: 6, 4: 11, 5: 24}
    money = {1: 500, 2: 501, 3: 1001, 4: 3001, 5: 5001}
    given(engine, [(name, silent[r], often[f] - 1, money[m]) for name, r, f, m in grid])
    found = assigned(engine, rule)
    assert found["segment"].tolist() == found.index.tolist()
    assert found.loc["532", "reason"] == "R5 F3 M2"
    by_id = {segment["id"]: segment for segment in rule["segments"]}
    assert by_id["532"]["name"] == {"en": "532", "zh": "532"}
    assert by_id["532"]["strategy"]["en"] == "Win the next purchase soon; show the range."


def test_the_best_fifth_of_the_product_is_kept_and_the_last_not_spent_on(engine):
    """R is 5 for all; products 5 10 15 20 25 (M 1), 10 20 30 40 50 (M 2): those who share a product stay together."""
    often, money = (1, 2, 6, 11, 24), (500, 501)
    rows = [(f"m{m + 1}f{f + 1}", 0, often[f] - 1, money[m]) for m in range(2) for f in range(5)]
    rule = rfm.define(engine, given(engine, rows), {"segmentation": "rfm_product", "mode": "fixed"})
    # 50 and 40 are a fifth; the last would be one of ten, or three with the two who share a product of 10
    assert rule["product_cuts"] == [40.0, 10.0]
    found = assigned(engine, rule)
    assert found["segment"].value_counts().to_dict() == {"move_up": 7, "keep": 2, "avoid": 1}
    assert found.loc["m2f5", "reason"] == "R5 F5 M2, product 50"
    assert found.loc["m1f1", "segment"] == "avoid"
    assert found.loc["m1f2", "segment"] == found.loc["m2f1", "segment"] == "move_up"


def test_ten_different_products_make_two_six_and_two(engine):
    scores = [
        (5, 5),
        (5, 4),
        (5, 3),
        (4, 3),
        (5, 2),
        (4, 2),
        (3, 2),
        (4, 1),
        (3, 1),
        (2, 1),
    ]  # 25 20 15 12 10 8 6 4 3 2
    silent, often = {5: 7, 4: 30, 3: 60, 2: 120, 1: 121}, {1: 1, 2: 2, 3: 6, 4: 11, 5: 24}
    rows = [(f"c{n}", silent[r], often[f] - 1, 1) for n, (r, f) in enumerate(scores)]
    rule = rfm.define(engine, given(engine, rows), {"segmentation": "rfm_product", "mode": "fixed"})
    assert rule["product_cuts"] == [20.0, 4.0]
    assert assigned(engine, rule)["segment"].tolist() == ["keep"] * 2 + ["move_up"] * 6 + ["avoid"] * 2


@pytest.mark.parametrize("name", ["rfm", "rfm125", "rfa", "rfm_airline", "rfm_product"])
def test_nobody_and_one_customer(engine, name):
    more = rfm.needs({"segmentation": name})
    empty = rfm.define(engine, given(engine, [], *more), {"segmentation": name})
    assert assigned(engine, empty).empty
    given(engine, [("a", 3, 0, 10.0, *(1 for _ in more))], *more)
    for rule in (empty, rfm.define(engine, "given", {"segmentation": name})):
        found = assigned(engine, json.loads(json.dumps(rule)))
        assert found["segment"].item() in {segment["id"] for segment in rule["segments"]}


@pytest.mark.parametrize("name", ["rfm", "rfm125", "rfa", "rfm_airline", "rfm_product"])
def test_neither_the_order_of_rows_nor_names_change_a_segment(engine, name):
    more = rfm.needs({"segmentation": name})
    rows = [(f"c{n:02}", n * 7 % 40, n % 5, n * 13 % 50, *(n * k % 9 for k in (2, 5)[: len(more)])) for n in range(40)]
    rule = rfm.define(engine, given(engine, rows, *more), {"segmentation": name})
    first = assigned(engine, rule)
    renamed = [(row[0][::-1], *row[1:]) for row in reversed(rows)]
    again = rfm.define(engine, given(engine, renamed, *more), {"segmentation": name})
    assert again == rule
    other = assigned(engine, again)
    pd.testing.assert_frame_equal(other.rename(index=lambda one: one[::-1]).sort_index(), first)


# --- below zero, prospects, earlier definitions ---


@pytest.mark.parametrize(("profit", "flag"), [(-0.01, " below zero"), (0, " below zero"), (0.01, ""), (None, "")])
def test_who_brought_nothing_net_is_flagged(engine, days, profit, flag):
    given(engine, [("a", 0, 0, profit)])
    assert assigned(engine, days)["reason"].item() == f"R5 F1 M1{flag}"


@pytest.mark.parametrize("name", ["rfm", "rfm125", "rfa", "rfm_airline", "rfm_product"])
def test_who_never_bought_scores_0_outside_the_cells(engine, name):
    more = rfm.needs({"segmentation": name})
    given(engine, [("a", None, None, None, *(0 for _ in more)), ("b", 3, 1, 5, *(2 for _ in more))], *more)
    rule = rfm.define(engine, "given", {"segmentation": name})
    assert rule["segments"][-1]["id"] == "prospect"
    assert rule["segments"][-1]["name"] == {"en": "Prospects", "zh": "未购买的潜在客户"}
    found = assigned(engine, rule)
    assert found.loc["a", "segment"] == "prospect"
    assert found.loc["a", "reason"].startswith("R0 F0 ")
    assert found.loc["b", "segment"] != "prospect"


@pytest.mark.parametrize("name", ["rfm", "rfm125", "rfa", "rfm_product"])
def test_cuts_are_those_of_customers_however_many_prospects_there_are(engine, name):
    more = rfm.needs({"segmentation": name})
    bought = [(f"c{n:02}", n, n % 7, 10 * n + 1, *(n for _ in more)) for n in range(20)]
    prospects = [(f"p{n:02}", None, None, None, *(0 for _ in more)) for n in range(30)]
    alone, among = (
        rfm.define(engine, given(engine, rows, *more), {"segmentation": name}) for rows in (bought, bought + prospects)
    )
    assert among["cuts"] == alone["cuts"]
    assert among.get("product_cuts") == alone.get("product_cuts")


def test_without_prospects_there_is_no_such_segment(days):
    assert "prospect" not in {segment["id"] for segment in days["segments"]}


def test_a_definition_frozen_before_tables_said_what_they_cut_still_assigns(engine, days):
    earlier = {key: days[key] for key in ("mode", "map", "cells")}
    earlier["cuts"] = days["cuts"] | {"monetary": [500.01, 1000.01, 3000.01, 5000.01]}
    given(engine, [("a", 8, 10, 700), ("b", 121, 0, 20)])
    pd.testing.assert_frame_equal(assigned(engine, earlier), assigned(engine, days))


def test_ties_leave_fewer_classes(engine):
    given(engine, [(f"c{n}", 5, int(n > 5), n) for n in range(10)])
    rule = rfm.define(engine, "given", {"segmentation": "rfm"})
    parting = {name: {cut for cut in cuts if cut > 0 or name != "recency"} for name, cuts in rule["cuts"].items()}
    assert {name: len(cuts) + 1 for name, cuts in parting.items()} == {"recency": 1, "frequency": 2, "monetary": 5}


# --- ties, one-time buyers, CDNOW ---


def test_one_time_buyers_are_a_class_of_their_own(cdnow):
    rule = cdnow.get("definitions")["rfm"].rule
    select = rfm.scores(rule).format(activity="customer_activity")
    found = cdnow.engine.fetch(
        f"select a.frequency = 0 as once, s.F, count(*) as n from ({select}) s"
        " join customer_activity a using (customer_id) group by 1, 2"
    )
    assert set(found.loc[found["once"], "F"]) == {1}
    assert 1 not in set(found.loc[~found["once"], "F"])


def test_nobody_bought_twice(base):
    engine = base([("a", "2025-12-01", 1), ("b", "2025-12-05", 2)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    assert rfm.define(engine, "customer_activity", {"segmentation": "rfm"})["cuts"]["frequency"] == [2.0]


def test_sql_and_python_score_alike(cdnow):
    rule = cdnow.get("definitions")["rfm"].rule
    select = rfm.scores(rule).format(activity="customer_activity")
    found = cdnow.engine.fetch(
        f"select s.*, a.days_since_last, a.frequency + 1 as purchases, cast(a.profit as double) as profit"
        f" from ({select}) s join customer_activity a using (customer_id)"
    )
    cuts = rule["cuts"]
    assert [score_of(cuts["recency"], d, falling=True) for d in found["days_since_last"]] == found["R"].tolist()
    assert [score_of(cuts["frequency"], x) for x in found["purchases"]] == found["F"].tolist()
    assert [score_of(cuts["monetary"], m) for m in found["profit"]] == found["M"].tolist()


def test_the_tiles_add_up(cdnow):
    tiles = rfm.tile_map(cdnow.engine, cdnow.get("definitions")["rfm"].rule, "customer_activity")
    assert tiles["customers"].sum() == 2357
    whole = profiles.summary(cdnow.engine, cdnow.get("definitions")["rfm"], language="en")
    assert tiles["value"].sum() == pytest.approx(whole["value"].sum())
    for segment, cells in cdnow.get("definitions")["rfm"].rule["cells"].items():
        inside = [[r, f] in cells for r, f in zip(tiles["R"], tiles["F"], strict=True)]
        assert tiles["customers"][inside].sum() == whole.set_index("segment").loc[segment, "customers"]


# --- maps and tables of scores ---


def test_a_map_of_other_axes_is_refused(small_shop):
    with pytest.raises(UsageError, match="map value8: has the axes ccv, cpv, loyalty. Scores are R, F, M from 1 to 5"):
        rfm.define(small_shop, "customer_activity", {"segmentation": "rfm", "map": "value8"})


def test_what_a_map_decides_by_priority_is_kept_in_the_definition(tmp_path, engine, days):
    words = 'name = { en = "x", zh = "x" }\nstrategy = { en = "x", zh = "x" }\n'
    (tmp_path / "own.toml").write_text(
        '[map]\nid = "own"\naxes = { F = [1, 5] }\n'
        f'[[segment]]\nid = "often"\nwhere = [{{ F = [4, 5] }}]\npriority = 1\n{words}'
        f'[[segment]]\nid = "rest"\nwhere = [{{}}]\n{words}'
    )
    rule = rfm.define(engine, given(engine, [("a", 3, 30, 5), ("b", 3, 1, 5)]), FIXED | {"map": f"{tmp_path}/own.toml"})
    assert rule["findings"] == ["often wins over rest in 2 of 5 cells (F4, F5)"]
    assert assigned(engine, rule)["segment"].tolist() == ["often", "rest"]
    assert "findings" not in days


@pytest.mark.parametrize("name", rules.names("scores"))
def test_every_table_of_scores_has_four_rising_cuts_or_none(name):
    table = rfm.read_scores(name)
    assert all(len(cuts) == 4 and cuts == sorted(set(cuts)) for cuts in table.fixed.values())
    assert bool(table.fixed) == (name != "quantity")


TABLE = """
[measure]
recency = "days_since_last"
frequency = "frequency"
monetary = "revenue"
"""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "[measure]\nrecency = 'T'",
            "own.toml: measure: has recency. Name recency, frequency, and monetary or quantity",
        ),
        (TABLE + "[cuts]\nrecency = [1, 2, 3, 4]", "must give the cuts of each measure once, or none at all"),
        (
            TABLE + "[cuts]\nrecency = [1, 2, 3, 4]\nfrequency = [1, 2, 3]\n[above]\nmonetary = [1, 2, 3, 4]",
            "frequency: .* must be 4 rising cuts",
        ),
        (
            TABLE + "[cuts]\nrecency = [1, 2, 3, 4]\nfrequency = [1, 2, 3, 3]\n[above]\nmonetary = [1, 2, 3, 4]",
            "frequency: .* must be 4 rising cuts",
        ),
        (TABLE.replace('"revenue"', '"1; drop"'), "own.toml: measure.monetary.of: "),
        (TABLE.replace('"revenue"', '{ of = "revenue", by = "T" }'), "measure.monetary.by: unknown key"),
    ],
)
def test_a_table_of_scores_that_cannot_be_used_is_refused(tmp_path, content, message):
    (tmp_path / "own.toml").write_text(content)
    with pytest.raises(UsageError, match=message):
        rfm.read_scores(str(tmp_path / "own.toml"))


def test_a_table_of_ones_own_is_taken(tmp_path, engine):
    (tmp_path / "own.toml").write_text(
        TABLE + "[cuts]\nrecency = [1, 2, 3, 4]\nfrequency = [1, 2, 3, 4]\nmonetary = [1, 2, 3, 4]"
    )
    options = FIXED | {"scores": str(tmp_path / "own.toml")}
    rule = rfm.define(engine, given(engine, [], "revenue"), options)
    assert scored(engine, rule, [(2, 3, 0, 4)], "revenue") == [[3, 3, 5]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mod": "fixed"}, "segments.options.rfm: mod: unknown key. Did you mean 'mode'"),
        ({"mode": "exact"}, "segments.options.rfm: mode: .*'quantile' or 'fixed'"),
        ({"map": "rf52"}, "rules: no file named maps/rf52. Did you mean 'rf25'"),
        ({"map": "../channels"}, "segments.options.rfm: map: "),
        ({"mode": "fixed", "scores": "quantity", "names": "cells"}, 'scores quantity: has no cuts.*mode = "quantile"'),
        ({"names": "cell"}, "segments.options.rfm: names: .*'map', 'cells' or 'product'"),
        ({"scores": "quantity", "map": "rfm11"}, "map rfm11: has the axes R, F, M. Scores are R, F, A from 1 to 5"),
        ({"mode": "fixed", "scores": "day"}, "no file named scores/day. Did you mean 'days'"),
    ],
)
def test_wrong_options_are_refused(small_shop, options, message):
    with pytest.raises(UsageError, match=message):
        rfm.define(small_shop, "customer_activity", {"segmentation": "rfm"} | options)


def test_frozen_cuts_do_not_move_with_the_others(base):
    """A customer's scores depend on the customer alone once the cuts are frozen."""
    engine = base([(f"c{n}", "2025-12-01", n + 1) for n in range(10)])
    make_value(engine)
    rule = rfm.define(engine, "customer_activity", {"segmentation": "rfm"})
    alone = base([("c4", "2025-12-01", 5)])
    make_value(alone)
    select = rfm.scores(rule).format(activity="customer_activity")
    found = engine.fetch(f"select * from ({select}) where customer_id = 'c4'")
    pd.testing.assert_frame_equal(found, alone.fetch(select))
