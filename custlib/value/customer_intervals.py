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
from custlib.models.forecasting import Histories, LifetimeModel
from custlib.models.forecasting.lifetime_models import SingleModel
from custlib.models.gammagamma import GammaGamma
from custlib.project import Project
from custlib.value.uncertainty import expected, histories

Floats = NDArray[np.float64]
_DRAWS = 40  # models, each with parameters of its own
_FUTURES = 10  # of each
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
    engine: Engine, name: str, model: LifetimeModel, spend: GammaGamma | None, *, horizon_days: int
) -> None:
    """Make the table of intervals per customer."""
    distinct = engine.fetch("select distinct frequency, recency, T from customer_value order by frequency, recency, T")
    engine.attach_frame("futures", futures(distinct, model, spend, float(horizon_days)))
    engine.make(name, customer_intervals_sql())


def futures(cells: pd.DataFrame, model: LifetimeModel, spend: GammaGamma | None, horizon: float) -> pd.DataFrame:
    """Simulate purchases and money over the horizon for each distinct history, and take their quantiles.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> one = pd.DataFrame({"frequency": [2], "recency": [200.0], "T": [210.0]})
    >>> int(futures(one, as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4)), None, 365.0)["purchases_low"].item())
    0
    """
    random = np.random.default_rng(0)
    drawn = _drawn(model, random)
    parts = [
        _block(drawn, spend, histories(cells.iloc[start : start + _BLOCK]), horizon, random)
        for start in range(0, len(cells), _BLOCK)
    ]
    names = ("purchases_low", "purchases_high", "money_low", "money_high")
    quantiles = np.concatenate(parts, axis=1) if parts else np.zeros((4, 0))
    quantiles[2:] /= np.maximum(expected(model, cells, horizon), 1e-300)
    return cells.assign(**dict(zip(names, quantiles, strict=True)))


def _drawn(model: LifetimeModel, random: np.random.Generator) -> list[SingleModel]:
    """Draw models: those of an average by their weights, each with parameters drawn from their covariance."""
    ends = np.cumsum([weight for weight, _ in model.members])
    drawn = []
    for place in np.searchsorted(ends, (np.arange(_DRAWS) + 0.5) / _DRAWS * ends[-1]):
        _, member = model.members[place]
        values, directions = np.linalg.eigh(member.log_covariance)
        steps = directions @ (np.sqrt(np.maximum(values, 0.0)) * random.standard_normal(values.size))
        restated = member.restated(member.values * np.exp(steps))
        assert isinstance(restated, SingleModel)
        drawn.append(restated)
    return drawn


def _block(
    drawn: list[SingleModel], spend: GammaGamma | None, known: Histories, horizon: float, random: np.random.Generator
) -> Floats:
    """Compute quantiles of purchases, and of money at a mean spend of 1, for one block of histories."""
    bought = np.concatenate([model.simulate(known, horizon, _FUTURES, random) for model in drawn], axis=1)
    money, x = bought, np.broadcast_to(known.frequency[:, None], bought.shape)
    if spend is not None and spend.p * x.min() + spend.q > 1:
        shape = spend.p * x + spend.q
        level = (shape - 1) / random.gamma(shape)  # mean 1
        money = np.where(bought > 0, random.gamma(np.maximum(spend.p * bought, 1e-300)) * level / spend.p, 0.0)
    low, high = np.quantile(bought, _TAILS, axis=1, method="inverted_cdf")
    least, most = np.quantile(money, _TAILS, axis=1)
    return np.stack([low, high, least, most])


@table
def customer_intervals(
    engine: Engine,
    project: Project,
    customer_value: str,
    lifetime_model: LifetimeModel,
    spend_model: tuple[Any, GammaGamma | None],
) -> None:
    """95 % interval of the forecast of each customer."""
    del customer_value
    days = project.horizon_days
    make_customer_intervals(engine, "customer_intervals", lifetime_model, spend_model[1], horizon_days=days)
