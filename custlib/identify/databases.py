"""Stages a table or query of a database; its address comes from an environment variable and is never shown.

PostgreSQL is read through ADBC in Arrow batches, SQLite by the standard library, any other through SQLAlchemy in
blocks of rows. Only the columns that are read are asked for, and nothing is written: what is asked is one select.
"""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from custlib.errors import RunError, TableError, UsageError, hint
from custlib.identify import alchemy, postgres
from custlib.identify.columns import distinct, used
from custlib.identify.inputs import Input, Staged
from custlib.identify.queries import quoted, subquery
from custlib.identify.rows import Rows, stage_rows
from custlib.identify.staging import ROWS

_READERS: dict[str, Callable[[Input, str, Path], Staged]] = {
    "postgresql": postgres.stage_postgres,
    "postgres": postgres.stage_postgres,
}
_SQLITE = b"SQLite format 3\0"


def stage_database(given: Input, folder: Path) -> Staged:
    """Stream a table or query into a Parquet file.

    Raises UsageError if the environment variable is not set or holds no address, or a package is not installed,
    RunError if the database cannot be reached or refuses the user or the password, and TableError if the table or a
    column is missing or the query is wrong.
    """
    variable = given.source.url_env or ""
    url = os.environ.get(variable, "").strip()
    if not url:
        raise UsageError(f"{given.name}: the environment variable {variable} is not set. Put the address there.")
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+._-]*)://", url)
    if scheme is None:
        raise UsageError(
            f"{given.name}: the environment variable {variable} holds no address. It looks like "
            "postgresql://user:password@host/database."
        )
    reader = _READERS.get(scheme[1].lower(), alchemy.stage_alchemy)
    return reader(given, url, folder)


def stage_sqlite(given: Input, folder: Path) -> Staged:
    """Stream a table or query of an SQLite file into a Parquet file.

    Raises TableError if it is no SQLite file, or the table or a column is missing, or the query is wrong.
    """
    if given.path is None:
        raise TableError(f"{given.name}: is no file.")
    with given.path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            raise TableError(f"{given.name}: is no SQLite database (or an encrypted one). Give another file.")
    connection = sqlite3.connect(f"file:{quote(str(given.path.resolve()))}?mode=ro", uri=True)
    try:
        connection.execute("pragma query_only = on")
        return _stage_sqlite(given, connection, folder)
    except sqlite3.DatabaseError as fault:
        if isinstance(fault, sqlite3.OperationalError) and "locked" in str(fault):
            raise RunError(f"{given.name}: the database is locked by another program. Try again.") from None
        raise TableError(f"{given.name}: cannot be read: {fault}. Correct the table or query.") from None
    finally:
        connection.close()


def _stage_sqlite(given: Input, connection: sqlite3.Connection, folder: Path) -> Staged:
    asked = _asked(given, connection)
    described = connection.execute(f"select * from {asked} limit 0").description
    header = distinct(given.name, [column[0] for column in described])
    columns = used(given, header)

    def read() -> Iterator[Rows]:
        cursor = connection.execute(f"select {', '.join(quoted(name) for name in columns)} from {asked}")
        while rows := cursor.fetchmany(ROWS):
            yield rows

    return Staged(stage_rows(given, columns, read, folder), tuple(header))


def _asked(given: Input, connection: sqlite3.Connection) -> str:
    """Write what stands after ``from``: the query, the table, or the only table there is."""
    if given.source.query:
        return subquery(given.source.query)
    found = connection.execute(
        "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite~_%' escape '~'"
    ).fetchall()
    tables = sorted(row[0] for row in found)
    table = given.source.table or (tables[0] if len(tables) == 1 else None)
    if table is None:
        raise TableError(f'{given.name}: has {len(tables)} tables ({", ".join(tables)}). Name one: table = "...".')
    if table.casefold() not in (name.casefold() for name in tables):
        raise TableError(f"{given.name}: there is no table {table!r}. {hint(table, tables)}")
    return quoted(table)
