"""What the steps of a run ask of a workspace, and of its segmentations: protocols only."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol

from custlib.differentiate import hysteresis
from custlib.differentiate.definitions import Definition
from custlib.differentiate.points import Point
from custlib.differentiate.spend import Spend
from custlib.engine.base import Engine
from custlib.identify.sources import Gathered
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.gammagamma import GammaGamma
from custlib.project import Project

Refusable = Literal["forecast", "money", "test"]


class Groups(Protocol):
    """What a step asks of the segmentations of a project."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Measures that they read."""

    @property
    def dates(self) -> list[dt.date]:
        """Dates that customers are looked at."""

    @property
    def points(self) -> list[Point]:
        """Points that moves between these dates go through."""

    @property
    def now(self) -> Point:
        """The customers today."""

    @property
    def memories(self) -> dict[str, hysteresis.Memory]:
        """Where customers were on the dates before, by segmentation; none where nobody is held."""

    @property
    def definitions(self) -> dict[str, Definition]:
        """The definitions in force."""

    @property
    def pairs(self) -> dict[str, tuple[Definition, Definition]]:
        """The definitions in force on the date compared with, and now."""

    def open(self, wanted: Iterable[Point], frozen: Iterable[dict[str, Any]]) -> tuple[str, ...]:
        """Open the tables of points, and make what definitions see of them beside."""

    def recorded(self) -> str:
        """Open the customers as an earlier run had them on the date compared with."""


class Tables(Protocol):
    """What a step asks of a workspace."""

    project: Project
    engine: Engine
    gathered: Gathered

    def need(self, *names: str) -> Engine:
        """Make tables that are not there yet."""

    def record(self, name: str, make: Callable[[], Any]) -> Any:
        """Read a JSON record, or make and keep it."""

    @property
    def quality(self) -> dict[str, Any]:
        """The quality record of the source."""

    @property
    def model(self) -> BetaGeometricNBD:
        """The lifetime model of all purchases."""

    @property
    def calibration_model(self) -> BetaGeometricNBD:
        """The lifetime model of the calibration period."""

    @property
    def spend(self) -> tuple[Spend, GammaGamma | None]:
        """The spend model."""

    def refused(self, what: Refusable) -> str:
        """Give the code of the reason why something cannot be had; empty where it can."""

    @property
    def calibration_spend(self) -> tuple[Spend, GammaGamma | None]:
        """The spend model of the calibration period."""

    @property
    def definitions(self) -> dict[str, Definition]:
        """The frozen segmentations."""

    @property
    def compared_with(self) -> dt.date:
        """The earlier date that segments are compared with."""

    @property
    def grouping(self) -> Groups:
        """The segmentations of the project."""
