"""The run that :func:`custlib.open` gives: what a project found, for a notebook or a console."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from custlib import run as runs
from custlib.engine.base import FETCH_LIMIT
from custlib.errors import CustlibError, TableError, UsageError, hint
from custlib.explore.results import Backtest, Quality, SpendModel
from custlib.explore.run_table import Table
from custlib.explore.segments_view import Segments
from custlib.identify.reading.sources import Gathered
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.display import Displayed, Shown
from custlib.models.forecasting import LifetimeModel
from custlib.project import ON_REQUEST, Project
from custlib.report.forecast_status import choice_title
from custlib.report.texts import texts
from custlib.segment import registry
from custlib.value.on_request.joined_columns import with_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

# What is asked for: the node that it needs, and where the texts name the reasons.
_REASONS = {
    "forecast": ("lifetime_model", "refused.forecast"),
    "money": ("money_forecast", "flags.spend"),
    "test": ("holdout", "refused.test"),
}


@dataclass(frozen=True)
class Origin:
    """How a run was opened.

    Attributes
    ----------
    work : object
        Keeps a temporary work folder until the last run in it is gone; None for a folder that stays.
    is_last_day : bool
        Whether as_of is the last day of the purchases, because none was stated.
    is_light : bool
        Whether only the segmentations that are quickly made were asked for, because none was named.
    """

    work: object = None
    is_last_day: bool = False
    is_light: bool = False


class Run(Displayed, runs.Run):
    """A project at one date; :func:`custlib.open` gives it.

    What is asked for is made once and kept in the work folder. A run never changes: :meth:`with_` gives another one.
    What cannot be had from the purchases raises ``custlib.errors.ModelError``; :meth:`why` tells the reason.

    Attributes
    ----------
    project : custlib.project.Project
        The options in force, for instance ``run.project.as_of``.
    engine : object
        The engine over the tables of the run.
    folder : pathlib.Path
        The folder of these tables.

    Examples
    --------
    >>> import custlib
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2025-01-01", "2025-03-01", "2025-02-01"])
    >>> sales = pd.DataFrame({"customer_id": ["ann", "ann", "bob"], "timestamp": days, "amount": [10.0, 20.0, 5.0]})
    >>> run = custlib.open(sales, as_of="2025-06-30")
    >>> run.customers()[["customer_id", "frequency", "recency", "T", "revenue"]]
      customer_id  frequency  recency    T  revenue
    0         ann          1       59  180     30.0
    1         bob          0        0  149      5.0
    >>> run.quality.rows_used
    3
    >>> run.with_(horizon_days=90).project.horizon_days
    90
    """

    origin = Origin()

    def __init__(self, project: Project, work: Path, **options: Any) -> None:
        super().__init__(project, work, **options)
        self._by_segmentation: dict[tuple[object, ...], Run] = {}

    def customers(self, columns: "Sequence[str] | None" = None, *, limit: int = FETCH_LIMIT) -> "pd.DataFrame":
        """Fetch one row per customer: history, forecast and segments.

        Parameters
        ----------
        columns : sequence of str, optional
            What to add, each with the columns of its table: ``"alive_later"`` (probability of being active
            ``[value] alive_after_days`` after as_of), ``"next_purchase"`` (its date and interval), ``"coming_months"``
            (purchases and value by month) and ``"customer_intervals"`` (90 % intervals). By default what the option
            ``[value] columns`` of the project names.
        limit : int, default 500_000
            The most customers to fetch.

        Returns
        -------
        pandas.DataFrame
            The columns of ``customer_value``, and ``segment_<name>`` for each segmentation, by customer id; forecasts
            are missing where there is none.

        Raises
        ------
        UsageError
            If there are no such columns.
        ModelError
            If columns are added that need a forecast, and there is none.
        TableError
            If there are more customers: use ``run.table("customer_overview")`` with ``.sql(...)`` or ``.to_arrow()``.
        """
        requested = self.project.value.columns if columns is None else self._checked(columns)
        engine = self.make("customer_value")
        count = int(engine.fetch("select count(*) as n from customer_value")["n"].item())
        if count > limit:
            raise TableError(
                f"customers: {count:,} customers are more than {limit:,}. Select some by "
                'run.table("customer_overview").sql("select ..."), take all by its to_arrow(), or raise limit.'
            )
        select = with_columns(self.make("customer_overview", *requested), "customer_overview", requested)
        return engine.fetch(f"select * from ({select}) order by customer_id", limit=limit)

    @staticmethod
    def _checked(columns: "Sequence[str]") -> tuple[str, ...]:
        """Refuse columns that are none; each is taken once."""
        requested = (columns,) if isinstance(columns, str) else tuple(dict.fromkeys(columns))
        for name in requested:
            if name not in ON_REQUEST:
                raise UsageError(f"customers: columns: there is no {name!r}. {hint(name, list(ON_REQUEST))}")
        return requested

    def table(self, name: str) -> Table:
        """Open a table of the data dictionary, and make it first where it is not there yet.

        Parameters
        ----------
        name : str
            Its name, for instance ``"customer_value"``.

        Returns
        -------
        Table
            With ``head``, ``to_pandas``, ``to_arrow``, ``to_polars`` and ``sql``.

        Raises
        ------
        UsageError
            If there is no such table.
        ModelError
            If it is unavailable for these purchases.
        """
        return Table(self, name)

    @property
    def model(self) -> BetaGeometricNBD:
        """The better of ``BGNBD`` and ``MBGNBD``, with time in days, for the functions of `custlib.models`.

        With ``model = "auto"`` forecasts average it with other models: `forecasting_model`.
        """
        model: BetaGeometricNBD = self.get("beta_geometric")
        return model

    @property
    def forecasting_model(self) -> LifetimeModel:
        """The model behind the forecasts, or the average of several, with time in days.

        Where it follows a season it turns these into business days by itself, for histories that end on as_of.
        """
        model: LifetimeModel = self.get("lifetime_model")
        return model

    @property
    def spend(self) -> SpendModel:
        """The model of spend per purchase day."""
        spend, (_, model) = self.get("money_forecast"), self.get("spend_model")
        key, t = f"flags.spend.{spend.remark}", texts(self.project.language)
        remark = t(key) if key in t.words else spend.remark
        return SpendModel(spend.kind, spend.of_new_customer, model, remark, self.project.currency)

    @property
    def backtest(self) -> Backtest:
        """The forecast of the last ``holdout_days`` beside what came."""
        self.get("holdout_summary")  # raises where the forecast cannot be tested
        return Backtest.of(self.get("test_result"))

    @property
    def quality(self) -> Quality:
        """What became of every row that was read."""
        return Quality.of(self.get("quality"), currency=self.project.currency)

    @property
    def segments(self) -> Segments:
        """The segmentations by name, for instance ``run.segments["rfm"].summary()``."""
        return Segments(self, self._with_segmentation)

    def moves(self, segmentation: str) -> "pd.DataFrame":
        """Count the customers who changed segment since the date compared with, by cause.

        Parameters
        ----------
        segmentation : str
            Its name, for instance ``"rfm"``.

        Returns
        -------
        pandas.DataFrame
            One row per ``cause``, ``from_segment`` and ``to_segment``, those who stayed included. The date is that of
            the options ``compare_days`` or ``compare_with``.
        """
        return self.segments[segmentation].moves()

    def why(self, name: str) -> str:
        """Tell why something is unavailable.

        Parameters
        ----------
        name : str
            ``"forecast"``, ``"money"`` or ``"test"``, or the name of a table or record.

        Returns
        -------
        str
            The reason in the language of the project; empty where it can be had.
        """
        if name in ("money", "test") and (reason := self.why("forecast")):
            return reason
        node, place = _REASONS.get(name, (name, ""))
        refusal, t = self.graph.refusal(node), texts(self.project.language)
        key = f"{place}.{refusal.reason}"
        return t(key) if key in t.words else refusal.message

    def report(self, reports: str | Path = "reports", *, force: bool = False) -> Path:
        """Make the report pages and publish them, as ``custlib run`` does.

        Parameters
        ----------
        reports : str or pathlib.Path, default "reports"
            Folder of reports; the pages stand in ``<reports>/<project>/<as_of>``.
        force : bool, default False
            Whether to make pages again that are up to date.

        Returns
        -------
        pathlib.Path
            The folder of the pages.

        Raises
        ------
        UsageError
            If the extra ``reports`` is not installed, or the project lacks segmentations that pages show.
        RunError
            If a page cannot be made; the last report stays.
        """
        from custlib.report.production import run_project

        project = self.project
        if self.origin.is_light:
            project = project.replace(segments=project.segments.model_dump() | {"segmentations": ()})
        return run_project(
            project, reports=Path(reports), work=self.work, force=force, engine=self.engine_kind,
            memory_limit=self.memory_limit,
        )  # fmt: skip

    def _with_segmentation(self, name: str) -> "Run":
        """The run that makes a segmentation: this one, or another with that segmentation only."""
        if name in self.get("segmentation_names"):
            return self
        key = (name, *registry.marks())  # a function that is registered again is another one
        if key not in self._by_segmentation:
            is_again = any(known[0] == name for known in self._by_segmentation)
            segments = self.project.segments.model_dump() | {"segmentations": (name,), "refit": is_again}
            self._by_segmentation[key] = self.with_(segments=segments)
        return self._by_segmentation[key]

    @property
    def _keeps_definitions(self) -> bool:
        """Whether the run has a work folder that lasts."""
        return self.origin.work is None

    def _like(self, project: Project, inputs: Gathered | None, definitions: Path) -> Self:
        changed = super()._like(project, inputs, definitions)
        is_last_day = self.origin.is_last_day and project.as_of == self.project.as_of
        changed.origin = replace(self.origin, is_last_day=is_last_day)
        return changed

    def _shown(self) -> Shown:
        project = self.project
        note = " (the last day of the purchases)" if self.origin.is_last_day else ""
        rows: list[tuple[str, ...]] = [("as of", f"{project.as_of}{note}")]
        try:
            rows += self._findings()
        except CustlibError as fault:
            rows.append(("fault", str(fault)))
        light = self.backtest.light if rows[-1][0] == "backtest" and not self.why("test") else ""
        return Shown(f"{project.name} ({project.id})", rows, light=light)

    def _findings(self) -> list[tuple[str, ...]]:
        quality = self.quality
        count = "select count(*) as n from customer_activity"
        customers = self.make("customer_activity").fetch(count)["n"].item()
        rows = [
            ("rows", f"{quality.rows_read:,} read, {quality.rows_used:,} used"),
            ("purchases", f"{quality.first_day} to {quality.last_day}"),
            ("customers", f"{customers:,}"),
        ]
        if reason := self.why("forecast"):
            return [*rows, ("forecast", reason)]
        rows.append(("model", choice_title(texts(self.project.language), self.get("model_choice"))))
        if reason := self.why("money"):
            rows.append(("money", reason))
        return [*rows, ("backtest", self.why("test") or self.backtest.verdict)]
