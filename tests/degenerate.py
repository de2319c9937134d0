"""Bases in which something cannot be measured, as purchases of (customer, day, amount), and their project.

Each is made for one fault of real data: nobody leaves, nobody returns, nobody was observed, one customer
outweighs all, all are alike, money is missing in all but name, the date is long past or of the first day.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from custlib.project import Project, build
from custlib.run import Run

FIRST = dt.date(2023, 1, 2)
AS_OF = dt.date(2024, 12, 30)
Row = tuple[str, dt.date, float]


def _on(days: int) -> dt.date:
    return FIRST + dt.timedelta(days=days)


def buyers(customers: int, *, seed: int = 0, rate: tuple[float, float] = (1.2, 40.0), until: int = 728) -> list[Row]:
    """Buyers whose rates differ by a Gamma distribution (shape, days) and who never leave."""
    random, rows = np.random.default_rng(seed), []
    for n in range(customers):
        pace = random.gamma(rate[0], 1 / rate[1])
        day = random.uniform(0, until / 2)
        while day <= until:
            rows.append((f"c{n:03}", _on(int(day)), round(float(random.gamma(5, 8)), 2) + 0.01))
            day += random.exponential(1 / pace)
    return rows


def poisson_buyers() -> list[Row]:
    """Everyone at the same rate for ever: no drop-out to measure."""
    return buyers(120, rate=(200.0, 5000.0))


def one_time_buyers() -> list[Row]:
    """Nobody ever came back."""
    return [(f"c{n:03}", _on(5 * n), 10.0 + n) for n in range(80)]


def repeaters_only() -> list[Row]:
    """Everybody came back, some left."""
    return [(f"c{n:03}", _on(3 * n + 30 * k), 10.0 + n % 7 + k) for n in range(80) for k in range(2 + n % 5)]


def one_day_only() -> list[Row]:
    """All purchases on one day, well before the page."""
    return [(f"c{n:03}", _on(700), 10.0 + n) for n in range(50)]


def same_first_day() -> list[Row]:
    """All bought first on one day, so T is the same for all."""
    random = np.random.default_rng(1)
    rows = [(f"c{n:03}", _on(100), 10.0 + n % 9) for n in range(60)]
    return rows + [
        (f"c{n:03}", _on(int(d)), 12.5) for n in range(0, 60, 2) for d in random.integers(101, 728, 1 + n % 5)
    ]


def unobserved() -> list[Row]:
    """All bought on the day of the page: T is 0 for all."""
    return [(f"c{n:03}", AS_OF, 10.0 + n) for n in range(40)]


def mostly_unobserved() -> list[Row]:
    """Three in four bought first on the day of the page."""
    return buyers(40) + [(f"n{n:03}", AS_OF, 10.0 + n) for n in range(120)]


def one_heavy() -> list[Row]:
    """One customer with 500 purchase days among sixty light ones."""
    light = [(f"c{n:03}", _on(10 * n + 60 * k), 15.0 + n % 6) for n in range(60) for k in range(1 + n % 3)]
    return light + [("heavy", _on(200 + k), 20.0 + k % 3) for k in range(500)]


def one_customer() -> list[Row]:
    """A single customer."""
    return [("only", _on(100 * k), 20.0 + k) for k in range(6)]


def two_customers() -> list[Row]:
    """Two customers, one of them a repeat buyer."""
    return [("once", _on(50), 20.0), *[("again", _on(80 * k), 15.0 + k) for k in range(5)]]


def identical() -> list[Row]:
    """All customers with the same history."""
    return [(f"c{n:03}", _on(day), 25.0) for n in range(50) for day in (0, 200, 400)]


def retail_with_returns() -> list[Row]:
    """Ordinary retail: rates differ, nobody leaves, 8 % of the lines come back within two weeks."""
    random, sold = np.random.default_rng(7), buyers(300, seed=7, rate=(0.9, 60.0))
    back = [row for row in sold if random.random() < 0.08]
    late = [(c, min(day + dt.timedelta(days=int(random.integers(1, 15))), AS_OF), -paid) for c, day, paid in back]
    return sold + late


def equal_amounts() -> list[Row]:
    """Every purchase day costs the same."""
    return [(customer, day, 20.1) for customer, day in sorted({row[:2] for row in buyers(60)})]


def zero_amounts() -> list[Row]:
    """Every line costs nothing."""
    return [(customer, day, 0.0) for customer, day, _ in buyers(60)]


def more_refunds() -> list[Row]:
    """More money was given back than taken."""
    return [
        row
        for c, day, paid in buyers(60)
        for row in ((c, day, paid), (c, min(day + dt.timedelta(3), AS_OF), -2 * paid))
    ]


def huge_amounts() -> list[Row]:
    """Amounts up to the largest accepted, a thousand million."""
    random = np.random.default_rng(3)
    return [(customer, day, float(round(random.uniform(1e6, 1e9), 2))) for customer, day, _ in buyers(60)]


def long_history() -> list[Row]:
    """One customer on each of 10,000 days, and a few others."""
    daily = [("daily", AS_OF - dt.timedelta(days=n), 5.0 + n % 4) for n in range(10_000)]
    return daily + [(f"c{n:03}", _on(11 * n + 90 * k), 30.0) for n in range(30) for k in range(1 + n % 4)]


def ordinary() -> list[Row]:
    """Rates and drop-out differ, some never come back."""
    random, rows = np.random.default_rng(5), []
    for n in range(150):
        day, leave, pace = random.uniform(0, 500), random.beta(1, 3), random.gamma(1.0, 1 / 30)
        while day <= 600:
            rows.append((f"c{n:03}", _on(int(day)), round(float(random.gamma(5, 8)), 2) + 0.01))
            if random.random() < leave:
                break
            day += random.exponential(1 / pace)
    return rows


CASES: dict[str, Callable[[], list[Row]]] = {
    make.__name__: make
    for make in (
        poisson_buyers, one_time_buyers, repeaters_only, one_day_only, same_first_day, unobserved, mostly_unobserved,
        one_heavy, one_customer, two_customers, identical, retail_with_returns, equal_amounts, zero_amounts,
        more_refunds, huge_amounts, long_history, ordinary,
    )
}  # fmt: skip


def write_project(folder: Path, rows: list[Row], *, as_of: dt.date = AS_OF, **changes: object) -> Project:
    """Write the purchases as a file, and state their project."""
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"])
    frame.to_csv(folder / "sales.csv", index=False)
    mapping = {
        "id": "odd", "name": "An odd shop", "currency": "EUR", "as_of": as_of, "folder": folder,
        "source": {"path": "sales.csv"},
    }  # fmt: skip
    return build(mapping | changes)


def open_base(folder: Path, rows: list[Row], *, as_of: dt.date = AS_OF, **changes: object) -> Run:
    """Open the project of some purchases."""
    return Run(write_project(folder, rows, as_of=as_of, **changes), folder / "work")
