"""Fits the candidates for the model behind a forecast, and weighs them: by likelihood, at any date.

Reads cells, and ``transactions`` for how regular purchases are. With ``model = "auto"`` every candidate is fitted on
all purchases up to the date and the forecasts are averaged by tempered Akaike weights
(`custlib.models.forecasting.average`); gaps that are more even than chance replace the models of purchasing at random
by those of regular buyers. What comes after the date decides nothing: the same procedure at the end of calibration
gives the model that the holdout tests.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import ModelError
from custlib.graph import Refusal, record
from custlib.models import bgnbd
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.forecasting import LifetimeModel, average, to_dict
from custlib.models.forecasting.beta_geometric import BetaGeometricForecast
from custlib.models.forecasting.business_time import BusinessTime, InBusinessTime
from custlib.models.forecasting.gap_regularity import FEWEST_DAYS, GapRegularity, gap_regularity
from custlib.models.forecasting.model_average import criterion
from custlib.project import Project
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.lifetime import FITS, KINDS, fit_candidates, fit_counted
from custlib.value.seasonal.season_index import DailyPurchases, Season, in_business_time, seasonal_index

RANDOM = GapRegularity(1, None, 0.0, 0.0)  # purchasing at random, where nothing says otherwise


@dataclass(frozen=True)
class Procedure:
    """How the model behind a forecast is made at any date.

    Attributes
    ----------
    names : tuple of str
        The candidates; empty for all of them.
    is_averaged : bool
        Whether forecasts are averaged over the candidates, which then depend on how regular purchases are; else they
        come from the one with the lowest information criterion.
    daily : DailyPurchases, optional
        With it models are in business time, by the season as known at the date; without it in calendar time.
    """

    names: tuple[str, ...] = ()
    is_averaged: bool = True
    daily: DailyPurchases | None = None

    @property
    def reason(self) -> str:
        """Why forecasts come from the models that they come from."""
        if self.is_averaged:
            return "averaged"
        return "given" if len(self.names) == 1 else "likeliest"

    def fit(
        self, counted: pd.DataFrame, end: dt.date, *, ticks: int = 1, near: LifetimeModel | None = None
    ) -> list[LifetimeModel]:
        """Fit the candidates on a frame of cells at a date; an error where business time cannot be known by then."""
        options: dict[str, Any] = {
            "ticks": ticks if self.is_averaged else 1, "names": self.names or None, "near": near,
        }  # fmt: skip
        if self.daily is None:
            return [*fit_candidates(counted, **options)]
        index = seasonal_index(self.daily, counted, end)
        if index is None:
            raise ModelError(f"season: less than a year of repeat purchases up to {end}.", reason="no_season")
        time = BusinessTime(index, end)
        fits = fit_candidates(in_business_time(counted, time), **options)
        return [InBusinessTime(one, time) for one in fits]

    def combine(self, fits: Sequence[LifetimeModel]) -> LifetimeModel:
        """Combine fitted candidates in the model behind the forecast."""
        if not self.is_averaged:
            return min(fits, key=criterion)
        both = average(fits)
        return both if len(both.parts) > 1 else both.parts[0][1]

    def model(
        self, counted: pd.DataFrame, end: dt.date, *, ticks: int = 1, near: LifetimeModel | None = None
    ) -> LifetimeModel:
        """Fit the candidates on a frame of cells at a date and combine them."""
        return self.combine(self.fit(counted, end, ticks=ticks, near=near))


def procedure(
    project: Project, season: Season | Refusal | None = None, daily: DailyPurchases | Refusal | None = None
) -> Procedure:
    """Choose the procedure that a project asks for, in business time where there is a season."""
    is_seasonal = project.season == "auto" and isinstance(season, Season) and season.is_there
    return replace(_candidates(project), daily=daily if is_seasonal and isinstance(daily, DailyPurchases) else None)


def _candidates(project: Project) -> Procedure:
    if project.model != "auto":
        return Procedure((project.model,), is_averaged=False)
    return Procedure() if project.intervals == "full" else Procedure(tuple(FITS), is_averaged=False)


def gaps(sql: Dialect) -> str:
    """Write the select of the days between successive purchases up to ``:end``, numbered within a customer."""
    return f"""
        select customer_id, day, {sql.days("day", "previous")} as gap,
               row_number() over (partition by customer_id order by day) as number
        from (
            select customer_id, day, lag(day) over (partition by customer_id order by day) as previous
            from (select distinct customer_id, day from transactions where is_purchase and day <= :end))
        where previous is not null"""


def long_pairs(sql: Dialect, ends: Sequence[dt.date]) -> str:
    """Write the select of pairs of successive gaps, the first and second, third and fourth, ... of each customer.

    ``ends`` are counted from 0, the earliest first; ``known`` is the first of them by which both gaps had ended. Pairs
    that last less than ``:fewest_days`` together are left out: whole days cannot tell such gaps apart.
    """
    passed = " + ".join(f"case when ended > date '{end.isoformat()}' then 1 else 0 end" for end in ends)
    return f"""
        select first_gap, second_gap, {passed} as known, count(*) as pairs
        from (
            select max(case when number % 2 = 1 then gap end) as first_gap,
                   max(case when number % 2 = 0 then gap end) as second_gap, max(day) as ended
            from ({gaps(sql)}) gaps
            group by customer_id, {sql.divide("(number + 1)", "2")}) gaps_of_pairs
        where first_gap + second_gap >= :fewest_days
        group by first_gap, second_gap, {passed}
        order by first_gap, second_gap, known"""


def pair_regularities(engine: Engine, ends: Sequence[dt.date]) -> dict[dt.date, GapRegularity]:
    """Estimate the regularity of purchases up to each of several days, in one pass of the purchases."""
    days = sorted(set(ends))
    pairs = engine.fetch(long_pairs(engine.dialect, days), end=days[-1], fewest_days=FEWEST_DAYS)
    columns = [pairs[name].to_numpy(dtype=float) for name in ("first_gap", "second_gap", "pairs")]
    known = pairs["known"].to_numpy(dtype=int)
    return {end: gap_regularity(*(column[known <= place] for column in columns)) for place, end in enumerate(days)}


def pair_regularity(engine: Engine, end: dt.date) -> GapRegularity:
    """Estimate the regularity of purchases up to a day from long pairs of gaps."""
    return pair_regularities(engine, [end])[end]


def choose(counted: pd.DataFrame, how: Procedure, regularity: GapRegularity, end: dt.date) -> dict[str, Any]:
    """Fit the candidates on a frame of cells, weigh them and combine them; a record of all that was fitted.

    BG/NBD or MBG/NBD, whichever is better, is in calendar time in any case.
    """
    fits = how.fit(counted, end, ticks=regularity.ticks)
    model = how.combine(fits)
    weights = {member.label: weight for weight, member in model.members}
    kind, better = _better(counted, fits)
    return {
        "reason": how.reason if len(fits) > 1 or not how.is_averaged else "only",
        "kind": kind,
        "is_seasonal": how.daily is not None,
        "regularity": asdict(regularity) | {"is_bunched": regularity.is_bunched},
        "candidates": [
            {
                "model": one.label, "log_likelihood": one.log_likelihood, "aic": criterion(one),
                "weight": weights.get(one.label, 0.0), "fit": to_dict(one, time_unit="day"),
            }
            for one in fits
        ],
        "model": to_dict(model, time_unit="day"),
        "beta_geometric": bgnbd.to_dict(better, time_unit="day"),
    }  # fmt: skip


def _better(counted: pd.DataFrame, fits: Sequence[LifetimeModel]) -> tuple[str, BetaGeometricNBD]:
    """Take the better of BG/NBD and MBG/NBD, both fitted where they are no candidates; in doubt BG/NBD."""
    known = {
        kind: one.fitted
        for kind, label in KINDS.items()
        for one in fits
        if isinstance(one, BetaGeometricForecast) and isinstance(one.fitted, label)
    }
    fitted = known or {kind: fit_counted(counted, kind) for kind in FITS}
    evidence = rules.load("backtest")["choice"]["evidence"]
    first, *others = fitted
    for kind in others:
        if 2 * ((fitted[kind].log_likelihood or 0.0) - (fitted[first].log_likelihood or 0.0)) > evidence:
            first = kind
    return first, fitted[first]


@record
def model_choice(
    engine: Engine,
    project: Project,
    transactions: str,
    cells: str,
    season: Season | None,
    daily_purchases: DailyPurchases,
) -> dict[str, Any]:
    """The candidates for the model behind the forecast, fitted on all purchases, with their weights."""
    del transactions
    how = procedure(project, season, daily_purchases)
    regularity = pair_regularity(engine, project.as_of) if how.is_averaged else RANDOM
    counted = engine.fetch(f"select * from {cells} order by frequency, recency, T")
    return choose(counted, how, regularity, project.as_of)


@record
def calibration_choice(
    engine: Engine,
    project: Project,
    holdout_period: HoldoutPeriod,
    transactions: str,
    outcomes: pd.DataFrame,
    calibration_season: Season | None,
    daily_purchases: DailyPurchases,
) -> dict[str, Any]:
    """The same candidates, fitted on the purchases of the calibration period, with their weights."""
    del transactions
    how, end = procedure(project, calibration_season, daily_purchases), holdout_period.calibration_end
    regularity = pair_regularity(engine, end) if how.is_averaged else RANDOM
    return choose(outcomes, how, regularity, end)
