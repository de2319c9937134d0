"""Stages a table or query of any database that SQLAlchemy has a driver for, in blocks of rows.

The slow way, for databases that give no Arrow: the rows become Python values on their way.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from custlib.errors import CustlibError, UsageError
from custlib.identify.columns import distinct, used
from custlib.identify.inputs import Input, Staged
from custlib.identify.queries import refused, subquery, wrong
from custlib.identify.rows import Rows, stage_rows
from custlib.identify.staging import ROWS


def stage_alchemy(given: Input, url: str, folder: Path) -> Staged:
    """Stream a table or query into a Parquet file.

    Raises UsageError if SQLAlchemy or the driver is not installed, or the address is none, RunError if the
    database cannot be reached or refuses the user or the password, and TableError if the table or a column is missing
    or the query is wrong. No message holds the address.
    """
    engine = _engine(given, url)
    try:
        connection = _connected(given, engine)
        try:
            return _stage(given, connection, folder)
        except CustlibError:
            raise
        except _sqlalchemy().exc.SQLAlchemyError as fault:
            raise wrong(given.name, f"the database refuses it ({_kind(fault)})") from None
        finally:
            connection.close()
    finally:
        engine.dispose()


def _sqlalchemy() -> Any:
    import sqlalchemy

    return sqlalchemy


def _engine(given: Input, url: str) -> Any:
    variable = given.source.url_env
    try:
        sqlalchemy = _sqlalchemy()
    except ImportError:
        raise UsageError(
            f"{given.name}: this database needs SQLAlchemy. Install it: pip install 'custlib[sql]'."
        ) from None
    try:
        return sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool, hide_parameters=True)
    except ImportError as fault:
        raise UsageError(
            f"{given.name}: the driver of this database is not installed ({fault.name}). Install it with pip."
        ) from None
    except Exception:
        raise UsageError(
            f"{given.name}: the environment variable {variable} holds no address that SQLAlchemy knows. It looks "
            "like mysql+pymysql://user:password@host/database."
        ) from None


def _connected(given: Input, engine: Any) -> Any:
    database = engine.url.database
    if engine.dialect.name == "sqlite" and database and not Path(database).is_file():
        raise refused(given.name, given.source.url_env or "", OSError("unknown database"))
    try:
        return engine.connect()
    except Exception as fault:
        raise refused(given.name, given.source.url_env or "", fault) from None


def _stage(given: Input, connection: Any, folder: Path) -> Staged:
    text = _sqlalchemy().text
    quote = connection.dialect.identifier_preparer.quote_identifier
    asked = _asked(given, connection)
    header = distinct(given.name, list(connection.execute(text(f"select * from {asked} where 1 = 0")).keys()))
    columns = used(given, header)
    select = text(f"select {', '.join(quote(name) for name in columns)} from {asked}")

    def read() -> Iterator[Rows]:
        streamed = connection.execution_options(stream_results=True, max_row_buffer=ROWS)
        with streamed.execute(select) as result:
            yield from result.partitions(ROWS)

    return Staged(stage_rows(given, columns, read, folder), tuple(header))


def _asked(given: Input, connection: Any) -> str:
    """Write what stands after ``from``: the query, its colons no parameters, or the table, which must be there."""
    if given.source.query:
        return subquery(given.source.query).replace(":", "\\:")
    *schema, table = (given.source.table or "").split(".")
    if not _sqlalchemy().inspect(connection).has_table(table, schema=".".join(schema) or None):
        raise wrong(given.name, f"there is no table {given.source.table!r}")
    return ".".join(connection.dialect.identifier_preparer.quote_identifier(part) for part in [*schema, table])


def _kind(fault: Exception) -> str:
    """Name the fault as the driver does; its words may hold values."""
    return type(getattr(fault, "orig", None) or fault).__name__
