"""The sBG and BdW models: by hand, against published figures, and against each other."""

import numpy as np
import pytest
from scipy.special import hyp2f1

from custlib.errors import ModelError, TableError
from custlib.models.retention import bdw, renewals, sbg

# Fader and Hardie (2007), table 1: survivors of 1,000 new customers after each of seven years.
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]


def counts(survivors):
    """Renewals, customers lost at each, and customers whose next renewal is not known."""
    t, lost = np.arange(1, len(survivors)), -np.diff(survivors)
    return t, lost, np.where(t == t[-1], survivors[-1], 0)


# --- by hand ---


def test_by_hand_with_chances_to_leave_spread_evenly():
    even = sbg.SBG(1.0, 1.0)  # of all customers 1 / (t + 1) are there after t renewals
    np.testing.assert_allclose(sbg.survival(even, [0, 1, 2, 9]), [1, 1 / 2, 1 / 3, 1 / 10])
    np.testing.assert_allclose(sbg.leaving_probability(even, [1, 2]), [1 / 2, 1 / 6])
    np.testing.assert_allclose(sbg.retention_rate(even, [1, 2]), [1 / 2, 2 / 3])
    # a new customer: 1/2 now, 1/3 a period later, 1/4 after two; one who renewed once: 2/3, 2/4, 2/5
    np.testing.assert_allclose(sbg.discounted_payments(even, [0, 1], 1.0, payments=3), [0.5 + 1 / 6 + 1 / 16, 61 / 60])


def test_time_counts_squared_with_an_exponent_of_two():
    np.testing.assert_allclose(bdw.survival(bdw.BDW(1.0, 1.0, 2.0), [1, 2, 3]), [1 / 2, 1 / 5, 1 / 10])


# --- published ---


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta", "value"),
    [(HIGH_END, 0.668, 3.806, -1611.2), (REGULAR, 0.704, 1.182, -1680.3)],
)
def test_published_parameters(survivors, alpha, beta, value):
    model = sbg.fit(*counts(survivors))
    assert (round(model.alpha, 3), round(model.beta, 3)) == (alpha, beta)
    assert round(model.log_likelihood, 1) == value
    assert model.converged
    assert model.flags == ()


def test_equation_7_gives_one_chance_to_leave_from_the_one_before():
    model, t = sbg.fit(*counts(HIGH_END)), np.arange(2, 13)
    ratio = (model.beta + t - 2) / (model.alpha + model.beta + t - 1)
    before, now = sbg.leaving_probability(model, t - 1), sbg.leaving_probability(model, t)
    np.testing.assert_allclose(now, ratio * before, rtol=1e-12)


@pytest.mark.parametrize("discount", [0.002, 0.1, 0.5])
def test_residual_lifetime_is_equation_6_of_fader_and_hardie_2010(discount):
    alpha, beta, n = 3.8, 15.19, np.arange(1, 60)  # n - 1 renewals made
    found = sbg.discounted_payments(sbg.SBG(alpha, beta), n - 1, discount)
    rate = (beta + n - 1) / (alpha + beta + n - 1)
    np.testing.assert_allclose(found, rate * hyp2f1(1, beta + n, alpha + beta + n, 1 / (1 + discount)), rtol=1e-9)


# --- one against the other ---


def test_bdw_is_sbg_where_the_exponent_is_one():
    same, t = bdw.BDW(0.668, 3.806, 1.0), np.arange(13)
    np.testing.assert_array_equal(bdw.survival(same, t), sbg.survival(sbg.SBG(0.668, 3.806), t))


@pytest.mark.parametrize("survivors", [HIGH_END, REGULAR])
def test_bdw_fits_at_least_as_well_and_is_a_maximum(survivors):
    data = counts(survivors)
    model = bdw.fit(*data)
    assert model.log_likelihood >= sbg.fit(*data).log_likelihood
    here = np.array([model.alpha, model.beta, model.c])
    for step in 0.01 * np.eye(3):
        columns = renewals.read_counts(*data, "BdW")
        assert renewals._likelihood(here * (1 + step), *columns)[0] < model.log_likelihood
        assert renewals._likelihood(here * (1 - step), *columns)[0] < model.log_likelihood


@pytest.mark.parametrize("size", [2, 3])
def test_derivatives_are_those_of_difference_quotients(size):
    columns = (np.arange(8.0), np.append(0.0, -np.diff(HIGH_END)), np.array([5.0, 1, 0, 0, 2, 0, 0, 491]))
    here, step = np.array([0.7, 3.5, 1.3])[:size], 1e-6
    _, gradient, hessian = renewals._likelihood(here, *columns)
    for place, way in enumerate(step * np.eye(size)):
        up, down = renewals._likelihood(here + way, *columns), renewals._likelihood(here - way, *columns)
        assert (up[0] - down[0]) / (2 * step) == pytest.approx(gradient[place], abs=1e-4)
        np.testing.assert_allclose((up[1] - down[1]) / (2 * step), hessian[place], atol=1e-4)


@pytest.mark.parametrize("customers", [1e3, 1e6])
@pytest.mark.parametrize("c", [0.6, 1.0, 1.6, 2.5])
def test_the_truth_is_found_again(c, customers):
    # as many customers leave at each renewal as the model expects; where c is large sBG runs to one chance for all
    survivors = customers * bdw.survival(bdw.BDW(2.0, 9.0, c), np.arange(25))
    model = bdw.fit(*counts(survivors))
    np.testing.assert_allclose([model.alpha, model.beta, model.c], [2.0, 9.0, c], rtol=1e-3)


def test_one_chance_for_all_is_told():
    model = sbg.fit(*counts(1000 * 0.9 ** np.arange(20)))
    assert model.flags == ("dropout_homogeneous",)
    np.testing.assert_allclose(sbg.retention_rate(model, [1, 19]), 0.9, atol=1e-3)


# --- refused ---


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ModelError, match="no customer has left"):
        sbg.fit([1, 2], [0, 0], [3, 4])
    with pytest.raises(TableError, match="nobody lost at renewal 0"):
        sbg.fit([0, 1], [1, 1], [0, 4])
    with pytest.raises(TableError, match=r"\(2,\), \(1,\) and \(2,\) rows"):
        bdw.fit([1, 2], [1], [3, 4])
    with pytest.raises(ModelError, match="no finite number without a discount"):
        sbg.discounted_payments(sbg.SBG(0.7, 3.8), [0], 0.0)
