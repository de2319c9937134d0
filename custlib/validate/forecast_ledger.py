"""Makes ``forecast_ledger``: forecasts with their intervals, as each was printed or would have been, and what came.

Reads ``past_forecasts``, the forecasts that earlier runs printed (`custlib.validate.forecast_archive`) and
``transactions``. A forecast of the past has the interval of its own day: its excess error comes from forecasts whose
windows had ended by then, and where there is none it is that of an untested forecast. What a run printed replaces what
was made again for the same day.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.graph import value
from custlib.project import Project
from custlib.validate.forecast_archive import ForecastArchive, PrintedForecast
from custlib.validate.past_forecasts import PastForecast, totals_of
from custlib.value import excess_error as excess
from custlib.value.excess_error import MEASURES, WHOLE
from custlib.value.forecast_intervals import horizon_row, revenue_totals

COLUMNS = ("day", "until", "is_printed", "is_tested", *(f"{measure}_{of}" for measure in MEASURES
                                                        for of in ("low", "high", "actual")))  # fmt: skip


def replayed(past: Sequence[PastForecast], *, has_amount: bool) -> pd.DataFrame:
    """Give each past forecast the interval of its own day, beside what came.

    Only forecasts whose windows had ended by that day count for its excess error.
    """
    rows = []
    for one in past:
        whole = next(row for row in one.totals if row["group"] == WHOLE)
        ended = totals_of(other for other in past if other.origin.until <= one.origin.day)
        days = one.origin.days
        error = excess.excess_error(ended, horizon_days=days, tested_days=days, customers=whole["customers"])
        totals = revenue_totals(whole["purchases_expected"], whole["revenue_expected"])
        row = horizon_row(totals, whole["purchases_variance"], whole["revenue_variance"], error.of(WHOLE))
        about = {"day": one.origin.day, "until": one.origin.until, "is_printed": False, "is_tested": error.is_tested}
        rows.append(
            about
            | {f"purchases_{end}": row[f"purchases_{end}"] for end in ("low", "high")}
            | {f"revenue_{end}": row[f"value_{end}"] if has_amount else np.nan for end in ("low", "high")}
            | {f"{measure}_actual": whole[f"{measure}_actual"] for measure in MEASURES}
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def printed(engine: Engine, due: Sequence[PrintedForecast], *, currency: str) -> pd.DataFrame:
    """Compare forecasts that earlier runs printed with what came; revenue only in the same currency."""
    rows = []
    for one in due:
        row: dict[str, Any] = {"day": one.day, "until": one.until, "is_printed": True, "is_tested": one.is_tested}
        for measure in MEASURES:
            total = one.whole[measure] if measure == "purchases" or one.currency == currency else None
            ends = (total.low, total.high) if total else (np.nan, np.nan)
            row |= {f"{measure}_low": ends[0], f"{measure}_high": ends[1]}
        rows.append(row | came(engine, one.day, one.until))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def came(engine: Engine, day: dt.date, until: dt.date) -> dict[str, float]:
    """Count the purchases and sum the revenue after a day, up to another, of the customers known on the first."""
    row = engine.fetch(
        "select count(distinct case when t.is_purchase then concat(t.customer_id, ' ', t.day) end) as purchases,"
        " cast(coalesce(sum(t.amount), 0) as double) as revenue from transactions t join"
        " (select distinct customer_id from transactions where is_purchase and day <= :since) known"
        " using (customer_id) where t.day > :since and t.day <= :until",
        since=day, until=until,
    )  # fmt: skip
    return {f"{measure}_actual": float(row[measure].item()) for measure in MEASURES}


def together(printed: pd.DataFrame, replayed: pd.DataFrame) -> pd.DataFrame:
    """Put what was printed in the place of what was made again for the same day; the latest forecasts, latest first."""
    others = replayed[~replayed["day"].isin(printed["day"])]
    frames = [frame for frame in (printed, others) if len(frame)]
    rows = pd.concat(frames, ignore_index=True) if frames else replayed
    return rows.sort_values("day", ascending=False, ignore_index=True).head(_most())


def outcomes(ledger: pd.DataFrame, measure: str) -> pd.Series:
    """Say where what came lies beside the interval: ``inside``, ``below`` or ``above``; missing without either.

    Examples
    --------
    >>> ledger = pd.DataFrame({"purchases_low": [10.0], "purchases_high": [20.0], "purchases_actual": [21.0]})
    >>> outcomes(ledger, "purchases").tolist()
    ['above']
    """
    low, high, actual = (ledger[f"{measure}_{of}"] for of in ("low", "high", "actual"))
    sides = np.select([low.isna() | actual.isna(), actual < low, actual > high], ["", "below", "above"], "inside")
    return pd.Series(sides, index=ledger.index).replace("", None)


def apart(ledger: pd.DataFrame) -> int:
    """Count the most forecasts whose windows do not overlap.

    Examples
    --------
    >>> days = [dt.date(2025, 1, 1), dt.date(2025, 2, 1), dt.date(2025, 4, 1)]
    >>> apart(pd.DataFrame({"day": days, "until": [day + dt.timedelta(days=90) for day in days]}))
    2
    """
    count, last = 0, dt.date.min
    for day, until in ledger.sort_values("until")[["day", "until"]].itertuples(index=False):
        if day >= last:
            count, last = count + 1, until
    return count


@value
def forecast_ledger(
    engine: Engine,
    project: Project,
    transactions: str,
    quality: dict[str, Any],
    past_forecasts: list[PastForecast],
    forecast_archive: ForecastArchive,
) -> pd.DataFrame:
    """Earlier forecasts with the intervals of their days, and what came; without rows where none can be compared."""
    del transactions
    before = replayed(past_forecasts, has_amount=quality["has_amount"])
    due = forecast_archive.due(project.as_of)[: _most()]
    return together(printed(engine, due, currency=project.currency), before)


def _most() -> int:
    return int(rules.load("backtest")["ledger"]["most"])
