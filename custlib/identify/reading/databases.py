"""Stages a table or query of a database in blocks of rows: SQLite by the standard library, any other by SQLAlchemy.

That is the slow way, for databases that give no Arrow; PostgreSQL is read by :mod:`custlib.identify.reading.postgres`.
Only the columns that are read are asked for, and nothing is written: what is asked is one select. What a database
refuses is told without its address.
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from custlib.errors import CustlibError, RunError, TableError, UsageError, hint, require
from custlib.identify.reading.inputs import Input, Staged, distinct, used
from custlib.identify.reading.staging import ROWS, Rows, stage_rows

_NUMBERED = re.compile(r":\d+$")
_SQLITE = b"SQLite format 3\0"
_REFUSED = (
    (r"password authentication failed|access denied|login failed|no password supplied|authentication",
     "refuses the user or the password"),
    (r"database .* does not exist|unknown database|cannot open database", "has no database of that name"),
    (r"could not translate host|name or service not known|getaddrinfo|unknown host|nodename nor servname",
     "cannot be found: there is no host of that name"),
    (r"terminating connection|closed the connection|reset by peer|connection .*(lost|closed|terminated)",
     "ended the connection"),
    (r"connection refused|timed? ?out|could not connect|can't connect|unreachable|failed to connect",
     "cannot be reached"),
    (r"too many (clients|connections)", "has too many connections already"),
)  # fmt: skip


def address_of(entry: Input) -> tuple[str, str]:
    """Read the address of a database and its scheme from the environment variable of its source.

    Raises UsageError if the variable is not set or holds no address.
    """
    variable = entry.source.url_env or ""
    url = os.environ.get(variable, "").strip()
    if not url:
        raise UsageError(f"{entry.name}: the environment variable {variable} is not set. Put the address there.")
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+._-]*)://", url)
    if scheme is None:
        raise UsageError(
            f"{entry.name}: the environment variable {variable} holds no address. It looks like "
            "postgresql://user:password@host/database."
        )
    return scheme[1].lower(), url


def stage_sqlite(entry: Input, folder: Path) -> Staged:
    """Stream a table or query of an SQLite file into a Parquet file.

    Raises TableError if it is no SQLite file, or the table or a column is missing, or the query is wrong.
    """
    if entry.path is None:
        raise TableError(f"{entry.name}: is no file.")
    with entry.path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            raise TableError(f"{entry.name}: is no SQLite database (or an encrypted one). Give another file.")
    connection = sqlite3.connect(f"file:{quote(str(entry.path.resolve()))}?mode=ro", uri=True)
    try:
        connection.execute("pragma query_only = on")
        return _stage_sqlite(entry, connection, folder)
    except sqlite3.DatabaseError as fault:
        if isinstance(fault, sqlite3.OperationalError) and "locked" in str(fault):
            raise RunError(f"{entry.name}: the database is locked by another program. Try again.") from None
        raise TableError(f"{entry.name}: cannot be read: {fault}. Correct the table or query.") from None
    finally:
        connection.close()


def _stage_sqlite(entry: Input, connection: sqlite3.Connection, folder: Path) -> Staged:
    table = _sqlite_table(entry, connection)
    described = connection.execute(f"select * from {table} limit 0").description
    header = distinct(entry.name, _as_written([column[0] for column in described]))
    columns = used(entry, header)

    def read() -> Iterator[Rows]:
        cursor = connection.execute(f"select {', '.join(quoted(name) for name in columns)} from {table}")
        while rows := cursor.fetchmany(ROWS):
            yield rows

    return Staged(stage_rows(entry, columns, read, folder), tuple(header))


def _as_written(names: list[str]) -> list[str]:
    """Undo how SQLite tells columns of one name apart: the second ``amount`` is called ``amount:1``."""
    known = {name.casefold() for name in names}
    bare = {name: _NUMBERED.sub("", name) for name in names}
    return [bare[name] if bare[name].casefold() in known else name for name in names]


def _sqlite_table(entry: Input, connection: sqlite3.Connection) -> str:
    """Write what stands after ``from``: the query, the table, or the only table there is."""
    if entry.source.query:
        return subquery(entry.source.query)
    rows = connection.execute(
        "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite~_%' escape '~'"
    ).fetchall()
    tables = sorted(row[0] for row in rows)
    table = entry.source.table or (tables[0] if len(tables) == 1 else None)
    if table is None:
        raise TableError(f'{entry.name}: has {len(tables)} tables ({", ".join(tables)}). Name one: table = "...".')
    if table.casefold() not in (name.casefold() for name in tables):
        raise TableError(f"{entry.name}: there is no table {table!r}. {hint(table, tables)}")
    return quoted(table)


def stage_alchemy(entry: Input, url: str, folder: Path) -> Staged:
    """Stream a table or query into a Parquet file.

    Raises UsageError if SQLAlchemy or the driver is not installed, or the address is none, RunError if the
    database cannot be reached or refuses the user or the password, and TableError if the table or a column is missing
    or the query is wrong. No message holds the address.
    """
    engine = _engine(entry, url)
    try:
        connection = _connected(entry, engine)
        try:
            return _stream(entry, connection, folder)
        except CustlibError:
            raise
        except _sqlalchemy().exc.SQLAlchemyError as fault:
            raise wrong(entry.name, f"the database refuses it ({_kind(fault)})") from None
        finally:
            connection.close()
    finally:
        engine.dispose()


def _sqlalchemy(purpose: str = "a database") -> Any:
    return require("sqlalchemy", extra="sql", purpose=purpose)


def _engine(entry: Input, url: str) -> Any:
    variable = entry.source.url_env
    sqlalchemy = _sqlalchemy(f"{entry.name}: this database")
    try:
        return sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool, hide_parameters=True)
    except ImportError as fault:
        raise UsageError(
            f"{entry.name}: the driver of this database is not installed ({fault.name}). Install it with pip."
        ) from None
    except Exception:
        raise UsageError(
            f"{entry.name}: the environment variable {variable} holds no address that SQLAlchemy knows. It looks "
            "like mysql+pymysql://user:password@host/database."
        ) from None


def _connected(entry: Input, engine: Any) -> Any:
    database = engine.url.database
    if engine.dialect.name == "sqlite" and database and not Path(database).is_file():
        raise refused(entry.name, entry.source.url_env or "", OSError("unknown database"))
    try:
        return engine.connect()
    except Exception as fault:
        raise refused(entry.name, entry.source.url_env or "", fault) from None


def _stream(entry: Input, connection: Any, folder: Path) -> Staged:
    text = _sqlalchemy().text
    quote = connection.dialect.identifier_preparer.quote_identifier
    table = _alchemy_table(entry, connection)
    header = distinct(entry.name, list(connection.execute(text(f"select * from {table} where 1 = 0")).keys()))
    columns = used(entry, header)
    select = text(f"select {', '.join(quote(name) for name in columns)} from {table}")

    def read() -> Iterator[Rows]:
        streamed = connection.execution_options(stream_results=True, max_row_buffer=ROWS)
        with streamed.execute(select) as result:
            yield from result.partitions(ROWS)

    return Staged(stage_rows(entry, columns, read, folder), tuple(header))


def _alchemy_table(entry: Input, connection: Any) -> str:
    """Write what stands after ``from``: the query, its colons no parameters, or the table, which must be there."""
    if entry.source.query:
        return subquery(entry.source.query).replace(":", "\\:")
    *schema, table = (entry.source.table or "").split(".")
    if not _sqlalchemy().inspect(connection).has_table(table, schema=".".join(schema) or None):
        raise wrong(entry.name, f"there is no table {entry.source.table!r}")
    return ".".join(connection.dialect.identifier_preparer.quote_identifier(part) for part in [*schema, table])


def _kind(fault: Exception) -> str:
    """Name the fault as the driver does; its words may hold values."""
    return type(getattr(fault, "orig", None) or fault).__name__


def quoted(name: str) -> str:
    """Quote a name as standard SQL does.

    Examples
    --------
    >>> print(quoted('the "day" sold'))
    "the ""day"" sold"
    """
    return '"' + name.replace('"', '""') + '"'


def subquery(query: str) -> str:
    """Write a query so that one can select from it; what is no select is an error there.

    Examples
    --------
    >>> print(subquery("select 1 as x -- one;"))
    (select 1 as x -- one
    ) q
    """
    return f"({query.strip().rstrip(';').rstrip()}\n) q"


def refused(name: str, variable: str, fault: Exception) -> CustlibError:
    """Say why a connection failed, without address, user or password.

    Examples
    --------
    >>> str(refused("sales", "SHOP_DB_URL", OSError("could not connect to 10.0.0.7: Connection refused")))
    'sales: the database of SHOP_DB_URL cannot be reached. Check the address in SHOP_DB_URL, and that it runs.'
    """
    text = str(fault).lower()
    why = next(
        (words for form, words in _REFUSED if re.search(form, text)), f"cannot be opened ({type(fault).__name__})"
    )
    return RunError(f"{name}: the database of {variable} {why}. Check the address in {variable}, and that it runs.")


def is_refusal(fault: Exception) -> bool:
    """Tell whether a fault is about the connection, not about what was asked."""
    return any(re.search(form, str(fault).lower()) for form, _ in _REFUSED)


def wrong(name: str, what: str) -> TableError:
    """Say that a table or query cannot be read as asked."""
    return TableError(f"{name}: {what}. Correct table or query in the project file.")
