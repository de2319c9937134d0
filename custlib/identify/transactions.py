"""The nodes of what is read: purchases that passed the contract, and the side tables of a project."""

from typing import Any

from custlib.engine.base import Engine
from custlib.engine.shelf import turn
from custlib.graph import table
from custlib.identify import side_tables
from custlib.identify.contract import make_transactions
from custlib.identify.reading.sources import Gathered
from custlib.project import Project


@table(records=("source_hash", "increment", "quality"))
def transactions(engine: Engine, project: Project, inputs: Gathered) -> dict[str, Any]:
    """The purchases, with the record of what became of every row; side tables are made with them."""
    listed = side_tables.read_side_tables(engine, inputs)
    with turn(inputs.store):  # runs of other dates keep their checked lines there too
        quality = make_transactions(engine, project, inputs)
    quality["registers"] = side_tables.make_side_tables(engine, listed)
    quality["warnings"] += side_tables.said_of_all(quality["registers"])
    records = {"source_hash": inputs.hash, "increment": quality.pop("increment")}
    inputs.release()
    return records | {"quality": quality}  # the last record: a folder without it was cut short


@table
def customer_attributes(engine: Engine, transactions: str) -> None:
    """What the list of customers says of each; without rows where the project has no list."""
    del transactions
    side_tables.make_none(engine, "customer_attributes")


@table
def invoices(engine: Engine, transactions: str) -> None:
    """The days invoices were due and paid; without rows where the project has none."""
    del transactions
    side_tables.make_none(engine, "invoices")


def take_up(engine: Engine, inputs: Gathered) -> None:
    """Take up what an earlier run left: transactions without a record were cut short, and are made again."""
    if not (engine.folder / "quality.json").is_file():
        with turn(engine.folder):  # another run may be making them
            if not (engine.folder / "quality.json").is_file():
                engine.drop("transactions")
    elif engine.has("transactions"):
        inputs.release()
