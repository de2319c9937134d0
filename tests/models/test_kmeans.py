import numpy as np
import pytest

from custlib.models import kmeans


def test_centres_are_weighted_means_by_hand():
    # 0 counts three times, 2 once: mean 0.5; 10 once, 12 three times: 11.5
    found = kmeans.fit(np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([3.0, 1.0, 1.0, 3.0]), 2)
    np.testing.assert_allclose(found, [[0.5], [11.5]])


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
