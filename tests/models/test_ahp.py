"""Weights from pairwise judgements: published matrices, what contradicts, and what is refused."""

import itertools

import numpy as np
import pytest

from custlib.errors import TableError, UsageError
from custlib.models import ahp

LEADER = [[4, 3, 7], ["1/3", 3], [5]]
THREE = [["1/4", 4], [9]]
CAR = [[3, 7, 3], [9, 1], ["1/7"]]

# --- worked by hand ---


def test_two_criteria_by_hand():
    # three to one: three quarters and a quarter, and one judgement contradicts nothing
    result = ahp.weights([[1, 3], [1 / 3, 1]], names=("profit", "growth"))
    assert result.weights == pytest.approx((0.75, 0.25))
    assert (result.names, result.consistency_ratio, result.worst) == (("profit", "growth"), 0.0, None)
    assert result.lambda_max == pytest.approx(2)


def test_one_criterion_weighs_all():
    result = ahp.weights([[1]])
    assert (result.weights, result.lambda_max, result.consistency_ratio, result.worst) == ((1.0,), 1.0, 0.0, None)


def test_geometric_means_by_hand():
    # rows 1*2*4, 1/2*1*2, 1/4*1/2*1: cube roots 2, 1, 1/2
    result = ahp.weights(ahp.from_upper([[2, 4], [2]]), method="geometric_mean")
    assert result.weights == pytest.approx((4 / 7, 2 / 7, 1 / 7))


def test_the_worst_judgement_by_hand():
    # weights 8, 4, 2, 1 throughout, but the first over the last is given as 1/2 and the others imply 8
    matrix = ahp.from_upper([[2, 4, "1/2"], [2, 4], [2]])
    result = ahp.weights(matrix, names=("profit", "sales", "loyalty", "credit"))
    assert (result.worst.row, result.worst.column, result.worst.value) == ("profit", "credit", 0.5)
    assert result.worst.implied == pytest.approx(8)
    assert not result.accepted


def test_the_value_that_the_rest_implies_makes_the_matrix_consistent():
    matrix = ahp.from_upper([[2, 4, "1/2"], [2, 4], [2]])
    worst = ahp.weights(matrix).worst
    i, j = int(worst.row) - 1, int(worst.column) - 1
    matrix[i, j], matrix[j, i] = worst.implied, 1 / worst.implied
    assert ahp.weights(matrix).consistency_ratio == pytest.approx(0, abs=1e-12)


# --- published ---


@pytest.mark.parametrize(
    ("upper", "weights", "largest", "ratio"),
    [
        (LEADER, [0.5476, 0.1266, 0.2699, 0.0559], 4.1184, 0.0439),
        (THREE, [0.2172, 0.7171, 0.0658], None, 0.0318),
        (CAR, [0.5101, 0.2344, 0.0405, 0.2151], None, 0.0738),
    ],
    ids=["leader", "three", "car"],
)
def test_published_matrices(upper, weights, largest, ratio):
    result = ahp.weights(ahp.from_upper(upper))
    np.testing.assert_allclose(result.weights, weights, atol=5.1e-5)
    assert result.consistency_ratio == pytest.approx(ratio, abs=5.1e-5)
    assert largest is None or result.lambda_max == pytest.approx(largest, abs=5.1e-5)
    assert result.accepted and result.other_ratio is None


def test_the_lubricants_firm():
    hierarchy = {
        "current": (0.6667, {
            "total profit": (0.8, dict(zip("abcd", (0.6095, 0.1842, 0.1231, 0.0832), strict=True))),
            "sales": (0.2, dict(zip("efg", (0.1634, 0.2970, 0.5396), strict=True))),
        }),
        "potential": (0.3333, {
            "loyalty": (0.75, {"h": 0.8, "i": 0.2}),
            "credit": (0.25, dict(zip("jkl", (0.5278, 0.1396, 0.3325), strict=True))),
        }),
    }  # fmt: skip
    published = [0.3251, 0.0982, 0.0657, 0.0444, 0.0218, 0.0396, 0.0719, 0.2000, 0.0500, 0.0440, 0.0116, 0.0277]
    result = ahp.global_weights(hierarchy)
    assert list(result) == list("abcdefghijkl")
    np.testing.assert_allclose(list(result.values()), published, atol=6e-5)


# --- properties ---


@pytest.mark.parametrize("method", ["eigenvector", "geometric_mean"])
@pytest.mark.parametrize("size", [2, 3, 4, 7, 10])
def test_a_consistent_matrix_returns_its_weights(method, size):
    wanted = np.random.default_rng(size).uniform(0.001, 1, size)
    wanted /= wanted.sum()
    result = ahp.weights(wanted[:, None] / wanted[None, :], method=method)
    np.testing.assert_allclose(result.weights, wanted, atol=1e-12)
    assert result.consistency_ratio == 0
    assert result.worst is None
    assert result.lambda_max == pytest.approx(size)


def test_weights_follow_their_criteria_in_any_order():
    matrix = ahp.from_upper(LEADER)
    plain = ahp.weights(matrix, names=("a", "b", "c", "d"))
    for order in itertools.permutations(range(4)):
        index = list(order)
        mixed = ahp.weights(matrix[np.ix_(index, index)], names=["abcd"[i] for i in index])
        assert dict(zip(mixed.names, mixed.weights, strict=True)) == pytest.approx(
            dict(zip(plain.names, plain.weights, strict=True))
        )
        assert mixed.consistency_ratio == pytest.approx(plain.consistency_ratio)
        assert {mixed.worst.row, mixed.worst.column} == {plain.worst.row, plain.worst.column}


def test_up_to_three_criteria_both_methods_agree():
    matrix = ahp.from_upper(THREE)
    one, other = (ahp.weights(matrix, method=method) for method in ("eigenvector", "geometric_mean"))
    assert one.weights == pytest.approx(other.weights)
    assert one.consistency_ratio == pytest.approx(other.consistency_ratio)


def test_weights_far_apart_lose_no_digits():
    wanted = np.array([1e-9, 1e-4, 1, 1e3])
    wanted /= wanted.sum()
    np.testing.assert_allclose(ahp.weights(wanted[:, None] / wanted).weights, wanted, rtol=1e-12)


def test_where_the_published_tables_disagree_both_ratios_are_given():
    # three criteria with an index of .055: .0948 by the table of 1980 (.58), .1058 by that of 2005 (.52)
    product = next(x for x in np.linspace(1, 5, 40_001) if (x ** (1 / 3) + x ** (-1 / 3) + 1 - 3) / 2 >= 0.055)
    matrix = ahp.from_upper([[2, 4 * product], [2]])
    result = ahp.weights(matrix)
    assert result.accepted
    assert result.consistency_ratio == pytest.approx(0.055 / 0.58, abs=1e-4)
    assert result.other_ratio == pytest.approx(0.055 / 0.52, abs=1e-4)
    turned = ahp.weights(matrix, "saaty2005")
    assert not turned.accepted
    assert (turned.consistency_ratio, turned.other_ratio) == (result.other_ratio, result.consistency_ratio)


def test_the_matrix_given_is_not_touched():
    matrix = ahp.from_upper(LEADER)
    before = matrix.copy()
    ahp.weights(matrix)
    np.testing.assert_array_equal(matrix, before)


# --- refused ---


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 2], [0.5, 1], [1, 1]], "row 1 has 2 of 3 values. The matrix must be square"),
        ([[1, 2], [0.5]], "row 2 has 1 of 2 values"),
        ([], "no row"),
        (5, "no matrix"),
        ([[1, "x"], [0.5, 1]], r"row 1, column 2 is 'x', no number"),
        ([[1, "1/0"], [0.5, 1]], r"row 1, column 2 is '1/0', no number"),
        ([[1, None], [0.5, 1]], r"row 1, column 2 is None, no number"),
        ([[1, float("nan")], [0.5, 1]], r"no finite number in 1 of 4 cells \(first: row 1, column 2: nan"),
        ([[1, np.inf], [0.5, 1]], r"no finite number in 1 of 4 cells \(first: row 1, column 2: inf"),
        ([[1, -2], [-0.5, 1]], r"not above 0 in 2 of 4 cells \(first: row 1, column 2: -2"),
        ([[1, 0], [1, 1]], r"not above 0 in 1 of 4 cells \(first: row 1, column 2: 0"),
        ([[1, 2], [0.5, 3]], r"not 1 on the diagonal in 1 of 4 cells \(first: row 2, column 2: 3\)"),
        ([[1, 3], [0.33, 1]], r"not the reciprocal of its mirror in 1 of 4 cells \(first: row 2, column 1: 0.33,"),
    ],
)
def test_what_is_no_matrix_of_judgements_is_refused_with_its_cell(matrix, message):
    with pytest.raises(TableError, match=f"judgements: {message}"):
        ahp.weights(matrix)


def test_a_cell_is_named_by_its_criteria_and_all_faults_are_told():
    with pytest.raises(TableError, match="row profit, column growth: -3.*; not 1 on the diagonal.*row growth"):
        ahp.weights([[1, -3], [1, 2]], names=("profit", "growth"))


def test_names_must_fit():
    with pytest.raises(TableError, match=r"judgements: 1 names for 2 criteria \(profit\)"):
        ahp.weights([[1, 1], [1, 1]], names=["profit"])
    with pytest.raises(TableError, match="judgements: profit named more than once"):
        ahp.weights([[1, 1], [1, 1]], names=["profit", "profit"])


def test_more_criteria_than_have_a_random_index_are_refused():
    assert len(ahp.weights(np.ones((10, 10))).weights) == 10
    with pytest.raises(TableError, match="judgements: 11 criteria; random indices are published for 10 at most"):
        ahp.weights(np.ones((11, 11)))


def test_an_unknown_table_or_method_is_refused():
    with pytest.raises(UsageError, match="random_index: saaty1981 is unknown. Did you mean 'saaty1980'"):
        ahp.weights([[1]], "saaty1981")
    with pytest.raises(UsageError, match="method: eigenvectors is unknown. Did you mean 'eigenvector'"):
        ahp.weights([[1]], method="eigenvectors")


@pytest.mark.parametrize(
    ("upper", "message"),
    [
        ([[1, 2], [3, 4]], "row 2 has 2 values above the diagonal, 1 wanted with 3 criteria"),
        ([["a third"]], "row 1, column 2 is 'a third', no number"),
        ([[0]], "row 1, column 2 is 0. A judgement is a finite number above 0"),
        ([["-1/3"]], "row 1, column 2 is -1/3. A judgement is"),
    ],
)
def test_half_a_matrix_is_refused_with_its_cell(upper, message):
    with pytest.raises(TableError, match=f"judgements: {message}"):
        ahp.from_upper(upper)


@pytest.mark.parametrize(
    ("hierarchy", "message"),
    [
        ({"a": 0.5, "b": 0.4}, "the parts of the goal weigh 0.9 together"),
        ({"a": 1.5, "b": -0.5}, "the parts of the goal weigh 1 together"),
        ({"a": (1.0, {"b": 0.4, "c": 0.4})}, "the parts of a weigh 0.8 together"),
        ({"a": (1.0, {})}, "the parts of a weigh 0 together"),
        ({"a": (0.5, {"x": 1.0}), "b": (0.5, {"x": 1.0})}, "x is a leaf twice"),
        ({"a": float("nan")}, "the parts of the goal weigh nan together"),
    ],
)
def test_a_hierarchy_that_does_not_add_up_is_refused(hierarchy, message):
    with pytest.raises(TableError, match=f"hierarchy: {message}"):
        ahp.global_weights(hierarchy)
