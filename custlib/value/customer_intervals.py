"""Makes ``customer_intervals``: a 95 % interval of purchases and value for each customer, on request.

Reads ``customer_value``. Customers with the same frequency, recency and T share one predictive distribution, and their
money relative to its expectation does not depend on past spend (Gamma-Gamma has one shape per frequency). Futures are
therefore simulated once per distinct history, with parameters drawn from the covariance of the fits, and joined in the
engine.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.engine.base import Engine
from custlib.graph import table
from custlib.models import bgnbd
from custlib.models.bgnbd_model import PARAMETERS, BetaGeometricNBD
from custlib.models.gammagamma import GammaGamma
from custlib.project import Project
from custlib.value.uncertainty import log_covariance

Floats = NDArray[np.float64]
_FUTURES = 400
_BLOCK = 2_000
_TAILS = (0.025, 0.975)


def customer_intervals_sql() -> str:
    """Write the select of one row per customer with the intervals over the horizon.

    With a cost to serve, value is no longer proportional to its expectation, so its interval is null.
    """
    return """
        select v.customer_id, f.purchases_low, f.purchases_high,
               case when v.service_cost > 0 then null else v.value * f.money_low end as value_low,
               case when v.service_cost > 0 then null else v.value * f.money_high end as value_high
        from customer_value v join futures f using (frequency, recency, T)"""


def make_customer_intervals(
    engine: Engine, name: str, model: BetaGeometricNBD, spend: GammaGamma | None, *, horizon_days: int
) -> None:
    """Make the table of intervals per customer."""
    distinct = engine.fetch("select distinct frequency, recency, T from customer_value order by frequency, recency, T")
    engine.attach_frame("futures", futures(distinct, model, spend, float(horizon_days)))
    engine.make(name, customer_intervals_sql())


def futures(histories: pd.DataFrame, model: BetaGeometricNBD, spend: GammaGamma | None, horizon: float) -> pd.DataFrame:
    """Simulate purchases and money over the horizon for each distinct history, and take their quantiles.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> one = pd.DataFrame({"frequency": [2], "recency": [200.0], "T": [210.0]})
    >>> int(futures(one, BGNBD(0.25, 31.0, 0.8, 2.4), None, 365.0)["purchases_low"].item())
    0
    """
    random = np.random.default_rng(0)
    drawn = _drawn(model, random)
    columns = [histories[name].to_numpy(dtype=float)[:, None] for name in ("frequency", "recency", "T")]
    parts = [
        _block(type(model), drawn, spend, [column[start : start + _BLOCK] for column in columns], horizon, random)
        for start in range(0, len(histories), _BLOCK)
    ]
    mean = bgnbd.expected_purchases(model, horizon, *(column[:, 0] for column in columns))
    names = ("purchases_low", "purchases_high", "money_low", "money_high")
    quantiles = np.concatenate(parts, axis=1) if parts else np.zeros((4, 0))
    quantiles[2:] /= np.maximum(mean, 1e-300)
    return histories.assign(**dict(zip(names, quantiles, strict=True)))


def _drawn(model: BetaGeometricNBD, random: np.random.Generator) -> Floats:
    """Draw one set of parameters per future from the covariance of their logarithms, shape (4, futures)."""
    logs = np.log([getattr(model, name) for name in PARAMETERS])
    covariance = log_covariance(model)
    values, directions = np.linalg.eigh(covariance)
    normal = random.standard_normal((4, _FUTURES))
    drawn: Floats = np.exp(logs[:, None] + directions @ (np.sqrt(np.maximum(values, 0.0))[:, None] * normal))
    return drawn


def _block(
    kind: type[BetaGeometricNBD], drawn: Floats, spend: GammaGamma | None, columns: list[Floats], horizon: float,
    random: np.random.Generator,
) -> Floats:  # fmt: skip
    """Compute quantiles of purchases, and of money at a mean spend of 1, for one block of histories."""
    r, alpha, a, b = drawn
    x, recency, age = columns
    occasions = kind.occasions(x)
    log_odds = (
        np.log(b + np.maximum(occasions, 1) - 1) - np.log(a) - (r + x) * np.log((alpha + age) / (alpha + recency))
    )
    alive = np.where(occasions > 0, 1 / (1 + np.exp(-np.clip(log_odds, -700, 700))), 1.0)
    rate = random.gamma(r + x, 1 / (alpha + age))
    drop = np.clip(random.beta(np.broadcast_to(a, rate.shape), b + occasions), 1e-12, 1.0)
    bought = np.minimum(random.poisson(np.minimum(rate * horizon, 1e9)), random.geometric(drop))
    bought = np.where(random.random(rate.shape) < alive, bought, 0).astype(float)
    money = bought * 1.0
    if spend is not None and spend.p * x.min() + spend.q > 1:
        shape = spend.p * x + spend.q
        level = (shape - 1) / random.gamma(np.broadcast_to(shape, rate.shape))  # mean 1
        money = np.where(bought > 0, random.gamma(np.maximum(spend.p * bought, 1e-300)) * level / spend.p, 0.0)
    low, high = np.quantile(bought, _TAILS, axis=1, method="inverted_cdf")
    least, most = np.quantile(money, _TAILS, axis=1)
    return np.stack([low, high, least, most])


@table
def customer_intervals(
    engine: Engine,
    project: Project,
    customer_value: str,
    lifetime_model: BetaGeometricNBD,
    spend_model: tuple[Any, GammaGamma | None],
) -> None:
    """95 % interval of the forecast of each customer."""
    del customer_value
    days = project.horizon_days
    make_customer_intervals(engine, "customer_intervals", lifetime_model, spend_model[1], horizon_days=days)
