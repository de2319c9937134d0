"""The project file: where the purchases are, how to read them, and what is asked of them.

A project is one TOML file, checked whole before anything starts: unknown keys, wrong types and values out of
range are errors that name the key.
"""

import datetime as dt
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from custlib import rules
from custlib.errors import UsageError, hint

Model = TypeVar("Model", bound=BaseModel)
DAYS_PER_UNIT = {"day": 1, "week": 7}
DAYS_PER_YEAR = 365
STANDARD_COLUMNS = (
    "customer_id",
    "timestamp",
    "amount",
    "order_id",
    "quantity",
    "product",
    "cost",
    "channel",
)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """One file of purchases and how to read it.

    Attributes
    ----------
    path : str
        File, relative to the project file, or to an installed package when ``package`` is given.
    columns : dict of str to str
        Standard column to the name it has in the file; columns not listed are looked up by standard name.
    names : tuple of str
        Column names of a file without a header line.
    delimiter, decimal, thousands : str
        How a CSV is written; ``delimiter = "whitespace"`` parts columns by runs of blanks.
    date_format : str, optional
        ``strptime`` format, or ``excel`` (day numbers), ``epoch_s`` or ``epoch_ms``; ISO dates need none.
    timezone : str, optional
        Zone of the business day, for timestamps that carry an offset.
    cancel_prefix : str, optional
        Orders whose id starts so are cancellations.
    order_lines : bool
        Whether equal lines within an order are legitimate order lines.
    zero_is_purchase : bool
        Whether a line with amount 0 makes its day a purchase day.
    max_amount : float
        Larger amounts are set aside as mistaken.
    """

    path: str
    package: str | None = None
    columns: dict[Literal[STANDARD_COLUMNS], str] = {}  # type: ignore[valid-type]
    names: tuple[str, ...] = ()
    delimiter: str = Field(",", min_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'", ""] = ""
    date_format: str | None = None
    timezone: str | None = None
    cancel_prefix: str | None = Field(None, min_length=1)
    order_lines: bool = True
    zero_is_purchase: bool = True
    max_amount: float = Field(1e9, gt=0, le=1e13)

    @model_validator(mode="after")
    def _agree(self) -> "Source":
        if self.thousands and self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both '{self.decimal}'")
        if self.delimiter != "whitespace" and len(self.delimiter) > 1:
            raise ValueError(f"delimiter must be one character or 'whitespace', not '{self.delimiter}'")
        if self.timezone and not _is_zone(self.timezone):
            raise ValueError(f"timezone: there is no zone '{self.timezone}'; a zone is named as 'Europe/Berlin'")
        return self


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


class Segments(_Strict):
    """Which segmentations are made, and which one the playbooks follow."""

    segmentations: tuple[str, ...] = ("rfm", "abc", "pyramid", "clusters")
    playbook: str = "rfm"
    playbook_file: str = "playbooks/rf25"
    refit: bool = False
    options: dict[str, dict[str, Any]] = {}


class Project(_Strict):
    """One project: an id, its source, its dates and its money.

    Attributes
    ----------
    id : str
        Lower-case letters, digits, ``_`` and ``-``; names the folder of its reports.
    as_of : datetime.date
        The day the customers are looked at; later purchases are set aside and counted.
    holdout_days : int
        Length of the period kept back to test the forecast, in days.
    horizon_days : int
        Length of the forecast, in days.
    compare_days : int
        How far back the segments are compared with, in days.
    annual_discount_rate : float
        Entered once per year; see :attr:`daily_discount_rate`.
    margin : float
        Share of revenue that is profit, when the source has no cost.
    model : {"auto", "bgnbd", "mbgnbd"}
        The lifetime model; ``auto`` chooses by the holdout and an information criterion.
    product_margins : dict of str to float
        The same by product; products that are not listed take ``margin``.
    cost_to_serve : float
        What a purchase day costs beside the goods (delivery, service), in currency.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]
    name: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    as_of: dt.date
    holdout_days: int = Field(182, ge=1, le=3650)
    horizon_days: int = Field(365, ge=1, le=3650)
    compare_days: int = Field(91, ge=1, le=3650)
    annual_discount_rate: float = Field(0.10, ge=0.001, lt=10)
    margin: float = Field(1.0, gt=0, le=1)
    product_margins: dict[Annotated[str, Field(min_length=1)], Annotated[float, Field(ge=-1, le=1)]] = {}
    cost_to_serve: float = Field(0.0, ge=0, le=1e9)
    time_unit: Literal["day", "week"] = "week"
    model: Literal["auto", "bgnbd", "mbgnbd"] = "auto"
    language: Literal["en", "zh"] = "en"
    source: Source
    segments: Segments = Segments()
    folder: Path = Field(Path(), exclude=True)

    @model_validator(mode="after")
    def _name_products(self) -> "Project":
        names = [name.strip() for name in self.product_margins]
        if "" in names or len(set(names)) < len(names):
            raise ValueError("product_margins: a product is blank, or named twice but for blanks")
        return self

    @property
    def daily_discount_rate(self) -> float:
        """Continuous rate per day: ln(1 + annual rate) / 365."""
        return math.log1p(self.annual_discount_rate) / DAYS_PER_YEAR

    @property
    def unit_days(self) -> int:
        """Days in the unit that reports print times in."""
        return DAYS_PER_UNIT[self.time_unit]

    @property
    def calibration_end(self) -> dt.date:
        """Last day of the calibration period."""
        return self.as_of - dt.timedelta(days=self.holdout_days)

    @property
    def source_path(self) -> Path:
        """Where the source file is."""
        if self.source.package is None:
            return (self.folder / self.source.path).resolve()
        found = find_spec(self.source.package)
        if found is None or not found.submodule_search_locations:
            raise UsageError(f"source.package: {self.source.package} is not installed. Install it first.")
        return Path(found.submodule_search_locations[0]) / self.source.path

    def replace(self, **changes: Any) -> "Project":
        """Make a checked copy with some values changed.

        Parameters
        ----------
        **changes
            Attributes and their new values; ``None`` leaves an attribute as it is.

        Returns
        -------
        Project
            The copy.
        """
        given = {name: value for name, value in changes.items() if value is not None}
        return build(self.model_dump() | {"folder": self.folder} | given)


def load(path: Path) -> Project:
    """Read and check a project file.

    Parameters
    ----------
    path : pathlib.Path
        The TOML file.

    Returns
    -------
    Project
        The project; its source path is taken from the folder of the file.

    Raises
    ------
    UsageError
        If the file is missing, not TOML, or breaks the schema; all faults are named at once.

    Examples
    --------
    >>> load(Path("nowhere.toml"))
    Traceback (most recent call last):
    custlib.errors.UsageError: nowhere.toml: no such file.
    """
    return build(rules.read(path) | {"folder": path.parent}, where=str(path))


def build(mapping: dict[str, Any], *, where: str = "project") -> Project:
    """Make a checked project from a mapping.

    Parameters
    ----------
    mapping : dict
        The keys of a project file.
    where : str, default "project"
        What error messages call the mapping.

    Returns
    -------
    Project
        The project.

    Raises
    ------
    UsageError
        If the mapping breaks the schema.

    Examples
    --------
    >>> build({"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "x.csv"}}).currency
    'USD'
    """
    return validated(Project, mapping, where)


def validated(model: type[Model], mapping: dict[str, Any], where: str) -> Model:
    """Check a mapping against a model, naming every fault.

    Parameters
    ----------
    model : type
        A pydantic model.
    mapping : dict
        What was given.
    where : str
        What error messages call it.

    Returns
    -------
    model
        An instance.

    Raises
    ------
    UsageError
        One line per fault: where, key, what is wrong, what is possible.
    """
    try:
        return model.model_validate(mapping)
    except ValidationError as fault:
        raise UsageError("\n".join(f"{where}: {line}" for line in faults(fault, model))) from None


def faults(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Say each fault of a rejected mapping in one line.

    Parameters
    ----------
    error : pydantic.ValidationError
        What pydantic found.
    model : type
        The model that was asked for, whose keys are offered for a misspelt one.

    Returns
    -------
    list of str
        One line per fault: key, what is wrong, what is possible.
    """
    return [_fault(entry, model) for entry in error.errors(include_url=False)]


def _fault(entry: Any, model: type[BaseModel]) -> str:
    place = [str(part) for part in entry["loc"]]
    where = ".".join(place) or "file"
    if entry["type"] == "extra_forbidden":
        owner = _owner(model, place[:-1])
        return f"{where}: unknown key. {hint(place[-1], list(owner.model_fields) if owner else [])}"
    if entry["type"] == "missing":
        return f"{where}: is required and missing."
    message = entry["msg"].removeprefix("Value error, ")
    return f"{where}: {message} (given: {str(entry['input'])[:60]!r})."


def _owner(model: type[BaseModel], place: list[str]) -> type[BaseModel] | None:
    for part in place:
        field = model.model_fields.get(part)
        annotation = field.annotation if field else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return None
        model = annotation
    return model
