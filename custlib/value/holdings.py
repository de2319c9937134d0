"""Counts customers by the products they use, frequency and recency, and the adopters of each product in a window.

Reads ``transactions``. A customer uses every product ever bought. Customers are counted in cells: the set of the most
used products (as a sum of powers of two), a class of frequency and a class of recency (``rules/potential.toml``), so
that only counts leave the engine.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect

Floats = NDArray[np.float64]
KEY = ["holdings", "frequency_class", "recency_class"]
_RULES = rules.load("potential")


def customers_at(sql: Dialect, *, known: str = ":since", products: str = "potential_products") -> str:
    """Write the select of the cell of every customer who bought up to ``:since``, in windows of ``:window_days``.

    ``known`` is the last day of purchases to count, ``products`` the table that numbers the products.
    """
    quiet = sql.days("cast(:since as date)", "max(day)")
    return f"""
        select customer_id, cast(coalesce(holdings, 0) as bigint) as holdings,
               {_class_of("frequency", _RULES["classes"]["frequency"])} as frequency_class,
               {_class_of("quiet", _RULES["classes"]["recency"])} as recency_class
        from (
            select customer_id, count(*) - 1 as frequency, {quiet} / cast(:window_days as double) as quiet
            from (select distinct customer_id, day from transactions where is_purchase and day <= {known})
            group by customer_id)
        left join (
            select customer_id, sum(weight) as holdings
            from (select distinct customer_id, weight from transactions join {products} using (product)
                  where is_purchase and day <= {known})
            group by customer_id) using (customer_id)"""


def _class_of(column: str, thresholds: list[float]) -> str:
    cases = " ".join(f"when {column} <= {threshold!r} then {n}" for n, threshold in enumerate(thresholds))
    return f"case {cases} else {len(thresholds)} end"


def cells_at(sql: Dialect) -> str:
    """Write the select that counts the customers of each cell."""
    key = ", ".join(KEY)
    return f"select {key}, count(*) as customers from ({customers_at(sql)}) group by {key}"


def begun(sql: Dialect) -> str:
    """Write the select of adopters and their profit by cell and product, after ``:since`` up to ``:until``."""
    key = ", ".join(KEY)
    age = sql.days("day", "cast(:since as date)")
    profit = f"cast(profit as double) * exp(-cast(:daily_rate as double) * {age})"
    new = f"{sql.divide('holdings', 'weight')} % 2 = 0"
    return f"""
        select {key}, place, count(*) as beginners, sum(profit) as profit
        from ({customers_at(sql)})
        join (select customer_id, place, weight, bool_or(is_purchase) as has_bought,
                     sum(cast(round({profit} * 1e6) / 1e6 as decimal(38, 6))) as profit
              from transactions join potential_products using (product)
              where day > :since and day <= :until
              group by customer_id, place, weight) using (customer_id)
        where has_bought and {new} group by {key}, place"""


def most_used(sql: Dialect) -> str:
    """Write the select of the products with the most customers up to ``:until``."""
    del sql
    chosen = _RULES["products"]
    return f"""
        select product, customers from (
            select product, count(distinct customer_id) as customers from transactions
            where is_purchase and product is not null and day <= :until group by product)
        where customers >= {chosen["fewest_customers"]} order by customers desc, product limit {chosen["most"]}"""


def all_known(sql: Dialect) -> str:
    """Write the select that counts the products bought up to ``:until``."""
    del sql
    return """
        select count(distinct product) as products from transactions
        where is_purchase and product is not null and day <= :until"""


@dataclass(frozen=True)
class Window:
    """Cells at the start of a window, with the adopters of each product within it.

    Attributes
    ----------
    cells : pandas.DataFrame
        ``KEY`` and ``customers``, sorted.
    beginners, profits : ndarray of shape (cells, products)
        Customers who first bought each product in the window, and the profit they brought with it.
    """

    cells: pd.DataFrame
    beginners: Floats
    profits: Floats

    def without(self, place: int) -> NDArray[np.bool_]:
        """Mark the cells that do not use a product yet."""
        return ((self.cells["holdings"].to_numpy(dtype=np.int64) >> place) & 1) == 0

    @property
    def customers(self) -> Floats:
        """Customers of each cell."""
        return self.cells["customers"].to_numpy(dtype=float)


def products_table(names: list[str]) -> pd.DataFrame:
    """Number the products and weigh each with a power of two, so that a sum of weights encodes a set.

    Examples
    --------
    >>> products_table(["tea", "cake"]).to_dict("list")
    {'product': ['tea', 'cake'], 'place': [0, 1], 'weight': [1, 2]}
    """
    places = range(len(names))
    return pd.DataFrame({"product": names, "place": list(places), "weight": [2**n for n in places]})


def read_window(
    engine: Engine, since: dt.date, until: dt.date, window_days: int, daily_rate: float, products: int
) -> Window:
    """Read the cells at the start of a window and the adopters within it."""
    days: dict[str, Any] = {"since": since, "window_days": float(window_days)}
    cells = engine.fetch(cells_at(engine.dialect), **days).sort_values(KEY, ignore_index=True)
    new = engine.fetch(begun(engine.dialect), until=until, daily_rate=daily_rate, **days)
    rows = new.merge(cells[KEY].assign(row=np.arange(len(cells))), on=KEY)
    counted = np.zeros((2, len(cells), products))
    at = rows["row"].to_numpy(dtype=int), rows["place"].to_numpy(dtype=int)
    counted[0][at], counted[1][at] = rows["beginners"].to_numpy(dtype=float), rows["profit"].to_numpy(dtype=float)
    return Window(cells, counted[0], counted[1])


def features_of(cells: pd.DataFrame, place: int) -> Floats:
    """Encode cells as features: the other products used, log frequency, and classes of recency.

    Examples
    --------
    A customer of the first and third product with two or three repeat purchase days, who bought recently:

    >>> cell = pd.DataFrame({"holdings": [0b101], "frequency_class": [2], "recency_class": [0]})
    >>> features_of(cell, 2).round(2).tolist()
    [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.1, 0.0, 0.0, 0.0]]
    """
    uses = cells["holdings"].to_numpy(dtype=np.int64)[:, None] >> np.arange(_RULES["products"]["most"]) & 1
    uses[:, place] = 0
    classes = _RULES["classes"]
    least = np.log1p([0.0, *(threshold + 1.0 for threshold in classes["frequency"])])
    often = least[cells["frequency_class"].to_numpy(dtype=int)]
    lately = cells["recency_class"].to_numpy(dtype=int)[:, None] == np.arange(1, len(classes["recency"]) + 1)
    return np.column_stack([uses, often, lately]).astype(float)
