"""BG/NBD by hand and against published figures; then what holds for it and for MBG/NBD (fixture `kind`)."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from custlib.errors import ModelError, TableError, UsageError
from custlib.models import bgnbd, mbgnbd

MODEL = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
FIXED = settings(derandomize=True, deadline=None, max_examples=120)


# --- worked by hand ---


def test_a_one_time_buyer_and_a_repeat_buyer_by_hand():
    # r = alpha = a = b = 1. One-time buyer, T = 1: (1 / 2). Repeat buyer, x = 1, recency 1, T = 3:
    # Gamma(2)/Gamma(1) [B(1, 2)/B(1, 1) 4**-2 + B(2, 1)/B(1, 1) 2**-2] = 1/2 (1/16 + 1/4) = 5/32
    model = bgnbd.BGNBD(1, 1, 1, 1)
    likelihood = np.exp(bgnbd.log_likelihood(model, [0, 1], [0, 1], [1, 3]))
    np.testing.assert_allclose(likelihood, [1 / 2, 5 / 32], rtol=1e-14)
    # alive: the part (1/2)(1/16) of 5/32
    np.testing.assert_allclose(bgnbd.probability_alive(model, [0, 1], [0, 1], [1, 3]), [1, 1 / 5], rtol=1e-14)


def test_expected_purchases_by_hand():
    # rho = 1, p ~ Beta(1, 1), u = 1: the mean of 1 / (1 + p) is ln 2
    model = bgnbd.BGNBD(1, 1, 1, 1)
    assert bgnbd.expected_purchases_if_alive(model, 1, 0, 0) == pytest.approx(np.log(2), rel=1e-14)
    assert bgnbd.probability_of_purchase(model, 1, 0, 0) == pytest.approx(1 / 2, rel=1e-14)


def test_squared_purchases_by_hand():
    # the same: E N (N - 1) is the mean of 2 (1 - p) / (1 + p)**2, which is 2 - 2 ln 2
    model = bgnbd.BGNBD(1, 1, 1, 1)
    assert bgnbd.expected_squared_purchases(model, 1, 0, 0, 0) == pytest.approx(2 - np.log(2), rel=1e-12)


@pytest.mark.parametrize("model", [MODEL, bgnbd.BGNBD(3, 40, 1e-3, 50), bgnbd.BGNBD(0.25, 31, 0.8, 2.4)])
@pytest.mark.parametrize(
    ("x", "recency", "T", "t"), [(0, 0, 38, 39), (2, 30, 39, 39), (50, 200, 210, 365), (3, 2, 10, 0.01)]
)
def test_squared_purchases_are_the_sum_over_counts(model, x, recency, T, t):
    """Of (2 k - 1) P(N >= k): who buys k times came k times (negative binomial) and stayed k - 1 times (Beta)."""
    k = np.arange(1, 40_000)
    came = stats.nbinom.sf(k - 1, model.r + x, (model.alpha + T) / (model.alpha + T + t))
    stayed = np.exp(special.betaln(model.a, model.b + x + k - 1) - special.betaln(model.a, model.b + x))
    alive = bgnbd.probability_alive(model, x, recency, T)
    result = bgnbd.expected_squared_purchases(model, t, x, recency, T)
    assert result == pytest.approx(alive * ((2 * k - 1) * came * stayed).sum(), rel=1e-9)


# --- published and measured figures ---


@pytest.fixture(scope="module")
def fitted(cdnow):
    return bgnbd.fit(*cdnow.history)


@pytest.fixture(scope="module", params=[bgnbd, mbgnbd], ids=["bg", "mbg"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def either(kind, cdnow):
    return kind.fit(*cdnow.history)


def parameters(model):
    return [model.r, model.alpha, model.a, model.b]


def test_cdnow_has_the_published_counts(cdnow):
    assert cdnow.frequency.size == 2357
    assert cdnow.frequency.sum() == 2457
    assert (cdnow.frequency > 0).sum() == 946
    assert cdnow.holdout.sum() == 1882
    assert np.unique(np.stack(cdnow.history), axis=1).shape[1] == 1016


def test_cdnow_parameters(fitted):
    np.testing.assert_allclose(parameters(fitted), [0.24259452, 4.41360202, 0.79292202, 2.42590677], rtol=0, atol=1e-8)
    np.testing.assert_allclose(parameters(fitted), [0.2425945, 4.4136019, 0.7929199, 2.4258881], rtol=1e-5)
    assert fitted.log_likelihood == pytest.approx(-9582.429207, abs=1e-6)
    np.testing.assert_allclose(fitted.standard_errors, [0.012557, 0.378224, 0.185734, 0.705414], rtol=1e-4)
    assert fitted.converged
    assert fitted.flags == ()
    assert fitted.evaluations <= 8
    assert fitted.gradient_norm < 1e-14


def test_lifetimes_bundled_summary(bundled):
    model = bgnbd.fit(*bundled.history)
    np.testing.assert_allclose(parameters(model), [0.24259291, 4.41353156, 0.79288615, 2.42575343], rtol=1e-7)
    assert model.log_likelihood == pytest.approx(-9582.42556, abs=1e-5)
    assert model.covariance[0, 1] == pytest.approx(0.003706, abs=5e-7)


def test_cdnow_holdout(cdnow, fitted):
    expected = bgnbd.expected_purchases(fitted, 39, *cdnow.history)
    assert expected.sum() == pytest.approx(1653.4, abs=0.1)
    assert (cdnow.frequency / cdnow.T * 39).sum() == pytest.approx(2930.1, abs=0.1)
    band = np.minimum(cdnow.frequency, 7).astype(int)
    count = np.bincount(band)
    np.testing.assert_allclose(
        np.bincount(band, cdnow.holdout) / count,
        [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359],
        atol=5e-4,
    )
    np.testing.assert_allclose(
        np.bincount(band, expected) / count,
        [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157],
        atol=5e-4,
    )


def test_cdnow_master(cdnow_master):
    model = bgnbd.fit(*cdnow_master.history)
    np.testing.assert_allclose(parameters(model), [0.2516, 4.789, 0.723, 2.161], rtol=6e-4)
    assert model.log_likelihood == pytest.approx(-95368.4, abs=0.05)
    assert cdnow_master.holdout.sum() == 19684
    assert bgnbd.expected_purchases(model, 39, *cdnow_master.history).sum() == pytest.approx(16873.7, abs=0.1)


def test_published_expectations(fitted):
    assert bgnbd.expected_purchases(MODEL, 39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=5e-4)
    np.testing.assert_allclose(
        bgnbd.new_customer_purchases(fitted, [0.1429, 1, 3, 31.8571, 32, 78]),
        [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576],
        atol=5e-4,
    )
    assert 1 - bgnbd.probability_of_purchase(MODEL, 39, 0, 0) == pytest.approx(0.5737864, abs=5e-8)
    assert np.exp(bgnbd.log_likelihood(MODEL, 0, 0, 39)) == pytest.approx(0.5737864, abs=5e-8)


def test_new_customers_agree_with_the_textbook_form():
    r, alpha, a, b = parameters(MODEL)
    t = np.array([1.0, 32.0, 78.0])
    series = special.hyp2f1(r, b, a + b - 1, t / (alpha + t))
    textbook = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * series)
    np.testing.assert_allclose(bgnbd.new_customer_purchases(MODEL, t), textbook, rtol=1e-11)


# --- errors ---


def test_all_faults_are_named_at_once(kind):
    with pytest.raises(TableError) as caught:
        kind.fit([1, -1, 0.5, np.nan, 0], [40, 0, 0, 0, 3], [39, 39, -1, 39, np.inf])
    for part in (
        "frequency is no finite number in 1 of 5 rows (first: row 3)",
        "frequency is negative in 1 of 5 rows (first: row 1)",
        "frequency is not whole in 1 of 5 rows (first: row 2)",
        "T is no finite number in 1 of 5 rows (first: row 4)",
        "T is negative in 1 of 5 rows (first: row 2)",
        "recency is above T in 2 of 5 rows (first: row 0)",
        "recency is above 0 with frequency 0 in 1 of 5 rows (first: row 4)",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda kind: kind.fit([], [], []), ModelError, "no customers"),
        (lambda kind: kind.fit([1], [2], [3], [0]), ModelError, "no customers"),
        (lambda kind: kind.fit([0, 0], [0, 0], [39, 20]), ModelError, "no repeat purchases among 2 customers"),
        (lambda kind: kind.fit([1, 0], [0, 0], [0, 0]), ModelError, "nobody was observed"),
        (lambda kind: kind.fit([1, 0], [1, 0], [3, 3], [1, -1]), TableError, "weights is negative in 1 of 2"),
        (lambda kind: kind.fit([1, 0], [1, 0, 2], [3, 3]), TableError, "differ in shape"),
        (lambda kind: kind.fit(["a"], [1], [3]), TableError, "frequency holds something that is no number"),
        (lambda kind: kind.expected_purchases_if_alive(MODEL, -1, 0, 1), TableError, "t is negative"),
        (lambda kind: kind.new_customer_purchases(MODEL, np.inf), TableError, "t is no finite number"),
        (lambda kind: kind.residual_transactions(MODEL, 0, 2, 30, 39), UsageError, "delta must be above 0"),
        (
            lambda kind: kind.residual_transactions_if_alive(MODEL, np.nan, 2, 39),
            UsageError,
            "delta must be above 0",
        ),
        (lambda kind: bgnbd.BGNBD(0.2, 4, 0, 2), ModelError, "a must be finite and above 0, got 0"),
        (lambda kind: bgnbd.BGNBD(0.2, np.nan, 1, 2), ModelError, "alpha must be finite"),
        (lambda kind: kind.from_dict({"r": 1, "a": 2}), ModelError, "parameters missing: alpha, b"),
        (lambda kind: kind.from_dict({"r": 1, "a": 2, "b": "x", "alpha": 1}), ModelError, "no numbers: b"),
        (lambda kind: kind.from_dict({"r": -1, "a": 2, "b": 1, "alpha": 1}), ModelError, "r must be finite"),
    ],
)
def test_what_cannot_be_is_refused(kind, call, error, message):
    with pytest.raises(error, match=message):
        call(kind)


# --- properties ---

sizes = st.floats(1e-3, 50)
models = st.one_of(
    st.builds(bgnbd.BGNBD, sizes, st.floats(1e-2, 1e3), sizes, sizes),
    st.builds(mbgnbd.MBGNBD, sizes, st.floats(1e-2, 1e3), sizes, sizes),
)


@FIXED
@given(model=models, x=st.integers(0, 300), T=st.floats(0, 1e3), t=st.floats(1e-3, 1e4))
def test_expected_purchases_stay_within_their_bounds(model, x, T, t):
    result = bgnbd.expected_purchases_if_alive(model, np.array([t, 2 * t, 3 * t]), x, T)
    assert 0 < result[0] <= (model.r + x) * t / (model.alpha + T) * (1 + 1e-12)
    first, second = np.diff(result)
    slack = 1e-11 * result[2]
    assert first >= -slack
    assert second >= -slack
    assert second <= first + slack
    if model.a > 1:
        behind = x + model.first_occasions
        assert result[2] <= (model.a + model.b + behind - 1) / (model.a - 1) * (1 + 1e-11)


@FIXED
@given(model=models, x=st.integers(0, 300), T=st.floats(0, 1e3), share=st.floats(0, 1))
def test_probability_alive_grows_with_recency(model, x, T, share):
    recency = T * np.array([share / 2, share]) if x else np.zeros(2)
    low, high = bgnbd.probability_alive(model, x, recency, T)
    assert 0 <= low <= high <= 1
    assert x + model.first_occasions > 0 or low == 1


@FIXED
@given(model=models, x=st.integers(0, 300), T=st.floats(0, 1e3), delta=st.floats(1e-4, 1))
def test_residual_transactions_fall_with_the_rate(model, x, T, delta):
    low, high = bgnbd.residual_transactions_if_alive(model, np.array([delta, 2 * delta]), x, T)
    assert 0 < high < low <= (model.r + x) / (model.alpha + T) / delta * (1 + 1e-12)


def test_without_a_finite_mean_of_lifetimes_purchases_grow_without_end():
    far = bgnbd.expected_purchases_if_alive(MODEL, 10.0 ** np.arange(2, 12), 2, 38.86)
    assert (far[1:] / far[:-1] > 1.5).all()  # a = .793: about 10 ** (1 - a) each


def test_the_unit_of_time_does_not_matter(kind, cdnow, either):
    x, recency, T = cdnow.history
    days = kind.fit(x, recency * 7, T * 7)
    np.testing.assert_allclose(parameters(days), np.array(parameters(either)) * [1, 7, 1, 1], rtol=1e-10)
    np.testing.assert_allclose(days.standard_errors, either.standard_errors * [1, 7, 1, 1], rtol=1e-9)
    assert days.log_likelihood == pytest.approx(either.log_likelihood - x.sum() * np.log(7), rel=1e-12)
    week = kind.residual_transactions(either, 0.0027, 2, 30, 39)
    assert kind.residual_transactions(days, 0.0027 / 7, 2, 210, 273) == pytest.approx(week, rel=1e-10)


def test_weights_are_repetition_in_any_order(kind, cdnow):
    cells, weights = np.unique(np.stack(cdnow.history), axis=1, return_counts=True)
    weighted = kind.fit(*cells, weights)
    order = np.random.default_rng(1).permutation(2357)
    repeated = kind.fit(*(column[order] for column in cdnow.history))
    assert weighted == repeated
    assert weighted.log_likelihood == repeated.log_likelihood
    np.testing.assert_array_equal(weighted.covariance, repeated.covariance)
    assert weighted.customers == 2357


def test_log_likelihood_adds_up(kind, cdnow, either):
    total = kind.log_likelihood(either, *cdnow.history).sum()
    assert total == pytest.approx(either.log_likelihood, rel=1e-13)


def test_the_gradient_and_the_covariance_are_those_of_the_likelihood(kind, cdnow, either):
    at = np.array(parameters(either))

    def value(shift):
        return kind.log_likelihood(type(either)(*(at * np.exp(shift))), *cdnow.history).sum()

    step, unit = 1e-3, np.eye(4)
    hessian = np.array(
        [
            [
                (value(step * (i + j)) - value(step * (i - j)) - value(step * (j - i)) + value(-step * (i + j)))
                / (4 * step**2)
                for j in unit
            ]
            for i in unit
        ]
    )
    covariance = np.linalg.inv(-hessian) * np.outer(at, at)
    np.testing.assert_allclose(either.covariance, covariance, rtol=1e-3)
    slope = [(value(step * i) - value(-step * i)) / (2 * step) for i in unit]
    np.testing.assert_allclose(slope, 0, atol=2e-3)


def test_columns_broadcast_and_scalars_give_scalars():
    assert np.ndim(bgnbd.expected_purchases(MODEL, 39, 2, 30.43, 38.86)) == 0
    assert isinstance(bgnbd.probability_alive(MODEL, 2, 30.43, 38.86), np.float64)
    table = bgnbd.expected_purchases_if_alive(MODEL, [[13.0], [52.0]], [0, 1, 2], 39)
    assert table.shape == (2, 3)
    assert table[1, 2] == bgnbd.expected_purchases_if_alive(MODEL, 52, 2, 39)
    assert bgnbd.residual_transactions(MODEL, [[0.001], [0.01]], [0, 1], 0, 39).shape == (2, 2)
    assert bgnbd.expected_purchases(MODEL, 39, [], [], []).shape == (0,)
    assert bgnbd.residual_transactions(MODEL, 0.01, [], [], []).shape == (0,)
    assert bgnbd.expected_purchases_if_alive(MODEL, 0, 2, 39) == 0


def test_arguments_stay_untouched(kind, cdnow):
    before = [column.copy() for column in cdnow.history]
    kind.expected_purchases(kind.fit(*cdnow.history), 39, *cdnow.history)
    for old, new in zip(before, cdnow.history, strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_model_survives_json(kind, either):
    text = json.dumps(kind.to_dict(either, time_unit="week"), allow_nan=False)
    again = kind.from_dict(json.loads(text))
    assert again == either
    assert hash(again) == hash(either)
    np.testing.assert_array_equal(again.covariance, either.covariance)
    assert (again.log_likelihood, again.flags, again.customers) == (either.log_likelihood, (), 2357)
    assert json.loads(text)["time_unit"] == "week"
    assert parameters(kind.from_dict({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426})) == parameters(MODEL)
