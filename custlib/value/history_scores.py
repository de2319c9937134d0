"""Makes ``history_scores``: what the lifetime model says of each distinct frequency, recency and T.

Reads customer activity. Every lifetime model, or an average of several, is computed once for each distinct history, in
NumPy, part by part, and joined to the customers in the engine.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from custlib.engine.base import Engine
from custlib.graph import table
from custlib.models.cells import Array
from custlib.models.forecasting import Histories, LifetimeModel
from custlib.project import Project
from custlib.value.holdout_period import HoldoutPeriod

KEY = ("frequency", "recency", "T")
Score = Callable[[Histories], Mapping[str, Array]]  # columns by name
_PART = 200_000  # histories at a time
_MOST = 10_000_000  # with one T


def make_scores(engine: Engine, name: str, customers: str, score: Score) -> None:
    """Make a table of scores of each distinct history of a table, or a select, of customers.

    What is no finite number is null.
    """
    parts = list(_parts(engine, customers))
    if len(parts) == 1:
        engine.attach_frame(name, _scored(engine, customers, parts[0], score))
        return
    names = [f"{name}_{number}" for number in range(len(parts))]
    for own, part in zip(names, parts, strict=True):
        engine.attach_frame(own, _scored(engine, customers, part, score))
    engine.make(name, " union all ".join(f"select * from {own}" for own in names))
    for own in names:
        engine.drop(own)


def _distinct(customers: str) -> str:
    """Write the select of the distinct histories."""
    return f"select distinct {', '.join(KEY)} from {customers}"


def _parts(engine: Engine, customers: str) -> Iterator[tuple[int, int]]:
    """Divide the values of T so that the histories of each part are not too many: the least and the most of each."""
    ages = engine.fetch(
        f"select T, count(*) as histories from ({_distinct(customers)}) h group by T order by T"
    )  # a part begins anew at each T, so that what depends on T and frequency alone is computed once
    number = ages["histories"].to_numpy(dtype=np.int64).cumsum() // _PART
    each = [(int(own.min()), int(own.max())) for _, own in ages["T"].groupby(number)]
    yield from each or [(0, 0)]


def _scored(engine: Engine, customers: str, part: tuple[int, int], score: Score) -> pd.DataFrame:
    """Compute the scores of the histories of a part."""
    histories = engine.fetch(
        f"{_distinct(customers)} where T between :least and :most order by {', '.join(KEY)}",
        limit=_MOST, least=part[0], most=part[1],
    )  # fmt: skip
    known = Histories.of(*(histories[column].to_numpy(dtype=float) for column in KEY))
    columns = {name: np.asarray(column, dtype=float) for name, column in score(known).items()}
    return histories.assign(**{name: np.where(np.isfinite(one), one, np.nan) for name, one in columns.items()})


def score_customers(
    engine: Engine, name: str, customers: str, model: LifetimeModel, *, horizon_days: int, daily_rate: float,
    residual_rate: float | None = None,
) -> None:  # fmt: skip
    """Make the table of forecasts of the horizon, and of all time to come where there is a rate for that.

    P(alive) is null where no model has an occasion to drop out, so that it is 1 whatever came since: after a single
    purchase under BG/NBD.
    """
    horizon = float(horizon_days)

    def score(known: Histories) -> dict[str, Array]:
        unknown = np.full(known.size, np.nan)
        return {
            "probability_alive": np.where(model.can_have_left(known), model.probability_alive(known), np.nan),
            "probability_of_purchase": model.probability_of_purchase(known, horizon),
            "expected_purchases": model.expected_purchases(known, horizon),
            "discounted_purchases": model.discounted_purchases(known, horizon, daily_rate),
            "residual_purchases": (
                unknown if residual_rate is None else residual_purchases(model, known, residual_rate)
            ),
        }

    make_scores(engine, name, customers, score)


def residual_purchases(model: LifetimeModel, histories: Histories, daily_rate: float) -> Array:
    """Expect the purchases in all time to come; infinite without a discount where too many customers stay for ever.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> known = Histories.of([0], [0], [90])
    >>> residual_purchases(as_lifetime_model(BGNBD(0.25, 31.0, 2.0, 5.0)), known, 0.0)
    array([6.])
    """
    return model.residual_transactions(histories, daily_rate) if daily_rate else model.lasting_purchases(histories)


@table
def history_scores(engine: Engine, project: Project, customer_activity: str, lifetime_model: LifetimeModel) -> None:
    """Forecasts by frequency, recency and T."""
    score_customers(
        engine, "history_scores", customer_activity, lifetime_model, horizon_days=project.horizon_days,
        daily_rate=project.daily_discount_rate, residual_rate=project.daily_discount_rate,
    )  # fmt: skip


@table
def calibration_scores(
    engine: Engine,
    project: Project,
    holdout_period: HoldoutPeriod,
    calibration_activity: str,
    calibration_model: LifetimeModel,
) -> None:
    """Forecasts of the holdout by frequency, recency and T."""
    score_customers(
        engine, "calibration_scores", calibration_activity, calibration_model, horizon_days=holdout_period.days,
        daily_rate=project.daily_discount_rate,
    )  # fmt: skip
