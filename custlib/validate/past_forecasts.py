"""Makes ``past_forecasts``: the printed forecast as it would have been made on earlier days, compared with what came.

Reads ``transactions``. For every origin models of purchases and spend are fitted on the purchases up to it, and the
purchases and the revenue of the window that follows are forecast for the customers known then, with the variance that
the models state; for all of them, and for those who had bought once, few times and many times. All origins come from
one pass of the purchases. From the errors follows the excess error of today's forecast (`custlib.value.excess_error`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import REFUSED, Refusal, record, value
from custlib.models import gammagamma
from custlib.models.forecasting import LifetimeModel, to_dict
from custlib.project import Project
from custlib.validate.rolling_origins import Origin, origins
from custlib.value import excess_error as excess
from custlib.value import spend, uncertainty
from custlib.value.activity import DAY_BINS, activity_at, cells_sql, spend_cells_sql
from custlib.value.excess_error import BY_FREQUENCY, WHOLE, ExcessError
from custlib.value.forecast_intervals import AGE_BINS
from custlib.value.history import History, Money, write_history
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.lifetime import read_model
from custlib.value.model_selection import RANDOM, Procedure, pair_regularities, procedure
from custlib.value.sampled_days import customers_at
from custlib.value.seasonal.season_index import DailyPurchases, Season
from custlib.value.spend import Spend, SpendModel

_MOST_CELLS = 30_000  # of one origin: bins of days are widened until there are no more
_LONGEST_BIN = 28
_SPEND_STEPS = 200  # bins of spend per factor e


@dataclass(frozen=True)
class PastForecast:
    """What was known of the purchases and the spend at an origin, and what was forecast and came by group."""

    origin: Origin
    model: LifetimeModel
    spend: SpendModel
    totals: tuple[dict[str, Any], ...]


def end_name(day: dt.date) -> str:
    """Name an end of a history by its day."""
    return f"e{day:%Y%m%d}"


def define_origins(engine: Engine, earlier: list[Origin], money: Money) -> None:
    """Define the customers known at each origin, with their purchases and revenue in the window after it."""
    days = sorted({day for origin in earlier for day in (origin.day, origin.until)}, reverse=True)
    plain = replace(money, daily_rate=0.0, cost_to_serve=0.0, has_margins=False)  # revenue is all that is compared
    history = f"{earlier[0].name}_history"
    write_history(engine, history, History({end_name(day): day for day in days}, days[-1], plain))
    for origin in earlier:
        end, until = end_name(origin.day), end_name(origin.until)
        also = (
            f", coalesce(purchase_days_{until}, 0) - purchase_days_{end} as actual"
            f", coalesce(amount_{until}, 0) - coalesce(amount_{end}, 0) as actual_revenue"
        )
        select = activity_at(engine.dialect, end, history=history, also=also)
        engine.define(origin.name, select, of=(history,), as_of=origin.day)


def count_origin(engine: Engine, origin: Origin, money: Spend, *, days: int, segments: str = "") -> pd.DataFrame:
    """Count the customers of an origin in cells ``days`` wide, with their expected spend and what they bought later.

    ``segments`` is a select of the segment of each customer.
    """
    sql = engine.dialect
    recency, age = (sql.divide(name, str(days)) for name in ("recency", "T"))
    of = f"{origin.name} join ({segments}) s using (customer_id)" if segments else origin.name
    segment = "segment" if segments else f"'{WHOLE}'"
    values: dict[str, Any] = spend.parameters(money)
    cells = engine.fetch(
        f"select segment, frequency, avg(recency) as recency, avg(T) as T, count(*) as customers,"
        " sum(actual) as actual, sum(cast(actual_revenue as double)) as actual_revenue,"
        " coalesce(sum(spent), 0) as money, coalesce(sum(spent * spent), 0) as money_squares"
        f" from (select *, {spend.expected_spend(sql, money)} as spent"
        f" from (select a.*, {segment} as segment from {of.replace(origin.name, f'{origin.name} a', 1)}))"
        f" group by segment, frequency, {recency}, {age}",
        **values,
    )
    return cells.sort_values(["segment", "frequency", "recency", "T"], ignore_index=True).astype({"actual": float})


def _bin_days(engine: Engine, origin: Origin) -> int:
    """Choose the narrowest bins of days in which the customers of an origin make not too many cells."""
    for days in DAY_BINS:
        cells = cells_sql(engine.dialect, origin.name, days)
        if engine.fetch(f"select count(*) as n from ({cells})")["n"].item() <= _MOST_CELLS:
            return days
    return _LONGEST_BIN


def coarser(cells: pd.DataFrame) -> pd.DataFrame:
    """Merge cells in as many bins of T and recency as intervals are computed in.

    Examples
    --------
    >>> cells = pd.DataFrame({"segment": "all", "frequency": 0, "recency": 0.0, "T": [98.0, 99.0], "customers": [1, 3]})
    >>> coarser(cells)[["T", "customers"]].to_numpy().tolist()
    [[98.75, 4.0]]
    """
    usual = 2 * float(np.average(cells["T"], weights=cells["customers"]))  # as in `age_bin`
    days = max(1.0, min(float(cells["T"].max()), usual) / AGE_BINS) + 1e-9
    keys = [cells["segment"], cells["frequency"], cells["recency"] // days, cells["T"] // days]
    weights = cells["customers"]
    weighted = cells.assign(recency=cells["recency"] * weights, T=cells["T"] * weights)
    sums = weighted.drop(columns=["segment", "frequency"]).groupby(keys, sort=True).sum()
    sums.index.names = ["segment", "frequency", "recency_bin", "age_bin"]
    sums = sums.reset_index()
    return sums.assign(recency=sums["recency"] / sums["customers"], T=sums["T"] / sums["customers"])


def past_totals(
    cells: pd.DataFrame, model: LifetimeModel, spending: SpendModel, days: int, groups: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Forecast purchases and revenue of groups of cells, with the variance of either, beside what came."""
    cells = _with_forecast(cells, model, days)
    purchases, revenue = uncertainty.totals(model, spending, cells, float(days))
    rows = []
    for name, chosen in groups.items():
        inside = np.asarray(chosen(cells), dtype=float)
        sums = {column: float(cells[column].to_numpy(dtype=float) @ inside) for column in
                ("customers", "expected", "gross", "actual", "actual_revenue")}  # fmt: skip
        rows.append(
            {
                "group": name, "customers": sums["customers"], "purchases_expected": sums["expected"],
                "purchases_variance": purchases.total(inside).variance, "purchases_actual": sums["actual"],
                "revenue_expected": sums["gross"], "revenue_variance": revenue.total(inside).variance,
                "revenue_actual": sums["actual_revenue"],
            }
        )  # fmt: skip
    return rows


def _with_forecast(cells: pd.DataFrame, model: LifetimeModel, days: int) -> pd.DataFrame:
    """Add the columns that the variance of a total takes: nothing is discounted, and no purchase has a cost."""
    each = uncertainty.expected(model, cells, float(days))
    total = each * cells["customers"]
    return cells.assign(expected=total, gross=each * cells["money"], gross_squares=cells["money_squares"], units=total)


def by_frequency() -> dict[str, Any]:
    """Choose the cells of the whole and of those who bought once, few times and many times."""
    bands = {
        name: lambda cells, least=least, most=most: cells["frequency"].between(least, most)
        for name, (least, most) in BY_FREQUENCY.items()
    }
    return {WHOLE: lambda cells: np.ones(len(cells)), **bands}


def forecasts(
    engine: Engine, earlier: list[Origin], how: Procedure, *, has_amount: bool, spend_days: str = "", currency: str = ""
) -> list[dict[str, Any]]:
    """Forecast from each origin that was defined, the latest first; one with too little to fit is left out.

    ``spend_days`` are the purchase days that spend is computed from; without them one-time buyers have the common mean.
    Every search starts at the fit of the origin before, so that nothing is known of what came later. Where forecasts
    follow a season, an origin that knew less than a year is left out: it says nothing of such a forecast.
    """
    days = _bin_days(engine, earlier[0])  # the latest has most customers
    regular = pair_regularities(engine, [origin.day for origin in earlier]) if how.is_averaged else {}
    rows: list[dict[str, Any]] = []
    near: LifetimeModel | None = None
    for origin in reversed(earlier):
        try:
            money = _spend_at(engine, origin, spend_days) if has_amount else (Spend("none"), None)
            cells = count_origin(engine, origin, money[0], days=days)
            if is_enough(cells):
                near = how.model(cells, origin.day, ticks=regular.get(origin.day, RANDOM).ticks, near=near)
                rows.append(_forecast(origin, cells, near, money, currency))
        except ModelError:
            continue
    return rows[::-1]


def is_enough(cells: pd.DataFrame) -> bool:
    """Whether there are enough repeat purchases to fit a model of them."""
    return bool((cells["frequency"] * cells["customers"]).sum() >= rules.load("backtest")["excess"]["fewest_repeats"])


def _forecast(
    origin: Origin, cells: pd.DataFrame, model: LifetimeModel, money: SpendModel, currency: str
) -> dict[str, Any]:
    """Write the forecast of an origin beside what came."""
    expected, fitted = money
    written = gammagamma.to_dict(fitted, money_unit=currency) if fitted else None
    return {
        "day": origin.day.isoformat(),
        "days": origin.days,
        "fit": to_dict(model, time_unit="day"),
        "spend": {"spend": spend.to_dict(expected), "model": written},
        "totals": past_totals(coarser(cells), model, money, origin.days, by_frequency()),
    }


def _spend_at(engine: Engine, origin: Origin, spend_days: str) -> SpendModel:
    cells = f"{origin.name}_spend"
    engine.define(cells, spend_cells_sql(engine.dialect, origin.name, _SPEND_STEPS), of=(origin.name,))
    money, fitted = spend.fit_or_none(engine, cells)
    if spend_days and money.kind != "none":
        known = customers_at(engine, origin.day)
        money = replace(money, days=spend_days)
        money = spend.with_one_time_buyers(engine, money, known, origin.name, horizon_days=origin.days)
    return money, fitted


def read_past(content: list[dict[str, Any]]) -> list[PastForecast]:
    """Read past forecasts from their record."""
    return [
        PastForecast(
            Origin(dt.date.fromisoformat(row["day"]), row["days"]), read_model(row["fit"]),
            spend.read_spend(row["spend"]), tuple(row["totals"]),
        )
        for row in content
    ]  # fmt: skip


def first_day(project: Project, holdout_period: HoldoutPeriod) -> dt.date:
    """Return the day that the history begins on, but for a lonely date years before."""
    return project.as_of - dt.timedelta(days=holdout_period.covered)


@record(load=read_past)
def past_forecasts(
    engine: Engine,
    project: Project,
    quality: dict[str, Any],
    holdout_period: HoldoutPeriod,
    transactions: str,
    history_money: Money,
    season: Season | None,
    daily_purchases: DailyPurchases,
    sampled_days: str | Refusal = REFUSED,
    spend_choice: dict[str, Any] | Refusal = REFUSED,
) -> list[dict[str, Any]]:
    """Forecasts of the printed horizon from earlier days; of half of it where the purchases are too recent."""
    del transactions, sampled_days
    first, how = first_day(project, holdout_period), procedure(project, season, daily_purchases)
    money = {"has_amount": quality["has_amount"], "currency": project.currency}
    spend_days = "" if isinstance(spend_choice, Refusal) else spend_choice["days"]
    differs = season is not None and season.differs
    past: list[dict[str, Any]] = []
    for days in (project.horizon_days, project.horizon_days // 2):
        known: dict[str, Any] = {"first_day": first, "as_of": project.as_of, "is_seasonal": differs}
        earlier = origins(days=days, **known) if days and not past else []
        if earlier:
            define_origins(engine, earlier, history_money)
            past = forecasts(engine, earlier, how, spend_days=spend_days, **money)
    return past


def totals_of(past: Iterable[PastForecast]) -> pd.DataFrame:
    """Gather the totals of past forecasts in a frame, a row for each origin and group."""
    return pd.DataFrame([{"origin": one.origin.day} | row for one in past for row in one.totals])


@value
def excess_error(project: Project, customer_base: dict[str, Any], past_forecasts: list[PastForecast]) -> ExcessError:
    """Excess error of the forecast, of the whole and of those who bought once, few times and many times."""
    tested = past_forecasts[0].origin.days if past_forecasts else 0
    return excess.excess_error(
        totals_of(past_forecasts), horizon_days=project.horizon_days, tested_days=tested,
        customers=float(customer_base["customers"]),
    )  # fmt: skip
