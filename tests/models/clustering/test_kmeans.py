"""Centres and grids by hand; then how steady clusters are."""

import numpy as np
import pytest

from custlib.models.clustering import kmeans
from custlib.models.clustering.kmeans import Search, bootstrap_jaccards, prediction_strength


def test_centres_are_weighted_means_by_hand():
    # 0 counts three times, 2 once: mean 0.5; 10 once, 12 three times: 11.5
    result = kmeans.fit(np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([3.0, 1.0, 1.0, 3.0]), 2)
    np.testing.assert_allclose(result, [[0.5], [11.5]])


def test_a_warm_start_keeps_the_order_of_its_centres():
    points = np.array([[0.0], [2.0], [10.0], [12.0]])
    np.testing.assert_allclose(kmeans.follow(points, np.ones(4), np.array([[9.0], [3.0]])), [[11], [1]])


def test_points_of_weight_nothing_are_left_out():
    points = np.array([[0.0], [2.0], [99.0]])
    np.testing.assert_allclose(kmeans.fit(points, np.array([1.0, 1.0, 0.0]), 1), [[1]])


@pytest.mark.parametrize("k", [1, 2, 5])
def test_fewer_points_than_centres_are_centres_themselves(k):
    points = np.array([[1.0, 2.0], [3.0, 4.0]])[: min(k, 2)]
    np.testing.assert_allclose(kmeans.fit(points, np.ones(len(points)), k), points)


def test_equal_points_are_no_trouble():
    assert len(kmeans.fit(np.ones((9, 2)), np.ones(9), 3)) <= 3


def test_of_two_centres_as_near_the_first_is_taken():
    assert kmeans.nearest(np.array([[1.0]]), np.array([[2.0], [0.0]])).tolist() == [0]


@pytest.mark.parametrize("limit", [1, 7, 100, 1000])
def test_gathering_keeps_weights_and_means_and_the_limit(limit):
    random = np.random.default_rng(0)
    points, weights = random.normal(size=(2000, 3)), random.integers(1, 9, 2000).astype(float)
    cells = kmeans.gather(points, limit)
    sums = kmeans.cell_weights(weights, cells)
    assert len(sums) <= limit and (sums > 0).all()
    assert sums.sum() == weights.sum()
    means = kmeans.cell_means(points, weights, cells)
    np.testing.assert_allclose(sums @ means, weights @ points, atol=1e-9)


def test_gathering_is_not_much_coarser_than_the_limit_asks():
    points = np.random.default_rng(0).normal(size=(50_000, 3))
    assert kmeans.gather(points, 5000).max() > 1500


def test_as_many_points_as_the_limit_stay_apart():
    assert kmeans.gather(np.zeros((3, 2)), 3).tolist() == [0, 1, 2]


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
    result = bootstrap_jaccards(points, weights, np.array([[0.0], [1.5]]), QUICK)
    np.testing.assert_allclose(result, [0.5, 0.5], atol=1e-3)


# --- what is known of clouds of points ---


@pytest.mark.slow
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


@pytest.mark.slow
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
