"""Simulates purchase histories as the models take them, one number per customer and column, with known truth.

Unlike `custlib.demo.purchases` it makes no purchases, so a million customers take a second. Run as a program it writes
them to a file: ``python -m benchmarks.histories 100000 histories.npz``.
"""

import sys
from pathlib import Path

import numpy as np

# CDNOW's parameters as published, in days: Fader, Hardie and Lee (2005); Fader and Hardie (2013).
TRUTH = {"r": 0.2426, "alpha": 30.9, "a": 0.793, "b": 2.426}
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
DAYS, JOINING_DAYS = 730, 365


def histories(customers: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Frequency, recency, T (days) and monetary_value; purchases of one day are one."""
    random = np.random.default_rng(seed)
    T = DAYS - np.floor(random.uniform(0, JOINING_DAYS, customers))
    rate = random.gamma(TRUTH["r"], 1 / TRUTH["alpha"], customers)
    leaving = random.beta(TRUTH["a"], TRUTH["b"], customers)
    frequency, recency = _visits(random, rate, leaving, T)
    level = SPEND["v"] / random.gamma(SPEND["q"], 1.0, customers)
    total = random.gamma(SPEND["p"] * np.maximum(frequency, 1), level)
    money = np.where(frequency > 0, np.maximum(np.round(total / np.maximum(frequency, 1), 2), 0.01), 0.0)
    return {"frequency": frequency, "recency": recency, "T": T, "monetary_value": money}


def _visits(random: np.random.Generator, rate: np.ndarray, leaving: np.ndarray, T: np.ndarray) -> tuple:
    """Count the days with a visit after the first, and find the last of them."""
    frequency, recency = np.zeros(T.size), np.zeros(T.size)
    who, now = np.arange(T.size), np.zeros(T.size)
    while who.size:
        now = now + random.exponential(1, who.size) / np.maximum(rate[who], 1e-300)
        seen = np.floor(now) <= T[who]
        who, now = who[seen], now[seen]
        day = np.floor(now)
        frequency[who] += day > recency[who]
        recency[who] = day
        stays = random.random(who.size) >= leaving[who]
        who, now = who[stays], now[stays]
    return frequency, recency


if __name__ == "__main__":
    np.savez(Path(sys.argv[2]), **histories(int(sys.argv[1])))
