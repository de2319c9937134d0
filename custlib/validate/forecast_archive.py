"""Makes ``printed_forecast``: what a run forecasts, as later runs read it again to compare it with what came.

Reads ``customer_value``, the fitted models, ``segment_intervals`` and the plans of playbooks. A run that is published
keeps it in ``<work>/forecasts/<project>/<as_of>.json``; a run of a later date reads those whose horizon has passed. The
work folder is private, and the file holds no counts of customers. Revenue is as it is counted when it comes: neither
discounted nor less any cost.
"""

import datetime as dt
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from custlib.engine.base import Engine
from custlib.engine.shelf import write_text
from custlib.graph import REFUSED, Refusal, record
from custlib.models.forecasting import LifetimeModel
from custlib.project import Project
from custlib.value import uncertainty
from custlib.value.excess_error import WHOLE, ExcessError
from custlib.value.forecast_intervals import age_bin, horizon_row, revenue_totals
from custlib.value.spend import SpendModel

_LARGEST = 1_000_000  # bytes
log = logging.getLogger("custlib")


class Between(BaseModel):
    """A forecast total with its interval."""

    model_config = ConfigDict(strict=True)
    expected: float = Field(allow_inf_nan=False)
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if not self.low <= self.expected <= self.high:
            raise ValueError("an interval holds its forecast")
        return self


class PrintedForecast(BaseModel):
    """What a run of one day forecast for the whole, for segments by name, and of the plans of their playbooks.

    Examples
    --------
    >>> between = {"expected": 9.0, "low": 5.0, "high": 14.0}
    >>> whole = {"purchases": between, "revenue": None}
    >>> content = {"project": "shop", "as_of": "2025-01-31", "horizon_days": 90, "currency": "EUR",
    ...            "source_hash": "", "is_tested": True, "whole": whole}
    >>> PrintedForecast.model_validate(content).until
    datetime.date(2025, 5, 1)
    """

    model_config = ConfigDict(strict=True)
    project: str
    as_of: str
    horizon_days: int = Field(gt=0, le=100_000)
    currency: str
    source_hash: str
    is_tested: bool
    whole: dict[str, Between | None]
    segments: dict[str, dict[str, Between | None]] = {}
    playbooks: dict[str, Between] = {}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.whole.get("purchases") is None or "revenue" not in self.whole:
            raise ValueError("a forecast has purchases, and revenue or none")
        if not self.day < self.until:  # also refuses what is no day
            raise ValueError("a forecast looks ahead")
        return self

    @property
    def day(self) -> dt.date:
        """The day that it was made on."""
        return dt.date.fromisoformat(self.as_of)

    @property
    def until(self) -> dt.date:
        """The last day that it covers."""
        return self.day + dt.timedelta(days=self.horizon_days)


@dataclass(frozen=True)
class ForecastArchive:
    """The printed forecasts of a project, a file for each day; what is damaged or of another project is passed over."""

    folder: Path
    project: str

    def keep(self, content: dict[str, Any]) -> None:
        """Keep what a run forecasts; it replaces what a run of the same day had forecast."""
        written = PrintedForecast.model_validate(content).model_dump_json(indent=1)
        write_text(self.folder / f"{content['as_of']}.json", written + "\n")

    def due(self, as_of: dt.date) -> list[PrintedForecast]:
        """Read the forecasts whose horizon has passed on a day, the latest first."""
        over = [one for one in self._read() if one.until <= as_of]
        return sorted(over, key=lambda one: one.as_of, reverse=True)

    def _read(self) -> Iterator[PrintedForecast]:
        for path in sorted(self.folder.glob("*.json")):
            try:
                if path.is_symlink() or path.stat().st_size > _LARGEST:
                    raise ValueError("is no file of ours")
                one = PrintedForecast.model_validate(json.loads(path.read_text(encoding="utf-8")))
                if (one.project, one.as_of) != (self.project, path.stem):
                    raise ValueError("is of another project or day")
            except (OSError, ValueError, OverflowError, RecursionError) as fault:
                log.warning("forecasts: %s is passed over: %s", path.name, _reason(fault))
                continue
            yield one


def _reason(fault: Exception) -> str:
    if isinstance(fault, OSError):
        return str(fault.strerror)  # the whole message names the folder
    return "does not have the form of one" if isinstance(fault, ValidationError) else str(fault)


@record
def printed_forecast(
    engine: Engine,
    project: Project,
    customer_value: str,
    lifetime_model: LifetimeModel,
    spend_model: SpendModel,
    excess_error: ExcessError,
    source_hash: str,
    segment_intervals: pd.DataFrame | Refusal = REFUSED,
    segment_plans: Any = REFUSED,
    money_forecast: Any = REFUSED,
) -> dict[str, Any]:
    """Forecast purchases and revenue of the whole, purchases and value of segments, and what their plans bring."""
    days = project.horizon_days
    row = _whole(_cells(engine, customer_value), lifetime_model, spend_model, days, excess_error)
    has_money = not isinstance(money_forecast, Refusal)
    segments = pd.DataFrame() if isinstance(segment_intervals, Refusal) else segment_intervals
    return {
        "project": project.id,
        "as_of": project.as_of.isoformat(),
        "horizon_days": days,
        "currency": project.currency,
        "source_hash": source_hash,
        "is_tested": excess_error.is_tested,
        "whole": {"purchases": _purchases(row), "revenue": _money(row) if has_money else None},
        "segments": {
            str(one["segment"]): {"purchases": _purchases(one), "value": _money(one) if has_money else None}
            for one in segments.to_dict("records")
            if one["segment"] != WHOLE
        },
        "playbooks": {
            segment: gain for segment, planned in (segment_plans or {}).items() if (gain := _gain(planned.plan))
        },
    }


def _whole(
    cells: pd.DataFrame, lifetime_model: LifetimeModel, spend_model: SpendModel, days: int, excess_error: ExcessError
) -> dict[str, float]:
    """Forecast purchases and revenue of all customers, with their intervals."""
    everybody = np.ones(len(cells))
    purchases, money = (
        one.total(everybody).variance for one in uncertainty.totals(lifetime_model, spend_model, cells, days)
    )
    totals = revenue_totals(float(cells["expected"].sum()), float(cells["gross"].sum()))
    return horizon_row(totals, purchases, money, excess_error.of(WHOLE))


def _cells(engine: Engine, customer_value: str) -> pd.DataFrame:
    """Count customers in bins of T and recency, with expected purchases and revenue."""
    cells = engine.fetch(
        "select frequency, avg(recency) as recency, avg(T) as T, count(*) as customers,"
        " coalesce(sum(expected_purchases), 0) as expected, coalesce(sum(expected_spend), 0) as money,"
        " coalesce(sum(expected_spend * expected_spend), 0) as money_squares,"
        " coalesce(sum(expected_purchases * expected_spend), 0) as gross"
        f" from {customer_value} group by frequency, floor(recency / :bin), floor(T / :bin)"
        " order by frequency, recency, T",
        bin=age_bin(engine, customer_value),
    ).astype(float)
    return cells.assign(gross_squares=cells["money_squares"], units=cells["expected"])


def _purchases(row: Mapping[Any, Any]) -> dict[str, float] | None:
    return _between(row["expected_purchases"], row["purchases_low"], row["purchases_high"])


def _money(row: Mapping[Any, Any]) -> dict[str, float] | None:
    return _between(row["value"], row["value_low"], row["value_high"])


def _gain(plan: Any) -> dict[str, float] | None:
    return _between(plan.margin, plan.margin_low, plan.margin_high)


def _between(expected: float, low: float, high: float) -> dict[str, float] | None:
    """Order the ends, which a loss for each purchase turns round; None without a number."""
    ends = sorted((float(low), float(high)))
    return (
        {"expected": float(expected), "low": ends[0], "high": ends[1]} if np.isfinite([expected, *ends]).all() else None
    )
