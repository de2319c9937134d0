"""Writes ``set_aside.csv``: every row that a rule set aside, with its place, the rule, and what stood in each column.

Reads the inputs once more in their order. A cell that a spreadsheet would run as a formula gets an apostrophe first.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from custlib.commands.verdict import SET_ASIDE, private
from custlib.engine.dialect import Dialect
from custlib.engine.duckdb import DuckDB
from custlib.identify.contract import lines
from custlib.identify.reading.inputs import Input
from custlib.identify.reading.sources import open_input, release, stage
from custlib.identify.store import SEPARATOR
from custlib.run import Run
from custlib.source import Source

_LATER = "after_as_of"  # lines are kept for later days, so they do not hold this rule
_FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠|]|^[\t\r]")
_NUMBER = re.compile(r"^\s*[+-]?[0-9][0-9.,]*\s*$")


def write_set_aside(run: Run, folder: Path) -> tuple[Path, int]:
    """Write the rows set aside by the rules of lines; return the file and how many they are.

    Inputs with other columns than the one before get a header line of their own.
    """
    count, header = 0, list[str]()
    with private(folder / SET_ASIDE) as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in _all_rows(run):
            if list(row) != header:
                header = list(row)
                writer.writerow(map(harmless, header))
            writer.writerow(map(harmless, row.values()))
            count += 1
    return folder / SET_ASIDE, count


def _all_rows(run: Run) -> Iterator[dict[str, Any]]:
    if any(_looks_at_orders(source) for source in run.project.inputs):
        yield from _rows_of_orders(run)
        return
    for entry in run.inputs.inputs:
        yield from _rows(run, entry)


def harmless(value: Any) -> str:
    """Write a value so that no spreadsheet takes it for a formula; numbers below zero stay as they are.

    Examples
    --------
    >>> harmless("=cmd|' /C calc'!A0"), harmless("-12.50"), harmless(None), harmless("tea")
    ("'=cmd|' /C calc'!A0", '-12.50', '', 'tea')
    """
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.search(text) and not _NUMBER.search(text) else text


def _rows(run: Run, entry: Input) -> Iterator[dict[str, Any]]:
    """Yield each row of an input that is set aside: its place, the rule, and the columns by their names."""
    engine = run.engine
    assert isinstance(engine, DuckDB)  # files are checked on this machine
    staged = stage(replace(entry, staged=None), engine.folder)  # what was staged for the tables is gone
    path = engine.folder / "set_aside.parquet"
    try:
        opened = open_input(engine, staged)
        columns = list(engine.columns("source"))
        select = _select(engine.dialect, lines(engine.dialect, opened, entry.source), columns)
        engine.write_in_order(select, path, max_amount=entry.source.max_amount, as_of=run.project.as_of)
        for row in _read(path):
            number, reason, *cells = row.values()
            yield {"input": entry.name, "row": number, "reason": reason} | dict(zip(columns, cells, strict=True))
    finally:
        path.unlink(missing_ok=True)
        release(staged)


def _rows_of_orders(run: Run) -> Iterator[dict[str, Any]]:
    """Yield what was read of the rows set aside, where orders are looked at as a whole: rows then have no place."""
    names = ("reason", "customer_id", "timestamp_text", "amount_text", "order_id", "product", "channel", "quantity")
    path = run.engine.folder / "set_aside.parquet"
    try:
        run.engine.write(f"select {', '.join(names)} from transactions_checked where bad is not null", path)
        yield from _read(path)
    finally:
        path.unlink(missing_ok=True)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    for batch in pq.ParquetFile(path).iter_batches():
        yield from batch.to_pylist()


def _looks_at_orders(source: Source) -> bool:
    """Whether what becomes of a line depends on other lines of its order."""
    return not source.order_lines or getattr(source, "order_totals", "each_line") != "each_line"


def _select(sql: Dialect, checked: str, columns: list[str]) -> str:
    """Write the select of the rows that break a rule, joined by their place to what stood in the source."""
    later = f"case when day > cast(:as_of as date) then concat({sql.literal(_LATER)}, {SEPARATOR}) end"
    cells = ", ".join(f"s.{sql.name(name)} as column_{place}" for place, name in enumerate(columns))
    return f"""
        select r.row_number, split_part(r.broken, {SEPARATOR}, 1) as reason, {cells}
        from (select row_number() over () as row_number, coalesce(bad, {later}) as broken from ({checked})) r
        join (select row_number() over () as row_number, * from source) s on r.row_number = s.row_number
        where r.broken is not null order by r.row_number"""
