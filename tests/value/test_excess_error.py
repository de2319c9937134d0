"""The excess error of past forecasts: what they were off by beyond the variance that the models state."""

import numpy as np
import pandas as pd
import pytest

from custlib.value import excess_error as excess
from custlib.value.excess_error import BY_FREQUENCY, ExcessError

ONCE, FEW, MANY = BY_FREQUENCY


def past(group: str, *ratios: float, expected: float = 100.0, variance: float = 0.0) -> pd.DataFrame:
    """Forecasts of one group from as many origins, with actual over expected purchases and revenue."""
    rows = [{"group": group, "purchases_expected": expected, "purchases_variance": variance,
             "purchases_actual": ratio * expected, "revenue_expected": 10 * expected,
             "revenue_variance": 100 * variance, "revenue_actual": 10 * ratio * expected}
            for ratio in ratios]  # fmt: skip
    return pd.DataFrame(rows)


def of(*frames: pd.DataFrame, horizon: int = 90, tested: int = 90, customers: float = 800) -> ExcessError:
    frame = pd.concat(frames) if frames else pd.DataFrame()
    return excess.excess_error(frame, horizon_days=horizon, tested_days=tested, customers=customers)


def test_by_hand() -> None:
    """e = ln 1.2, ln .8, 0; s^2 = .01: excess .0332 - .01, .0498 - .01, none."""
    found = of(past("all", 1.2, 0.8, 1.0, variance=100.0))
    wanted = np.sqrt((np.log(1.2) ** 2 - 0.01 + np.log(0.8) ** 2 - 0.01) / 3)
    assert found.taus["all"] == pytest.approx({"purchases": wanted, "revenue": wanted})
    assert (found.origins, found.is_tested) == (3, True)


@pytest.mark.parametrize(
    ("ratios", "customers", "least"),
    [((1.0,) * 3, 5000, 0.03), ((1.0,) * 3, 5001, 0.05), ((1.0,) * 2, 5001, 0.10), ((1.0,), 800, 0.10)],
)
def test_forecasts_that_were_right_have_the_floor(ratios: tuple[float, ...], customers: int, least: float) -> None:
    found = of(past("all", *ratios), customers=customers)
    assert found.of("all")["purchases"] == least
    assert found.is_tested == (len(ratios) >= 3)


def test_half_the_horizon_is_carried_as_a_random_walk_and_tests_nothing() -> None:
    whole, half = of(past("all", *[1.5] * 4)), of(past("all", *[1.5] * 4), horizon=180)
    assert half.taus["all"]["revenue"] == pytest.approx(np.sqrt(2) * whole.taus["all"]["revenue"])
    assert whole.is_tested and not half.is_tested


def test_without_any_origin_a_quarter_is_taken() -> None:
    found = of()
    assert (found.origins, found.tested_days, found.is_tested) == (0, 0, False)
    assert found.of("all") == found.of("vip", {ONCE: 1.0}) == {"purchases": 0.25, "revenue": 0.25}


def test_an_error_is_never_beyond_a_factor_of_twenty() -> None:
    for ratio in (0.0, -3.0, 1e9):
        assert of(past("all", *[ratio] * 3)).taus["all"]["purchases"] == pytest.approx(3.0)


def test_a_group_too_small_at_some_origins_has_at_least_the_error_of_the_whole() -> None:
    whole = past("all", *[1.3] * 3)
    small = of(whole, past("vip", 1.0), past("vip", 5.0, 5.0, expected=9.9))
    assert small.taus["vip"] == pytest.approx(small.taus["all"])
    assert of(whole, past("vip", *[1.0] * 3)).taus["vip"]["purchases"] == 0.03


def test_a_segment_of_its_own_is_taken_and_one_without_takes_those_by_frequency() -> None:
    found = of(past("all", *[1.3] * 3), past(ONCE, *[1.1] * 3), past(MANY, *[1.5] * 3))
    mixed = found.of("vip", {ONCE: 0.2, FEW: 0.3, MANY: 0.2})["purchases"]
    assert mixed == pytest.approx((np.log(1.1) + np.log(1.5)) / 2), "of few times nothing is known"
    assert found.of("vip", {})["purchases"] == pytest.approx(np.log(1.3))
