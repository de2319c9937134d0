import numpy as np
import pytest

from custlib.models.clustering.rounded_tree import Limits, Members, classify, count_leaves, explain, round_threshold

LIMITS = Limits(0.92, 0.80, 2)


def members(features, labels, weights=None, whole=True):
    features = np.array(features, dtype=float).reshape(len(labels), -1)
    weights = np.ones(len(labels)) if weights is None else np.array(weights, dtype=float)
    return Members(features, np.array(labels), weights, (whole,) * features.shape[1])


# --- worked by hand ---


@pytest.mark.parametrize(
    ("value", "whole", "steps", "digits"),
    [
        (1.5, True, 2, 2), (9.2, True, 10, 10), (13.2, True, 10, 14), (183.5, True, 200, 180), (34.0, True, 50, 34),
        (0.0437, False, 0.05, 0.044), (1.5, False, 2, 1.5), (7.2, False, 10, 7.2), (996.0, False, 1000, 1000),
        (0.0, False, 0, 0),
    ],
)  # fmt: skip
def test_thresholds_become_numbers_of_business(value, whole, steps, digits):
    assert round_threshold(value, whole=whole, rounding="1-2-5") == steps
    assert round_threshold(value, whole=whole, rounding="two digits") == digits


def test_a_group_between_two_others_needs_three_leaves():
    result = explain(members([1, 2, 40, 45, 300, 400], [0, 0, 1, 1, 0, 0]), LIMITS)
    inner = {"feature": 0, "at_least": 200.0, "yes": {"label": 0}, "no": {"label": 1}}
    assert result.tree == {"feature": 0, "at_least": 20.0, "yes": inner, "no": {"label": 0}}
    assert (result.fidelity, result.recalls, result.leaves, result.passes) == (1, (1, 1), 3, True)


def test_the_score_is_that_of_the_rounded_tree():
    # The border 183 becomes 180 (200 would put 60 of 160 wrong): the 10 customers at 181 fall to the other side.
    result = explain(members([100, 181, 184, 190, 300], [0, 0, 1, 1, 1], [90, 10, 30, 30, 100]), LIMITS)
    assert result.tree["at_least"] == 180
    assert result.fidelity == pytest.approx(250 / 260)
    assert result.recalls == pytest.approx((0.9, 1.0))


# --- properties ---


def test_a_tree_on_fewer_cells_is_scored_on_all():
    everybody = members([1, 2, 3, 90, 91, 92], [0, 0, 0, 1, 1, 1])
    result = explain(everybody, LIMITS, learn=members([2, 91], [0, 1], [3, 3]))
    assert result.passes
    assert classify(result.tree, everybody.features).tolist() == everybody.labels.tolist()


def test_what_no_tree_can_tell_is_said():
    random = np.random.default_rng(0)
    result = explain(members(random.random(200), random.integers(0, 2, 200), whole=False), LIMITS)
    assert not result.passes
    assert result.leaves == count_leaves(result.tree) <= 4


def test_one_cluster_needs_no_condition():
    result = explain(members([1, 2], [0, 0]), LIMITS)
    assert (result.tree, result.leaves, result.passes) == ({"label": 0}, 1, True)


def test_leaves_stay_within_the_limit():
    random = np.random.default_rng(1)
    features = random.gamma(1, 100, (3000, 3))
    labels = (features > 80) @ [1, 2, 4]
    result = explain(members(features, labels, whole=False), LIMITS)
    assert 8 <= result.leaves <= 16
    assert result.passes
