"""The door to every kind of source: makes the view ``source`` with the columns as the source names them.

CSV in UTF-8 and Parquet are read where they are. Everything else is staged first: streamed once into a file of the
run's folder that any engine reads. A new kind is one function in ``STAGES`` or ``ATTACH``.

:class:`Gathered` lists the inputs of a project when they are first asked for, copied where they may change, and hashed.
A database or frame may change while it is read, so it is copied into the work folder first, and what is hashed is what
is read.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from custlib.engine.base import Engine
from custlib.errors import TableError, UsageError
from custlib.identify.reading.blank_words import attach_without
from custlib.identify.reading.databases import address_of, stage_alchemy, stage_sqlite
from custlib.identify.reading.files import attach_csv, attach_parquet, check_file, refuse_kind, stage_csv
from custlib.identify.reading.inputs import PRODUCT, Input, Staged, check_types, inputs, inputs_of, match
from custlib.identify.reading.jsonlines import stage_jsonlines
from custlib.identify.reading.postgres import stage_postgres
from custlib.identify.reading.roles import noticed
from custlib.identify.reading.staging import fingerprint_rows
from custlib.identify.reading.workbooks import stage_workbook
from custlib.project import Project

ATTACH: dict[str, Callable[[Engine, Input, str], tuple[str, ...]]] = {"csv": attach_csv}
_NAMED = 3
CHANGING = ("sqlite", "database", "frame")
_BYTES_OF_ROW, _PACKED = 30, 6  # of a CSV; how much smaller gzip makes it


def stage_database(entry: Input, folder: Path) -> Staged:
    """Stream a table or query of a database, by the reader that the scheme of its address asks for.

    Raises UsageError if the environment variable is not set or holds no address, or a package is not installed,
    RunError if the database cannot be reached or refuses the user or the password, and TableError if the table or a
    column is missing or the query is wrong.
    """
    scheme, url = address_of(entry)
    stage = stage_postgres if scheme in ("postgresql", "postgres") else stage_alchemy
    return stage(entry, url, folder)


STAGES: dict[str, Callable[[Input, Path], Staged | None]] = {
    "csv": stage_csv,
    "jsonl": stage_jsonlines,
    "excel": stage_workbook,
    "sqlite": stage_sqlite,
    "database": stage_database,
}


@dataclass(frozen=True)
class Opened:
    """What was found in a source: the columns used, those ignored, and remarks for the reader.

    Attributes
    ----------
    columns : dict of str to str
        Standard column to its name in the file.
    types : dict of str to str
        Standard column to its SQL type.
    ignored : tuple of str
        Columns of the file that nothing reads, those that are only noticed among them.
    remarks : tuple of str
        What was taken differently from how it was written.
    rows : int
        About how many rows there are.
    noticed : dict of str to str
        Standard column to a column that is named like it and not mapped: its values are counted, nothing else.
    """

    columns: dict[str, str]
    types: dict[str, str]
    ignored: tuple[str, ...]
    remarks: tuple[str, ...]
    rows: int = 0
    noticed: dict[str, str] = field(default_factory=dict)

    @property
    def read(self) -> dict[str, str]:
        """Standard column to its name in the file, with those that are only noticed."""
        return self.columns | self.noticed


def open_input(engine: Engine, entry: Input, view: str = "source") -> Opened:
    """Attach one input as a view, staged first where the engine cannot read it itself.

    Raises TableError if it cannot be read, or lacks a required column.
    """
    entry = stage(entry, engine.folder)
    attach = ATTACH.get(entry.kind or "", attach_parquet)
    inner = f"{view}_file"
    attach_remarks = attach(engine, entry, inner)
    if entry.partitions:
        _add_partitions(engine, entry, inner, f"{view}_parts")
        inner = f"{view}_parts"
    types = engine.columns(inner)
    available = list(entry.staged.available if entry.staged else ()) or list(types)
    available += [name for name in entry.partitions if name in types and name not in available]
    columns, remarks = match(entry, available)
    check_types(entry.name, columns, types)
    attach_without(engine, entry, columns, inner, view)
    ignored = tuple(name for name in available if name not in columns.values())
    staged_remarks = entry.staged.remarks if entry.staged else ()
    named = noticed(columns, available)
    used = {standard: types.get(name, PRODUCT) for standard, name in (columns | named).items()}
    place = entry.staged.path if entry.staged else entry.path
    rows = about_rows(place) if place else 0
    return Opened(columns, used, ignored, (*staged_remarks, *attach_remarks, *remarks), rows, named)


def stage(entry: Input, folder: Path) -> Input:
    """Stream an input into the run's folder, where the engine cannot read it itself and it is not there yet.

    Raises TableError if it cannot be read, or lacks a required column.
    """
    if entry.staged is not None:
        return entry
    if entry.path is not None:
        check_file(entry.path, entry.name, entry.source.section)
        if entry.kind is None:
            raise refuse_kind(entry.path, entry.name)
    make = STAGES.get(entry.kind or "")
    return replace(entry, staged=make(entry, folder)) if make else entry


def agree(results: list[Opened], entries: list[Input]) -> Opened:
    """Put together what was found in the inputs of a project.

    Columns are those of any of them; what is ignored and remarked is that of all. Raises TableError if some have an
    amount, or a cost, and others have none.
    """
    for name, word in (("amount", "money"), ("cost", "costs"), ("profit", "profits")):
        without = [entry.name for entry, opened in zip(entries, results, strict=True) if name not in opened.columns]
        if 0 < len(without) < len(results):
            names = ", ".join(without[:_NAMED]) + (" ..." if len(without) > _NAMED else "")
            raise TableError(
                f"{names}: no column {name} in {len(without):,} of {len(results):,} inputs, while others have one, so "
                f"their {word} cannot be compared. Map {name} in every source, or leave it out of all."
            )
    return Opened(
        {name: column for opened in results for name, column in opened.columns.items()},
        {name: kind for opened in results for name, kind in opened.types.items()},
        tuple(dict.fromkeys(name for opened in results for name in opened.ignored)),
        tuple(dict.fromkeys(remark for opened in results for remark in opened.remarks)),
        sum(opened.rows for opened in results),
        {name: column for opened in results for name, column in opened.noticed.items()},
    )


def about_rows(path: Path) -> int:
    """Tell about how many rows a file has, from its size or what a Parquet file says of itself; 0 for no file."""
    if not path.is_file():
        return 0
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        try:
            return int(pq.read_metadata(path).num_rows)
        except (OSError, ValueError):  # damaged: said when it is read
            return 0
    return path.stat().st_size * (_PACKED if path.suffix == ".gz" else 1) // _BYTES_OF_ROW


def release(entry: Input) -> None:
    """Remove the staged file of an input; its view can no longer be read."""
    if entry.staged is not None:
        entry.staged.path.unlink(missing_ok=True)


def fingerprint(entry: Input) -> str:
    """Hash the content of an input, not its name.

    It is that of the bytes of a file and the columns that its folders give, or of the rows of a database or frame in
    whatever order. Raises TableError if it cannot be read.
    """
    if entry.kind in CHANGING:
        if entry.staged is not None:
            return fingerprint_rows(entry.staged.path)
        with TemporaryDirectory(prefix="custlib-") as folder:
            return fingerprint(stage(entry, Path(folder)))
    if entry.path is None or not entry.path.is_file():
        raise TableError(f"{entry.name}: no such file. Correct {entry.source.section}.path.")
    with entry.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    if entry.partitions:
        digest.update(repr(sorted(entry.partitions.items())).encode())
    return digest.hexdigest()


def fingerprint_of(entry: Input) -> str:
    """Hash the content of an input; ``missing`` for a file that is not there, which is said when it is read."""
    if entry.path is not None and not entry.path.is_file():
        return "missing"
    return fingerprint(entry)


def _add_partitions(engine: Engine, entry: Input, inner: str, view: str) -> None:
    """Add the columns that the names of folders give; a column of the file itself goes before."""
    names = {name.casefold() for name in engine.columns(inner)}
    added = [
        f"{'cast(null as ' + engine.dialect.text_type + ')' if text is None else engine.dialect.literal(text)}"
        f" as {engine.dialect.name(name)}"
        for name, text in entry.partitions.items()
        if name.casefold() not in names
    ]
    engine.attach_select(view, f"select {', '.join(['*', *added])} from {inner}")


class Gathered:
    """The inputs of one project.

    Attributes
    ----------
    store : pathlib.Path
        Folder of the checked lines that later runs need not read again.
    """

    def __init__(self, project: Project, work: Path) -> None:
        self._project = project
        self._folder = work / "staged" / project.id
        self.store = work / "lines" / project.id

    @cached_property
    def inputs(self) -> list[Input]:
        """One per file, table or frame."""
        return self._copied(inputs(self._project))

    @cached_property
    def side_tables(self) -> dict[str, list[Input]]:
        """The same of what there is beside purchases, by section of the project file."""
        project = self._project
        return {name: self._copied(inputs_of(source, project.folder)) for name, source in project.registers.items()}

    def _copied(self, entries: list[Input]) -> list[Input]:
        if any(entry.kind in CHANGING for entry in entries):
            self._folder.mkdir(parents=True, exist_ok=True)
        return [stage(entry, self._folder) if entry.kind in CHANGING else entry for entry in entries]

    @cached_property
    def fingerprints(self) -> list[str]:
        """SHA-256 of each input; ``missing`` for a file that is not there."""
        return [fingerprint_of(entry) for entry in self.inputs]

    @cached_property
    def side_table_fingerprints(self) -> dict[str, list[str]]:
        """SHA-256 of each input of each side table."""
        return {name: [fingerprint_of(entry) for entry in entries] for name, entries in self.side_tables.items()}

    @property
    def listed(self) -> list[tuple[Input, str]]:
        """Every input with its SHA-256: those of purchases, then those of side tables."""
        fingerprints = [*self.fingerprints, *chain.from_iterable(self.side_table_fingerprints.values())]
        return list(zip(self._every, fingerprints, strict=True))

    @property
    def _every(self) -> list[Input]:
        return [*self.inputs, *chain.from_iterable(self.side_tables.values())]

    @property
    def hash(self) -> str:
        """SHA-256 of the only input, or of those of all inputs, side tables included."""
        fingerprints = [fingerprint for _, fingerprint in self.listed]
        return (
            fingerprints[0] if len(fingerprints) == 1 else hashlib.sha256(" ".join(fingerprints).encode()).hexdigest()
        )

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files that an engine reads."""
        places = [entry.staged.path if entry.staged else entry.path for entry in self._every]
        return tuple(place for place in places if place is not None)

    def release(self) -> None:
        """Remove what was copied into the work folder."""
        for entry in self._every:
            release(entry)


class ReadBefore(Gathered):
    """The inputs of a run that has read them: known by their hash, and not read again."""

    def __init__(self, project: Project, work: Path, source_hash: str) -> None:
        super().__init__(project, work)
        self._source_hash = source_hash

    @property
    def hash(self) -> str:
        """The hash that was recorded when they were read."""
        return self._source_hash

    @cached_property
    def inputs(self) -> list[Input]:
        """Refused."""
        raise self._refusal()

    @cached_property
    def side_tables(self) -> dict[str, list[Input]]:
        """Refused."""
        raise self._refusal()

    def _refusal(self) -> UsageError:
        return UsageError(f"run: a finished run reads nothing again. Open its project ({self._project.id}).")

    @property
    def paths(self) -> tuple[Path, ...]:
        """None of them."""
        return ()

    def release(self) -> None:
        """Leave the files as they are."""
