"""Bases of subscribers, and of shops whose purchases only resemble them."""

import datetime as dt

import numpy as np
import pandas as pd

from custlib import project
from custlib.run import Run

AS_OF = dt.date(2025, 12, 31)
BEGIN = dt.date(2023, 1, 1)


def subscribers(customers=300, *, alpha=1.2, beta=9.0, seed=1):
    """Monthly payments of one amount each, from a day of the first two years until the customer leaves (sBG)."""
    random, rows = np.random.default_rng(seed), []
    for n in range(customers):
        month, leave = int(random.integers(0, 24)), random.beta(alpha, beta)
        price, day = float(random.choice([9.9, 19.9])), int(random.integers(1, 28))
        while (paid := dt.date(2023 + month // 12, month % 12 + 1, day)) <= AS_OF:
            rows.append((f"s{n:03}", paid, price))
            if random.random() < leave:
                break
            month += 1
    return rows


def basket_shop(customers=300, *, seed=2):
    """The same days, another basket each time: regular buyers without a contract."""
    random = np.random.default_rng(seed)
    return [(who, day, round(float(random.gamma(4, 5)), 2)) for who, day, _ in subscribers(customers)]


def one_price_shop(customers=300, *, seed=3):
    """One price for all at days that nobody can foresee, about a month apart: a shop with a single product."""
    random, rows = np.random.default_rng(seed), []
    for n in range(customers):
        day = BEGIN + dt.timedelta(days=int(random.integers(0, 700)))
        while day <= AS_OF:
            rows.append((f"p{n:03}", day, 12.0))
            if random.random() < 0.1:
                break
            day += dt.timedelta(days=1 + int(random.exponential(29)))
    return rows


def open_run(folder, rows, *, invoices=None, **options):
    """A run on purchases (customer, day, amount), with a year of holdout."""
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"]).to_csv(folder / "p.csv", index=False)
    names = ("customer_id", "timestamp", "amount")
    stated = {"id": "s", "name": "S", "as_of": AS_OF, "holdout_days": 365, "model": "bgnbd",
              "source": {"path": str(folder / "p.csv"), "columns": {name: name for name in names}}}  # fmt: skip
    if invoices is not None:
        columns = ["customer_id", "due", "paid", "amount"]
        pd.DataFrame(invoices, columns=columns).to_csv(folder / "i.csv", index=False)
        own = {"path": str(folder / "i.csv"), "columns": {name: name for name in columns}}
        stated["invoices"] = own
    return Run(project.build(stated | options), folder / "work")
