"""Simulates purchases of customers whose true rates, drop-out and spend are known, for tests and benchmarks.

The customers follow the BG/NBD (or MBG/NBD) and Gamma-Gamma models exactly: after each purchase a customer leaves
with an own probability, and until then buys at an own constant rate. Several purchases of one day stay several
rows. With a season the rate of all customers rises and falls together: the models then hold in business time.
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
    """Simulate the purchases of a base over a span of days.

    Parameters
    ----------
    customers : int
        How many customers.
    model : BGNBD or MBGNBD
        Truth of purchases and drop-out, time in days.
    spend : GammaGamma
        Truth of the spend per purchase.
    days : int
        Length of the span, in days from ``START``.
    joining_days : int, default 90
        The first purchases are spread evenly over so many days from the start.
    season : sequence of 12 floats, optional
        How much faster than usual customers buy in January, February ...; 1 is as usual.
    seed : int, default 0
        Seed of the random numbers; equal seeds give equal purchases.

    Returns
    -------
    pandas.DataFrame
        Columns ``customer_id``, ``timestamp`` (day) and ``amount`` (two decimals), in order of customer and day.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> made = purchases(3, BGNBD(0.5, 20.0, 0.8, 2.4), GammaGamma(6.0, 4.0, 15.0), days=200)
    >>> sorted(made["customer_id"].unique())
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
    """Business time at the start of each day: the running sum of the season's index."""
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
