import json

import numpy as np
import pytest
from scipy import stats

from custlib.errors import ModelError, TableError
from custlib.models import gammagamma


@pytest.fixture(scope="module")
def buyers(bundled):
    repeat = bundled.frequency > 0
    return bundled.frequency[repeat], bundled.monetary_value[repeat]


@pytest.fixture(scope="module")
def fitted(buyers):
    return gammagamma.fit(*buyers)


def parameters(model):
    return [model.p, model.q, model.v]


def test_expected_spend_by_hand():
    # p = 2, q = 3, v = 10: mean 2 * 10 / 2 = 10; with x = 2, m = 20: (10 + 40) * 2 / (4 + 2) = 50 / 3
    model = gammagamma.GammaGamma(2, 3, 10)
    assert gammagamma.mean_spend(model) == 10
    np.testing.assert_allclose(gammagamma.expected_spend(model, [0, 2], [np.nan, 20]), [10, 50 / 3])


def test_cdnow_parameters(fitted):
    np.testing.assert_allclose(parameters(fitted), [6.24880, 3.74459, 15.44775], rtol=2e-6)
    assert fitted.log_likelihood == pytest.approx(-4055.9232, abs=5e-5)
    np.testing.assert_allclose(fitted.standard_errors, [1.190, 0.290, 4.160], rtol=2e-3)
    assert gammagamma.mean_spend(fitted) == pytest.approx(35.171, abs=5e-4)
    assert gammagamma.mean_spend_standard_error(fitted) == pytest.approx(0.9228, abs=5e-4)
    assert (fitted.converged, fitted.flags, fitted.customers) == (True, (), 946)
    assert fitted.covariance[0, 2] / np.prod(fitted.standard_errors[[0, 2]]) == pytest.approx(-0.97, abs=0.01)


def test_cdnow_first_ten_customers(bundled, fitted):
    result = gammagamma.expected_spend(fitted, bundled.frequency[:10], bundled.monetary_value[:10])
    published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    np.testing.assert_allclose(result, published, atol=0.01)


def test_cdnow_from_transactions_differs_by_cents_only(cdnow):
    repeat = cdnow.frequency > 0
    assert (cdnow.monetary_value[repeat] > 0).all()
    model = gammagamma.fit(cdnow.frequency[repeat], cdnow.monetary_value[repeat])
    assert model.log_likelihood == pytest.approx(-4055.9177, abs=5e-5)
    assert gammagamma.mean_spend(model) == pytest.approx(35.1704, abs=5e-5)


def test_the_maximum_is_one(buyers, fitted):
    from scipy.special import betaln

    x, m = buyers

    def value(p, q, v):
        total = x * m + v
        return (p * x * np.log(x * m / total) + q * np.log(v / total) - np.log(m) - betaln(p * x, q)).sum()

    at = np.array(parameters(fitted))
    assert value(*at) == pytest.approx(fitted.log_likelihood, rel=1e-12)
    for shift in np.vstack([np.eye(3), -np.eye(3)]) * 1e-3:
        assert value(*(at * np.exp(shift))) < fitted.log_likelihood


def test_the_unit_of_money_does_not_matter(buyers, fitted):
    x, m = buyers
    cents = gammagamma.fit(x, m * 100)
    np.testing.assert_allclose(parameters(cents), np.array(parameters(fitted)) * [1, 1, 100], rtol=1e-9)
    assert gammagamma.mean_spend_standard_error(cents) == pytest.approx(
        100 * gammagamma.mean_spend_standard_error(fitted), rel=1e-8
    )
    assert cents.log_likelihood == pytest.approx(fitted.log_likelihood - 946 * np.log(100), rel=1e-12)


def test_weights_are_repetition(buyers):
    cells, weights = np.unique(np.stack(buyers), axis=1, return_counts=True)
    weighted, repeated = gammagamma.fit(*cells, weights), gammagamma.fit(*(c[::-1] for c in buyers))
    assert weighted == repeated
    np.testing.assert_array_equal(weighted.covariance, repeated.covariance)
    assert gammagamma.independence(*cells, weights) == gammagamma.independence(*(c[::-1] for c in buyers))


def test_independence_agrees_with_scipy(buyers):
    x, m = buyers
    result = gammagamma.independence(x, m)
    assert result.pearson == pytest.approx(stats.pearsonr(x, m)[0], rel=1e-10)
    assert result.spearman == pytest.approx(stats.spearmanr(x, m)[0], rel=1e-10)
    groups = [m[x == value] for value in np.unique(x)]
    between = sum(g.size * (g.mean() - m.mean()) ** 2 for g in groups)
    assert result.correlation_ratio == pytest.approx(between / ((m - m.mean()) ** 2).sum(), rel=1e-10)


def test_independence_of_what_does_not_vary_is_not_defined():
    result = gammagamma.independence([1, 1], [10, 20])
    assert np.isnan(result.pearson)
    assert np.isnan(result.spearman)
    assert result.correlation_ratio == 0


def test_a_model_survives_json(fitted):
    text = json.dumps(gammagamma.to_dict(fitted, money_unit="USD"), allow_nan=False)
    again = gammagamma.from_dict(json.loads(text))
    assert again == fitted
    assert hash(again) == hash(fitted)
    assert gammagamma.mean_spend_standard_error(again) == gammagamma.mean_spend_standard_error(fitted)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gammagamma.fit([], []), ModelError, "no repeat buyers"),
        (lambda: gammagamma.fit([1, 2], [5, 5]), ModelError, "spends exactly 5"),
        (lambda: gammagamma.fit([3], [5]), ModelError, "spends exactly 5"),
        (lambda: gammagamma.fit([0, 1, 2], [0, 1, 2]), TableError, "frequency is below 1 in 1 of 3 rows"),
        (
            lambda: gammagamma.fit([1, 1, 2], [-3, 0, 2]),
            TableError,
            "not positive in 2 of 3 rows .first: row 0",
        ),
        (lambda: gammagamma.expected_spend(gammagamma.GammaGamma(2, 3, 4), 1, 0), TableError, "not positive"),
        (
            lambda: gammagamma.expected_spend(gammagamma.GammaGamma(2, 1, 4), 1, 5),
            ModelError,
            "no finite mean",
        ),
        (lambda: gammagamma.mean_spend(gammagamma.GammaGamma(2, 0.5, 4)), ModelError, "no finite mean"),
        (
            lambda: gammagamma.mean_spend_standard_error(gammagamma.GammaGamma(2, 3, 4)),
            ModelError,
            "covariance",
        ),
        (lambda: gammagamma.GammaGamma(2, 3, -4), ModelError, "v must be finite and above 0"),
        (lambda: gammagamma.from_dict({"p": 2}), ModelError, "parameters missing: q, v"),
        (lambda: gammagamma.independence([], []), ModelError, "no repeat buyers"),
    ],
)
def test_what_cannot_be_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def simulate(p, q, v, *, seed=5, customers=3000):
    rng = np.random.default_rng(seed)
    x = rng.geometric(0.4, customers).astype(float)
    return x, rng.gamma(p * x, 1 / (rng.gamma(q, 1 / v, customers) * x))


def test_no_finite_mean():
    model = gammagamma.fit(*simulate(6.0, 0.7, 10.0))
    assert model.flags == ("no_finite_mean",)
    assert model.q < 1


def test_customers_who_spend_alike():
    rng = np.random.default_rng(1)
    x = rng.geometric(0.4, 2000).astype(float)
    model = gammagamma.fit(x, rng.gamma(4 * x, 10 / x))
    assert model.q > 20
    assert gammagamma.mean_spend(model) == pytest.approx(40, rel=0.03)


def test_parameters_are_recovered():
    model = gammagamma.fit(*simulate(6.0, 4.0, 15.0, customers=20_000))
    distance = (np.array(parameters(model)) - [6, 4, 15]) / model.standard_errors
    assert np.abs(distance).max() < 3
