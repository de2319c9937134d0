"""A list of customers and invoices on both engines: the same tables, the same record, the same customers at a date."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custlib.audit.attributes import age_band
from custlib.identify.customer_attributes import prospects
from custlib.run import Run
from custlib.segment import snapshots
from custlib.segment.measures import INVOICED
from custlib.value.history import Money
from tests.engine.same import differences
from tests.identify.listed_shops import listed, open_shop, rows_of

LIST = 'customer_id,Region,geb\nann,South,\nzoe,East,2000-02-29\n ann ,North,1990-01-01\n007," ",soon\n,West,\nBOB,,\n'
BILLS = (
    "customer_id,due,paid,amount,invoice_id\nann,2025-03-31,2025-04-15,10,A\nann,2025-03-31,,5.5,A\n"
    "bob,2025-05-31,,,\n007,soon,,1,B\nBOB,2025-01-31,,x,\nbob,2025-01-31,2025-02-02,1,C\n"
)
AS_OF = dt.date(2025, 6, 30)
NEEDS = ("attribute_region", *INVOICED)
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("spark_here")]


WHOLE: dict[str, Any] = {
    "sales": pd.DataFrame({"customer_id": [7, 8], "timestamp": ["2025-01-01"] * 2, "amount": [1.0, 2.0]}),
    "customers": listed("customer_id,Region,geb\n007,N,\n8.0,S,\n9,,\nx,,\n"),
    "invoices": {"text": "customer_id,due,paid\n7,2025-02-01,\n"},
}


def tables_of(shop: Run) -> list[Any]:
    made = [rows_of(shop, name) for name in ("customer_attributes", "invoices")]
    return [*made, shop.get("quality")["registers"], shop.get("quality")["warnings"]]


def customers_of(shop: Run) -> list[pd.DataFrame]:
    """The customers at a date with the measures of both registers, their age bands, and the prospects."""
    engine = shop.make("transactions", "customer_attributes", "invoices")
    point = snapshots.Snapshot(AS_OF, dt.date(2025, 4, 30))
    snapshots.make_history(engine, [point], NEEDS, Money())
    snapshots.make_snapshot(engine, point, NEEDS, last=point.until, daily_rate=0.0)
    band = age_band(engine.dialect, "attribute_birth_date", AS_OF)
    selects = (
        f"select customer_id, {', '.join(NEEDS)} from {point.table}",
        f"select customer_id, {band} as band from customer_attributes",
        prospects(engine.dialect, by="attribute_region", as_of=AS_OF),
    )
    return [engine.fetch(select) for select in selects]


def test_both_engines_make_the_same_of_registers(tmp_path: Path) -> None:
    found = []
    for engine in ("duckdb", "spark"):
        shop = open_shop(tmp_path / engine, engine=engine, customers=listed(LIST), invoices={"text": BILLS})
        found.append((tables_of(shop), customers_of(shop)))
        shop.engine.close()
    assert found[0][0] == found[1][0]
    assert [differences(*pair) for pair in zip(found[0][1], found[1][1], strict=True)] == [[], [], []]


def test_both_engines_join_ids_that_are_whole_numbers(tmp_path: Path) -> None:
    found = []
    for engine in ("duckdb", "spark"):
        shop = open_shop(tmp_path / engine, engine=engine, **WHOLE)
        found.append(tables_of(shop))
        shop.engine.close()
    assert found[0] == found[1]
    assert [row[0] for row in found[0][0]] == ["7", "8", "9"]
