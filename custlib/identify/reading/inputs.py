"""The inputs of a project: one per file, database table or frame, with the columns that are read of each."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unicodedata import normalize
from urllib.parse import unquote

from custlib.engine.file_paths import check_path
from custlib.errors import TableError, hint
from custlib.identify.reading.roles import mapped_of, meant, noticed
from custlib.project import Project, Source
from custlib.source import kind_of, pattern_base

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
MONEY = ("amount", "cost", "quantity", "unit_price", "profit")
PRODUCT = "PRODUCT"  # type of an amount that is made of two columns
DAYS = ("timestamp", "due", "paid")
_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT", "JSON")
_NO_NUMBER = ("BOOLEAN", "DATE", "TIME", "BLOB", "UUID", "INTERVAL")
_NO_DAY = ("BOOLEAN", "TIME", "BLOB", "UUID", "INTERVAL")


@dataclass(frozen=True)
class Top:
    """What stands above the header of a text file.

    Attributes
    ----------
    skipped : int
        How many lines.
    delimiter : str or None
        The delimiter that a line ``sep=`` names.
    """

    skipped: int = 0
    delimiter: str | None = None


@dataclass(frozen=True)
class Staged:
    """What was streamed into the run's folder, because the engine cannot read it where it is.

    Attributes
    ----------
    path : pathlib.Path
        The staged file: Parquet, or CSV in UTF-8.
    available : tuple of str
        Every column of the source, also those that nothing reads and that were left out; empty for a CSV.
    remarks : tuple of str
        What the reader should know of it.
    top : Top or None
        What stood above the header of a CSV, and was left out.
    """

    path: Path
    available: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    top: Top | None = None


@dataclass(frozen=True)
class Input:
    """One file, database table or frame of a project.

    Attributes
    ----------
    source : Source
        How it is read.
    name : str
        What messages call it: the file below its folder, or the table; no two inputs of a project have one name.
    path : pathlib.Path or None
        The file; None for a database or frame.
    partitions : dict of str to (str or None)
        Columns that the names of the folders give, as ``channel=web/`` does.
    staged : Staged or None
        Where it was streamed to, once it is.
    """

    source: Source
    name: str
    path: Path | None
    partitions: dict[str, str | None] = field(default_factory=dict)
    staged: Staged | None = None

    @property
    def kind(self) -> str | None:
        """``csv``, ``jsonl``, ``parquet``, ``excel``, ``sqlite``, ``database`` or ``frame``; None if not read."""
        if self.source.url_env is not None:
            return "database"
        return "frame" if self.path is None else kind_of(self.path)


def inputs(project: Project) -> list[Input]:
    """List the inputs of a project.

    Raises TableError if a folder or pattern holds no file that is read, or files of several kinds, and UsageError if no
    engine can open a path.

    Examples
    --------
    >>> from custlib import project
    >>> shop = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "sales.csv"}}
    >>> [entry.name for entry in inputs(project.build(shop))]
    ['sales.csv']
    """
    listed = [(n, entry) for n, source in enumerate(project.inputs, 1) for entry in inputs_of(source, project.folder)]
    times = Counter(entry.name for _, entry in listed)
    return [
        replace(entry, name=f"{entry.name} (source {number})") if times[entry.name] > 1 else entry
        for number, entry in listed
    ]


def inputs_of(source: Source, folder: Path) -> list[Input]:
    """List the inputs of one source."""
    if source.url_env is not None:
        return [Input(source, source.label, None)]
    base = pattern_base(source.location(folder))
    return [_file(source, path, base) for path in source.files(folder)]


def _file(source: Source, path: Path, base: Path) -> Input:
    check_path(path, f"{source.section}.path")
    below = path.relative_to(base) if path.is_relative_to(base) else Path(path.name)
    return Input(source, below.as_posix(), path, partitions(below))


def partitions(below: Path) -> dict[str, str | None]:
    """Read the columns that the names of folders give (``year=2025/channel=web/part-0.parquet``).

    Examples
    --------
    >>> partitions(Path("year=2025/channel=by%20mail/part-0.parquet"))
    {'year': '2025', 'channel': 'by mail'}
    """
    pairs = [unquote(part).split("=", 1) for part in below.parts[:-1] if "=" in part]
    return {name: None if value == _NO_VALUE else value for name, value in pairs if name}


def match(entry: Input, available: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Find the column of each standard name; a name given in the mapping must be there.

    Raises TableError if a required or mapped column is missing, all of them are named; or two names have one column.
    """
    same = {folded(name): name for name in available}
    columns, faults, remarks = {}, [], {}
    source = entry.source
    names = mapped_of(source, available)
    for standard in source.roles:
        wanted = names.get(standard, standard)
        column = wanted if wanted in available else same.get(folded(wanted))
        if column is not None:
            columns[standard] = column
            if column != wanted:
                remarks[standard] = f"column name {column!r} was read as {wanted!r}"
        elif standard in names or standard in source.required:
            mapped = f" (mapped from {standard})" if wanted != standard else ""
            faults.append(f"{entry.name}: column {wanted!r}{mapped} is missing. {hint(wanted, available)}")
    if faults:
        faults.append(f'Name your columns, for instance [{source.section}.columns] customer_id = "client".')
        raise TableError("\n".join(faults))
    columns = meant(source, entry.name, columns) if "unit_price" in source.roles else columns
    _refuse_shared(entry, columns)
    return columns, tuple(remark for standard, remark in remarks.items() if standard in columns)


def _refuse_shared(entry: Input, columns: dict[str, str]) -> None:
    for column in columns.values():
        if len(names := [standard for standard, other in columns.items() if other == column]) > 1:
            raise TableError(
                f"{entry.name}: {' and '.join(names)} are both read from the column {column!r}. Map each to a "
                "column of its own, or leave one out."
            )


def folded(name: str) -> str:
    """Write the name of a column so that names differing only in case, blanks around it or composition are one."""
    return normalize("NFC", name).strip().casefold()


def used(entry: Input, available: Sequence[str]) -> list[str]:
    """List the columns that are read of a source, in its order; those that folders give are none of them.

    Raises TableError if a required or mapped column is missing.
    """
    everything = [*available, *(name for name in entry.partitions if name not in available)]
    columns, _ = match(entry, everything)
    named = {*columns.values(), *noticed(columns, everything).values()}
    return [name for name in available if name in named]


def in_role(entry: Input, roles: Collection[str], available: Sequence[str]) -> set[str]:
    """Find the columns that are read as one of some standard columns."""
    everything = [*available, *entry.partitions]
    return {name for standard, name in match(entry, everything)[0].items() if standard in roles}


def distinct(name: str, header: Sequence[str]) -> list[str]:
    """Name the columns without a name by their place; refuse names that stand twice.

    Raises TableError if two names differ at most by case, blanks around them or composition.

    Examples
    --------
    >>> distinct("sales.csv", ["", "day"])
    ['column_1', 'day']
    """
    names = [column.strip("\ufeff") or f"column_{place}" for place, column in enumerate(header, 1)]
    first: dict[str, str] = {}
    for column in names:
        if other := first.get(folded(column)):
            also = f" (also as {column!r})" if other != column else ""
            raise TableError(f"{name}: column {other!r} stands twice in the header{also}. Rename one.")
        first[folded(column)] = column
    return names


def check_types(name: str, columns: dict[str, str], types: dict[str, str]) -> None:
    """Refuse columns of types that hold no single value, money that is no number, and days that are none.

    Raises TableError if there are such columns; all of them are named.
    """
    faults = []
    for standard, column in columns.items():
        kind = types.get(column, "")
        no_number = standard in MONEY and kind.startswith(_NO_NUMBER)
        no_day = standard == "timestamp" and kind.startswith(_NO_DAY) and not kind.startswith("TIMESTAMP")
        if kind.endswith("]") or kind.startswith(_NESTED) or no_number or no_day:
            mapped = f" (mapped from {standard})" if column != standard else ""
            what = "no number" if no_number else "no day" if no_day else "a list or nested value"
            faults.append(f"{name}: column {column!r}{mapped} has type {kind}, {what}. Write one value per row.")
    if faults:
        raise TableError("\n".join(faults))
