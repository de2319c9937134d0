"""What needs several lines is the same on both engines: orders, lines of two inputs, orders undone, cautions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from custlib import project as projects
from custlib.engine import open_engine
from custlib.identify.contract import make_transactions
from tests.engine.same import differences

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("spark_here")]
CASES: dict[str, dict[str, Any]] = {
    "counted": {},
    "once": {"overlap": "keep_one", "order_lines": False, "net_to_nothing": "no_purchase"},
    "repeated": {"order_totals": "repeated", "overlap": "keep_one"},
    "first line": {"order_totals": "first_line", "net_to_nothing": "no_purchase"},
}
TABLES = ("transactions_checked", "transactions", "quarantine")


def write(folder: Path, *, is_first: bool, seed: int = 3, orders: int = 400) -> None:
    """Two files that overlap, of orders with equal lines, some of them cancelled and some without a customer."""
    random = np.random.default_rng(seed)
    lines = []
    for n in range(orders):
        day, amount = f"2025-{n % 12 + 1:02}-{n % 28 + 1:02}", f"{random.integers(100, 9999) / 100:.2f}"
        customer = "" if n % 90 == 0 else f"c{random.integers(0, 80)}"
        for place in range(n % 4 + 1):
            head = not is_first or place == 0
            amounts = ("? 1,20" if n == 7 else amount) if head else ""
            lines.append(f'{customer},{day if head else ""} 10:{n % 60:02},"{amounts}",{n},p{place % 2}\n')
        if n % 9 == 0:
            lines.append(f"{customer},{day} 11:00,{amount},C{n},p0\n")
    lines = [_without_time(line) for line in lines] if is_first else lines
    for name, part in (("a", lines[:700]), ("b", lines[500:])):
        (folder / f"{name}.csv").write_text("customer_id,timestamp,amount,order_id,product\n" + "".join(part))


def _without_time(line: str) -> str:
    customer, moment, rest = line.split(",", 2)
    return ",".join([customer, moment.strip().split(" ")[0] if moment.startswith("2025") else "", rest])


@pytest.mark.parametrize("name", CASES)
def test_lines_looked_at_together_are_the_same_on_both_engines(tmp_path: Path, name: str) -> None:
    options = dict(CASES[name])
    write(tmp_path, is_first=name == "first line")
    shop = {"id": "shop", "name": "Shop", "as_of": "2025-11-30", "overlap": options.pop("overlap", "keep_all")}
    source = {"cancel_prefix": "C", "max_unreadable": 0.5} | options
    sources = [{"path": str(tmp_path / f"{part}.csv")} | source for part in "ab"]
    project = projects.build(shop | {"sources": sources})
    engines = [open_engine(kind, tmp_path / kind) for kind in ("duckdb", "spark")]
    first, second = (make_transactions(engine, project) for engine in engines)
    assert first == second
    assert first["rows_read"] > 1000
    for table in TABLES:
        assert differences(*(engine.fetch(f"select * from {table}") for engine in engines)) == [], table
    for engine in engines:
        engine.close()
