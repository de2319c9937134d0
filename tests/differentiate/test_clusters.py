import random

import numpy as np
import pandas as pd
import pytest

from custlib.differentiate import activity, clusters
from custlib.errors import UsageError
from tests.differentiate.bases import AS_OF, make_value, shop


def nearest(rule, features):
    """Ids of the nearest centres, in NumPy."""
    names = list(clusters.FEATURES)
    points = np.column_stack(
        [clusters.transform(features[n].to_numpy(dtype=float), rule["features"][n]) for n in names]
    )
    distances = ((points[:, None, :] - np.array(rule["centres"])[None]) ** 2).sum(axis=2)
    return np.array(rule["ids"])[distances.argmin(axis=1)]


# --- worked by hand ---


def test_the_transform_by_hand():
    # Yeo and Johnson (2000) for x >= 0: ((1 + x) ** power - 1) / power, and log(1 + x) for power 0
    given = {"power": 0.5, "mean": 1.0, "deviation": 2.0}
    np.testing.assert_allclose(clusters.transform(np.array([0.0, 3.0, 8.0]), given), [-0.5, 0.5, 1.5])
    given = {"power": -1.0, "mean": 0.0, "deviation": 1.0}
    np.testing.assert_allclose(clusters.transform(np.array([0.0, 1.0, 3.0]), given), [0, 0.5, 0.75])


def test_the_power_is_that_of_scikit_learn(small_shop):
    from sklearn.preprocessing import PowerTransformer

    counted = clusters.feature_cells(small_shop, "customer_activity")
    people = counted.loc[counted.index.repeat(counted["customers"])]
    theirs = PowerTransformer().fit(people[list(clusters.FEATURES)].to_numpy())
    rule = clusters.define(small_shop, "customer_activity", {"k": 3})
    ours = [rule["features"][name]["power"] for name in clusters.FEATURES]
    np.testing.assert_allclose(ours, theirs.lambdas_, atol=1e-3)


def test_two_plain_groups_are_found(base):
    rows = [(f"old{n}", "2024-01-01", 5 + 0.01 * n) for n in range(20)]
    rows += [(f"new{n}", f"2025-12-{day:02}", 80 + n) for n in range(20) for day in (1, 8, 15, 22, 29)]
    engine = base(rows)
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    rule = clusters.define(engine, "customer_activity", {"k": 2})
    select = clusters.assign(engine.dialect, rule).format(activity="customer_activity")
    found = engine.fetch(f"select * from ({select})").set_index("customer_id")["segment"]
    assert {name[:3]: segment for name, segment in found.items()} == {"new": "cluster_1", "old": "cluster_2"}
    assert [s["name"]["en"] for s in rule["segments"]] == [
        "Seen lately, many purchases, large baskets",
        "Away over a year, one purchase, small baskets",
    ]


def test_a_cell_weighs_as_many_customers_as_it_counts(base):
    rows = shop(40)
    twins = [(f"{name}{twin}", day, amount) for name, day, amount in rows for twin in "xyz"]
    rules = []
    for given in (rows, twins):
        engine = base(given)
        activity.make_activity(engine, "customer_activity", as_of=AS_OF)
        rules.append(clusters.define(engine, "customer_activity", {"k": 3}))
    np.testing.assert_allclose(rules[1]["centres"], rules[0]["centres"], atol=1e-6)
    assert rules[1]["features"] == rules[0]["features"]


# --- CDNOW ---


def test_the_engine_assigns_the_nearest_centre_to_every_cdnow_customer(cdnow):
    rule = cdnow.definitions["clusters"].rule
    named = ", ".join(f"{expression} as {name}" for name, expression in clusters.FEATURES.items())
    features = cdnow.engine.fetch(f"select customer_id, {named} from customer_activity order by customer_id")
    found = cdnow.engine.fetch(
        "select segment from customer_segments where segmentation = 'clusters' order by customer_id"
    )
    assert found["segment"].tolist() == nearest(rule, features).tolist()
    assert len(found) == 2357


def test_feature_cells_count_every_customer_whatever_the_bins(cdnow, monkeypatch):
    for limit in (10**6, 1500, 1000, 0):
        monkeypatch.setattr(clusters, "CELL_LIMIT", limit)
        assert clusters.feature_cells(cdnow.engine, "customer_activity")["customers"].sum() == 2357


def test_clusters_are_ordered_by_money_and_named_apart(cdnow):
    definition = cdnow.definitions["clusters"]
    assert definition.ids == tuple(f"cluster_{n}" for n in range(1, 6))
    for language in ("en", "zh"):
        assert len({definition.name(s, language) for s in definition.ids}) == 5
    found = cdnow.engine.fetch(
        "select s.segment, avg(v.revenue) as money from customer_segments s join customer_value v using (customer_id)"
        " where s.segmentation = 'clusters' group by 1 order by 1"
    )
    assert found["money"].iloc[0] == found["money"].max()
    assert len(found) == 5


# --- properties ---


@pytest.mark.parametrize("rename", [str, lambda name: f"z{999 - int(name[1:])}"], ids=["shuffled", "renamed"])
def test_neither_order_nor_ids_move_a_cluster(base, rename):
    rows = shop(50)
    mixed = [(rename(name), day, amount) for name, day, amount in random.Random(5).sample(rows, len(rows))]
    found = []
    for given in (rows, mixed):
        engine = base(given)
        make_value(engine)
        rule = clusters.define(engine, "customer_activity", {"k": 4})
        select = clusters.assign(engine.dialect, rule).format(activity="customer_activity")
        found.append((rule, engine.fetch(f"select * from ({select})").set_index("customer_id")["segment"]))
    (rule, first), (again, second) = found
    assert rule == again
    pd.testing.assert_series_equal(first.rename(rename).sort_index(), second.sort_index(), check_names=False)


def test_a_feature_that_does_not_vary_is_no_trouble(base):
    engine = base([(f"c{n}", f"2025-{n + 1:02}-01", 0) for n in range(6)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    rule = clusters.define(engine, "customer_activity", {"k": 2})
    assert rule["features"]["spend"] == {"power": 0.0, "mean": 0.0, "deviation": 1.0}
    assert len({segment["name"]["en"] for segment in rule["segments"]}) == 2


# --- fewer than asked, and errors ---


def test_fewer_different_customers_than_clusters_make_as_many_clusters(base):
    engine = base([("a", "2025-12-01", 1), ("b", "2025-12-01", 1), ("c", "2025-12-03", 1)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    rule = clusters.define(engine, "customer_activity", {})
    assert (len(rule["ids"]), rule["asked"]) == (2, 5)
    assert "asked" not in clusters.define(engine, "customer_activity", {"k": 2})


@pytest.mark.parametrize(
    ("options", "message"),
    [({"k": 1}, "segments.options.clusters: k: .*greater than or equal to 2"), ({"n": 3}, "n: unknown key")],
)
def test_wrong_options_are_refused(small_shop, options, message):
    with pytest.raises(UsageError, match=message):
        clusters.define(small_shop, "customer_activity", options)
