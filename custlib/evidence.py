"""What speaks for a forecast and against it: made when asked for, each from the tables of a workspace.

The validation page shows it whole; the choice of the lifetime model reads the outcome cells.
"""

from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol

from custlib import rules
from custlib.asked import Tables
from custlib.lifetimes import crosscheck
from custlib.models.gammagamma import GammaGamma
from custlib.validate import backtest, cautions, model_selection, rolling_origins, seasons, tracking
from custlib.validate.backtest_groups import forecast
from custlib.value import activity, spend
from custlib.value.spend import Spend

if TYPE_CHECKING:
    import pandas as pd


class Opened(Tables, Protocol):
    """What the evidence asks of a workspace, besides tables."""

    @property
    def choice(self) -> dict[str, Any]:
        """Which lifetime model is taken."""

    @property
    def calibration_spend(self) -> tuple[Spend, GammaGamma | None]:
        """The spend model of the calibration period."""


class Evidence:
    """The forecasts of the past, held against what came."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._project = opened.project

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of both models, as ``lifetime.<code>`` and ``spend.<code>``; none where nothing is forecast."""
        if self._opened.refused("forecast"):
            return ()
        return cautions.name_flags(self._opened.model.flags, spend.flags(*self._opened.spend))

    @property
    def calibration_flags(self) -> tuple[str, ...]:
        """The flags of both models of the calibration period."""
        models = self._opened.calibration_model, self._opened.calibration_spend
        return cautions.name_flags(models[0].flags, spend.flags(*models[1]))

    @property
    def silent_days(self) -> int:
        """Days without any purchase before as_of, where that is unlike any time before; else 0."""
        return cautions.silent_days(self._opened.need("transactions"), self._project.as_of)

    @cached_property
    def outcomes(self) -> "pd.DataFrame":
        """Cells of the calibration customers with what they bought in the holdout."""
        engine, known = self._opened.need("customer_history"), backtest.KNOWN_IN_HISTORY
        return backtest.outcomes(engine, end=self._project.calibration_end, until=self._project.as_of, known=known)

    @cached_property
    def forecast(self) -> "pd.DataFrame":
        """The outcome cells with what the chosen model expects of each."""
        return forecast(self.outcomes, self._opened.calibration_model, self._project.holdout_days)

    @cached_property
    def baselines(self) -> "pd.DataFrame":
        """The model beside what people do without one."""
        return backtest.baselines(self._opened.need("holdout"), hiatus_days=self.hiatus)

    @cached_property
    def money(self) -> dict[str, float] | None:
        """Money forecast of the holdout, and what came; None where money cannot be forecast."""
        if self._opened.calibration_spend[0].kind == "none":
            return None
        engine = self._opened.need("transactions", "calibration_value")
        return backtest.money_held(engine, calibration_end=self._project.calibration_end)

    @cached_property
    def hiatus(self) -> int:
        """Days of silence after which the hiatus rule takes a customer for gone, the best in hindsight."""
        return backtest.hiatus(self.outcomes)

    @cached_property
    def tracking(self) -> "tuple[pd.DataFrame, pd.DataFrame]":
        """Repeat purchases of the calibration customers step by step: cumulated, and per step."""
        engine, project = self._opened.need("transactions", "calibration_activity"), self._project
        first = activity.base(engine, "calibration_activity")["first_day"].date()
        most = rules.load("backtest")["shown"]["steps"]
        units = ceil((project.as_of - first).days / (project.unit_days * most)) or 1
        ends = tracking.every(project.unit_days * units, begin=first, until=project.as_of)
        model, cut = self._opened.calibration_model, project.calibration_end
        total, steps = tracking.tracking(engine, "calibration_activity", model, ends=ends, known=cut)
        return tracking.with_forecast(total, self.outcomes, model, cut=cut), steps

    @cached_property
    def rolling(self) -> "pd.DataFrame":
        """The forecast made again and again from earlier days, in calendar and in business time."""
        engine, project = self._opened.need("transactions", "customer_activity"), self._project
        first, kind = activity.base(engine, "customer_activity")["first_day"].date(), self._opened.choice["kind"]
        ends, days = rolling_origins.windows(first_day=first, as_of=project.as_of, holdout_days=project.holdout_days)
        found = rolling_origins.histories(engine, ends=ends, days=days)
        frame = rolling_origins.rolling_origins(found, kind, days=days)
        return seasons.add_business_time(engine, "customer_activity", found, frame, kind, days=days)

    @cached_property
    def season(self) -> seasons.Season | None:
        """How much faster than usual customers buy in each month; None with less than a year of purchases."""
        engine = self._opened.need("transactions", "customer_activity")
        return seasons.find(engine, "customer_activity", self._opened.model, until=self._project.as_of)

    @property
    def regularity(self) -> dict[str, Any]:
        """Whether purchases come more regularly than chance, see `custlib.validate.model_selection`."""
        engine, project = self._opened.need("transactions"), self._project
        kind = self._opened.choice["kind"]
        return self._opened.record(
            "regularity",
            lambda: model_selection.regularity(
                engine, self.outcomes, kind, end=project.calibration_end, days=project.holdout_days
            ),
        )

    @property
    def crosscheck(self) -> dict[str, Any]:
        """What the package lifetimes finds on the same cells, by name of the model: ``ours`` and ``theirs``."""
        return self._opened.record("crosscheck", self._crosscheck)

    def _crosscheck(self) -> dict[str, Any]:
        found = crosscheck.lifetimes_models(self.outcomes, days=self._project.holdout_days)
        _, money = self._opened.calibration_spend
        if money is None:
            return found
        theirs = crosscheck.lifetimes_spend(self._opened.need("calibration_spend_cells"), "calibration_spend_cells")
        ours = {name: getattr(money, name) for name in ("p", "q", "v")}
        return found | {"Gamma-Gamma": {"ours": ours, "theirs": theirs}}
