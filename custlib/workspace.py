"""Opens a project at one date and makes its tables when they are asked for.

A table or record that was made once for the same project, data and version is read again from
``data/work/tables/<id>``; so every notebook runs by itself, and a run makes each table once.
"""

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import custlib
from custlib import project as projects
from custlib.asked import Refusable
from custlib.customise.playbooks import Playbook, read_playbook
from custlib.differentiate import backtest, choice, lifetime, spend, uncertainty
from custlib.differentiate.definitions import Definition, Keeper
from custlib.differentiate.spend import Spend
from custlib.engine import open_engine
from custlib.engine.base import Engine
from custlib.engine.shelf import write_text
from custlib.errors import UsageError, hint
from custlib.evidence import Evidence
from custlib.grouping import Grouping
from custlib.identify.sources import Gathered
from custlib.models import bgnbd, gammagamma
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.gammagamma import GammaGamma
from custlib.project import Project
from custlib.refusals import NO_AMOUNT, UNTESTED, find_refusal
from custlib.show.blocks import Footer
from custlib.show.pages import foot
from custlib.show.texts import Texts, texts
from custlib.steps import STEPS, take_up

if TYPE_CHECKING:
    import pandas as pd

PACKAGE = Path(__file__).resolve().parent
HOME = PACKAGE.parent
log = logging.getLogger("custlib")


def open_run(run: str, *, as_of: str = "", **changes: Any) -> "Workspace":
    """Open a project for a notebook.

    Parameters
    ----------
    run : str
        Name of a project file in ``data/``, the path of one, or the folder of a run.
    as_of : str, optional
        ISO date; the project's own when empty.
    **changes
        Keys of the project to change, for instance ``horizon_days=180``; empty texts and zeros change nothing.

    Returns
    -------
    Workspace
        The opened project.

    Raises
    ------
    UsageError
        If there is no such project, or a change is out of range.
    """
    given = {name: changed for name, changed in changes.items() if changed}
    place = Path(run)
    if (place / "run.json").is_file():
        record = json.loads((place / "run.json").read_text(encoding="utf-8"))
        base = projects.build(record["project"] | {"folder": Path(record["folder"])})
        work, tables, engine = Path(record["work"]), record["tables"], record.get("engine", "duckdb")
    else:
        path = place if place.suffix == ".toml" else HOME / "data" / f"{run}.toml"
        if not path.is_file():
            known = sorted(p.stem for p in (HOME / "data").glob("*.toml"))
            raise UsageError(f"run: no project file named {run}. {hint(run, known)}")
        base, work, tables, engine = projects.load(path), path.resolve().parent / "work", None, "duckdb"
    project = base.replace(**given, **({"as_of": as_of} if as_of else {}))
    return Workspace(project, work, tables=tables if project == base else None, engine=engine)


class Workspace:
    """One project at one date, with its engine, its tables and its fitted models.

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

    Attributes
    ----------
    engine, gathered, t
        The engine with the tables made so far, the inputs of the project, the words of its language.
    """

    def __init__(
        self,
        project: Project,
        work: Path,
        *,
        memory_limit: str | None = None,
        tables: str | None = None,
        engine: str = "duckdb",
    ) -> None:
        self.project, self.work, self.engine_kind = project, work, engine
        self.gathered = Gathered(project, work)
        self.folder = work / "tables" / (tables or self.data_id)
        self.engine: Engine = open_engine(engine, self.folder, memory_limit=memory_limit)
        self.engine.seal(also=self.gathered.paths if tables is None else ())
        if tables is None:
            take_up(self.engine, self.gathered)
        self.t: Texts = texts(project.language)

    @property
    def source_hash(self) -> str:
        """SHA-256 of what the tables were made of."""
        return str(self.record("source_hash", lambda: self.gathered.hash))

    @property
    def data_id(self) -> str:
        """What the tables depend on: project, data, frozen definitions, and the code that makes them."""
        settings = self.project.model_dump(mode="json", exclude={"language", "name"})
        frozen = self._keeper.texts()
        makers = fingerprint(path for path in PACKAGE.rglob("*") if "show" not in path.parts)
        said = json.dumps([settings, self.gathered.hash, makers, frozen, self.engine_kind], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def _keeper(self) -> Keeper:
        return Keeper(self.work / "definitions" / self.project.id)

    def need(self, *names: str) -> Engine:
        """Make tables that are not there yet.

        Parameters
        ----------
        *names : str
            Names of tables in ``STEPS``.

        Returns
        -------
        Engine
            The engine, with those tables open.

        Raises
        ------
        UsageError
            If no step makes such a table.
        """
        for name in names:
            if name not in STEPS:
                raise UsageError(f"table: nothing makes {name}. {hint(name, list(STEPS))}")
            if not self.engine.has(name):
                log.info("make %s", name)
                STEPS[name](self)
            self.engine.open(name)
        return self.engine

    def record(self, name: str, make: Callable[[], Any]) -> Any:
        """Read a JSON record of these tables, or make and keep it.

        Parameters
        ----------
        name : str
            Name of the record.
        make : callable
            Makes the record when it is not there.

        Returns
        -------
        object
            What JSON holds.
        """
        path = self.folder / f"{name}.json"
        if not path.is_file():
            write_text(path, json.dumps(make(), indent=1, sort_keys=True) + "\n")
        return json.loads(path.read_text(encoding="utf-8"))

    @property
    def quality(self) -> dict[str, Any]:
        """The quality record of the source."""
        self.need("transactions")
        return self.record("quality", dict)

    @cached_property
    def evidence(self) -> Evidence:
        """What speaks for the forecast and against it."""
        return Evidence(self)

    @property
    def choice(self) -> dict[str, Any]:
        """Which lifetime model is taken: ``kind``, ``reason``, and the ``candidates`` held against the holdout."""
        return self.record("choice", self._choose)

    def _choose(self) -> dict[str, Any]:
        candidates = choice.compare(self.evidence.outcomes, days=self.project.holdout_days)
        kind, reason = choice.choose(candidates)
        if self.project.model != "auto":
            kind, reason = self.project.model, "given"
        return {"kind": kind, "reason": reason, "candidates": candidates}

    @property
    def model(self) -> BetaGeometricNBD:
        """The lifetime model of all purchases up to as_of, time in days."""
        self.need("cells")
        fit = lambda: bgnbd.to_dict(lifetime.fit_lifetime(self.engine, "cells", self.choice["kind"]), time_unit="day")  # noqa: E731
        return lifetime.read_model(self.record("lifetime", fit))

    @property
    def calibration_model(self) -> BetaGeometricNBD:
        """The lifetime model of the calibration period, time in days: that which was held against the holdout."""
        kind, fits = self.choice["kind"], {row["kind"]: row["fit"] for row in self.choice["candidates"]}
        return lifetime.read_model(fits[kind]) if kind in fits else lifetime.fit_counted(self.evidence.outcomes, kind)

    @property
    def spend(self) -> tuple[Spend, GammaGamma | None]:
        """The spend model of all purchases up to as_of."""
        return self._spend("spend_cells")

    def _spend(self, cells: str) -> tuple[Spend, GammaGamma | None]:
        if not self.quality["has_amount"]:
            return Spend("none", remark=NO_AMOUNT), None
        self.need(cells)

        def fit() -> dict[str, Any]:
            found, model = spend.fit_or_none(self.engine, cells)
            return {
                "spend": spend.to_dict(found),
                "model": gammagamma.to_dict(model, money_unit=self.project.currency) if model else None,
            }

        kept = self.record(f"spend_{cells}", fit)
        return Spend(**kept["spend"]), gammagamma.from_dict(kept["model"]) if kept["model"] else None

    def refused(self, what: Refusable) -> str:
        """Give the code of the reason why forecast, money or test cannot be had; empty where it can."""
        return str(self.record(f"refused_{what}", lambda: find_refusal(self, what)))

    @property
    def holdout(self) -> dict[str, Any]:
        """Totals of the holdout period: actual, predicted, naive, bias and light; or why there was no test."""
        if reason := self.refused("test"):
            return {"light": UNTESTED, "reason": reason}
        self.need("holdout")
        return self.record("holdout_summary", lambda: backtest.summary(self.engine))

    @cached_property
    def grouping(self) -> Grouping:
        """The segmentations of the project."""
        return Grouping(self, self._keeper)

    @property
    def definitions(self) -> dict[str, Definition]:
        """The frozen segmentations of the project, defined now where they are not there yet."""
        return self.grouping.definitions

    @property
    def potential(self) -> dict[str, Any] | None:
        """What is known of products not used yet, with its check; None where the source has no products or money."""
        if "product" not in self.quality["columns"]:
            return None
        self.need("customer_potential")
        found = self.record("potential", dict)
        return None if found["reason"] in ("no_products", "no_money") else found

    @property
    def money_kind(self) -> str:
        """What money stands for: ``profit`` where a cost or margin is known, else ``revenue``."""
        known = self.quality["has_cost"] or self.project.product_margins or self.project.margin < 1
        return "profit" if known else "revenue"

    @property
    def compared_with(self) -> dt.date:
        """The earlier date that segments are compared with."""
        project = self.project
        return project.compare_with or project.as_of - dt.timedelta(days=project.compare_days)

    @property
    def calibration_spend(self) -> tuple[Spend, GammaGamma | None]:
        """The spend model of the calibration period."""
        return self._spend("calibration_spend_cells")

    def intervals(self, segmentation: str, *, residual: bool = True) -> "pd.DataFrame":
        """The 95 % intervals of a segmentation, one row named all: purchases, value and, if asked, residual value."""
        engine = self.need("customer_value", "customer_segments")
        horizon = self.project.horizon_days
        rate = self.project.daily_discount_rate
        model, money = self.model, self.spend[1]
        return uncertainty.intervals(
            engine, segmentation, model, money, horizon_days=horizon, daily_rate=rate, residual=residual
        )

    @property
    def footer(self) -> Footer:
        """Where the page comes from."""
        return foot.footer(self.t, self.project, self.quality, self.source_hash, custlib.__version__)

    @property
    def playbook(self) -> Playbook:
        """The playbook of the project."""
        return read_playbook(self.project.segments.playbook_file, self.project.folder)


def fingerprint(paths: Iterable[Path]) -> str:
    """Hash the content of code and rule files.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Files; folders and compiled code are passed over.

    Returns
    -------
    str
        SHA-256, independent of the order.
    """
    files = sorted(path for path in paths if path.is_file() and path.suffix != ".pyc")
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()
