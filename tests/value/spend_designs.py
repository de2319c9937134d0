"""Customers whose spend the Gamma-Gamma model does not describe: it rises or falls with frequency, or is heavy.

Followed beyond the day of the forecast, so that what one-time buyers spend on their next purchases is known.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

FORECAST_DAY, HORIZON = 540, 180


@dataclass(frozen=True)
class Design:
    """Spend level ~ p / Gamma(q, v), times (rate / mean rate)^by_rate."""

    by_rate: float = 0.0
    p: float = 6.0
    q: float = 4.0
    v: float = 15.0


def purchases(design: Design, customers: int, *, seed: int) -> pd.DataFrame:
    """Purchases of customers as the BG/NBD model has them, one row a day; ``customer``, ``day`` and ``amount``."""
    random = np.random.default_rng(seed)
    rate, drop = random.gamma(0.6, 1 / 20, customers), random.beta(0.8, 2.5, customers)
    day, alive = random.integers(0, 400, customers).astype(float), np.ones(customers, dtype=bool)
    level = design.p / random.gamma(design.q, 1 / design.v, customers) * (rate * 20 / 0.6) ** design.by_rate
    rows = []
    for number in range(400):
        here = np.flatnonzero(alive & (day < FORECAST_DAY + HORIZON))
        amounts = level[here] * random.gamma(design.p, 1 / design.p, here.size)
        rows.append(pd.DataFrame({"customer": here, "day": day[here].astype(int), "amount": amounts}))
        alive &= (random.random(customers) >= drop) | (number == 0)
        day = day + random.exponential(1, customers) / np.maximum(rate, 1e-9)
    return pd.concat(rows).groupby(["customer", "day"], as_index=False)["amount"].sum()


def known_and_later(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per customer known on the day of the forecast, in the columns of ``sampled_days.customers_at``."""
    lines = lines.assign(number=lines.groupby("customer").cumcount() + 1, past=lines["day"] <= FORECAST_DAY)
    past, later = lines[lines["past"]], lines[~lines["past"]]
    by = past.groupby("customer")
    second = past[past["number"] == 2].set_index("customer")
    frame = pd.DataFrame({"first_day": by["day"].min(), "last_day": by["day"].max(), "purchases": by.size()})
    frame = frame.assign(
        first_amount=by["amount"].first(), amount=by["amount"].sum(), age=FORECAST_DAY - frame["first_day"],
        gap=second["day"] - frame["first_day"], second_amount=second["amount"],
        later_purchases=later.groupby("customer").size(), later_amount=later.groupby("customer")["amount"].sum(),
    )  # fmt: skip
    return frame.fillna(dict.fromkeys(("second_amount", "later_purchases", "later_amount"), 0.0)).astype(float)
