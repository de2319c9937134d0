"""A run: one project at one date, with its engine, its tables and its fitted models, each made when asked for.

What was made once for the same project, data and version is read again from ``data/work/tables/<id>``; so every
notebook runs by itself, and a run makes each table once. The graph of nodes says what is made of what.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Self

from custlib import project as projects
from custlib.engine import open_engine
from custlib.engine.base import Engine
from custlib.engine.shelf import parquet_of, write_text
from custlib.errors import UsageError
from custlib.graph import Graph, Node, Refusal, collect
from custlib.identify.reading.sources import Gathered, ReadBefore
from custlib.identify.transactions import take_up
from custlib.installed import find_project, make_private, work_folder
from custlib.project import Project
from custlib.run_record import RECORD, RunRecord, read_record
from custlib.segment import registry
from custlib.segment.definitions import Keeper
from custlib.validate.forecast_archive import ForecastArchive

PACKAGE = Path(__file__).resolve().parent
HOME = PACKAGE.parent
NODES = (
    "custlib.identify.transactions",
    "custlib.value.holdout_period",
    "custlib.value.history",
    "custlib.value.activity",
    "custlib.value.seasonal.seasons_found",
    "custlib.value.model_selection",
    "custlib.value.lifetime",
    "custlib.value.history_scores",
    "custlib.value.sampled_days",
    "custlib.value.spend_choice",
    "custlib.value.spend",
    "custlib.value.margins",
    "custlib.value.potential",
    "custlib.value.customer_value",
    "custlib.value.on_request.alive_later",
    "custlib.value.on_request.coming_months",
    "custlib.value.on_request.customer_intervals",
    "custlib.value.on_request.next_purchase",
    "custlib.subscription.signs",
    "custlib.subscription.renewal_counts",
    "custlib.subscription.subscription_value",
    "custlib.value.forecast_intervals",
    "custlib.validate.backtest",
    "custlib.validate.backtest_groups",
    "custlib.validate.cautions",
    "custlib.validate.challenger",
    "custlib.validate.customer_coverage",
    "custlib.validate.forecast_archive",
    "custlib.validate.forecast_ledger",
    "custlib.validate.lights",
    "custlib.validate.model_comparison",
    "custlib.validate.outliers",
    "custlib.validate.past_forecasts",
    "custlib.validate.reconciliation",
    "custlib.validate.seasons",
    "custlib.validate.tracking",
    "custlib.validate.trend",
    "custlib.audit.months",
    "custlib.audit.quarters",
    "custlib.audit.structure",
    "custlib.segment.plan",
    "custlib.segment.origin_segments",
    "custlib.segment.profiles",
    "custlib.segment.recent_profit",
    "custlib.segment.methods",
    "custlib.move.drift",
    "custlib.move.paths",
    "custlib.customise.choosing",
    "custlib.customise.segment_plans",
    "custlib.lifetimes.crosscheck",
    "custlib.report.texts",
    "custlib.report.pages.foot",
    "custlib.report.playbook.told_plans",
)
_READ_ALIKE = {  # options that change nothing of what is read
    "name", "holdout_days", "horizon_days", "compare_days", "compare_with", "annual_discount_rate", "time_unit",
    "model", "intervals", "season", "spend_days", "challenger", "language", "segments", "cost_to_serve", "trade",
    "subscription", "value",
}  # fmt: skip
_ZERO_IS_MEANT = {"cost_to_serve"}


@cache
def nodes() -> dict[str, Node]:
    """Every node of custlib, by name."""
    return collect(NODES)


def open_run(run: str, *, as_of: str = "", **changes: Any) -> "Run":
    """Open a project, see :meth:`Run.of_project`; notebooks use :func:`custlib.open`."""
    return Run.of_project(run, as_of=as_of, **changes)


class Run:
    """One project at one date.

    Parameters
    ----------
    project : Project
        The project.
    work : pathlib.Path
        The work folder.
    memory_limit : str, optional
        Of the engine, for instance ``"500MB"``.
    tables : str, optional
        Name of the folder of tables, for a notebook of a run: the tables of that run, whatever changes meanwhile.
    engine : {"duckdb", "spark"}
        Which engine makes the tables.
    inputs : Gathered, optional
        The inputs of the project, where another run has gathered them already.
    definitions : pathlib.Path, optional
        Folder of the definitions of segmentations; by default that of the project in the work folder.
    """

    def __init__(
        self,
        project: Project,
        work: Path,
        *,
        memory_limit: str | None = None,
        tables: str | None = None,
        engine: str = "duckdb",
        inputs: Gathered | None = None,
        definitions: Path | None = None,
    ) -> None:
        self.project, self.work, self.engine_kind, self.memory_limit = project, work, engine, memory_limit
        self.inputs = inputs or Gathered(project, work)
        self.definitions = definitions or work / "definitions" / project.id
        store = Keeper(self.definitions)
        make_private(work)
        self.folder = work / "tables" / (tables or _data_id(project, self.inputs, store, engine))
        self.engine: Engine = open_engine(engine, self.folder, memory_limit=memory_limit)
        self.engine.seal(also=self.inputs.paths if tables is None else ())
        if tables is None:
            take_up(self.engine, self.inputs)
        self.archive = ForecastArchive(work / "forecasts" / project.id, project.id)
        self.graph = Graph(
            nodes(), self.engine, project=project, inputs=self.inputs, definition_store=store,
            forecast_archive=self.archive,
        )  # fmt: skip
        self.refusals: dict[str, Refusal] = {}

    @classmethod
    def of_project(cls, run: str | Path, *, as_of: dt.date | str = "", **changes: Any) -> Self:
        """Open a project by the name of a project file, its path, or the folder of a run.

        Parameters
        ----------
        run : str or pathlib.Path
            Name of a project (see :func:`custlib.installed.find_project`), path of its file, or the folder of a run.
        as_of : datetime.date or str, optional
            The project's own when empty.
        **changes
            Keys of the project to change, for instance ``horizon_days=180``; empty texts, and zeros where a project
            cannot have them, change nothing.

        Returns
        -------
        Run
            The opened project.

        Raises
        ------
        UsageError
            If there is no such project, or a change is out of range.
        """
        options = {name: option for name, option in changes.items() if option or name in _ZERO_IS_MEANT}
        options |= {"as_of": as_of} if as_of else {}
        if os.path.lexists(Path(run) / RECORD):
            return cls._of_record(read_record(Path(run)), options)
        path = find_project(str(run))
        return cls(projects.load(path).replace(**options), work_folder(path))

    @classmethod
    def _of_record(cls, record: RunRecord, options: dict[str, Any]) -> Self:
        """Open a finished run: its tables, and none of its purchases again."""
        inputs = ReadBefore(record.project, record.work, record.source_hash)
        run = cls(record.project, record.work, tables=record.tables, engine=record.engine, inputs=inputs)
        project = record.project.replace(**options)
        names = {name for name in options if getattr(project, name) != getattr(record.project, name)}
        if strange := sorted(names - _READ_ALIKE):
            raise UsageError(f"run: a finished run has its {strange[0]}. Open its project ({project.id}) to change it.")
        return run.with_(**{name: options[name] for name in names}) if names else run

    @property
    def data_id(self) -> str:
        """What the tables depend on: project, data, frozen definitions, and the code that makes them."""
        return _data_id(self.project, self.inputs, Keeper(self.definitions), self.engine_kind)

    def get(self, name: str) -> Any:
        """What a node makes: the name of a table that is open, or an object.

        Raises
        ------
        ModelError
            If it is unavailable for these purchases.
        UsageError
            If nothing makes it.
        """
        return self.graph.get(name)

    def make(self, *names: str) -> Engine:
        """Make tables that are not there yet, and give the engine with those tables open."""
        for name in names:
            self.graph.get(name)
        return self.engine

    def reason(self, name: str) -> str:
        """The code of the reason why something is unavailable; empty where it can be had."""
        return self.graph.why(name)

    def show(self, block: Callable[..., Any], *names: str, **options: Any) -> Any:
        """Call a function of a page with what nodes make.

        Parameters
        ----------
        block : callable
            Each of its parameters takes the node of its own name, the next of ``names``, or an option.
        *names : str
            Nodes for the parameters that no node is named after, in order.
        **options
            Values by parameter.

        Returns
        -------
        object
            What the function returns; None where a node is unavailable, which :attr:`refusals` then names.
        """
        inputs = dict(options)
        for parameter, name in self.graph.bind(block, names, options).items():
            refusal = self.graph.refusal(name)
            if not refusal.reason:
                inputs[parameter] = self.graph.get(name)
            elif parameter in self.graph.optional(block):
                inputs[parameter] = refusal
            else:
                self.refusals[name] = refusal
                return None
        return block(**inputs)

    def with_(self, **changes: Any) -> Self:
        """Give the same run with some options of its project changed; what was read is not read again.

        Parameters
        ----------
        **changes
            Options of the project, for instance ``horizon_days=90``.

        Returns
        -------
        Run
            Another run; this one stays as it is.

        Raises
        ------
        UsageError
            If an option is unknown or out of range.
        """
        project = self.project.replace(**changes)
        return self._changed(project, set(changes), self._own_definitions(project))

    def _changed(self, project: Project, names: set[str], definitions: Path) -> Self:
        """Open a changed project; what was read is taken over where no changed option concerns it."""
        is_read_alike = names <= _READ_ALIKE
        changed = self._like(project, self.inputs if is_read_alike else None, definitions)
        if is_read_alike and not changed.engine.has("transactions"):
            _take_over(self, changed)
        return changed

    def _like(self, project: Project, inputs: Gathered | None, definitions: Path) -> Self:
        """Open another project in the same work folder, by the same engine."""
        return type(self)(
            project, self.work, engine=self.engine_kind, memory_limit=self.memory_limit, inputs=inputs,
            definitions=definitions,
        )  # fmt: skip

    def _own_definitions(self, project: Project) -> Path:
        """Make the folder of definitions of a changed run: those of its project, to which it adds nothing."""
        settings = json.dumps(project.model_dump(mode="json"), sort_keys=True)
        folder = self.definitions / "changed" / hashlib.sha256(settings.encode()).hexdigest()[:16]
        if not folder.is_dir() and self._keeps_definitions:
            for path in (*self.definitions.glob("*.json"), *self.definitions.glob("earlier/*.json")):
                write_text(folder / path.relative_to(self.definitions), path.read_text(encoding="utf-8"))
        return folder

    @property
    def _keeps_definitions(self) -> bool:
        """Whether its definitions are those of later runs, so that a changed run starts from them."""
        return True


def _take_over(run: Run, changed: Run) -> None:
    """Give the tables of what was read a second name in the folder of another run."""
    for name in ("customer_attributes", "invoices", "transactions"):
        if files := parquet_of(run.folder, name):
            changed.engine.adopt(name, files)
    for name in ("source_hash", "increment", "quality"):
        if (run.folder / f"{name}.json").is_file():
            write_text(changed.folder / f"{name}.json", (run.folder / f"{name}.json").read_text(encoding="utf-8"))


def _data_id(project: Project, inputs: Gathered, store: Keeper, engine: str) -> str:
    settings = project.model_dump(mode="json", exclude={"language", "name"})
    content = json.dumps([settings, inputs.hash, _makers(), store.texts(), engine, *registry.marks()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


@cache
def _makers() -> str:
    """The code and rules that make tables."""
    return fingerprint(path for path in PACKAGE.rglob("*") if "report" not in path.parts)


def fingerprint(paths: Iterable[Path]) -> str:
    """SHA-256 of the content of code and rule files, independent of their order."""
    files = sorted(path for path in paths if path.is_file() and path.suffix != ".pyc")
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()
