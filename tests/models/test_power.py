import numpy as np
import pytest

from custlib.models.power import fit_power, transform


def test_the_transform_by_hand():
    # ((1 + x) ** power - 1) / power, standardised
    given = {"power": 2.0, "mean": 1.0, "deviation": 0.5}
    np.testing.assert_allclose(transform(np.array([0.0, 1.0, 2.0]), given), [-2, 1, 6])


def test_a_weight_counts_as_many_customers():
    values, weights = np.array([0.0, 3.0, 8.0, 40.0]), np.array([3.0, 1.0, 2.0, 1.0])
    assert fit_power(values, weights) == fit_power(np.repeat(values, weights.astype(int)), np.ones(7))


def test_a_given_power_is_kept_and_the_feature_standardised():
    values, weights = np.array([0.0, 3.0, 8.0]), np.array([5.0, 1.0, 2.0])
    fitted = fit_power(values, weights, 0.0)
    moved = transform(values, fitted)
    assert fitted["power"] == 0
    assert np.average(moved, weights=weights) == pytest.approx(0, abs=1e-8)
    assert np.average(moved**2, weights=weights) == pytest.approx(1, abs=1e-8)
