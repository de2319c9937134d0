"""Makes ``customer_intervals``: a 90 % interval of purchases and value for each customer, on request.

Reads ``customer_value``. Customers with the same frequency, recency and T share one predictive distribution, and their
money relative to its expectation does not depend on past spend (Gamma-Gamma has one shape per frequency). Futures are
therefore simulated once per distinct history, with parameters drawn from the covariance of the fits, and joined in the
engine.

An interval leaves out 5 % of the futures below. Where nothing lies below its lower end, as where 5 % or more buy
nothing, the upper end leaves out what is missing, so that 90 % lie inside, not 95 %. Purchases are whole numbers: the
least interval that holds 90 % may hold more.
"""

import numpy as np

from custlib.engine.base import Engine
from custlib.graph import REFUSED, Refusal, table
from custlib.models.cells import Array
from custlib.models.forecasting import Histories, LifetimeModel
from custlib.models.forecasting.business_time import InBusinessTime
from custlib.models.forecasting.lifetime_models import SingleModel
from custlib.project import Project
from custlib.value.history_scores import make_scores
from custlib.value.on_request.joined_columns import contract_of, scored_customers
from custlib.value.spend import SpendModel
from custlib.value.spend_moments import purchase_days_known

_Simulated = SingleModel | InBusinessTime
SHARE = 0.90
_DRAWS = 40  # models, each with parameters of its own
_FUTURES = 10  # of each
_BLOCK = 2_000
_TINY = 1e-300
_LEAST_SHAPE = 1 + 1e-6  # at 1 and below spend has no finite mean


def make_customer_intervals(
    engine: Engine, name: str, model: LifetimeModel, spend: SpendModel, *, horizon_days: int, contract: str = ""
) -> None:
    """Make the table of intervals per customer.

    With a cost to serve, value is no longer proportional to its expectation, so its interval is null.
    """
    make_scores(
        engine, f"{name}_futures", "customer_value", lambda known: futures(known, model, spend, float(horizon_days))
    )
    ends = ("v.value * s.money_low / s.expected", "v.value * s.money_high / s.expected")
    columns = {
        "purchases_low": "s.purchases_low",
        "purchases_high": "s.purchases_high",
        # a margin below zero turns the ends round
        "value_low": f"case when v.service_cost = 0 then least({', '.join(ends)}) end",
        "value_high": f"case when v.service_cost = 0 then greatest({', '.join(ends)}) end",
    }
    engine.make(name, scored_customers(columns, f"{name}_futures", contract))


def futures(known: Histories, model: LifetimeModel, spend: SpendModel, horizon: float) -> dict[str, Array]:
    """Simulate purchases and money over the horizon for each history, and take their intervals.

    Money is in units of expected spend per purchase day; ``expected`` are the purchases that are expected.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> from custlib.value.spend import Spend
    >>> model, one = as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4)), Histories.of(2, 200.0, 210.0)
    >>> futures(one, model, (Spend("none"), None), 365.0)["purchases_low"]
    array([0.])
    """
    random = np.random.default_rng(0)
    drawn = _drawn(model, random)
    parts = [
        _block(drawn, spend, Histories(*known.rows[:, start : start + _BLOCK]), horizon, random)
        for start in range(0, known.size, _BLOCK)
    ]
    names = ("purchases_low", "purchases_high", "money_low", "money_high")
    ends = np.concatenate(parts, axis=1) if parts else np.zeros((len(names), 0))
    return dict(zip(names, ends, strict=True)) | {
        "expected": np.maximum(model.expected_purchases(known, horizon), _TINY)
    }


def _drawn(model: LifetimeModel, random: np.random.Generator) -> list[_Simulated]:
    """Draw models: those of an average by their weights, each with parameters drawn from their covariance."""
    ends = np.cumsum([weight for weight, _ in model.members])
    drawn = []
    for place in np.searchsorted(ends, (np.arange(_DRAWS) + 0.5) / _DRAWS * ends[-1]):
        _, member = model.members[place]
        values, directions = np.linalg.eigh(member.log_covariance)
        steps = directions @ (np.sqrt(np.maximum(values, 0.0)) * random.standard_normal(values.size))
        restated = member.restated(member.values * np.exp(steps))
        assert isinstance(restated, _Simulated)
        drawn.append(restated)
    return drawn


def _block(
    drawn: list[_Simulated], spend: SpendModel, known: Histories, horizon: float, random: np.random.Generator
) -> Array:
    """Compute the intervals of purchases, and of money at a mean spend of 1, for one block of histories."""
    bought = np.concatenate([model.simulate(known, horizon, _FUTURES, random) for model in drawn], axis=1)
    money = _money(bought, spend, known, random)
    return np.stack([*interval(bought), *interval(money)])


def _money(bought: Array, spend: SpendModel, known: Histories, random: np.random.Generator) -> Array:
    """Draw what purchases bring: the level of a customer's spend given the past, then that of each day."""
    model = spend[1]
    level, shape = np.ones_like(bought), 1.0  # without a model a day is as uncertain as its mean
    if model is not None:
        past = np.maximum(model.p * purchase_days_known(spend, known.frequency) + model.q, _LEAST_SHAPE)[:, None]
        level, shape = (past - 1) / random.gamma(np.broadcast_to(past, bought.shape)), model.p
    days = random.gamma(np.maximum(shape * bought, _TINY))
    return np.where(bought > 0, days * level / shape, 0.0)


def interval(outcomes: Array) -> tuple[Array, Array]:
    """Take the interval of each row of equally likely outcomes that holds a share of `SHARE` or, at ties, more.

    Examples
    --------
    >>> low, high = interval(np.array([[0.0] * 50 + [1.0] * 42 + [7.0] * 8, np.arange(100.0)]))
    >>> low.tolist(), high.tolist()
    ([0.0, 5.0], [1.0, 94.0])
    """
    ordered = np.sort(outcomes, axis=1)
    count = ordered.shape[1]
    first = int(np.floor((1 - SHARE) / 2 * count + 1e-9))
    low = ordered[:, first]
    below = (ordered < low[:, None]).sum(axis=1)
    last = np.minimum(below + int(np.ceil(SHARE * count - 1e-9)), count) - 1
    return low, ordered[np.arange(len(ordered)), last]


@table
def customer_intervals(
    engine: Engine,
    project: Project,
    customer_value: str,
    lifetime_model: LifetimeModel,
    spend_model: SpendModel,
    subscription_value: str | Refusal = REFUSED,
) -> None:
    """90 % interval of the forecast of each customer."""
    del customer_value
    make_customer_intervals(
        engine, "customer_intervals", lifetime_model, spend_model, horizon_days=project.horizon_days,
        contract=contract_of(project, subscription_value),
    )  # fmt: skip
