"""Small bases made from lists of purchases."""

import atexit
import datetime as dt
from functools import cache
from itertools import count

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from custlib.engine.duckdb import DuckDB, connect
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import as_lifetime_model
from custlib.value import activity, customer_value, history_scores
from custlib.value.margins import Margins
from custlib.value.spend import Spend

MODEL = BGNBD(0.25, 31.0, 0.8, 2.4)
FORECAST = as_lifetime_model(MODEL)
MONEY = Spend("gamma_gamma", 15.44, 2.74 / 6.25, 6.25 * 15.44 / 2.74)
AS_OF = dt.date(2025, 12, 31)
DAILY_RATE = float(np.log1p(0.10) / 365)


SCHEMAS = count()


class SharedDuckDB(DuckDB):
    """An engine with a schema of its own in one database of the test process: to open one takes as long as a test.

    It cannot be sealed, and spills nothing.
    """

    def __init__(self, folder):
        super().__init__(folder, threads=1)

    def _connected(self, settings):
        self._schema = f"engine_{next(SCHEMAS)}"
        connection = shared_database(frozenset((settings | {"temp_directory": ""}).items())).cursor()
        connection.execute(f"create schema {self._schema}; use {self._schema}")
        return connection

    def seal(self, **options):
        raise AssertionError("an engine of a shared database cannot be sealed: open a DuckDB")

    def close(self):
        self._execute(f"use main; drop schema {self._schema} cascade")
        super().close()


@cache
def shared_database(settings):
    """The database that engines with the same settings share."""
    return connect(dict(settings))


atexit.register(shared_database.cache_clear)


def open_base(folder, rows, *, margin=1.0):
    """An engine with transactions, one row per line, from (customer, day, amount), or with a product.

    A negative amount is a refund.
    """
    engine = SharedDuckDB(folder)
    customers, days, amounts, products = (
        list(column) for column in zip(*((*row, None)[:4] for row in rows), strict=True)
    )
    paid = np.array(amounts, dtype=float)
    money = pa.decimal128(18, 4)
    lines = {
        "customer_id": pa.array(customers),
        "day": pa.array([day if isinstance(day, dt.date) else dt.date.fromisoformat(day) for day in days], pa.date32()),
        "amount": pa.array(paid).cast(money),
        "profit": pa.array(paid * margin).cast(money),
        "is_purchase": paid >= 0,
        "is_refund": paid < 0,
        "product": pa.array(products, pa.string()),
    }
    pq.write_table(pa.table(lines), folder / "transactions.parquet")  # as the engine would, in half the time
    engine.open("transactions")
    return engine


def shop(customers=60, *, seed=0):
    """Purchases of a small shop: rates, drop-out and spend differ between customers."""
    random = np.random.default_rng(seed)
    rows = []
    for n in range(customers):
        day = int(random.integers(0, 200))
        spend, drop = random.gamma(6, random.uniform(2, 9)), random.beta(1, 3)
        while day < 365:
            amount = round(float(random.gamma(6, spend / 6)), 2)
            rows.append((f"c{n:03}", dt.date(2025, 1, 1) + dt.timedelta(days=day), amount))
            if random.random() < drop:
                break
            day += 1 + int(random.exponential(30))
    return rows


def make_value(engine, *, model=MODEL, money=MONEY, margin=1.0, cost_to_serve=0.0, horizon_days=365, as_of=AS_OF):
    """Activity, scores and value from the transactions of an engine."""
    activity.make_activity(engine, "customer_activity", as_of=as_of, daily_rate=DAILY_RATE, cost_to_serve=cost_to_serve)
    history_scores.score_customers(
        engine, "history_scores", "customer_activity", as_lifetime_model(model), horizon_days=horizon_days,
        daily_rate=DAILY_RATE, residual_rate=DAILY_RATE,
    )  # fmt: skip
    customer_value.make_customer_value(
        engine, "customer_value", "customer_activity", "history_scores", money=money, margins=Margins(margin),
        cost_to_serve=cost_to_serve,
    )  # fmt: skip


def measured(activity="customer_activity", *, as_of=AS_OF, needs=()):
    """Every measure that is asked for beside the activity, by hand; gives what stands after ``from``.

    Sums over days and products come from the transactions; the others are made up of the activity.
    """
    made = {
        "potential": "coalesce(cast(a.revenue as double), 0) / (1 + a.frequency)",
        "probability_alive": "1 / (1 + a.days_since_last / 100.0)",
        "invoices_due": "a.frequency + 1",
        "invoices_late": "a.frequency % 3",
        "invoices_overdue": "a.frequency % 2",
        "worst_delay": "a.days_since_last",
        "longest_overdue": "(a.frequency % 2) * a.days_since_last",
        "overdue_amount": "(a.frequency % 2) * 10.0",
    }
    summed = {"profit": "profit", "revenue": "amount", "purchases": "null", "quantity": "amount"}
    columns = ["count(distinct product) as products"]
    for name in needs:
        kind, _, days = name.partition("_last_")
        if days:
            inside = f"case when day > date '{as_of}' - interval {days[:-1]} day and day <= date '{as_of}' then"
            of = f"count(distinct {inside} day end)" if kind == "purchases" else f"sum({inside} {summed[kind]} end)"
            columns.append(f"coalesce({of}, 0) as {name}")
    also = "".join(f", {made[name]} as {name}" for name in needs if name in made)
    lines = f"select customer_id, {', '.join(columns)} from transactions group by customer_id"
    return f"(select a.*, l.* exclude (customer_id){also} from {activity} a left join ({lines}) l using (customer_id))"
