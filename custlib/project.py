"""Reads and validates the project file: sources, dates, money and segmentations.

A project is one TOML file. Unknown keys, wrong types and values out of range are errors that name the key.
"""

import datetime as dt
import math
import re
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from custlib import rules
from custlib.errors import UsageError, hint
from custlib.rules.schema import Exact
from custlib.side_source import Customers, Invoices
from custlib.source import STANDARD_COLUMNS, Source

Model = TypeVar("Model", bound=BaseModel)
DAYS_PER_UNIT = {"day": 1, "week": 7}
DAYS_PER_YEAR = 365
MOST_DAYS = 3650  # of a period that a project states
_FIRST_YEAR = 1900
_LEAST_RATE = 0.001
_SECRET = re.compile(r"://|passw|pwd|secret|token", re.IGNORECASE)

__all__ = ["STANDARD_COLUMNS", "Project", "Segments", "Source", "Value", "build", "faults", "load", "validated"]


def _none_or_some(rate: float) -> float:
    if 0 < rate < _LEAST_RATE:
        raise ValueError(f"is above 0 and below {_LEAST_RATE}; give 0 for no discount")
    return rate


OnRequest = Literal["alive_later", "next_purchase", "coming_months", "customer_intervals"]
ON_REQUEST: tuple[str, ...] = get_args(OnRequest)


class _Strict(Exact):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Segments(_Strict):
    """Segmentations to make, and the one that playbooks apply to.

    Attributes
    ----------
    segmentations : tuple of str
        Their names; empty for all that the data allow, but those whose thresholds are absolute amounts of money
        (``bank5``, ``rfm_airline``): they are made only where they are named.
    playbook : str
        The segmentation that playbooks apply to and pages follow; empty for no playbooks.
    playbook_file : str
        The playbook: a shipped one (``playbooks/rf25``) or a file beside the project (``mine.toml``). Left out, it
        follows from the segmentation: that of its map, else that of its name.
    contact_costs : dict of str to float
        Cost of one contact by channel, in the currency of the project; channels left out cost what
        ``rules/contact_costs.toml`` assumes.
    refit : bool
        Whether to fit the definitions again; the previous ones are archived.
    hysteresis : float
        Share by which a customer must pass a threshold before changing segment; 0 for none.
    replay : int
        Number of past snapshots, ``compare_days`` apart, for moves at several dates.
    options : dict
        Options by segmentation.
    """

    segmentations: tuple[str, ...] = ()
    playbook: str = "rfm"
    playbook_file: str = ""
    contact_costs: dict[str, Annotated[float, Field(ge=0, le=1e6)]] = Field(default_factory=dict)
    refit: bool = False
    hysteresis: float = Field(0.0, ge=0, le=0.5)
    replay: int = Field(4, ge=1, le=36)
    options: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @property
    def leading(self) -> str:
        """The segmentation that pages follow: that of the playbooks, without playbooks ``rfm``."""
        return self.playbook or "rfm"


class Value(_Strict):
    """What is made of each customer beside the usual forecasts.

    Attributes
    ----------
    columns : list of {"alive_later", "next_purchase", "coming_months", "customer_intervals"}
        Tables whose columns ``run.customers()`` adds: P(alive) later, next purchase, value by month, 90 % intervals.
    alive_after_days : int
        Days after as_of of which ``alive_later`` tells.
    """

    columns: tuple[OnRequest, ...] = ()
    alive_after_days: int = Field(90, ge=1, le=MOST_DAYS)


class Project(_Strict):
    """A project: its id, sources, dates and money.

    Attributes
    ----------
    id : str
        Lower-case letters, digits, ``_`` and ``-``; names the folder of its reports.
    name : str
        What the pages call it.
    currency : str
        ISO code of the currency of all amounts.
    trade : str
        What is sold, for instance ``coffee``; a playbook that is written for a trade asks for it.
    as_of : datetime.date
        The day of the analysis; later purchases are set aside and counted.
    holdout_days : int, optional
        Days of the holdout period that tests the forecast; by default half of the days that the purchases cover.
    horizon_days : int
        Length of the forecast, in days.
    compare_days : int
        Days between as_of and the earlier snapshot that segments are compared with.
    compare_with : datetime.date, optional
        Date of the earlier snapshot, in place of ``compare_days``.
    annual_discount_rate : float
        Effective rate per year, 0 or at least 0.001; see :attr:`daily_discount_rate`. At 0 residual lifetime value is
        finite only where everybody is expected to leave (a > 1 in the lifetime model).
    margin : float
        Share of revenue that is profit, for lines without cost or profit.
    model : {"auto", "bgnbd", "mbgnbd", "paretonbd"}
        The lifetime model; ``auto`` averages forecasts over several, weighted by how well each fits.
    intervals : {"full", "fast"}
        How forecasts and their intervals are made with ``model = "auto"``: from the average of several models, or,
        several times faster, from BG/NBD or MBG/NBD alone, whichever fits better.
    season : {"auto", "off"}
        Whether forecasts follow a season, in business time: ``auto`` where two years or more show the same one.
    spend_days : {"auto", "repeat", "all"}
        Purchase days that the expected spend of repeat customers is computed from: repeat days, or the first as well;
        ``auto`` takes what predicts better within the calibration period.
    challenger : bool
        Whether boosting that starts from the forecast is tried beside it, on bases of 2,000 customers or more: the page
        of the test then says whether it would order customers better. The forecast stays as it is.
    subscription : {"none", "month", "quarter", "year"}
        Period paid for under a contract: value comes from renewals; without it, what looks like one is only told.
    product_margins : dict of str to float
        Margin by product; products not listed have ``margin``.
    cost_to_serve : float
        Cost of a purchase day beyond the goods (delivery, service), in currency.
    time_unit : {"day", "week"}
        Unit of the time axes of pages; everything is computed in days.
    language : {"en", "zh"}
        Language of the pages.
    source : Source
        The source, or the first of several.
    sources : tuple of Source
        Several sources, each with its own format; see :attr:`inputs`.
    overlap : {"keep_all", "keep_one"}
        Whether a line in several inputs counts in each, or once: of k and m equal ones max(k, m) are kept.
    customers : Customers, optional
        Side table of customers with attributes.
    invoices : Invoices, optional
        Side table of invoices with due and payment dates.
    segments : Segments
        Segmentations, playbook and moves.
    value : Value
        Columns of customers on request.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]
    name: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    trade: str = ""
    as_of: dt.date
    holdout_days: int | None = Field(None, ge=1, le=MOST_DAYS)
    horizon_days: int = Field(365, ge=1, le=MOST_DAYS)
    compare_days: int = Field(91, ge=1, le=MOST_DAYS)
    compare_with: dt.date | None = None
    annual_discount_rate: Annotated[float, AfterValidator(_none_or_some)] = Field(0.10, ge=0, lt=10)
    margin: float = Field(1.0, gt=0, le=1)
    product_margins: dict[Annotated[str, Field(min_length=1)], Annotated[float, Field(ge=-1, le=1)]] = Field(
        default_factory=dict
    )
    cost_to_serve: float = Field(0.0, ge=0, le=1e9)
    time_unit: Literal["day", "week"] = "week"
    model: Literal["auto", "bgnbd", "mbgnbd", "paretonbd"] = "auto"
    intervals: Literal["full", "fast"] = "full"
    season: Literal["auto", "off"] = "auto"
    spend_days: Literal["auto", "repeat", "all"] = "auto"
    challenger: bool = False
    subscription: Literal["none", "month", "quarter", "year"] = "none"
    language: Literal["en", "zh"] = "en"
    source: Source
    sources: tuple[Source, ...] = ()
    overlap: Literal["keep_all", "keep_one"] = "keep_all"
    customers: Customers | None = None
    invoices: Invoices | None = None
    segments: Segments = Segments()
    value: Value = Value()
    folder: Path = Field(Path(), exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _take_first(cls, values: Any) -> Any:
        several = values.get("sources") if isinstance(values, dict) else None
        if isinstance(several, list | tuple) and several and "source" not in values:
            return values | {"source": several[0]}
        return values

    @model_validator(mode="after")
    def _agree_on_sources(self) -> "Project":
        if self.sources and self.source != self.sources[0]:
            raise ValueError("[source] and [[sources]] are both given; give one")
        return self

    @model_validator(mode="after")
    def _compare_with_the_past(self) -> "Project":
        if self.compare_with is not None and self.compare_with >= self.as_of:
            raise ValueError(f"compare_with: {self.compare_with} is not before as_of, {self.as_of}")
        if self.compare_with is not None and self.compare_with.year < _FIRST_YEAR:
            raise ValueError(f"compare_with: {self.compare_with} is before {_FIRST_YEAR}")
        return self

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
        """Days per time unit of the reports."""
        return DAYS_PER_UNIT[self.time_unit]

    @property
    def source_path(self) -> Path:
        """Path of the first source; for a database its name only."""
        return self.source.location(self.folder)

    @property
    def inputs(self) -> tuple[Source, ...]:
        """Every source of the project, in the order of the file."""
        return self.sources or (self.source,)

    @property
    def registers(self) -> dict[str, Source]:
        """Side tables by section of the project file."""
        sections = {"customers": self.customers, "invoices": self.invoices}
        return {name: source for name, source in sections.items() if source is not None}

    def replace(self, **changes: Any) -> "Project":
        """Return a validated copy with some values changed."""
        fields = type(self).model_fields  # None changes nothing, unless it is the default, as of compare_with
        updates = {
            name: value
            for name, value in changes.items()
            if value is not None or (name in fields and fields[name].default is None)
        }
        for section in ("segments", "value"):  # options that are not named stay as they are
            if isinstance(changed := updates.get(section), dict):
                updates[section] = getattr(self, section).model_dump() | changed
        return build(self.model_dump() | {"folder": self.folder} | updates)


def load(path: Path) -> Project:
    """Read and validate a project file.

    Examples
    --------
    >>> load(Path("nowhere.toml"))
    Traceback (most recent call last):
    custlib.errors.UsageError: nowhere.toml: no such file.
    """
    content = rules.read(path)
    return build(content | _files_beside(content, path.parent) | {"folder": path.parent}, where=str(path))


def _files_beside(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Find the files that options of segmentations name beside the project file, wherever the command is run."""
    segments = content.get("segments")
    options = segments.get("options") if isinstance(segments, dict) else None
    if not isinstance(segments, dict) or not isinstance(options, dict):
        return {}

    def beside(value: Any) -> Any:
        is_file = isinstance(value, str) and value.endswith(".toml")
        return str((folder / value).resolve()) if is_file else value

    files = {
        name: {key: beside(value) for key, value in chosen.items()} if isinstance(chosen, dict) else chosen
        for name, chosen in options.items()
    }
    return {"segments": segments | {"options": files}}


def build(mapping: dict[str, Any], *, where: str = "project") -> Project:
    """Validate a mapping as a project.

    Examples
    --------
    >>> build({"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "x.csv"}}).currency
    'USD'
    """
    return validated(Project, mapping, where)


def validated(model: type[Model], mapping: dict[str, Any], where: str) -> Model:
    """Validate a mapping against a model and report every fault."""
    try:
        return model.model_validate(mapping)
    except ValidationError as fault:
        raise UsageError("\n".join(f"{where}: {line}" for line in faults(fault, model))) from None


def faults(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Describe each fault of a rejected mapping in one line."""
    entries = error.errors(include_url=False)
    first = {entry["loc"][2:] for entry in entries if entry["loc"][:2] == ("sources", 0)}
    return [_fault(e, model) for e in entries if e["loc"][:1] != ("source",) or e["loc"][1:] not in first]


def _fault(entry: Any, model: type[BaseModel]) -> str:
    place = [str(part) for part in entry["loc"]]
    where = ".".join(place) or "file"
    if entry["type"] == "extra_forbidden":
        owner = _owner(model, place[:-1])
        return f"{where}: unknown key. {hint(place[-1], list(owner.model_fields) if owner else [])}"
    if entry["type"] == "missing":
        return f"{where}: is required and missing."
    message = entry["msg"].removeprefix("Value error, ")
    value = str(entry["input"])
    return f"{where}: {message} (given: {'hidden' if _SECRET.search(value) else repr(value[:60])})."


def _owner(model: type[BaseModel], place: list[str]) -> type[BaseModel] | None:
    for part in place:
        if part.isdecimal():
            continue
        field = model.model_fields.get(part)
        annotation = field.annotation if field else None
        annotation = get_args(annotation)[0] if get_origin(annotation) in (tuple, UnionType) else annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return None
        model = annotation
    return model
