"""Defines a source of purchases in the project file: files, a workbook or a database, and its format.

Secrets are not stored: a database is named by the environment variable that contains its address.
"""

import codecs
import datetime as dt
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from custlib.errors import TableError, UsageError

STANDARD_COLUMNS = (
    "customer_id",
    "timestamp",
    "amount",
    "order_id",
    "quantity",
    "product",
    "cost",
    "channel",
    "unit_price",
    "profit",
    "status",
    "currency",
)
KINDS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}
_GUESSED = "auto"
_Word = Annotated[str, Field(min_length=1)]
_EXAMPLES = "lifetimes"  # the package that holds the example purchases, an extra of ours
_PATTERN = re.compile(r"[*?\[]")
_NO_TEXT = {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "utf-7"}


class CurrencyRate(BaseModel):
    """What one unit of a currency is worth in the currency of the project, from a day on.

    Attributes
    ----------
    currency : str
        As the source writes it, for instance ``CHF``; upper or lower case.
    begin : datetime.date, optional
        First day of the rate, ``from`` in the project file; None for any day.
    rate : float
        Amounts are multiplied by it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    currency: str = Field(min_length=1)
    begin: dt.date | None = Field(None, alias="from")
    rate: float = Field(gt=0, allow_inf_nan=False)


class Source(BaseModel):
    """A source of purchases and its format.

    Attributes
    ----------
    path : str
        File, folder of files of one kind, or pattern (``sales/*.csv``), relative to the project file, or to an
        installed package when ``package`` is given.
    url_env : str
        Name of the environment variable that contains the address of a database.
    table, query : str
        Table or query to read from a database. An SQLite file with one table needs neither.
    sheet : str
        Sheet of a workbook; required if it has several.
    columns : dict of str to str
        Standard column to its name in the source; columns not listed are looked up by standard name. ``amount`` may
        be a product, ``"quantity * unit_price"``, of standard columns or of columns of the source, the quantity first.
    names : tuple of str
        Column names of a file without a header line.
    encoding : str
        Text encoding of a file; ``auto`` detects it from the bytes where they are unambiguous.
    delimiter, decimal, thousands : str
        Format of a CSV; ``delimiter = "whitespace"`` splits at runs of blanks, ``auto`` selects the one of
        ``, ; tab |`` that splits the first lines into equal numbers of columns.
    date_format : str, optional
        ``strptime`` format, or ``excel`` (day numbers), ``epoch_s`` or ``epoch_ms``; not needed for ISO dates.
    timezone : str, optional
        Time zone of the business day, for timestamps with an offset.
    cancel_prefix : str, optional
        Prefix of the order ids of cancellations.
    guest_ids : tuple of str
        Ids that are no customer (``guest``, a till); their lines are removed.
    exclude_products : tuple of str
        Products that are none (postage, bank charges); their lines are removed.
    count : tuple of str
        Values of ``status`` that count (``completed``), in upper or lower case; other lines are removed.
    currency_rates : tuple of CurrencyRate
        What one unit of each value of ``currency`` is worth in the currency of the project; ``{ CHF = 1.05 }`` stands
        for rates of any day.
    order_lines : bool
        Whether equal lines of an order are lines of their own; with false all but one of them are removed, with their
        money. It needs ``order_id``.
    order_totals : {"each_line", "first_line", "repeated"}
        Where the amount of an order stands: each line has its own; the first line has that of the order and the others
        none, nor a day; or every line repeats that of the order. The latter two need ``order_id``.
    net_to_nothing : {"purchase", "no_purchase"}
        Whether an order whose lines net to 0 after a cancellation or return is a purchase; without ``order_id`` the day
        of a customer.
    max_unreadable : float
        Share of rows, and of the money estimated to stand in them, whose amount may be unreadable; with more the source
        is refused.
    zero_is_purchase : bool
        Whether a line with amount 0 counts as a purchase.
    max_amount : float
        Larger amounts are set aside as errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    section: ClassVar[str] = "source"
    required: ClassVar[tuple[str, ...]] = ("customer_id", "timestamp")

    path: str = ""
    package: str | None = None
    url_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,100}$")] | None = None
    table: str | None = Field(None, min_length=1, max_length=200)
    query: str | None = Field(None, min_length=1, max_length=20_000)
    sheet: str | None = Field(None, min_length=1)
    columns: dict[Literal[STANDARD_COLUMNS], str] = {}  # type: ignore[valid-type]
    names: tuple[str, ...] = ()
    encoding: str = "utf-8"
    delimiter: str = Field(",", min_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'", ""] = ""
    date_format: str | None = None
    timezone: str | None = None
    cancel_prefix: str | None = Field(None, min_length=1)
    guest_ids: tuple[_Word, ...] = ()
    exclude_products: tuple[_Word, ...] = ()
    count: tuple[_Word, ...] = ()
    currency_rates: tuple[CurrencyRate, ...] = ()
    order_lines: bool = True
    order_totals: Literal["each_line", "first_line", "repeated"] = "each_line"
    net_to_nothing: Literal["purchase", "no_purchase"] = "purchase"
    max_unreadable: float = Field(0.01, ge=0, le=1)
    zero_is_purchase: bool = True
    max_amount: float = Field(1e9, gt=0, le=1e13)

    @field_validator("currency_rates", mode="before")
    @classmethod
    def _list_rates(cls, rates: Any) -> Any:
        if not isinstance(rates, dict):
            return rates
        return tuple({"currency": name, "rate": rate} for name, rate in rates.items())

    @model_validator(mode="after")
    def _agree(self) -> "Source":
        if self.thousands and self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both '{self.decimal}'")
        if self.delimiter not in ("whitespace", _GUESSED) and len(self.delimiter) > 1:
            raise ValueError(f"delimiter must be one character or 'whitespace', not '{self.delimiter}'; or 'auto'")
        if self.timezone and not _is_zone(self.timezone):
            raise ValueError(f"timezone: there is no zone '{self.timezone}'; a zone is named as 'Europe/Berlin'")
        if self.encoding != _GUESSED and not _is_encoding(self.encoding):
            raise ValueError(f"encoding: there is none named '{self.encoding[:40]}'; for instance 'utf-8', 'gb18030'")
        return self

    @model_validator(mode="after")
    def _name_one_place(self) -> "Source":
        if "://" in self.path or re.search(r"password\s*=", self.path, re.IGNORECASE):
            raise ValueError(
                "path holds the address of a database. Put the address into an environment variable and give its "
                'name, for instance url_env = "SHOP_DB_URL"'
            )
        if bool(self.path) == bool(self.url_env):
            raise ValueError("give a path to files, or url_env and a table or query of a database")
        if self.table and self.query:
            raise ValueError("table and query are both given; give one")
        if self.url_env and not (self.table or self.query):
            raise ValueError("url_env needs a table or a query")
        kind = kind_of(Path(self.path)) if self.path else "database"
        if (self.table or self.query) and kind not in ("database", "sqlite"):
            raise ValueError("table and query are of databases; a file of this kind has none")
        if self.sheet and kind not in ("excel", None):
            raise ValueError("sheet is of Excel workbooks; a file of this kind has none")
        if self.url_env and (self.package or self.names):
            raise ValueError("package and names are of files, not of a database")
        return self

    @property
    def roles(self) -> tuple[str, ...]:
        """The standard columns, in order."""
        return STANDARD_COLUMNS

    @property
    def mapped(self) -> dict[str, str]:
        """The name in the source of every role that the project file maps."""
        return dict(self.columns)

    @property
    def rates(self) -> tuple[CurrencyRate, ...]:
        """The rates of currencies, of each the latest first.

        Examples
        --------
        >>> [rate.rate for rate in Source(path="x.csv", currency_rates={"EUR": 1, "CHF": 1.05}).rates]
        [1.0, 1.05]
        """
        return tuple(sorted(self.currency_rates, key=lambda rate: rate.begin or dt.date.min, reverse=True))

    @property
    def label(self) -> str:
        """Name of the source in messages: its file, folder or table, never its address."""
        if self.url_env is None:
            return Path(self.path).name or "."
        return self.table or f"query of {self.url_env}"

    def location(self, folder: Path) -> Path:
        """Return the path of the files of the source."""
        if self.url_env is not None:
            return folder / self.label.replace("/", "_")
        if self.package is None:
            return (folder / self.path).resolve()
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            advice = f'it: pip install "custlib[{self.package}]"' if self.package == _EXAMPLES else "it first."
            raise UsageError(f"{self.section}.package: {self.package} is not installed. Install {advice}")
        return Path(spec.submodule_search_locations[0]) / self.path

    def files(self, folder: Path) -> list[Path]:
        """List the files of the source.

        Examples
        --------
        >>> [path.name for path in Source(path="custlib/rules/*.txt").files(Path("."))]
        Traceback (most recent call last):
            ...
        custlib.errors.TableError: *.txt: no file fits this pattern. Correct source.path.
        """
        if self.url_env is not None:
            return []
        place = self.location(folder)
        if place.is_dir():
            return _of_one_kind(self, place, [path for path in place.rglob("*") if path.is_file()], place)
        if place.exists() or not _PATTERN.search(self.path):
            return [place]
        base = pattern_base(place)
        pattern = place.relative_to(base).as_posix()
        return _of_one_kind(self, place, [path for path in base.glob(pattern) if path.is_file()], base)


def kind_of(path: Path) -> str | None:
    """Return the kind of a file by its suffix.

    Examples
    --------
    >>> kind_of(Path("sales.jsonl.gz")), kind_of(Path("sales.gz")), kind_of(Path("sales.pkl"))
    ('jsonl', 'csv', None)
    """
    if path.suffix.lower() != ".gz":
        return KINDS.get(path.suffix.lower())
    inner = KINDS.get(Path(path.stem).suffix.lower(), "csv")
    return inner if inner in ("csv", "jsonl") else None


def pattern_base(place: Path) -> Path:
    """Return the folder above the first part of a path that is a pattern, or the path itself if it is a folder."""
    if place.is_dir():
        return place
    if place.exists():
        return place.parent
    parts = place.parts
    first = next((i for i, part in enumerate(parts) if _PATTERN.search(part)), len(parts) - 1)
    return Path(*parts[:first])


def _of_one_kind(source: Source, place: Path, paths: list[Path], base: Path) -> list[Path]:
    """Sort the data files, ignoring hidden ones; raise if there are none, or several kinds."""
    plain = [path for path in paths if not any(part[0] in "_." for part in path.relative_to(base).parts)]
    read = sorted((path for path in plain if kind_of(path)), key=lambda path: path.as_posix())
    kinds = sorted({str(kind_of(path)) for path in read})
    if not read and place.is_dir():
        raise TableError(
            f"{place.name}: is a directory. Name one CSV or Parquet file, or a directory that holds some "
            "(of one kind; also JSON lines or Excel)."
        )
    if not read:
        raise TableError(f"{place.name}: no file fits this pattern. Correct {source.section}.path.")
    if len(kinds) > 1:
        raise TableError(
            f"{place.name}: is a directory or pattern with files of several kinds ({', '.join(kinds)}). "
            f'Name one kind, for instance path = "{base.name}/*{read[0].suffix}".'
        )
    return read


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _is_encoding(name: str) -> bool:
    """Whether a name is a text encoding; Python has some codecs between bytes only."""
    try:
        codec = codecs.lookup(name).name.replace("_", "-")
        "a".encode(name)
    except (LookupError, ValueError):
        return False
    return codec not in _NO_TEXT
