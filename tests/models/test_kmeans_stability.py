import numpy as np
import pytest

from custlib.models import kmeans
from custlib.models.kmeans_stability import Search, bootstrap_jaccards, prediction_strength

QUICK = Search(splits=4, draws=6, starts=4)


def blobs(*places, size=80, spread=0.3):
    random = np.random.default_rng(0)
    return np.concatenate([random.normal(place, spread, (size, 2)) for place in places])


# --- worked by hand: cells so heavy that chance does not matter ---


def test_three_heavy_cells_are_three_clusters():
    points, weights = np.array([[0.0], [5.0], [9.0]]), np.full(3, 1000.0)
    assert prediction_strength(points, weights, 3, QUICK) == 1
    assert bootstrap_jaccards(points, weights, points, QUICK).tolist() == [1, 1, 1]


def test_the_jaccard_index_of_a_wrong_border_by_hand():
    # Given: {0} and {1, 9}. Every draw finds {0, 1} and {9}: {0} is 1 of 2 of the first, {1, 9} shares 1 of 2 with {9}.
    points, weights = np.array([[0.0], [1.0], [9.0]]), np.full(3, 1e8)
    found = bootstrap_jaccards(points, weights, np.array([[0.0], [1.5]]), QUICK)
    np.testing.assert_allclose(found, [0.5, 0.5], atol=1e-3)


# --- what is known of clouds of points ---


def test_the_true_number_is_strong_and_one_more_is_not():
    points = blobs(0, 4, 8)
    weights = np.ones(len(points))
    strengths = {k: prediction_strength(points, weights, k, QUICK) for k in (3, 4, 5)}
    assert strengths[3] > 0.99
    assert max(strengths[4], strengths[5]) < 0.8


def test_a_cluster_split_at_random_is_found_again_badly():
    points = blobs(0, 9)
    weights = np.ones(len(points))
    steady = bootstrap_jaccards(points, weights, kmeans.fit(points, weights, 2), QUICK)
    shaken = bootstrap_jaccards(points, weights, kmeans.fit(points, weights, 4), QUICK)
    assert steady.min() > 0.99
    assert shaken.min() < 0.75


# --- properties ---


def test_the_same_seed_gives_the_same_figures():
    points = blobs(0, 1)
    weights = np.ones(len(points))
    centres = kmeans.fit(points, weights, 3)
    first, second = (
        (prediction_strength(points, weights, 3, QUICK), bootstrap_jaccards(points, weights, centres, QUICK).tolist())
        for _ in range(2)
    )
    assert first == second


def test_one_customer_predicts_nobody():
    points, weights = np.zeros((1, 2)), np.ones(1)
    assert prediction_strength(points, weights, 1, QUICK) == 0
    assert bootstrap_jaccards(points, weights, points, QUICK) == pytest.approx(1)
