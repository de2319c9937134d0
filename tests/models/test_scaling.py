"""Scales by hand, and the power towards normality."""

import numpy as np
import pytest

from custlib.errors import TableError, UsageError
from custlib.models.scaling import Standard, fit_power, percent, standardise, transform, z_score


def test_three_values_by_hand():
    # mean 4, deviation of the population 2
    result, standard = standardise([2, 4, 6, 2, 6])
    assert result.tolist() == pytest.approx([-1.1180, 0, 1.1180, -1.1180, 1.1180], abs=1e-4)
    assert (standard.origin, standard.level, standard.constant) == (4.0, 0.0, False)
    assert standardise([2, 4, 6], "percent")[0].tolist() == [0, 50, 100]


def test_where_less_is_better_the_order_is_turned():
    assert standardise([2, 4, 6], "percent", better="less")[0].tolist() == [100, 50, 0]
    values = [1, 5, 9, 2]
    np.testing.assert_allclose(standardise(values, better="less")[0], -standardise(values)[0])


def test_a_standard_is_kept_for_values_to_come():
    _, standard = standardise([0, 10], "percent")
    assert standard([5, 20]).tolist() == [50, 200]
    assert standard == Standard(0.0, 10.0) == percent(0, 10)


@pytest.mark.parametrize("values", [[7, 7, 7], [0.1] * 3, [7], []])
def test_a_constant_tells_nobody_apart_and_says_so(values):
    for how, level in (("z", 0), ("percent", 50)):
        for better in ("more", "less"):
            result, standard = standardise(values, how, better=better)
            assert standard.constant
            assert result.tolist() == [level] * len(values)


def test_what_is_constant_stays_level_for_values_to_come():
    assert z_score(3, 0)([3, 99]).tolist() == [0, 0]
    assert percent(3, 3)([3, 99]).tolist() == [50, 50]


def test_what_is_no_number_is_refused():
    with pytest.raises(TableError, match=r"value is no finite number in 1 of 2 rows \(first: row 1"):
        standardise([1, np.nan])
    with pytest.raises(UsageError, match="standardise: percents is unknown. Did you mean 'percent'"):
        standardise([1], "percents")


def test_the_transform_by_hand():
    # ((1 + x) ** power - 1) / power, standardised
    result = {"power": 2.0, "mean": 1.0, "deviation": 0.5}
    np.testing.assert_allclose(transform(np.array([0.0, 1.0, 2.0]), result), [-2, 1, 6])


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
