"""A table of a run, to look into from a notebook: its first rows, all of it, or what SQL asks of it."""

import os
from typing import TYPE_CHECKING, Any

from custlib.engine.base import FETCH_LIMIT
from custlib.errors import CustlibError, TableError, UsageError, hint
from custlib.models.display import Displayed, Shown
from custlib.run import Run
from custlib.tables import describe, dictionary

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class Table(Displayed):
    """A table of a run; :meth:`Run.table` gives it.

    Attributes
    ----------
    name : str
        Its name in SQL.
    meaning : str
        What a row is.

    Examples
    --------
    >>> import custlib
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2025-01-01", "2025-03-01", "2025-02-01"])
    >>> sales = pd.DataFrame({"customer_id": ["ann", "ann", "bob"], "timestamp": days, "amount": [10.0, 20.0, 5.0]})
    >>> table = custlib.open(sales, as_of="2025-06-30").table("customer_activity")
    >>> len(table)
    2
    >>> table.sql("select customer_id, frequency, recency from customer_activity order by customer_id")
      customer_id  frequency  recency
    0         ann          1       59
    1         bob          0        0
    """

    def __init__(self, run: Run, name: str) -> None:
        node = run.graph.nodes.get(name)
        if node is not None and node.kind != "table":
            raise UsageError(f"table: {name} is no table, but a {node.kind}. Read it with run.get({name!r}).")
        if node is None:
            known = [name for name, node in run.graph.nodes.items() if node.kind == "table"]
            raise UsageError(f"table: there is no {name}. {hint(name, known)}")
        run.make(name)
        self.name, self._engine, self._run = name, run.engine, run
        self.meaning = describe(name).meaning if name in dictionary() else ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self._engine.columns(self.name))

    def __len__(self) -> int:
        """Count the rows."""
        return int(self._engine.fetch(f"select count(*) as n from {self.name}")["n"].item())

    def head(self, rows: int = 5) -> "pd.DataFrame":
        """Fetch some rows.

        Parameters
        ----------
        rows : int, default 5
            How many; a table has no order of its own.

        Returns
        -------
        pandas.DataFrame
        """
        if not isinstance(rows, int) or rows < 0:
            raise UsageError(f"head: {rows!r} is no number of rows.")
        return self._engine.fetch(f"select * from {self.name} limit {rows}")

    def to_pandas(self, *, limit: int = FETCH_LIMIT) -> "pd.DataFrame":
        """Fetch all rows as a pandas frame.

        Parameters
        ----------
        limit : int, default 500_000
            The most rows to fetch.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        TableError
            If there are more rows; fetch an aggregate with :meth:`sql`, or all of them with :meth:`to_arrow`.
        """
        if (rows := len(self)) > limit:
            raise TableError(
                f"{self.name}: {rows:,} rows are more than {limit:,}. Aggregate them with .sql(...), take .to_arrow() "
                "or .to_polars(), or raise limit."
            )
        return self._engine.fetch(f"select * from {self.name}", limit=limit)

    def to_arrow(self) -> "pa.Table":
        """Read all rows as an Arrow table, whatever their number; they must fit in memory.

        Returns
        -------
        pyarrow.Table
        """
        import pyarrow.parquet as pq

        if files := self._engine.files(self.name):
            return pq.read_table(files, partitioning=None)
        path = self._engine.folder / f"{self.name}.arrow.{os.getpid()}.part"  # the table is a select
        try:
            self._engine.write(f"select * from {self.name}", path)
            return pq.read_table(path, partitioning=None)
        finally:
            path.unlink(missing_ok=True)

    def to_polars(self) -> "pl.DataFrame":
        """Read all rows as a polars frame, whatever their number; they must fit in memory.

        Returns
        -------
        polars.DataFrame

        Raises
        ------
        UsageError
            If polars is not installed.
        """
        try:
            import polars as pl
        except ModuleNotFoundError:
            raise UsageError("to_polars needs polars: pip install polars") from None
        frame = pl.from_arrow(self.to_arrow())
        assert isinstance(frame, pl.DataFrame)  # a table of Arrow is no series
        return frame

    def sql(self, select: str, *, limit: int = FETCH_LIMIT, **values: Any) -> "pd.DataFrame":
        """Fetch what a select makes of this table, and of other tables of the run that were opened.

        Parameters
        ----------
        select : str
            SQL of the engine, of DuckDB by default.
        limit : int, default 500_000
            The most rows to fetch.
        **values
            Values of the parameters that the select names with a colon, as in ``where T > :days``.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        UsageError
            If the engine refuses the select.
        TableError
            If there are more rows.
        """
        try:
            return self._engine.fetch(select, limit=limit, **values)
        except CustlibError:
            raise
        except Exception as fault:  # each engine has errors of its own
            raise UsageError(
                f"sql: {str(fault).strip().splitlines()[0]}. Columns: {', '.join(self.columns)}."
            ) from None

    def _shown(self) -> Shown:
        described = {column.name: column for column in describe(self.name).columns} if self.meaning else {}
        rows = [
            (name, kind.lower(), described[name].meaning if name in described else "")
            for name, kind in self._engine.columns(self.name).items()
        ]
        title = f"{self.name}: {len(self):,} rows{f'; a row is {self.meaning}' if self.meaning else ''}"
        return Shown(title, rows, ("column", "type", "meaning"))
