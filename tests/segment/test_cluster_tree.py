from custlib.segment import cluster_words

LEAF = [{"segment": name} for name in ("a", "b")]
TREE = {
    "feature": "days_since_last", "at_least": 180.0,
    "yes": LEAF[0],
    "no": {
        "feature": "spend", "at_least": 25.0,
        "yes": {"feature": "days_since_last", "at_least": 30.0, "yes": LEAF[1], "no": LEAF[0]},
        "no": LEAF[1],
    },
}  # fmt: skip


def test_every_leaf_has_its_bounds():
    found = list(cluster_words.leaves(TREE))
    assert found[0] == ("a", {"days_since_last": {"at_least": 180}})
    assert found[1] == ("b", {"days_since_last": {"below": 180, "at_least": 30}, "spend": {"at_least": 25}})
    assert [segment for segment, _ in found] == ["a", "b", "a", "b"]


def test_the_rule_in_words():
    assert cluster_words.words(TREE, "a") == {
        "en": "last purchase 180 or more days ago; or last purchase less than 30 days ago, 25 or more per purchase",
        "zh": "最近一次购买在 180 天或更久以前；或最近一次购买不到 30 天，每次消费 25 或以上",
    }


def test_paths_that_touch_are_said_as_one():
    halves = {"feature": "spend", "at_least": 25.0, "yes": LEAF[0], "no": LEAF[0]}
    tree = {"feature": "frequency", "at_least": 2.0, "yes": halves, "no": LEAF[1]}
    assert cluster_words.words(tree, "a")["en"] == "2 or more purchases"


def test_one_segment_is_everybody_and_an_absent_one_nobody():
    assert cluster_words.words(LEAF[0], "a")["en"] == "every customer"
    assert cluster_words.words(LEAF[0], "b")["en"] == ""


def test_another_feature_is_named_by_its_column():
    tree = {"feature": "revenue_last_365d", "at_least": 1500.0, "yes": LEAF[0], "no": LEAF[1]}
    assert cluster_words.words(tree, "a")["en"] == "revenue last 365d 1,500 or more"


def test_names_and_ids_take_the_place_of_numbers():
    tree = {"feature": 1, "at_least": 3.0, "yes": {"label": 0}, "no": {"label": 1}}
    found = cluster_words.named(tree, ["days_since_last", "spend"], ["a", "b"])
    assert (found["feature"], found["yes"], found["no"]) == ("spend", *LEAF)
    assert cluster_words.renamed(found, {"a": "z", "b": "b"})["yes"] == {"segment": "z"}


def test_sql_is_the_tree(base):
    engine = base([("c", "2025-01-01", 1)])
    columns = (
        "200 as days_since_last, 9 as spend union all select 10, 30 union all select 60, 25 union all select 10, 1"
    )
    case, reason = (cluster_words.case(engine.dialect, TREE, reason=why) for why in (False, True))
    found = engine.fetch(f"select {case} as segment, {reason} as reason from (select {columns})")
    assert sorted(found["segment"]) == ["a", "a", "b", "b"]
    assert "last purchase 30 to less than 180 days ago, 25 or more per purchase" in set(found["reason"])
