"""Lines of purchases as arrays, by hand and at random."""

import numpy as np

from custlib.engine.sorted_lines import in_order
from custlib.engine.sorting import by_day


def lines_of(*rows):
    """Lines of (customer, day, amount)."""
    return dict(zip(("customer_id", "day", "amount"), np.array(rows).T, strict=True))


def some_lines(rows, *, seed=0, customers=50, days=400, amount=10**6):
    random = np.random.default_rng(seed)
    return {
        "customer_id": random.integers(-5, customers, rows),
        "day": random.integers(-3, days, rows),
        "amount": random.integers(-amount, amount, rows),
        "is_purchase": random.integers(0, 2, rows).astype(np.uint8),
    }


def days_of(columns):
    return by_day(in_order(columns), ("amount",), ("is_purchase",) if "is_purchase" in columns else ())
