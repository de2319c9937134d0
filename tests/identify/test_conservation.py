"""No row and no cent vanishes: read = used + quarantined + removed, whatever the sources, lines and options."""

from decimal import Decimal
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custlib import project as projects
from custlib.engine.duckdb import DuckDB
from custlib.errors import TableError
from custlib.identify.contract import make_transactions
from custlib.identify.reading.frames import stage_frame
from tests.bases import SharedDuckDB

COLUMNS = ["customer_id", "timestamp", "amount", "order_id", "product"]
AS_OF = "2025-06-30"
SEEN = {"runs": 0, "removed": 0, "money": 0}

line = st.tuples(
    st.sampled_from(["ann", "bob", "", "guest"]),
    st.sampled_from(["2025-01-01", "2025-01-02", "2025-01-02", "2025-07-01", ""]),
    st.sampled_from(["1.00", "2.50", "-1.00", "-2.50", "0", "?", ""]),
    st.sampled_from(["1", "2", "C1", ""]),
    st.sampled_from(["tea", "cake"]),
)
inputs_of_lines = st.lists(st.lists(line, min_size=1, max_size=9), min_size=1, max_size=3)
options = st.fixed_dictionaries(
    {
        "order_totals": st.sampled_from(["each_line", "repeated", "first_line"]),
        "order_lines": st.booleans(),
        "net_to_nothing": st.sampled_from(["purchase", "no_purchase"]),
        "cancel_prefix": st.sampled_from([None, "C"]),
        "guest_ids": st.sampled_from([(), ("guest",)]),
        "zero_is_purchase": st.booleans(),
    }
)
overlaps = st.sampled_from(["keep_all", "keep_one"])
KINDS = ("csv", "parquet", "frame", "gz")


def put(folder: Path, kind: str, place: int, lines: list[tuple[str, ...]]) -> str:
    """Write lines as an input of a kind, twice over where the engine reads frames; give its path."""
    frame = pd.DataFrame(lines, columns=COLUMNS)
    path = folder / f"in{place}.{'csv.gz' if kind == 'gz' else 'csv' if kind == 'csv' else 'parquet'}"
    if kind == "frame":
        staged = stage_frame(frame.replace("", None), folder).staged
        assert staged is not None
        staged.path.replace(path)
    elif kind == "parquet":
        frame.replace("", None).to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return str(path)


def cents(engine: DuckDB, table: str, column: str = "amount") -> Decimal:
    return Decimal(engine._execute(f"select coalesce(sum({column}), 0) from {table}").fetchone()[0])


def given_money(lines: list[tuple[str, ...]], prefix: str | None) -> Decimal:
    """What stands in the amounts that are numbers; a cancelled line gives its money back."""
    numbers = [(Decimal(amount), order) for _, _, amount, order, _ in lines if amount not in ("", "?")]
    return sum((-abs(n) if prefix and order.startswith(prefix) else n for n, order in numbers), Decimal(0))


@settings(max_examples=60)
@given(inputs_of_lines, st.lists(st.sampled_from(KINDS), min_size=3, max_size=3), options, overlaps)
@example(
    [[("ann", "2025-01-01", "1.00", "1", "tea")] * 2] * 2, ["csv", "gz", "csv"], {"order_lines": False}, "keep_one"
)
@example([[("ann", "2025-01-01", "1.00", "1", "tea")] * 3], ["frame"] * 3, {"order_totals": "repeated"}, "keep_all")
def conserved(inputs: list[list[tuple[str, ...]]], kinds: list[str], options: dict[str, Any], overlap: str) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        sources = [
            {"path": put(folder, kind, n, lines), "max_unreadable": 1} | options
            for n, (lines, kind) in enumerate(zip(inputs, kinds, strict=False))
        ]
        shop = {"id": "shop", "name": "Shop", "as_of": AS_OF, "sources": sources, "overlap": overlap}
        engine = SharedDuckDB(folder / "tables")
        try:
            quality = make_transactions(engine, projects.build(shop))
        except TableError:  # refused whole: nothing is used, and nothing said of parts
            return
        finally:
            if not engine.has("transactions"):
                engine.close()
        check(engine, quality, [line for lines in inputs for line in lines], options)
        engine.close()


def check(engine: DuckDB, quality: dict[str, Any], lines: list[tuple[str, ...]], options: dict[str, Any]) -> None:
    parts = ("used", "quarantined", "removed")
    assert quality["rows_read"] == len(lines) == sum(quality[f"rows_{part}"] for part in parts)
    assert round(quality["money_read"], 4) == round(sum(quality[f"money_{part}"] for part in parts), 4)
    if options.get("order_totals") != "first_line":
        assert quality["money_read"] == float(given_money(lines, options.get("cancel_prefix")))
    assert quality["money_used"] == float(cents(engine, "transactions"))
    assert quality["money_quarantined"] == float(cents(engine, "quarantine"))
    assert sum(quality["reasons"].values()) == quality["rows_quarantined"] + quality["rows_removed"]
    assert sum(quality["removed"].values()) == quality["rows_removed"]
    removed = sum(quality["money_by_reason"][code] for code in quality["removed"]) + quality["money_repeated"]
    assert round(removed, 4) == quality["money_removed"]
    SEEN["runs"] += 1
    SEEN["removed"] += bool(quality["rows_removed"])
    SEEN["money"] += bool(quality["money_removed"])


@pytest.mark.slow
def test_read_is_used_and_quarantined_and_removed() -> None:
    conserved()
    assert SEEN["runs"] > 30
    assert SEEN["removed"] > SEEN["runs"] / 5
    assert SEEN["money"] > SEEN["runs"] / 5


@pytest.mark.slow
@settings(max_examples=15)
@given(st.lists(line, min_size=2, max_size=20), st.integers(1, 3), st.booleans())
def test_a_source_split_into_files_gives_what_one_file_gives(
    lines: list[tuple[str, ...]], files: int, order_lines: bool
) -> None:
    """Files are cut between orders, as an order and its equal lines lie in one of them."""
    by_order = {key: [each for each in lines if (each[3] or "-") == key] for key in {each[3] or "-" for each in lines}}
    groups = [group for _, group in sorted(by_order.items())]
    cut = [part for part in (list(chain.from_iterable(groups[n::files])) for n in range(files)) if part]
    assert record([list(chain.from_iterable(cut))], order_lines=order_lines) == record(cut, order_lines=order_lines)


def record(files: list[list[tuple[str, ...]]], **options: Any) -> Any:
    with TemporaryDirectory() as place:
        sources = [
            {"path": put(Path(place), "csv", n, lines), "max_unreadable": 1} | options for n, lines in enumerate(files)
        ]
        engine = SharedDuckDB(Path(place) / "tables")
        try:
            quality = make_transactions(
                engine, projects.build({"id": "shop", "name": "Shop", "as_of": AS_OF, "sources": sources})
            )
        except TableError:
            return "refused"
        finally:
            engine.close()
    return {key: quality[key] for key in quality if key.startswith(("rows_", "money_", "reasons", "equal_", "undone"))}
