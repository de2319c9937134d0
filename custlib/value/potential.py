"""Makes ``customer_potential``: expected profit from products a customer does not use yet (cross-selling).

Reads ``transactions``. CPV_i = sum over the products j that customer i does not use yet of Prob_ij x Profit_j.
Customers are counted in cells: the set of the most used products they bought, a class of frequency and a class of
recency (``rules/potential.toml``). For each product a logistic regression of adoption is fitted on an earlier window
and tested on the last one; where it does not beat a constant rate there, the rate is used. A model that passes is
refitted on both windows. Profit_j is the mean profit, before the cost to serve, that an adopter brought with j within
a window, discounted to its start.
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import ModelError
from custlib.graph import table, value
from custlib.models import adoption
from custlib.project import Project
from custlib.value.holdings import (
    KEY,
    Window,
    all_known,
    customers_at,
    features_of,
    most_used,
    products_table,
    read_window,
)
from custlib.value.holdout_period import HoldoutPeriod

Floats = NDArray[np.float64]
_RULES = rules.load("potential")


def customer_potential_sql(sql: Dialect) -> str:
    """Write the select of the potential of every customer, by cell."""
    return f"""
        select customer_id, cast(potential_value as double) as potential_value,
               cast(best_product as {sql.text_type}) as best_product,
               cast(best_probability as double) as best_probability
        from ({customers_at(sql)}) join potential_scores using ({", ".join(KEY)})"""


def nothing_known(sql: Dialect) -> str:
    """Write the select of every customer with null potential, for sources without products."""
    return f"""
        select customer_id, cast(null as double) as potential_value, cast(null as {sql.text_type}) as best_product,
               cast(null as double) as best_probability
        from transactions where is_purchase and day <= :since group by customer_id"""


def make_customer_potential(
    engine: Engine, *, as_of: dt.date, window_days: int, daily_rate: float, has_money: bool = True
) -> dict[str, Any]:
    """Make the table of potential value."""
    end = as_of - dt.timedelta(days=window_days)
    days: dict[str, Any] = {"window_days": float(window_days)}
    used = _most_used(engine, end)
    reason = _why_none(engine, is_empty=used.empty, as_of=as_of) if has_money else "no_money"
    if reason:
        engine.make("customer_potential", nothing_known(engine.dialect), since=as_of)
        return {"products": [], "tenths": [], "reason": reason, "is_checked": False, **days}
    names = [str(name) for name in used["product"]]
    engine.attach_frame("potential_products", products_table(names))
    earlier = read_window(engine, end - dt.timedelta(days=window_days), end, window_days, daily_rate, len(names))
    last = read_window(engine, end, as_of, window_days, daily_rate, len(names))
    now = read_window(engine, as_of, as_of, window_days, daily_rate, len(names))
    models = [learn(earlier, last, place) for place in range(len(names))]
    engine.attach_frame("potential_scores", scores(now, models, names))
    engine.make("customer_potential", customer_potential_sql(engine.dialect), since=as_of, **days)
    return {
        "products": [_product(name, one, now, last) for name, one in zip(names, models, strict=True)],
        "tenths": _deciles(last, models),
        "chances": [one.to_dict(name) for name, one in zip(names, models, strict=True)],
        "customers": int(now.customers.sum()),
        "known_products": int(engine.fetch(all_known(engine.dialect), until=as_of)["products"].item()),
        "is_checked": any(one.tested for one in models),
        "reason": "",
        **days,
    }


def _most_used(engine: Engine, until: dt.date) -> pd.DataFrame:
    used = engine.fetch(most_used(engine.dialect), until=until)
    return used.sort_values(["customers", "product"], ascending=[False, True])


def _why_none(engine: Engine, *, is_empty: bool, as_of: dt.date) -> str:
    """Return the reason why no product can be tested, or an empty string."""
    if not is_empty:
        return ""
    return "no_products" if _most_used(engine, as_of).empty else "too_short"


@dataclass(frozen=True)
class Chances:
    """Probability of adopting a product: from a model of cells, or a constant rate."""

    place: int
    rate: float
    model: adoption.Adoption | None = None

    def of(self, window: Window) -> Floats:
        """Probability of adoption in each cell; 0 where the product is used already."""
        away = window.without(self.place)
        if self.model is None:
            return np.where(away, self.rate, 0.0)
        return np.where(away, adoption.chance(self.model, features_of(window.cells, self.place)), 0.0)


@dataclass(frozen=True)
class Learned:
    """The adoption model of one product, with its test.

    Attributes
    ----------
    now : Chances
        Fitted on all data: a model on both windows, or the rate of the last.
    tested : Chances or None
        The same fitted on the earlier window alone; None where it has too few customers.
    profit : float
        Mean profit of an adopter within a window, discounted to its start.
    score, base_score : float or None
        Brier scores of model and rate in the last window; None where nothing was tested.
    """

    now: Chances
    profit: float
    tested: Chances | None = None
    score: float | None = None
    base_score: float | None = None

    def to_dict(self, product: str) -> dict[str, Any]:
        """Return the model in use as plain values."""
        model = asdict(self.now.model) if self.now.model else None
        return {"product": product, "rate": self.now.rate, "model": model, "profit": self.profit}


def learn(earlier: Window, last: Window, place: int) -> Learned:
    """Fit adoption of a product on the earlier window, test it on the last, then refit on both."""
    (customers, beginners), (last_customers, last_beginners) = _without(earlier, place), _without(last, place)
    both = earlier.beginners[:, place].sum() + last.beginners[:, place].sum()
    profit = float(earlier.profits[:, place].sum() + last.profits[:, place].sum()) / both if both else 0.0
    by_rate = Chances(place, _rate(last_customers, last_beginners))
    if customers.sum() < _RULES["products"]["fewest_customers"] or not last_customers.sum():
        return Learned(by_rate, profit)
    rate = Chances(place, _rate(customers, beginners))
    base = _score(rate, last)
    if beginners.sum() < _RULES["products"]["fewest_beginners"] or beginners.sum() == customers.sum():
        return Learned(by_rate, profit, rate, None, base)
    tried = Chances(place, rate.rate, _fit([earlier], place))
    score = _score(tried, last)
    if score >= base:
        return Learned(by_rate, profit, rate, score, base)
    return Learned(Chances(place, by_rate.rate, _fit([earlier, last], place)), profit, tried, score, base)


def _without(window: Window, place: int) -> tuple[Floats, Floats]:
    away = window.without(place)
    return window.customers[away], window.beginners[away, place]


def _rate(customers: Floats, beginners: Floats) -> float:
    return float(beginners.sum() / customers.sum()) if customers.sum() else 0.0


def _fit(windows: list[Window], place: int) -> adoption.Adoption:
    features = np.vstack([features_of(window.cells[window.without(place)], place) for window in windows])
    customers, beginners = (np.concatenate(part) for part in zip(*(_without(w, place) for w in windows), strict=True))
    return adoption.fit(features, customers, beginners, penalty=_RULES["learning"]["penalty"])


def _score(chances: Chances, window: Window) -> float:
    away = window.without(chances.place)
    return adoption.brier(chances.of(window)[away], *_without(window, chances.place))


def scores(now: Window, learned: list["Learned"], names: list[str]) -> pd.DataFrame:
    """Score every cell: expected profit from unused products, and the product with the largest share of it."""
    chances = np.array([one.now.of(now) for one in learned])
    expected = chances * np.maximum([one.profit for one in learned], 0.0)[:, None]
    best = expected.argmax(axis=0)
    at = best, np.arange(len(now.cells))
    wins = expected[at] > 0
    return now.cells[KEY].assign(
        potential_value=expected.sum(axis=0),
        best_product=pd.Series([names[n] if win else None for n, win in zip(best, wins, strict=True)], dtype="string"),
        best_probability=np.where(wins, chances[at], np.nan),
    )


def _product(name: str, one: Learned, now: Window, last: Window) -> dict[str, Any]:
    """Summarise a product: users, expected and actual adopters in the test window, and expected adopters next."""
    place, without = one.now.place, now.without(one.now.place)
    expected = float(one.now.of(now) @ now.customers)
    return {
        "product": name,
        "users": int(now.customers[~without].sum()),
        "not_yet": int(now.customers[without].sum()),
        "profit": float(one.profit),
        "expected_next": expected,
        "potential": expected * max(float(one.profit), 0.0),
        "expected": float(one.tested.of(last) @ last.customers) if one.tested else None,
        "actual": int(last.beginners[:, place].sum()),
        "brier": one.score,
        "base_brier": one.base_score,
        "by": "model" if one.now.model else "rate",
    }


def _deciles(last: Window, learned: list[Learned]) -> list[dict[str, float]]:
    """Compare predicted with actual adoption in the last window by decile, over all tested products."""
    tested = [one.tested for one in learned if one.tested]
    if not tested:
        return []
    counts = [_without(last, one.place) for one in tested]
    chances = [one.of(last)[last.without(one.place)] for one in tested]
    customers, beginners = (np.concatenate(part) for part in zip(*counts, strict=True))
    return adoption.by_tenth(np.concatenate(chances), customers, beginners)


@table(records=("product_potential",))
def customer_potential(
    engine: Engine, project: Project, quality: dict[str, Any], holdout_period: HoldoutPeriod, transactions: str
) -> dict[str, Any]:
    """Expected profit of each customer from products not used yet."""
    del transactions
    if "product" not in quality["columns"]:
        raise ModelError("potential: the purchases name no product. Map a column to product.", reason="no_products")
    record = make_customer_potential(
        engine, as_of=project.as_of, window_days=holdout_period.days, daily_rate=project.daily_discount_rate,
        has_money=quality["has_amount"],
    )  # fmt: skip
    return {"product_potential": record}


@value
def potential(product_potential: dict[str, Any]) -> dict[str, Any]:
    """Summary of the potential by product, with its test."""
    if product_potential["reason"] in ("no_products", "no_money"):
        raise ModelError("potential: there are no products, or no money.", reason=product_potential["reason"])
    return product_potential
