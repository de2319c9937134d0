"""Simulated customers who begin with products by known chances, which depend on what they use already."""

import datetime as dt

import numpy as np

AS_OF = dt.date(2025, 12, 31)
WINDOW = 120
NAMES = ("staple", "tea", "cake", "jam", "rye")
PRICES = (5.0, 10.0, 40.0, 20.0, 3.0)
BASE = (0.0, -2.2, -3.2, -2.6, -3.0)  # log odds of beginning within a window, at no other product and no repeats
LIFT = {(1, 2): 2.2, (3, 1): 1.1, (2, 3): -0.8}  # who uses the first is more (or less) likely to begin with the second
BY_FREQUENCY = 0.3


def true_chances(held, frequency):
    """Chance of each customer to begin with each product within a window; nought for what is used."""
    odds = np.array(BASE) + BY_FREQUENCY * np.log1p(frequency)[:, None]
    for (first, second), lift in LIFT.items():
        odds[:, second] += lift * held[:, first]
    return np.where(held, 0.0, 1 / (1 + np.exp(-odds)))


def simulate(customers=4000, *, seed=0, windows=5):
    """Lines of purchases over some windows up to as_of, and what will come: chances and beginners of the next.

    In each window everybody buys the staple some days; who begins with a product buys it once on one of these days.
    """
    random = np.random.default_rng(seed)
    rates = random.gamma(2.0, 1.0, customers)
    held = np.zeros((customers, len(NAMES)), dtype=bool)
    held[:, 0] = True
    frequency, rows = np.zeros(customers), []
    for window in range(windows):
        start = AS_OF - dt.timedelta(days=WINDOW * (windows - window))
        new = random.random(held.shape) < true_chances(held, frequency)
        for n in range(customers):
            count = 1 + random.poisson(rates[n])
            days = random.choice(np.arange(1, WINDOW + 1), size=count, replace=False)
            bought = [(int(day), 0) for day in days]
            bought += [(int(days[random.integers(count)]), int(place)) for place in np.flatnonzero(new[n])]
            rows += [(f"c{n:05}", start + dt.timedelta(days=d), PRICES[p], NAMES[p]) for d, p in bought]
            frequency[n] += count - (window == 0)
        held |= new
    chances = true_chances(held, frequency)
    return rows, chances, random.random(held.shape) < chances
