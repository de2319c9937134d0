"""A trend: forecasts from all earlier days were off to the same side."""

import numpy as np
import pandas as pd
import pytest

from custlib.validate.trend import trend


def past(*errors: float) -> pd.DataFrame:
    frame = pd.DataFrame({"purchases_expected": 100.0, "purchases_actual": 100 * np.exp(np.array(errors))})
    return frame.assign(group="all", purchases_variance=1.0)


def test_forecasts_that_were_all_too_high_or_all_too_low_are_a_trend() -> None:
    high, low = trend(past(*[-0.2] * 5)), trend(past(*[0.2] * 6))
    assert high["bias"] == pytest.approx(np.exp(0.2) - 1) and high["origins"] == 5
    assert low["bias"] == pytest.approx(np.exp(-0.2) - 1) and low["origins"] == 6


@pytest.mark.parametrize(
    "errors",
    [(-0.2,) * 4, (-0.4, -0.4, -0.4, -0.4, 0.01), (-0.0999,) * 5, (0.05,) * 6],
    ids=["four origins", "one the other way", "a tenth", "little"],
)
def test_these_are_none(errors: tuple[float, ...]) -> None:
    assert trend(past(*errors)) == {}


def test_without_past_forecasts_there_is_none() -> None:
    assert trend(pd.DataFrame()) == {}
