"""Simulates purchases from known BG/NBD (or MBG/NBD) and Gamma-Gamma models, for tests and benchmarks.

Each customer buys at a constant rate and leaves after each purchase with a constant probability, both drawn from the
model. Several purchases on one day stay separate rows. With a season the rate of all customers follows its index, and
the models apply in business time.
"""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.models.bgnbd import repeat_times
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.gammagamma import GammaGamma

START = dt.date(2024, 1, 1)
Floats = NDArray[np.float64]


def purchases(
    customers: int,
    model: BetaGeometricNBD,
    spend: GammaGamma,
    *,
    days: int,
    joining_days: int = 90,
    season: Sequence[float] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate the purchases of customers over a number of days.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> frame = purchases(3, BGNBD(0.5, 20.0, 0.8, 2.4), GammaGamma(6.0, 4.0, 15.0), days=200)
    >>> sorted(frame["customer_id"].unique())
    ['C0000001', 'C0000002', 'C0000003']
    """
    random = np.random.default_rng(seed)
    pace = _pace(days, season)
    joined = random.uniform(0, min(joining_days, days), customers)
    begin = np.interp(joined, np.arange(days + 1), pace)
    who, after = repeat_times(model, pace[-1] - begin, random)
    again = np.interp(begin[who] + after, pace, np.arange(days + 1))
    level = spend.v / random.gamma(spend.q, 1.0, customers)
    buyer = np.concatenate([np.arange(customers), who])
    day = np.minimum(np.floor(np.concatenate([joined, again])), days - 1).astype(int)
    return _frame(buyer, day, random.gamma(spend.p, level[buyer]))


def _pace(days: int, season: Sequence[float]) -> Floats:
    """Compute business time at the start of each day, the running sum of the seasonal index."""
    months = pd.date_range(START, periods=days, freq="D").month.to_numpy()
    index = np.asarray(season, dtype=float)[months - 1] if len(season) else np.ones(days)
    return np.append(0.0, index.cumsum())


def _frame(who: NDArray[np.intp], day: NDArray[np.intp], amount: Floats) -> pd.DataFrame:
    order = np.lexsort((day, who))
    names = pd.Series(who[order] + 1).astype(str).str.zfill(7)
    return pd.DataFrame(
        {
            "customer_id": "C" + names,
            "timestamp": pd.Timestamp(START) + pd.to_timedelta(day[order], unit="D"),
            "amount": amount[order].round(2),
        }
    )
