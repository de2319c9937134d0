import pytest

from custlib.models.clustering.alignment import align
from custlib.segment.cluster_words import carry_names, name_clusters


def segments(*names):
    return [
        {"id": f"cluster_{n}", "name": {"en": name, "zh": name}, "strategy": {"en": "s", "zh": "s"}, "rule": name}
        for n, name in enumerate(names, start=1)
    ]


# --- worked by hand ---


def test_a_cluster_keeps_its_id_and_name_where_most_of_it_is_found_again():
    # old 1 -> new 2 shares 90 of 110 (.82); old 2 -> new 1 shares 40 of 110 (.36): that one is new, and number 3
    table = [[0, 90], [40, 20], [50, 0]]
    old, new = segments("first", "second", "third"), segments("one", "two")
    found = carry_names(old, new, align(table), ["cluster_1", "cluster_2", "cluster_3"])
    assert [(s["id"], s["name"]["en"]) for s in found] == [("cluster_3", "third"), ("cluster_1", "first")]


def test_an_id_is_never_used_again():
    old, new = segments("a", "b"), segments("x", "y", "z")
    found = carry_names(old, new, align([[9, 0, 0], [0, 4, 5]]), ["cluster_1", "cluster_2", "cluster_7"])
    assert [s["id"] for s in found] == ["cluster_1", "cluster_8", "cluster_2"]
    found = carry_names(old, new, align([[5, 5, 5], [0, 0, 1]]), ["cluster_1", "cluster_2"])
    assert [s["id"] for s in found] == ["cluster_3", "cluster_4", "cluster_5"]


def test_half_the_customers_are_enough():
    old = segments("a")
    assert carry_names(old, segments("x"), align([[2]]), [])[0]["id"] == "cluster_1"
    found = carry_names(old, segments("x", "y"), align([[5, 5]]), [])
    assert [s["id"] for s in found] == ["cluster_1", "cluster_2"]  # 5 of 10


def test_a_new_name_that_is_taken_is_told_apart():
    found = carry_names(segments("a", "b"), segments("b", "a"), align([[9, 0], [3, 3]]), [])
    assert [(s["id"], s["name"]["en"]) for s in found] == [("cluster_1", "a"), ("cluster_2", "b")]
    found = carry_names(segments("a", "b"), segments("b", "a"), align([[9, 0], [20, 3]]), [])
    assert len({s["name"]["en"] for s in found}) == 2


def test_arguments_stay_as_they_were():
    old, new = segments("a"), segments("x", "y")
    carry_names(old, new, align([[9, 1]]), used := ["cluster_1"])
    assert (old, new, used) == (segments("a"), segments("x", "y"), ["cluster_1"])


# --- names ---


def test_clusters_are_named_after_their_means():
    profile = {"days_since_last": 400.0, "frequency": 1.0, "spend": 12.0}
    first, second = name_clusters([profile, profile])
    assert first["name"]["en"] == "Away over a year, one purchase, small baskets"
    assert second["name"]["en"] == "Away over a year, one purchase, small baskets (2)"
    assert second["name"]["zh"] != first["name"]["zh"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_feature_without_words_leaves_a_number(language):
    names = [s["name"][language] for s in name_clusters([{"products": 2.0}, {"products": 1.0}])]
    assert all(names) and len(set(names)) == 2
