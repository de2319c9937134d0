import numpy as np
import pytest

from custlib import rules
from custlib.segment.clusters import choose_k

COLUMNS = ("prediction_strength", "smallest_jaccard", "smallest_share", "smallest_customers")


def clouds(places, weight):
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(place, 0.3, (60, 2)) for place in places])
    return points, np.full(len(points), float(weight))


@pytest.mark.slow
def test_the_largest_k_that_passes_is_taken():
    # three clouds of 600 customers: 2 is steady too, 3 is more; four or more of them are less than 400 customers
    found = choose_k(*clouds((0, 5, 11), 10), None)
    assert (found.k, found.by) == (3, "criteria")
    rows = {row["k"]: row for row in found.criteria}
    assert sorted(rows) == [2, 3, 4, 5, 6, 7, 8]
    assert rows[3]["passes"] and rows[3]["smallest_customers"] == 600 and rows[3]["prediction_strength"] > 0.99
    assert not rows[4]["passes"] and "prediction_strength" in rows[4]["why_not"]
    assert rows[5] == {"k": 5, **dict.fromkeys(COLUMNS), "passes": False, "why_not": ["smallest_customers"]}


@pytest.mark.slow
def test_where_none_passes_the_best_is_taken_and_said():
    found = choose_k(*clouds((0, 5), 1), None)  # 120 customers in two clouds
    assert (found.k, found.by) == (2, "none passes")
    assert found.criteria[0]["why_not"] == ["smallest_customers"]


@pytest.mark.slow
def test_a_number_that_is_given_is_kept_with_its_criteria():
    found = choose_k(*clouds((0, 5, 11), 10), 4)
    assert (found.k, found.by) == (4, "given")
    (row,) = found.criteria
    assert row["k"] == 4 and not row["passes"]


@pytest.mark.parametrize("asked", [None, 5])
@pytest.mark.parametrize("cells", [1, 2, 3])
def test_there_are_never_more_clusters_than_different_customers(asked, cells):
    found = choose_k(np.arange(cells * 2.0).reshape(cells, 2), np.ones(cells), asked)
    assert found.k <= cells
    assert all(row["k"] <= cells for row in found.criteria)


def test_every_limit_has_its_source():
    found = rules.load("clusters")
    for table in ("choice", "search", "tree", "carry"):
        assert found[table]["source"]
    limits = found["choice"]
    assert (limits["k_min"], limits["k_max"], limits["prediction_strength"]) == (2, 8, 0.80)
    assert (limits["smallest_jaccard"], limits["smallest_share"]) == (0.75, 0.01)
