"""Customers who follow one truth or another, for studies of what intervals hold: purchases of two years and more."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

START = dt.date(2024, 1, 1)
KNOWN, TWO_YEARS, HORIZON, JOINING = 540, 730, 180, 400  # days


@dataclass(frozen=True)
class Truth:
    """How customers buy, leave and spend.

    Attributes
    ----------
    shape : int
        Of the gaps between purchases: 1 is a Poisson process, 3 makes regular buyers (Erlang).
    leaving : {"purchase", "every purchase", "time"}
        After a repeat purchase (BG/NBD), after any purchase (MBG/NBD), or at any time (Pareto/NBD).
    with_rate : float
        Power of the purchase rate that the spend level is multiplied by.
    q : float
        Shape of the spend levels; under 2 they have no variance.
    season : float
        How far the rate swings in the course of a year.
    known : int
        Days of history.
    """

    shape: int = 1
    leaving: str = "purchase"
    with_rate: float = 0.0
    q: float = 5.0
    season: float = 0.0
    known: int = KNOWN


TRUTHS = {
    "BG": Truth(), "MBG": Truth(leaving="every purchase"), "Pareto": Truth(leaving="time"), "Erlang 3": Truth(shape=3),
    "spend up": Truth(with_rate=0.4), "spend down": Truth(with_rate=-0.4), "heavy spend": Truth(q=1.6),
    "season": Truth(season=0.5), "season of two years": Truth(season=0.5, known=TWO_YEARS),
    "BG of two years": Truth(known=TWO_YEARS),
}  # fmt: skip


def purchases(truth: Truth, customers: int, random: np.random.Generator) -> list[tuple[str, dt.date, float]]:
    """Simulate purchases of customers who join over 400 days, as (customer, day, amount)."""
    last = truth.known + HORIZON
    rate = random.gamma(0.9, 1 / 50.0, customers)
    drop = random.beta(0.9, 3.0, customers)
    join = random.uniform(0, JOINING, customers)
    gone = join + random.exponential(1 / random.gamma(1.2, 1 / 250.0, customers)) if truth.leaving == "time" else np.inf
    level = (60.0 / random.gamma(truth.q, 1.0, customers)) * (rate / 0.018) ** truth.with_rate
    who, clock, rows = np.arange(customers), join.copy(), []
    end = np.minimum(gone, last) * np.ones(customers)
    is_first = True
    while who.size:
        rows += _lines(truth, who, clock, random.gamma(6.0, level[who] / 6.0))
        if truth.leaving == "every purchase" or (truth.leaving == "purchase" and not is_first):
            stays = random.random(who.size) >= drop[who]
            who, clock = who[stays], clock[stays]
        clock = clock + random.gamma(truth.shape, 1 / (truth.shape * rate[who]))
        inside = clock < end[who]
        who, clock, is_first = who[inside], clock[inside], False
    return rows


def _lines(truth: Truth, who: Any, clock: Any, amounts: Any) -> list[tuple[str, dt.date, float]]:
    """Write purchases at times of even pace as lines of a calendar, in which some months are faster."""
    even = np.arange(truth.known + HORIZON + 1, dtype=float)
    swing = 365 / (2 * np.pi)
    pace = even + truth.season * swing * (1 - np.cos(even / swing))
    days = np.interp(clock, pace * (even[-1] / pace[-1]), even).astype(int)
    return [
        (f"c{n}", START + dt.timedelta(days=int(day)), round(float(amount), 2) + 0.01)
        for n, day, amount in zip(who, days, amounts, strict=True)
    ]
