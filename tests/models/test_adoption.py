import numpy as np
import pytest

from custlib.models import adoption


def test_two_cells_by_hand():
    # log odds of 10 of 100 and of 40 of 100; without a penalty both are met
    model = adoption.fit(np.array([[0.0], [1.0]]), np.array([100.0, 100.0]), np.array([10.0, 40.0]), penalty=1e8)
    assert model.intercept == pytest.approx(np.log(10 / 90), abs=1e-5)
    assert model.coefficients[0] == pytest.approx(np.log(40 / 60) - np.log(10 / 90), abs=1e-5)


def test_the_total_is_met_whatever_the_penalty():
    random = np.random.default_rng(0)
    features, customers = random.normal(size=(30, 4)), random.integers(1, 200, 30).astype(float)
    beginners = np.floor(customers * random.uniform(0, 0.4, 30))
    for penalty in (0.01, 1.0):
        model = adoption.fit(features, customers, beginners, penalty=penalty)
        assert adoption.chance(model, features) @ customers == pytest.approx(beginners.sum(), rel=1e-6)


def test_known_coefficients_are_found_again():
    random = np.random.default_rng(1)
    features = np.array([[i >> n & 1 for n in range(3)] for i in range(8)], dtype=float)
    truth = adoption.Adoption(-2.0, (1.0, -0.5, 0.3))
    customers = np.full(8, 20_000.0)
    beginners = random.binomial(20_000, adoption.chance(truth, features)).astype(float)
    result = adoption.fit(features, customers, beginners)
    assert result.intercept == pytest.approx(-2.0, abs=0.05)
    assert result.coefficients == pytest.approx(truth.coefficients, abs=0.05)


def test_cells_stand_for_customers():
    features, customers, beginners = np.array([[0.0], [1.0]]), np.array([6.0, 4.0]), np.array([2.0, 3.0])
    one_each = np.repeat(features, [6, 4], axis=0)
    outcomes = np.array([1, 1, 0, 0, 0, 0, 1, 1, 1, 0], dtype=float)
    both = adoption.fit(features, customers, beginners), adoption.fit(one_each, np.ones(10), outcomes)
    assert both[0].intercept == pytest.approx(both[1].intercept, abs=1e-8)
    assert both[0].coefficients == pytest.approx(both[1].coefficients, abs=1e-8)


@pytest.mark.parametrize("beginners", [0.0, 10.0])
def test_nothing_is_learned_where_nobody_or_everybody_began(beginners):
    with pytest.raises(ValueError, match="10 customers began: nothing can be learned"):
        adoption.fit(np.array([[0.0]]), np.array([10.0]), np.array([beginners]))


def test_brier_by_hand():
    # three customers at .2, one began: (.8 ** 2 + 2 * .2 ** 2) / 3
    assert adoption.brier(np.array([0.2]), np.array([3.0]), np.array([1.0])) == pytest.approx(0.72 / 3)
    assert np.isnan(adoption.brier(np.array([0.2]), np.array([0.0]), np.array([0.0])))


def test_tenths_hold_all_customers_once():
    random = np.random.default_rng(2)
    chances, customers = random.uniform(size=500), random.integers(1, 9, 500).astype(float)
    beginners = random.binomial(customers.astype(int), chances).astype(float)
    result = adoption.by_tenth(chances, customers, beginners)
    assert [row["tenth"] for row in result] == list(range(1, 11))
    assert sum(row["customers"] for row in result) == customers.sum()
    assert sum(row["customers"] * row["expected"] for row in result) == pytest.approx(chances @ customers)
    assert sum(row["customers"] * row["actual"] for row in result) == pytest.approx(beginners.sum())
    assert np.diff([row["expected"] for row in result]).min() > 0
