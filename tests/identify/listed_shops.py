"""Small shops with a list of customers and invoices beside their purchases, opened as a workspace."""

from pathlib import Path
from typing import Any

import pandas as pd

from custlib import project as projects
from custlib.run import Run

SALES = "customer_id,timestamp,amount\n007,2025-01-01,10\nann,2025-02-01,20\nann,2025-03-01,20\nbob,2025-03-05,5\n"
PARTS = {"customers": "customers.csv", "invoices": "invoices.csv"}


def open_shop(
    folder: Path,
    *,
    sales: str | pd.DataFrame = SALES,
    engine: str = "duckdb",
    as_of: str = "2025-06-30",
    **sections: dict[str, Any],
) -> Run:
    """Open a shop; each section is a dict of its keys, a register with its lines in ``text`` instead of a path."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(sales, str):
        path = "sales.csv"
        (folder / path).write_text(sales)
    else:
        path = "sales.parquet"
        sales.to_parquet(folder / path)
    keys = {name: _laid(folder, PARTS[name], given) if name in PARTS else given for name, given in sections.items()}
    shop = {"id": "shop", "name": "Shop", "as_of": as_of, "source": {"path": path}, "folder": folder}
    return Run(projects.build(shop | keys), folder / "work", engine=engine)


def _laid(folder: Path, name: str, given: dict[str, Any]) -> dict[str, Any]:
    kept = dict(given)
    text = kept.pop("text", None)
    if text is not None:
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return {"path": name} | kept if "path" not in kept and "url_env" not in kept else kept


def listed(text: str | bytes = "", **keys: Any) -> dict[str, Any]:
    """A list of customers with region and birth date."""
    return {"text": text, "attributes": {"region": "Region", "birth_date": "geb"}} | keys


def rows_of(workspace: Run, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table as texts, sorted; null is None."""
    engine = workspace.make(table)
    columns = ", ".join(f"cast({name} as {engine.dialect.text_type}) as {name}" for name in engine.columns(table))
    found = engine.fetch(f"select {columns} from {table}").astype(object)
    rows = found.where(found.notna(), None).itertuples(index=False, name=None)
    return sorted(rows, key=lambda row: tuple(value or "" for value in row))
