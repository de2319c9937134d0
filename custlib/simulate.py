"""Simulates purchases of customers whose true rates, drop-out and spend are known, for tests and benchmarks.

The customers follow the BG/NBD and Gamma-Gamma models exactly: after each purchase a customer leaves with an own
probability, and until then buys at an own constant rate. Several purchases of one day stay several rows.
"""

import datetime as dt

import numpy as np
import pandas as pd

from custlib.models.bgnbd import BGNBD
from custlib.models.gammagamma import GammaGamma

START = dt.date(2024, 1, 1)


def purchases(
    customers: int, model: BGNBD, spend: GammaGamma, *, days: int, joining_days: int = 90, seed: int = 0
) -> pd.DataFrame:
    """Simulate the purchases of a base over a span of days.

    Parameters
    ----------
    customers : int
        How many customers.
    model : BGNBD
        Truth of purchases and drop-out, time in days.
    spend : GammaGamma
        Truth of the spend per purchase.
    days : int
        Length of the span, in days from ``START``.
    joining_days : int, default 90
        The first purchases are spread evenly over so many days from the start.
    seed : int, default 0
        Seed of the random numbers; equal seeds give equal purchases.

    Returns
    -------
    pandas.DataFrame
        Columns ``customer_id``, ``timestamp`` (day) and ``amount`` (two decimals), in order of customer and day.

    Examples
    --------
    >>> made = purchases(3, BGNBD(0.5, 20.0, 0.8, 2.4), GammaGamma(6.0, 4.0, 15.0), days=200)
    >>> sorted(made["customer_id"].unique())
    ['C0000001', 'C0000002', 'C0000003']
    """
    random = np.random.default_rng(seed)
    rate = random.gamma(model.r, 1 / model.alpha, customers)
    leaving = random.beta(model.a, model.b, customers)
    level = spend.v / random.gamma(spend.q, 1.0, customers)
    when = random.uniform(0, joining_days, customers)
    alive, who = when < days, np.arange(customers)
    found = []
    while alive.any():
        who, when, rate, leaving = who[alive], when[alive], rate[alive], leaving[alive]
        found.append((who, np.floor(when).astype(int), random.gamma(spend.p, level[who])))
        stays = random.random(len(who)) >= leaving
        when = when + random.exponential(1 / np.maximum(rate, 1e-300))
        alive = stays & (when < days)
    return _frame(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _frame(who: np.ndarray, day: np.ndarray, amount: np.ndarray) -> pd.DataFrame:
    order = np.lexsort((day, who))
    names = pd.Series(who[order] + 1).astype(str).str.zfill(7)
    return pd.DataFrame(
        {
            "customer_id": "C" + names,
            "timestamp": pd.Timestamp(START) + pd.to_timedelta(day[order], unit="D"),
            "amount": amount[order].round(2),
        }
    )
